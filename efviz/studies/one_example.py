r"""The contribution of one example to the matrices, and the effect of one step on its loss.

With g_n = nabla_theta -log p(y_n | f_n): EF = sum_n g_n g_n^T / N uses the observed y_n,
F = sum_n E_{y ~ p(. | f_n)}[g_n(y) g_n(y)^T] / N the model's own labels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.optimizers import directions
from efviz.problems import Problem


@dataclass(frozen=True, eq=False)
class Contribution:
    """Example n at theta (D,): f (C,), g_n (D,), and its terms of EF and of F (D, D), over N.

    Summed over n the terms are `curvature.empirical_fisher` and `curvature.fisher`.
    """

    f: Array
    gradient: Array
    empirical_fisher: Array
    fisher: Array


def contribution(problem: Problem, theta: ArrayLike, n: int) -> Contribution:
    """g_n, g_n g_n^T / N and E[g_n(y) g_n(y)^T] / N of example n (from 0) at one theta (D,).

    Kunstner et al. (2019), Eqs. 2 and 3, one term of each, divided by N.
    """
    theta = _one_theta(problem, theta)
    X, y = _example(problem, n)
    with np.errstate(all="ignore"):
        f = problem.model.outputs(X, theta)
        J = problem.model.jacobian(X, theta)[0]
        g = problem.likelihood.gradient(f, y)[0] @ J
        F = J.T @ problem.likelihood.fisher(f)[0] @ J
        return Contribution(f[0], g, np.outer(g, g) / problem.N, F / problem.N)


@dataclass(frozen=True, eq=False)
class OneStep:
    """One step from theta: its end (D,), and losses before and after, without their constants."""

    theta: Array
    own: tuple[float, float]
    mean: tuple[float, float]
    rank_deficient: bool


def one_step(
    problem: Problem,
    methods: Sequence[str],
    theta: ArrayLike,
    n: int,
    *,
    step_size: float,
    damping: float = 0.0,
) -> dict[str, OneStep]:
    """The loss of example n, and L, after theta - step_size (B + damping I)^-1 grad L."""
    if step_size <= 0:
        raise ValueError(f"step_size must be positive, got {step_size}")
    theta = _one_theta(problem, theta)
    X, y = _example(problem, n)
    solved = directions(problem, methods, theta, damping=damping)
    with np.errstate(all="ignore"):
        points = np.stack([theta, *(theta - step_size * s.x for s in solved.values())])
        own = problem.likelihood.nll(problem.model.outputs(X, points), y)[:, 0]
        mean = problem.loss(points)
    return {
        name: OneStep(
            points[k],
            (float(own[0]), float(own[k])),
            (float(mean[0]), float(mean[k])),
            bool(solution.rank_deficient),
        )
        for k, (name, solution) in enumerate(solved.items(), start=1)
    }


def _one_theta(problem: Problem, theta: ArrayLike) -> Array:
    theta = problem.check_theta(theta)
    if theta.ndim != 1:
        raise ValueError(f"theta must be ({problem.D},), got {theta.shape}")
    return theta


def _example(problem: Problem, n: int) -> tuple[Array, Array]:
    if not 0 <= n < problem.N:
        raise ValueError(f"n must be from 0 to {problem.N - 1}, got {n}")
    return problem.X[n : n + 1], problem.y[n : n + 1]

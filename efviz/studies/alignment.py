"""Comparison of EFGD's direction with the natural gradient, along a path and far out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array, Mask, cosine
from efviz.optimizers.methods import Method, Methods, chosen_methods, directions, method_named
from efviz.problems import Problem
from efviz.studies.rest import at_rest
from efviz.studies.slices import in_slices
from efviz.work import Progress, Work

PAPER = ("GD", "NGD", "EFGD")
"""The methods that the paper compares."""


def compared(methods: Sequence[str]) -> tuple[str, str]:
    """NGD and the method whose directions are compared with it.

    That is EFGD if it is among the `methods` or there is nothing else, otherwise the last one.
    """
    others = [name for name in methods if name != "NGD"]
    return "NGD", "EFGD" if "EFGD" in others or not others else others[-1]


@dataclass(frozen=True, eq=False)
class Alignment:
    """Cosine of the angle between the directions of NGD and of another method along thetas (T, D).

    damped (T,): both matrices with the damping of the run, as in the published Fig. 3; undamped
    (T,): as its text says, with the pseudo-inverse where a matrix is singular; `singular` (T,)
    marks these steps. nan where there is no direction, as `at_rest`.
    """

    damped: Array
    undamped: Array
    singular: Mask


def alignment(
    problem: Problem, thetas: Array, damping: float, method: str | Method = "EFGD"
) -> Work[Alignment]:
    """Work towards the Alignment of a method along thetas (T, D).

    Kunstner et al. (2019), Fig. 3, row 2.
    """
    thetas = problem.check_theta(thetas)

    def compare(some: Array) -> tuple[Array, Mask]:
        """The cosines (2, T), damped and undamped, and where an undamped matrix is singular."""
        both = {"NGD": method_named("NGD"), "other": method_named(method)}
        NGD, other = directions(problem, both, some, damping=[[damping], [0.0]]).values()
        return cosine(NGD.x, other.x), NGD.rank_deficient[1] | other.rank_deficient[1]

    found = yield from in_slices(problem, thetas, compare, cost=problem.N * problem.D**2)
    cosines = np.concatenate([cosines for cosines, _ in found], axis=1)
    damped, undamped = np.where(at_rest(problem, thetas), np.nan, cosines)
    return Alignment(damped, undamped, np.concatenate([singular for _, singular in found]))


def path_directions(
    problem: Problem, methods: Methods, thetas: ArrayLike, *, damping: float = 0.0
) -> Work[dict[str, Array]]:
    """Work towards the `vector_field` of each method at every theta (..., D) -> (..., D).

    Meant for the recorded steps of runs: nan where theta is nan, after a run has stopped, and 0
    `at_rest`.
    """
    thetas = np.asarray(thetas, dtype=float)
    flat = thetas.reshape(-1, problem.D)
    known, resting = np.isfinite(flat).all(-1), at_rest(problem, flat)
    solved = yield from in_slices(
        problem, flat[known], lambda some: directions(problem, methods, some, damping=damping)
    )
    found = {name: np.full(flat.shape, np.nan) for name in methods}
    for name, values in found.items():
        values[known] = -np.concatenate([some[name].x for some in solved])
        values[resting] = 0
    return {name: values.reshape(thetas.shape) for name, values in found.items()}


@dataclass(frozen=True, eq=False)
class StepSizes:
    """|gradient| (T,) and the lengths (T,) of the undamped directions, per method."""

    gradient: Array
    directions: dict[str, Array]


def step_lengths(
    problem: Problem,
    towards: ArrayLike,
    distances: ArrayLike,
    damping: float = 0.0,
    methods: Methods = PAPER,
) -> Work[StepSizes]:
    """Work towards StepSizes at theta_star + t * towards, for t in distances (T,).

    The lengths are those of all `methods` but GD, whose direction is the gradient.

    Section 4.3: far from the minimum EF grows like the square of the gradient, so the length of
    (EF + damping I)^-1 g falls like 1 / |g|; that of F^-1 g, for least squares, grows like |g|.
    """
    towards, distances = np.asarray(towards, dtype=float), np.asarray(distances, dtype=float)
    chosen = chosen_methods(methods) | {"GD": method_named("GD")}
    others = [name for name in chosen if name != "GD"]
    gradients, lengths = [], []
    for t in distances:
        theta = problem.theta_star + t * towards
        found = directions(problem, chosen, theta, damping=damping)
        gradients.append(np.linalg.norm(found["GD"].x))
        lengths.append([np.linalg.norm(found[name].x) for name in others])
        yield Progress(len(gradients) / len(distances))
    by_method = np.array(lengths).reshape(len(lengths), len(others)).T
    return StepSizes(np.array(gradients), dict(zip(others, by_method, strict=True)))


FIG_6: Sequence[float] = (0.875, 0.75, 0.5, 0.0)
"""The starts of Fig. 6, as multiples of theta_star."""

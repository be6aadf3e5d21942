r"""The improved empirical Fisher of Wu et al. (2024), arXiv:2406.06420: its matrix, its update.

With r_n = dl_n/df in output space, s_n = |r_n|^2 and g_n = J_n^T r_n; means over the examples, of
the negative log-likelihood.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy  # optimize is imported on first use

from efviz.arrays import Array
from efviz.numerics.linalg import Rows
from efviz.problems import Problem, batches
from efviz.problems.likelihoods.base import Likelihood


def unit_gradients(likelihood: Likelihood, f: Array, y: Array) -> Array:
    """r r^T / |r|^2 (..., N, C, C), 0 where r = 0: the weights of the improved EF."""
    r = likelihood.gradient(f, y)
    # Divided before it is squared: s would underflow where a class is all but certain.
    size = np.abs(r).max(-1, keepdims=True)
    unit = np.divide(r, size, out=np.zeros_like(r), where=size > 0)
    square = unit[..., :, None] * unit[..., None, :]
    return np.asarray(square / np.maximum((unit * unit).sum(-1), 1)[..., None, None])


def weighted_gradient_term(piece: batches.Piece) -> Array:
    """sum_n s_n g_n (b, D): its mean takes the place of g in the update of Eq. 8.

    That update, EF^-1 mean_n s_n g_n, is the improved EF for N much smaller than D: it then lowers
    every loss l_n at the rate s_n. For more examples than parameters it stops where this sum is 0,
    in general not at the minimum: see `stationary_point`.
    """
    r = piece.residual
    s = (r * r).sum(-1, keepdims=True)
    return piece.model.pull_back(piece.examples.X, piece.theta, s * r)


class Vector(NamedTuple):
    """What the matrix of a method multiplies: the mean of a sum over examples, `term`.

    `rows` are A, b at theta (D,) with B = A^T A / N and the vector A^T b / N, which carry twice the
    digits; None where there are none.
    """

    term: batches.Term
    rows: Callable[[Problem, Array], Rows | None]


def _rows_of_update(problem: Problem, theta: Array) -> Rows:
    """Those of EF and mean_n s_n g_n."""
    r = problem.likelihood.gradient(problem.model.outputs(problem.X, theta), problem.y)
    return Rows(problem.per_example_gradients(theta), (r * r).sum(-1))


WEIGHTED_GRADIENT = Vector(weighted_gradient_term, _rows_of_update)


def stationary_point(problem: Problem) -> Array:
    """theta (D,) with sum_n s_n g_n = 0, where the update of Eq. 8 stops.

    For least squares it is the fit with the least fourth powers of the residuals. With one output
    that is linear in theta and a convex loss, sum_n s_n g_n is the gradient of a convex function,
    as r_n^3 grows with f_n, and its root is the only one. ValueError for other problems, and where
    none is found.
    """
    if not (problem.model.linear and problem.model.n_outputs == 1 and problem.likelihood.convex):
        raise ValueError(
            "where the update of Eq. 8 stops is only found for one output that is linear in the "
            "parameters and a convex loss"
        )

    def value_and_slope(theta: Array) -> tuple[Array, Array]:
        value, slope = problem.mean_over_examples(theta, weighted_gradient_term, _slope)
        return value, slope

    found = scipy.optimize.root(value_and_slope, problem.theta_star, jac=True, tol=1e-14)
    value, slope = value_and_slope(found.x)
    if not np.linalg.norm(value) <= 1e-10 * (1 + np.linalg.norm(slope)):
        raise ValueError(f"no point with sum_n s_n g_n = 0 was found; the last mean is {value}")
    return np.asarray(found.x)


def _slope(piece: batches.Piece) -> Array:
    """sum_n 3 r_n^2 (d2l_n/df2) J_n^T J_n, for one output linear in theta."""
    r = piece.residual
    return piece.gram(3 * (r**2)[..., None] * piece.likelihood.hessian(piece.f, piece.examples.y))

"""theta_star to machine precision, or a sentence why there is none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize

from efviz import batches
from efviz.data import Array
from efviz.kernels import rank_tolerance
from efviz.models import Linear

if TYPE_CHECKING:
    from efviz.problems import Problem


@dataclass(frozen=True, eq=False)
class Minimum:
    """The minimiser theta (D,), all nan if there is no finite one; `reason` then says why.

    `unique` is False where a whole subspace attains the minimum: theta is then its point of least
    norm, and `reason` says that.
    """

    theta: Array
    exists: bool
    unique: bool = True
    reason: str = ""


def find_minimum(problem: "Problem") -> Minimum:
    """argmin L(theta): direct for least squares, else scipy's trust-region Newton method."""
    if problem.is_least_squares:
        solution, _, rank, _ = np.linalg.lstsq(problem.X, problem.y, rcond=None)
        return _report(problem, np.asarray(solution, dtype=float), int(rank))
    if not isinstance(problem.model, Linear):
        return _nonlinear_minimum(problem)
    runs_off = _recession_direction(problem)
    if runs_off:
        return Minimum(np.full(problem.D, np.nan), exists=False, reason=runs_off)
    # In units in which all columns are of size 1, columns of very different size do no harm.
    unit = 1 / np.tile(_size(problem.X), problem.model.n_outputs)
    theta = _newton(problem, unit)
    w, V = np.linalg.eigh(_hessian(problem, unit)(theta / unit))
    flat = w <= rank_tolerance(problem.D) * w.max()
    if flat.any():
        # Only the row space of the Hessian matters: drop what the loss does not see.
        Q = np.linalg.qr(unit[:, None] * V[:, flat])[0]
        theta = theta - Q @ (Q.T @ theta)
    return _report(problem, theta, problem.D - int(flat.sum()))


def _size(columns: Array) -> Array:
    """The largest absolute value of each column, 1 for a column of zeros."""
    size = np.abs(columns).max(axis=0)
    return np.where(size > 0, size, 1.0)


def _report(problem: "Problem", theta: Array, rank: int) -> Minimum:
    if rank == problem.D:
        return Minimum(theta, exists=True)
    reason = (
        f"The data determine only {rank} of the {problem.D} parameters: every point of a whole "
        "subspace is a minimum, and the one of least norm is shown."
    )
    return Minimum(theta, exists=True, unique=False, reason=reason)


def _nonlinear_minimum(problem: "Problem") -> Minimum:
    """The minimum near the start, unless it is flat: then the parameters ran off, or are free."""
    theta = _newton(problem, np.where(problem.start != 0, np.abs(problem.start), 1.0))
    # In relative parameters, so that "flat" and "settled" do not depend on their units.
    unit = np.abs(theta)
    w, V = np.linalg.eigh(_hessian(problem, unit)(np.sign(theta)))
    slope = V.T @ (problem.gradient(theta) * unit)
    if w[0] > 1e-8 * w[-1] and (np.abs(slope) <= 1e-6 * w).all():
        return Minimum(theta, exists=True)
    reason = (
        "No single finite minimum was found: these data do not determine all parameters, and the "
        "loss is flat along a curve. Take more examples or less noise."
    )
    return Minimum(np.full(problem.D, np.nan), exists=False, reason=reason)


def _newton(problem: "Problem", unit: Array) -> Array:
    """Newton's method from the start, in the parameters theta / unit."""

    def gradient(u: Array) -> Array:
        return problem.gradient(u * unit) * unit

    hessian, start = _hessian(problem, unit), problem.start / unit
    spread = problem.mean_over_examples(problem.start, batches.empirical_fisher_term)[0]
    typical = float(np.sqrt(np.diagonal(spread) @ unit**2))
    result = optimize.minimize(
        lambda u: problem.loss(u * unit),
        start,
        jac=gradient,
        hess=hessian,
        method="trust-exact",
        options={"gtol": 1e-6 * max(typical, 1e-300)},
    )
    # The loss is flat to sqrt(eps) at its minimum; the gradient's root is sharp to eps.
    root = optimize.root(gradient, result.x, jac=hessian, method="hybr", options={"xtol": 1e-15})
    closer = np.linalg.norm(gradient(root.x)) <= np.linalg.norm(gradient(result.x))
    return np.asarray(root.x if closer else result.x) * unit


def _hessian(problem: "Problem", unit: Array) -> Callable[[Array], Array]:
    def hessian(u: Array) -> Array:
        H = problem.mean_over_examples(u * unit, batches.hessian_term)[0]
        return np.asarray(H * np.outer(unit, unit))

    return hessian


def _recession_direction(problem: "Problem") -> str:
    """The sentence for a loss that falls for ever along some direction, or "" if there is none.

    The likelihood states, per example, which output changes never raise the loss; a linear
    program asks for a parameter direction v with J_n v in all those cones, some strictly.
    """
    rows, equal = problem.likelihood.recession(problem.y, problem.model.n_outputs)
    if not len(rows):
        return ""
    J = problem.model.jacobian(problem.X, np.zeros(problem.D))
    constraints = np.einsum("knc,ncd->knd", rows, J).reshape(-1, problem.D)
    # Neither the units of a parameter nor the length of a constraint change the answer.
    constraints = constraints / _size(constraints)
    constraints = constraints / _size(constraints.T)[:, None]
    equal = equal.reshape(-1)
    upper = np.unique(constraints[~equal], axis=0)
    same = np.unique(constraints[equal], axis=0)
    result = optimize.linprog(
        upper.sum(axis=0),
        A_ub=upper if len(upper) else None,
        b_ub=np.zeros(len(upper)) if len(upper) else None,
        A_eq=same if len(same) else None,
        b_eq=np.zeros(len(same)) if len(same) else None,
        bounds=[(-1, 1)] * problem.D,
        method="highs",
    )
    if result.status != 0 or result.fun > -1e-7 * max(1, len(upper)) ** 0.5:
        return ""
    return (
        "There is no finite minimum: along some direction the loss falls for ever, because a "
        "plane through the origin separates the classes (or all such counts are zero). "
        "Add noise, take more examples or other columns."
    )

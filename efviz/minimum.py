"""theta_star to machine precision, or a sentence why there is none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import optimize

from efviz import batches
from efviz.data import Array
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
    if isinstance(problem.model, Linear):
        runs_off = _recession_direction(problem)
        if runs_off:
            return Minimum(np.full(problem.D, np.nan), exists=False, reason=runs_off)
    theta = _newton(problem)
    H = _hessian(problem)(theta)
    H_rank = int(np.linalg.matrix_rank(H, hermitian=True))
    if H_rank < problem.D and problem.model.linear:
        # Only the row space of the Hessian matters: drop what the loss does not see.
        theta = np.linalg.pinv(H, hermitian=True) @ (H @ theta)
    return _report(problem, theta, H_rank)


def _report(problem: "Problem", theta: Array, rank: int) -> Minimum:
    if rank == problem.D:
        return Minimum(theta, exists=True)
    reason = (
        f"The data determine only {rank} of the {problem.D} parameters: every point of a whole "
        "subspace is a minimum, and the one of least norm is shown."
    )
    return Minimum(theta, exists=True, unique=False, reason=reason)


def _newton(problem: "Problem") -> Array:
    result = optimize.minimize(
        problem.loss,
        problem.start,
        jac=problem.gradient,
        hess=_hessian(problem),
        method="trust-exact",
        options={"gtol": 1e-6 * max(1.0, float(np.abs(problem.gradient(problem.start)).max()))},
    )
    # The loss is flat to sqrt(eps) at its minimum; the gradient's root is sharp to eps.
    root = optimize.root(
        problem.gradient, result.x, jac=_hessian(problem), method="hybr", options={"xtol": 1e-15}
    )
    closer = np.linalg.norm(problem.gradient(root.x)) <= np.linalg.norm(problem.gradient(result.x))
    return np.asarray(root.x if closer else result.x)


def _hessian(problem: "Problem") -> Callable[[Array], Array]:
    return lambda theta: problem.mean_over_examples(theta, batches.hessian_term)[0]


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
    constraints = constraints / max(1e-300, float(np.abs(constraints).max()))
    constraints, unique_index = np.unique(constraints, axis=0, return_index=True)
    equal = equal.reshape(-1)[unique_index]
    upper, same = constraints[~equal], constraints[equal]
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

"""theta_star to machine precision, or a sentence why there is none."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from efviz import batches
from efviz.data import Array
from efviz.existence import (
    PROVEN,
    is_self_concordant,
    newton_step,
    parameter_sizes,
    recession,
)
from efviz.kernels import rank_tolerance

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
        return _least_squares(problem)
    if not problem.model.linear:
        return _nonlinear_minimum(problem)
    if is_self_concordant(problem) and _determined(problem):
        theta = _proven_minimum(problem)
        if theta is not None:
            return Minimum(theta, exists=True)
    return _convex_minimum(problem)


def _least_squares(problem: "Problem") -> Minimum:
    if problem.moments:
        # Moments are kept only of columns far from collinear, about a point near the solution.
        return Minimum(problem.moments.minimum(), exists=True)
    solution, _, rank, _ = np.linalg.lstsq(problem.X, problem.y, rcond=None)
    return _report(problem, np.asarray(solution, dtype=float), int(rank))


def _determined(problem: "Problem") -> bool:
    """Are the columns independent? Else there is nothing to prove: no minimum is unique."""
    size = np.linalg.norm(problem.X, axis=0)
    products = problem.X.T @ problem.X / np.outer(size, size) if size.all() else np.zeros((1, 1))
    return bool(np.linalg.eigvalsh(products)[0] > 1e-13)


def _proven_minimum(problem: "Problem") -> Array | None:
    """The minimum where it can be proven to exist; None says nothing.

    scipy only has to find the region in which Newton's method is sure to converge: first by the
    quickest way, then by the surest.
    """
    size = parameter_sizes(problem)
    theta = _first_guess(problem)
    step, reach = newton_step(problem, theta, size)
    for search in (_root, _trust_region):
        if reach <= PROVEN:
            break
        theta = search(problem, 1 / size)
        step, reach = newton_step(problem, theta, size)
    best = np.inf
    # The reach is squared by every step: 1e-7 is one step from rounding.
    while reach <= PROVEN and reach < 0.9 * best:
        theta, best = theta - step, reach
        if reach < 1e-7:
            return theta
        step, reach = newton_step(problem, theta, size)
    return theta if best <= PROVEN else None


def _first_guess(problem: "Problem") -> Array:
    """The start; of very many examples the minimum of some, evenly spread."""
    if problem.N <= _SOME or problem.start.any():
        return problem.start
    thin = slice(None, None, problem.N // (_SOME // 4))
    few = replace(problem, X=np.ascontiguousarray(problem.X[thin]), y=problem.y[thin].copy())
    theta = _proven_minimum(few)
    return problem.start if theta is None else theta


_SOME = 40_000


def _convex_minimum(problem: "Problem") -> Minimum:
    runs_off = recession(problem)
    if runs_off:
        return Minimum(np.full(problem.D, np.nan), exists=False, reason=runs_off)
    # In units in which all columns are of size 1, columns of very different size do no harm.
    unit = 1 / parameter_sizes(problem)
    theta = _newton(problem, unit)
    w, V = np.linalg.eigh(_hessian(problem, unit)(theta / unit))
    flat = w <= rank_tolerance(problem.D) * w.max()
    if flat.any():
        # Only the row space of the Hessian matters: drop what the loss does not see.
        Q = np.linalg.qr(unit[:, None] * V[:, flat])[0]
        theta = theta - Q @ (Q.T @ theta)
    return _report(problem, theta, problem.D - int(flat.sum()))


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


def _root(problem: "Problem", unit: Array) -> Array:
    """A root of the gradient by MINPACK's hybrid method: quick, and now and then lost."""

    def gradient_and_hessian(u: Array) -> tuple[Array, Array]:
        g, H, _ = problem.gradient_and_matrices(u * unit)
        return g * unit, H * np.outer(unit, unit)

    start = problem.start / unit
    with np.errstate(all="ignore"):
        result = scipy.optimize.root(gradient_and_hessian, start, jac=True, method="hybr")
    return np.asarray(result.x * unit)


def _trust_region(problem: "Problem", unit: Array) -> Array:
    """scipy's trust-region Newton method from the start, in the parameters theta / unit."""
    spread = problem.gradient_and_matrices(problem.start)[2]
    typical = float(np.sqrt(np.diagonal(spread) @ unit**2))
    result = scipy.optimize.minimize(
        lambda u: problem.loss(u * unit),
        problem.start / unit,
        jac=lambda u: problem.gradient(u * unit) * unit,
        hess=_hessian(problem, unit),
        method="trust-exact",
        options={"gtol": 1e-6 * max(typical, 1e-300)},
    )
    return np.asarray(result.x * unit)


def _newton(problem: "Problem", unit: Array) -> Array:
    """The trust-region minimum, sharpened: there the loss is flat to sqrt(eps), its slope not."""

    def gradient(u: Array) -> Array:
        return problem.gradient(u * unit) * unit

    found = _trust_region(problem, unit) / unit
    root = scipy.optimize.root(
        gradient, found, jac=_hessian(problem, unit), method="hybr", options={"xtol": 1e-15}
    )
    closer = np.linalg.norm(gradient(root.x)) <= np.linalg.norm(gradient(found))
    return np.asarray(root.x if closer else found) * unit


def _hessian(problem: "Problem", unit: Array) -> Callable[[Array], Array]:
    def hessian(u: Array) -> Array:
        H = problem.mean_over_examples(u * unit, batches.hessian_term)[0]
        return np.asarray(H * np.outer(unit, unit))

    return hessian

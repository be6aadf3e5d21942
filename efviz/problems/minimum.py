"""theta_star to machine precision, or a sentence that explains why there is none."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import scipy
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.lazy import cached_property
from efviz.numerics.columns import least_squares
from efviz.numerics.linalg import solve_damped
from efviz.problems import batches
from efviz.problems.coordinates import Coordinates
from efviz.problems.declared import NotStated
from efviz.problems.existence import (
    PROVEN,
    is_convex,
    is_self_concordant,
    newton_step,
    parameter_sizes,
    recession,
)
from efviz.problems.objective import Objective


@dataclass(frozen=True, eq=False)
class Minimum:
    """The minimiser theta (D,), all nan if there is no finite one; `reason` then explains why.

    `unique` is False where a whole subspace attains the minimum: theta is then its point of least
    norm, and `reason` says so. It also says so where the loss is not convex, and theta therefore
    the minimum near the start. `seen` is the problem in the coordinates that its data determine,
    with its minimum there, z (K,): losses are evaluated in z, where nothing cancels.
    """

    theta: Array
    exists: bool
    unique: bool = True
    reason: str = ""
    seen: tuple[Objective, Array] | None = None

    @cached_property
    def loss(self) -> float:
        """L at the minimum, nan if there is none."""
        return float(self.seen[0].loss(self.seen[1])) if self.seen else np.nan

    @cached_property
    def rounding(self) -> float:
        """Losses this close to the lowest count as equal to it; nan if there is no minimum.

        Outputs and targets are rounded, and |dl/df| is the slope of the loss in them. Near an exact
        fit, where the loss is 0, the effect of rounding z itself dominates.
        """
        if not self.seen:
            return np.nan
        problem, z = self.seen
        f = problem.model.outputs(problem.X, z)
        steep = np.abs(problem.likelihood.gradient(f, problem.y)).sum(-1)
        first_order = np.mean(steep * (np.abs(f).max(-1) + np.abs(problem.y)))
        rounding = 1e-13 * abs(self.loss) + 4 * np.finfo(float).eps * float(first_order)
        return rounding + float(rounding_of_theta(problem, z))

    def settled(self, loss: ArrayLike) -> Array:
        """Losses (...) as they are told: rounding is no difference.

        Those that only `rounding` tells from the lowest are set to it, or to 0 if it tells the
        lowest from 0 neither. Without a minimum they stay as they are.
        """
        loss = np.asarray(loss, dtype=float)
        lowest = self.loss if abs(self.loss) > self.rounding else 0.0
        return np.where(np.abs(loss - self.loss) <= self.rounding, lowest, loss)


def find_minimum(problem: Objective, seen: Coordinates[Objective] | None) -> Minimum:
    """argmin L(theta): directly for least squares, otherwise by iteration."""
    try:
        if seen is None:
            theta = _minimiser(problem)
            reason = "" if is_convex(problem) else _NEARBY
            return Minimum(theta, exists=True, reason=reason, seen=(problem, theta))
        # If there are several minima, this is the one of least norm.
        z = _minimiser(seen.problem)
        # z has lost digits where columns are nearly collinear; the direct solution has not.
        direct = problem.is_least_squares
        theta = least_squares(problem.X, problem.y)[0] if direct else _restored(problem, seen, z)
        reasons = [] if seen.complete else [_SUBSPACE.format(rank=len(z), D=problem.D)]
        reason = " ".join(reasons + [_NEARBY] * (not is_convex(problem)))
        return Minimum(theta, True, seen.complete, reason, (seen.problem, z))
    except (_NoMinimum, NotStated) as none:
        return Minimum(np.full(problem.D, np.nan), exists=False, reason=str(none))


def _restored(problem: Objective, seen: Coordinates[Objective], z: Array) -> Array:
    """theta for z, and one step of Newton's method to correct the rounding of theta."""
    theta = seen.restore(z)
    H = seen.problem.mean_over_examples(z, batches.hessian_term)[0]
    g = seen.reduce(problem.gradient(theta))
    return theta - seen.restore(solve_damped(H, g, terms=problem.N).x)


_SUBSPACE = (
    "The data determine only {rank} of the {D} parameters: every point of a whole subspace is a "
    "minimum, and the one of least norm is shown."
)

_NEARBY = (
    "This is the minimum found from the start. The loss is not known to be convex, so there may be "
    "lower ones."
)


class _NoMinimum(ArithmeticError):
    """The message that explains why there is none."""


def rounding_of_theta(problem: Objective, theta: Array) -> Array:
    """The change of a loss of 0, (...), when theta (..., D) is rounded in its last digits."""
    G = problem.mean_over_examples(theta, batches.ggn_term)[0]
    curvature = np.abs(np.diagonal(G, axis1=-2, axis2=-1))
    return np.asarray(((64 * np.finfo(float).eps * theta) ** 2 * curvature).sum(-1) / 2)


def _minimiser(problem: Objective) -> Array:
    """theta_star (D,) of a problem whose data determine all parameters; raises _NoMinimum."""
    if problem.moments:
        return problem.moments.minimum()
    if problem.is_least_squares:
        return least_squares(problem.X, problem.y)[0]
    if not is_convex(problem):
        return _nearby_minimiser(problem)
    if is_self_concordant(problem):
        theta = _proven_minimum(problem)
        if theta is not None:
            return theta
    runs_off = recession(problem)
    if runs_off is None:
        # A convex loss has no other minimum than a strict one that is found.
        return _nearby_minimiser(problem)
    if runs_off:
        raise _NoMinimum(runs_off)
    # In units in which all columns have size 1, columns of very different sizes do no harm.
    return _newton(problem, 1 / parameter_sizes(problem))


def _proven_minimum(problem: Objective) -> Array | None:
    """The minimum if its existence can be proven; None is inconclusive.

    scipy only has to find the region in which Newton's method is certain to converge: first by the
    fastest method, then by the most reliable one.
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
    # Every step squares the reach: 1e-7 is one step from rounding.
    while reach <= PROVEN and reach < 0.9 * best:
        theta, best = theta - step, reach
        if reach < 1e-7:
            return theta
        step, reach = newton_step(problem, theta, size)
    return theta if best <= PROVEN else None


def _first_guess(problem: Objective) -> Array:
    """The start; for very many examples, the minimum of some of them, evenly spaced."""
    if problem.N <= _SOME or problem.start.any():
        return problem.start
    thin = slice(None, None, problem.N // (_SOME // 4))
    few = replace(problem, X=np.ascontiguousarray(problem.X[thin]), y=problem.y[thin].copy())
    theta = _proven_minimum(few)
    return problem.start if theta is None else theta


_SOME = 40_000


def _nearby_minimiser(problem: Objective) -> Array:
    """The minimum near the start; flat ones are refused: parameters ran off or are undetermined."""
    theta = _newton(problem, np.where(problem.start != 0, np.abs(problem.start), 1.0))
    # In relative parameters, so that "flat" and "converged" do not depend on their units.
    unit = np.abs(theta)
    w, V = np.linalg.eigh(_hessian(problem, unit)(np.sign(theta)))
    slope = V.T @ (problem.gradient(theta) * unit)
    if w[0] > 1e-8 * w[-1] and (np.abs(slope) <= 1e-6 * w).all():
        return theta
    raise _NoMinimum(
        "No single finite minimum was found: these data do not determine all parameters, and the "
        "loss is flat along a curve. Take more examples or less noise."
    )


def _root(problem: Objective, unit: Array) -> Array:
    """A root of the gradient by MINPACK's hybrid method: fast, but sometimes it fails."""

    def gradient_and_hessian(u: Array) -> tuple[Array, Array]:
        g, H, _ = problem.gradient_and_matrices(u * unit)
        return g * unit, H * np.outer(unit, unit)

    start = problem.start / unit
    with np.errstate(all="ignore"):
        result = scipy.optimize.root(gradient_and_hessian, start, jac=True, method="hybr")
    return np.asarray(result.x * unit)


def _trust_region(problem: Objective, unit: Array) -> Array:
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


def _newton(problem: Objective, unit: Array) -> Array:
    """The trust-region minimum, refined: the loss is flat to sqrt(eps) there, its slope is not."""

    def gradient(u: Array) -> Array:
        return problem.gradient(u * unit) * unit

    found = _trust_region(problem, unit) / unit
    root = scipy.optimize.root(
        gradient, found, jac=_hessian(problem, unit), method="hybr", options={"xtol": 1e-15}
    )
    closer = np.linalg.norm(gradient(root.x)) <= np.linalg.norm(gradient(found))
    return np.asarray(root.x if closer else found) * unit


def _hessian(problem: Objective, unit: Array) -> Callable[[Array], Array]:
    def hessian(u: Array) -> Array:
        H = problem.mean_over_examples(u * unit, batches.hessian_term)[0] * np.outer(unit, unit)
        # Its norm is a sum of squares.
        if not (np.abs(H) < 1e150).all():
            raise _NoMinimum(
                "No minimum was found: the curvature of the loss overflows double precision on the "
                "path to it. Measure inputs or targets in larger units."
            )
        return np.asarray(H)

    return hessian

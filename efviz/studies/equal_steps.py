"""Balls of two distances whose steepest steps are equally long in the limit, for comparison.

A radius r is in half-widths of the visible plane: as r -> 0, the step within either ball becomes r
half-widths long, whatever the units of its distance. For two parameters.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.fields import Plane
from efviz.optimizers.steepest_descent import DISTANCES, Balls, steepest_descent
from efviz.problems import Problem
from efviz.work import Progress, Work, part

EXAMPLES = 2000
"""Exact balls evaluate all outputs thousands of times; larger data use their first examples."""
LEAST, MOST = 1e-3, 1.0
"""The smallest and the largest radius that can be chosen."""
SHRINK = (1.0, 1 / 2, 1 / 4, 1 / 8)
"""Radii of the balls drawn, in units of the largest one."""
RADII = np.geomspace(LEAST, MOST, 10)
"""Radii over which the angles are drawn."""


def first_examples(problem: Problem) -> Problem:
    """The problem on its first EXAMPLES examples."""
    if problem.N <= EXAMPLES:
        return problem
    return replace(problem, X=problem.X[:EXAMPLES], y=problem.y[:EXAMPLES])


def unit(problem: Problem, theta: ArrayLike, distance: str, plane: Plane) -> float:
    """The radius whose limiting step -eps M^-1 g / sqrt(g^T M^-1 g) is a half-width of the plane.

    theta (2,); M is the metric of the named distance. Where g is zero: the radius at which the
    average semi-axis of the ball is a half-width.
    """
    half = float(plane.half_widths.min())
    M = DISTANCES[distance].metric(problem, np.asarray(theta))
    g = problem.gradient(np.asarray(theta))
    direction = np.linalg.lstsq(M, g, rcond=None)[0]
    size, length = float(g @ direction), float(np.linalg.norm(direction))
    if size > 0 and length > 0:
        return half * float(np.sqrt(size)) / length
    return half * float(np.sqrt(np.trace(M) / 2)) or half


def balls_of(
    problem: Problem, theta: ArrayLike, distance: str, plane: Plane, radii: ArrayLike
) -> Balls:
    """`steepest_descent` with radii (K,) in half-widths of the plane."""
    eps = unit(problem, theta, distance, plane) * np.asarray(radii)
    return steepest_descent(problem, theta, distance, eps.tolist())


def window_around(
    problem: Problem, theta: ArrayLike, order: str, plane: Plane, radius: float
) -> Plane:
    """A plane of the same shape, large enough for both balls of this radius, up to a limit."""
    at = np.asarray(theta)
    half, widths = radius * plane.half_widths, [1.5]
    for distance in ("euclidean", order):
        M = DISTANCES[distance].metric(problem, at)
        reach = np.sqrt(np.maximum(np.diagonal(np.linalg.pinv(M, hermitian=True)), 0))
        eps = radius * unit(problem, at, distance, plane)
        widths.append(1.25 * eps * float((reach / half).max()))
    half = min(max(widths), 6.0) * half
    (x0, y0), (x1, y1) = at - half, at + half
    return Plane((float(x0), float(x1)), (float(y0), float(y1)))


def one_by_one(
    problem: Problem, theta: ArrayLike, order: str, plane: Plane, radii: ArrayLike
) -> Work[list[Balls]]:
    """Euclidean balls, which are fast, then those of the divergence `order`, smallest first.

    Radii (K,) are in half-widths of the plane.
    """
    flat = balls_of(problem, theta, "euclidean", plane, radii)
    parts: list[Balls] = []

    def so_far() -> list[Balls]:
        return [flat, _joined(parts)] if parts else [flat]

    for k, radius in enumerate(np.sort(radii), 1):
        yield Progress(k / (np.size(radii) + 1), so_far)
        parts.append(balls_of(problem, theta, order, plane, [radius]))
    return so_far()


def shrinking_balls(
    problem: Problem, theta: ArrayLike, order: str, plane: Plane, radius: float
) -> Work[list[Balls]]:
    """`one_by_one` for `radius` and its fractions in SHRINK."""
    return (yield from one_by_one(problem, theta, order, plane, radius * np.array(SHRINK)))


def balls_of_all_radii(
    problem: Problem, theta: ArrayLike, order: str, plane: Plane
) -> Work[list[Balls]]:
    """`one_by_one` for RADII, which are then in half-widths of the plane."""

    def scaled(found: list[Balls]) -> list[Balls]:
        return [in_half_widths(problem, balls, plane) for balls in found]

    return scaled((yield from part(one_by_one(problem, theta, order, plane, RADII), 0, 1, scaled)))


def without_balls(problem: Problem, theta: Array) -> str:
    """Why no balls can be drawn around theta (2,), or ""."""
    g, F, _ = problem.gradient_and_matrices(theta)
    with np.errstate(all="ignore"):
        sizes = np.array([problem.loss(theta), g @ g, np.vdot(F, F)])
    if not np.isfinite(sizes).all():
        return "At this θ the loss or its matrices overflow double precision."
    if not F.any():
        return "F is zero at this θ: all of the plane around it has divergence 0 to rounding."
    return ""


def _joined(parts: list[Balls]) -> Balls:
    """One Balls from several with the same theta and distance."""
    names = ("radii", "boundary", "unbounded", "minimisers", "interior", "angles")
    together: dict[str, Any] = {n: np.concatenate([getattr(p, n) for p in parts]) for n in names}
    return replace(parts[0], **together)


def in_half_widths(problem: Problem, balls: Balls, plane: Plane) -> Balls:
    """The same balls with their radii in half-widths of the plane."""
    radii: Array = balls.radii / unit(problem, balls.theta, balls.distance, plane)
    return replace(balls, radii=radii)

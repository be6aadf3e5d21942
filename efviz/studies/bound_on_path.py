"""Both sides of Proposition 2 along one path through a plane."""

from dataclasses import dataclass, replace

import numpy as np

from efviz.arrays import Array
from efviz.curvature.remainder_bound import RemainderBound, ray, remainder_bound
from efviz.fields import Plane
from efviz.problems import Problem
from efviz.studies.slices import in_slices
from efviz.work import Work

POINTS = 161


@dataclass(frozen=True, eq=False)
class StraightPath:
    """From `start` through `through`, (2,) each, to the edge of a plane; `words` describe it."""

    start: Array
    through: Array
    words: str


def path_through(problem: Problem, plane: Plane, theta: Array) -> StraightPath:
    """The path from the minimum through theta (2,) to the edge of the plane.

    If the minimum is off the plane, or is theta itself, the path goes from theta to the farthest
    corner. A theta off the plane only gives the direction.
    """
    low, high = _corners(plane)
    inside = ((low <= theta) & (theta <= high)).all()
    theta = np.clip(theta, low, high)
    star = problem.theta_star
    usable = problem.minimum.exists and bool(((low <= star) & (star <= high)).all())
    apart = usable and float(np.abs(star - theta).max()) > 1e-9 * float((high - low).max())
    if apart:
        words = "from the minimum through θ" if inside else "from the minimum towards θ"
        return StraightPath(star, theta, words)
    return StraightPath(theta, np.where(theta < plane.center, high, low), "from θ to a corner")


def bound_on_path(problem: Problem, plane: Plane, straight: StraightPath) -> Work[RemainderBound]:
    """Work towards both sides at POINTS thetas of the path; beta is valid on the whole plane."""
    low, high = _corners(plane)
    thetas = ray(straight.start, straight.through, low, high, POINTS)
    pieces = yield from in_slices(
        problem, thetas, lambda some: remainder_bound(problem, some, low, high), cost=problem.N
    )
    return replace(
        pieces[0],
        thetas=thetas,
        norm=np.concatenate([piece.norm for piece in pieces]),
        residual=np.concatenate([piece.residual for piece in pieces]),
    )


def _corners(plane: Plane) -> tuple[Array, Array]:
    return np.array([plane.x[0], plane.y[0]]), np.array([plane.x[1], plane.y[1]])

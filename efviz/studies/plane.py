"""The plane shown for a problem with two parameters, one theta on it, and the loss."""

from collections.abc import Sequence

import numpy as np

from efviz.arrays import Array
from efviz.fields import Plane, plane_around
from efviz.problems import Problem
from efviz.problems.catalogue import Settings
from efviz.studies.slices import in_slices
from efviz.work import Work

Limits = Sequence[tuple[float, float, float, float]]


def plane_shown(problem: Problem, home: Settings, limits: Limits = ()) -> Plane:
    """The plane of the first `limits` (x0, x1, y0, y1); without limits that of `home`, or one
    around the minimum."""
    if limits:
        x0, x1, y0, y1 = limits[0]
        return Plane((x0, x1), (y0, y1))
    return plane_around(problem, Plane(*home.plane) if home.plane else None, home.reach)


def theta_shown(plane: Plane, home: Settings, theta: Sequence[tuple[float, float]] = ()) -> Array:
    """The first of `theta` (2,); if there is none, the first start of `home` on this plane."""
    return np.array(theta[0]) if theta else plane.place(home.starts[0])


def loss_on_plane(problem: Problem, plane: Plane, n: int = 31) -> Work[Array]:
    """L on `plane.grid(n)`, (n, n)."""
    slices = yield from in_slices(problem, plane.grid(n).reshape(-1, 2), problem.loss)
    return np.concatenate(slices).reshape(n, n)

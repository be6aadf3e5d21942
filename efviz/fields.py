"""Two-dimensional views of a problem, as numbers: planes, vector fields, loss grids."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.curvature import ggn
from efviz.optimizers import direction
from efviz.problems import Problem


def vector_field(problem: Problem, method: str, theta: ArrayLike, *, damping: float = 0.0) -> Array:
    """The update direction -(B(theta) + damping I)^{-1} gradient, theta (..., D) -> (..., D).

    Kunstner et al. (2019), Eqs. 50-52 without the step size. Where the damped matrix is singular,
    this is the solution of minimum norm; `optimizers.direction` also returns where that is so.
    """
    return -direction(problem, method, theta, damping=damping).x


@dataclass(frozen=True)
class Plane:
    """A rectangle in the parameter plane of a two-parameter problem."""

    x: tuple[float, float]
    y: tuple[float, float]

    def __post_init__(self) -> None:
        for low, high in (self.x, self.y):
            if not (np.isfinite([low, high]).all() and low < high):
                raise ValueError(f"limits must be finite and increasing, got {low} to {high}")

    @property
    def center(self) -> Array:
        return np.array([sum(self.x) / 2, sum(self.y) / 2])

    @property
    def half_widths(self) -> Array:
        return np.array([self.x[1] - self.x[0], self.y[1] - self.y[0]]) / 2

    def axes(self, n: int) -> tuple[Array, Array]:
        return np.linspace(*self.x, n), np.linspace(*self.y, n)

    def grid(self, n: int) -> Array:
        """(n, n, 2): theta at [row, column] = (x[column], y[row]), both ends included."""
        return np.stack(np.meshgrid(*self.axes(n)), axis=-1)

    def place(self, relative: ArrayLike) -> Array:
        """Theta for points given in half-widths from the centre."""
        return self.center + np.asarray(relative, dtype=float) * self.half_widths


def plane_around(problem: Problem, home: Plane | None = None, reach: float = 3.2) -> Plane:
    """The plane to show: `home`, shifted by whole half-widths if the minimum is not well inside.

    Without a home, the plane is a square around the minimum, whose half-width is `reach` times the
    geometric mean of the semi-axes of the ellipse theta^T H theta = 1.
    """
    minimum = problem.minimum
    if home is not None:
        if not minimum.exists:
            return home
        shift = np.round((minimum.theta - home.center) / home.half_widths) * home.half_widths
        dx, dy = (float(value) for value in shift)
        (x0, x1), (y0, y1) = home.x, home.y
        return Plane((x0 + dx, x1 + dx), (y0 + dy, y1 + dy))
    center = minimum.theta if minimum.exists else np.zeros(2)
    eigenvalues = np.linalg.eigvalsh(ggn(problem, center))
    usable = eigenvalues[eigenvalues > eigenvalues.max() * 1e-12]
    half = reach * float(np.exp(-np.log(usable).mean() / 2)) if usable.size else 1.0
    # Wide enough for its points to be distinct, however far out the minimum lies.
    half = max(float(f"{half:.1e}"), 1e6 * float(np.spacing(np.abs(center).max())))
    x, y = (float(value) for value in center)
    return Plane((x - half, x + half), (y - half, y + half))


def loss_grid(problem: Problem, plane: Plane, n: int) -> Array:
    """L on `plane.grid(n)`, (n, n)."""
    return problem.loss(plane.grid(n))

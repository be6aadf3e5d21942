"""Two-dimensional pictures of a problem, as numbers: planes, fields, loss grids, ellipses."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from efviz.curvature import ggn
from efviz.data import Array
from efviz.linalg import eigenvalues
from efviz.optimizers import direction, directions
from efviz.problems import Problem


def vector_field(problem: Problem, method: str, theta: ArrayLike, *, damping: float = 0.0) -> Array:
    """The update direction -(B(theta) + damping I)^{-1} gradient, theta (..., D) -> (..., D).

    Kunstner et al. (2019), Eqs. 50-52 without the step size. Where the damped matrix is singular
    it is the direction of minimum norm; `optimizers.direction` says where.
    """
    return -direction(problem, method, theta, damping=damping).x


def cosine(a: Array, b: Array) -> Array:
    """Cosine of the angle between vectors (..., D); nan where one of them is zero or not finite."""
    with np.errstate(all="ignore"):
        a = a / np.abs(a).max(-1, keepdims=True)
        b = b / np.abs(b).max(-1, keepdims=True)
        value = (a * b).sum(-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))
    return np.asarray(value)


@dataclass(frozen=True)
class Plane:
    """A rectangle of a two-parameter problem's parameter plane."""

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
        """(n, n, 2): theta at [row, column] = (x[column], y[row]), ends included."""
        return np.stack(np.meshgrid(*self.axes(n)), axis=-1)

    def place(self, relative: ArrayLike) -> Array:
        """Points given in half-widths from the centre, as theta."""
        return self.center + np.asarray(relative, dtype=float) * self.half_widths


def plane_around(problem: Problem, home: Plane | None = None, reach: float = 3.2) -> Plane:
    """The plane to show: `home` if the minimum lies well inside, moved in whole half-widths if not.

    Without a home, a square around the minimum whose half-width is `reach` times the geometric
    mean of the semi-axes of the ellipse theta^T H theta = 1.
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
    # Wide enough to tell its points apart, however far out the minimum lies.
    half = max(float(f"{half:.1e}"), 1e6 * float(np.spacing(np.abs(center).max())))
    x, y = (float(value) for value in center)
    return Plane((x - half, x + half), (y - half, y + half))


def loss_grid(problem: Problem, plane: Plane, n: int) -> Array:
    """L on `plane.grid(n)`, (n, n)."""
    return problem.loss(plane.grid(n))


@dataclass(frozen=True, eq=False)
class FieldComparison:
    """Fields of several methods on one plane, and how the last two of them point.

    tails (n, n, 2) and vectors[method] (n, n, 2) on a coarse grid; x, y (m,), loss and cosines
    (m, m) on a fine one. `cosines` is between the directions of the last two methods;
    `rank_deficient` counts the coarse grid's points with a singular matrix, per method.
    """

    plane: Plane
    tails: Array
    vectors: dict[str, Array]
    rank_deficient: dict[str, int]
    x: Array
    y: Array
    loss: Array
    cosines: Array

    def typical_length(self, method: str) -> float:
        """The median length of a method's updates on the coarse grid, nan if none is finite."""
        length = np.linalg.norm(self.vectors[method], axis=-1)
        length = length[np.isfinite(length)]
        return float(np.median(length)) if length.size else float("nan")

    @property
    def negative_share(self) -> float:
        """The share of the fine grid on which the cosine is negative."""
        return float(np.mean(self.cosines[np.isfinite(self.cosines)] < 0))


T = TypeVar("T")
Work = Generator[float, None, T]
"""A computation that can be put down at any yield (of the fraction done) and taken up again."""

SLICE = 4_000_000
"""Examples times thetas between two yields of a Work: some hundredths of a second."""


def compare_fields(
    problem: Problem,
    methods: Sequence[str],
    plane: Plane,
    *,
    density: int,
    fine: int,
    damping: float,
) -> Work[FieldComparison]:
    """Work towards a FieldComparison on a density x density and a fine x fine grid."""
    tails, detail = plane.grid(density), plane.grid(fine)
    total = len(methods) * tails[..., 0].size + 3 * detail[..., 0].size

    def along(
        theta: Array, names: Sequence[str], start: int, loss: bool
    ) -> Work[list[list[Array]]]:
        flat = theta.reshape(-1, 2)
        step = len(flat) if problem.moments else max(1, SLICE // problem.N)
        parts = []
        for i in range(0, len(flat), step):
            piece = flat[i : i + step]
            solved = directions(problem, names, piece, damping=damping)
            extra = [problem.loss(piece)] if loss else []
            parts.append([*(np.asarray(v) for s in solved.values() for v in s), *extra])
            yield (start + (i + len(piece)) * (len(names) + loss)) / total
        return [list(columns) for columns in zip(*parts, strict=True)]

    coarse = yield from along(tails, methods, 0, loss=False)
    last = methods[-2:]
    finer = yield from along(detail, last, len(methods) * tails[..., 0].size, loss=True)
    coarse_values = [np.concatenate(column) for column in coarse]
    fine_values = [np.concatenate(column) for column in finer]
    x, y = plane.axes(fine)
    return FieldComparison(
        plane,
        tails,
        {name: -coarse_values[2 * i].reshape(tails.shape) for i, name in enumerate(methods)},
        {name: int(coarse_values[2 * i + 1].sum()) for i, name in enumerate(methods)},
        x,
        y,
        fine_values[-1].reshape(fine, fine),
        cosine(fine_values[0], fine_values[2]).reshape(fine, fine),
    )


def finish(work: Work[T]) -> T:
    """Do all of the work at once."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value


def ellipse(matrix: Array, center: Array, level: float = 1.0, n: int = 73) -> Array:
    """Points (n, 2) with (theta - center)^T matrix (theta - center) = level, closed.

    A singular or indefinite matrix has no such ellipse: its points are nan. See `conic`.
    """
    w, V = eigenvalues(matrix), np.linalg.eigh(matrix)[1]
    angle = np.linspace(0, 2 * np.pi, n)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    with np.errstate(all="ignore"):
        semi_axes = np.where(w > 0, np.sqrt(level / np.where(w > 0, w, 1)), np.nan)
    return center + (circle * semi_axes) @ V.T


@dataclass(frozen=True, eq=False)
class Conic:
    """The points with delta^T M delta = level, as lines (n, 2), and what they are."""

    kind: Literal["ellipse", "lines", "hyperbola", "empty"]
    lines: tuple[Array, ...]


def conic(
    matrix: Array, center: Array, level: float, reach: float, n: int = 73, *, terms: int = 1
) -> Conic:
    """{theta : (theta - center)^T matrix (theta - center) = level} for any symmetric (2, 2) matrix.

    An ellipse if it is positive definite, two parallel lines if it is singular, both branches of a
    hyperbola if it is indefinite, nothing if no direction curves upwards. What has no end is drawn
    as far as about `reach` from the centre. The matrix is a rounded mean over `terms` examples.
    """
    if not np.isfinite(matrix).all():
        return Conic("empty", ())
    w, V = eigenvalues(matrix, terms), np.linalg.eigh(matrix)[1]
    if w[1] <= 0:
        return Conic("empty", ())
    if w[0] > 0:
        return Conic("ellipse", (ellipse(matrix, center, level, n),))
    b = np.sqrt(level / w[1])
    if w[0] == 0:
        along, across = np.linspace(-reach, reach, 2), np.full(2, b)
        kind: Literal["lines", "hyperbola"] = "lines"
    else:
        a = np.sqrt(level / -w[0])
        t = np.linspace(-1, 1, n) * np.arcsinh(reach / a)
        along, across = a * np.sinh(t), b * np.cosh(t)
        kind = "hyperbola"
    return Conic(
        kind, tuple(center + np.stack([along, sign * across], -1) @ V.T for sign in (1.0, -1.0))
    )

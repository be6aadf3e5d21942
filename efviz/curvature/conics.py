"""Level sets of quadratic forms: ellipses, lines and hyperbolas."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from efviz.arrays import Array
from efviz.numerics.linalg import eigenvalues


def ellipse(matrix: Array, center: Array, level: float = 1.0, n: int = 73) -> Array:
    """Points (n, 2) with (theta - center)^T matrix (theta - center) = level, closed.

    For a singular or indefinite matrix, which has no such ellipse, the points are nan; see `conic`.
    """
    w, V = eigenvalues(matrix), np.linalg.eigh(matrix)[1]
    angle = np.linspace(0, 2 * np.pi, n)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    with np.errstate(all="ignore"):
        semi_axes = np.where(w > 0, np.sqrt(level / np.where(w > 0, w, 1)), np.nan)
    return center + (circle * semi_axes) @ V.T


@dataclass(frozen=True, eq=False)
class Conic:
    """The points with delta^T M delta = level, as lines (n, 2), and the kind of the conic."""

    kind: Literal["ellipse", "lines", "hyperbola", "empty"]
    lines: tuple[Array, ...]


def conic(
    matrix: Array, center: Array, level: float, reach: float, n: int = 73, *, terms: int = 1
) -> Conic:
    """{theta : (theta - center)^T matrix (theta - center) = level} for any symmetric (2, 2) matrix.

    An ellipse for a positive definite matrix, two parallel lines for a singular one, both branches
    of a hyperbola for an indefinite one, and nothing if no direction curves upwards. Unbounded
    curves end about `reach` from the centre. The matrix is a rounded mean over `terms` examples.
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

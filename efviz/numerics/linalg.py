"""Batched damped symmetric systems, with the minimum-norm solution where they are singular."""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from efviz.arrays import Array, Mask
from efviz.numerics.columns import least_squares
from efviz.numerics.systems import gram_rounding, power_each, solve_each

T = TypeVar("T", bound=np.generic)


class Solution(NamedTuple):
    """x (..., D), and whether the matrix was rank deficient (...), where x has minimum norm."""

    x: Array
    rank_deficient: Mask


class Rows(NamedTuple):
    """A (n, D) and b (n,), from which a system was formed: B = A^T A / N and g = A^T b / N."""

    A: Array
    b: Array


def solve_damped(
    B: Array,
    g: Array,
    damping: Array | float = 0.0,
    *,
    terms: int = 1,
    rows: Callable[[int], Rows | None] | None = None,
) -> Solution:
    """Solve (B + damping I) x = g for symmetric B (..., D, D), g (..., D), damping (...).

    B is a rounded mean over `terms` examples: an eigenvalue below `systems.gram_rounding`, in units
    in which the diagonal is 1, is indistinguishable from zero and counts as zero. `rows(i)` returns
    the rows from which the i-th system of the flattened batch was formed. With them, a system that
    is not far from singular (`columns.FAR`) is solved, and its rank decided, from
    [A; sqrt(N damping) I] instead. A matrix or vector that is not finite gives nan.
    """
    D = g.shape[-1]
    finite: Mask = np.asarray(np.isfinite(B).all((-1, -2)) & np.isfinite(g).all(-1))
    lead = np.broadcast_shapes(finite.shape, np.shape(damping))
    sound = bool(finite.all())
    if not sound:
        B, g = np.where(finite[..., None, None], B, 0), np.where(finite[..., None], g, 0)
    B, g, finite = _as(B, (*lead, D, D)), _as(g, (*lead, D)), _as(finite, lead)
    each = np.ascontiguousarray(_as(np.asarray(damping, dtype=float), lead))
    x, deficient, safe = (
        np.empty((*lead, D)),
        np.zeros(lead, dtype=bool),
        np.zeros(lead, dtype=bool),
    )
    flat = x.reshape(-1, D), deficient.reshape(-1), safe.reshape(-1)
    # Compiled code never warns; with the compiler off, NumPy would.
    with np.errstate(all="ignore"):
        solve_each(
            np.ascontiguousarray(B).reshape(-1, D, D),
            each.reshape(-1),
            np.ascontiguousarray(g).reshape(-1, D),
            gram_rounding(D, terms),
            *flat,
        )
    if rows is not None:
        for i in np.flatnonzero(finite & ~safe):
            made_of = rows(int(i))
            if made_of is not None:
                flat[0][i], flat[1][i] = _from_rows(made_of, terms * each.reshape(-1)[i])
    if sound:
        return Solution(x, deficient)
    return Solution(np.where(finite[..., None], x, np.nan), deficient & finite)


def _as(values: NDArray[T], shape: tuple[int, ...]) -> NDArray[T]:
    """Broadcast to a shape, without the time that this takes where nothing is to be done."""
    return values if values.shape == shape else np.broadcast_to(values, shape)


def power_damped(
    B: Array,
    g: Array,
    damping: Array | float,
    exponent: float,
    *,
    diagonal: bool = False,
    terms: int = 1,
) -> Solution:
    """(B + damping I)^(-exponent) g for symmetric B (..., D, D), g (..., D), damping (...).

    With `diagonal`, all other elements of B count as zero. By eigenvectors. Directions in which B
    is zero, to the rounding of a mean over `terms` examples (`systems.gram_rounding`), have the
    eigenvalue `damping`; where that is 0, the power acts on the range of B, and the result is
    marked as rank deficient. nan where the matrix is not finite or has a negative eigenvalue, whose
    power is not real.
    """
    D = g.shape[-1]
    damping = np.asarray(damping, dtype=float)
    lead = np.broadcast_shapes(B.shape[:-2], g.shape[:-1], damping.shape)
    x, deficient = np.empty((*lead, D)), np.zeros(lead, dtype=bool)
    # Compiled code never warns; with the compiler off, NumPy would.
    with np.errstate(all="ignore"):
        power_each(
            np.ascontiguousarray(_as(B, (*lead, D, D))).reshape(-1, D, D),
            np.ascontiguousarray(_as(g, (*lead, D))).reshape(-1, D),
            np.ascontiguousarray(_as(damping, lead)).reshape(-1),
            float(exponent),
            diagonal,
            gram_rounding(D, terms),
            x.reshape(-1, D),
            deficient.reshape(-1),
        )
    return Solution(x, deficient)


def _from_rows(rows: Rows, damping: float) -> tuple[Array, bool]:
    """The shortest x minimising |A x - b|^2 + damping |x|^2, and whether it is one of many."""
    A, b = rows
    if not (np.isfinite(A).all() and np.isfinite(b).all()):
        return np.full(A.shape[1], np.nan), False
    if damping > 0:
        A = np.concatenate([A, np.sqrt(damping) * np.eye(A.shape[1])])
        b = np.concatenate([b, np.zeros(A.shape[1])])
    x, rank = least_squares(A, b)
    return x, rank < A.shape[1]


def eigenvalues(matrix: Array, terms: int = 1) -> Array:
    """Eigenvalues (D,), ascending, of a symmetric (D, D) rounded mean over `terms` examples.

    Eigenvalues that may be nonzero through rounding alone are returned as exactly 0. Their number
    is decided in units in which the diagonal is 1: see `systems.gram_rounding`.
    """
    w, D = np.linalg.eigvalsh(matrix), len(matrix)
    size = np.sqrt(np.abs(np.diagonal(matrix)))
    unit = np.divide(1.0, size, out=np.zeros(D), where=size > 0)
    scaled = np.abs(np.linalg.eigvalsh(matrix * np.outer(unit, unit)))
    zeros = int((scaled <= gram_rounding(D, terms) * max(1.0, scaled.max(initial=0))).sum())
    order = np.argsort(np.abs(w), kind="stable")
    w[order[:zeros]] = 0.0
    if D == 2 and not zeros:
        # Keeps all digits of the smaller one, as parameters may have very different units.
        determinant = matrix[0, 0] * matrix[1, 1] - matrix[0, 1] * matrix[1, 0]
        w[order[0]] = determinant / w[order[1]]
    return np.asarray(w)

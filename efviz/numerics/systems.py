"""Compiled solvers of small symmetric systems, which also decide rank up to rounding."""

import numpy as np

from efviz.arrays import Array, Mask
from efviz.numerics.columns import FAR
from efviz.numerics.compiling import njit


@njit(cache=True, nogil=True)
def gram_rounding(D: int, terms: float) -> float:
    """Bound on the relative error of an eigenvalue of a rounded mean of `terms` outer products.

    In units in which the diagonal of the (D, D) matrix is 1, damped or not, the error of an element
    is at most (terms + D + 8) u, u = 2^-53, in any order of summation: terms + 4 roundings come
    from products and sums, each relative to sum_n |a_ni a_nj| <= |a_i| |a_j| = 1, two from the
    damping, two from the units and D from solving (Higham, "Accuracy and Stability of Numerical
    Algorithms", 2nd ed., sections 3.1 and 10.1). The matrix E of all errors has |E|_2 <= D times
    that bound, and no eigenvalue moves by more.
    """
    return D * (terms + D + 8) * 1.1102230246251565e-16


@njit(cache=True, nogil=True)
def solve(B: Array, g: Array, rounding: float) -> tuple[Array, bool, bool]:
    """Solve B d = g for symmetric B whose eigenvalues have errors up to `rounding`.

    `rounding` is relative; see `gram_rounding`. Returns d, of minimum norm if B is rank deficient
    to working precision; whether B is rank deficient; and whether all eigenvalues are so far from 0
    that d is reliable.
    """
    D = len(g)
    if D == 2:
        determinant = B[0, 0] * B[1, 1] - B[0, 1] * B[1, 0]
        # Far from singular, Cramer's rule loses only the few digits that the condition of B costs.
        if B[0, 0] > 0 and determinant > 2 * FAR * B[0, 0] * B[1, 1]:
            d = np.empty(2)
            d[0] = (B[1, 1] * g[0] - B[0, 1] * g[1]) / determinant
            d[1] = (B[0, 0] * g[1] - B[1, 0] * g[0]) / determinant
            return d, False, True
    # In units in which the diagonal is 1, columns of very different size do no harm.
    unit, scaled = np.zeros(D), np.zeros((D, D))
    sound = True
    for i in range(D):
        if B[i, i] > 0:
            unit[i] = 1 / np.sqrt(B[i, i])
        sound = sound and B[i, i] > 0
    for i in range(D):
        for j in range(D):
            scaled[i, j] = B[i, j] * unit[i] * unit[j]
            # A positive definite matrix then has no element above 1, up to rounding.
            sound = sound and abs(scaled[i, j]) < 2
    if sound:
        w, V = np.linalg.eigh(scaled)
        if w[0] > rounding:
            h = unit * g
            d = np.zeros(D)
            for k in range(D):
                d += V[:, k] * (np.dot(V[:, k], h) / w[k])
            return unit * d, False, bool(w[0] > FAR)
    w, V = np.linalg.eigh(B)
    largest_w = np.max(np.abs(w))
    deficient, safe = False, not sound
    d = np.zeros(D)
    for k in range(D):
        safe = safe and np.abs(w[k]) > max(FAR, rounding) * largest_w
        if np.abs(w[k]) <= rounding * largest_w:
            deficient = True
        else:
            d += V[:, k] * (np.dot(V[:, k], g) / w[k])
    return d, deficient, safe


@njit(cache=True, nogil=True)
def power(
    B: Array, g: Array, damping: float, exponent: float, diagonal: bool, rounding: float
) -> tuple[Array, bool]:
    """(B + damping I)^(-exponent) g for symmetric B (D, D), or for its diagonal alone.

    Eigenvalues of B that are zero up to `rounding` (see `_zeros`) become `damping`; where that is
    0, the power acts on the range of B and the result is marked as rank deficient. nan where an
    eigenvalue is negative, as its power is not real, or B is not finite.
    """
    D = len(g)
    w, V = np.empty(D), np.eye(D)
    for i in range(D):
        w[i] = B[i, i]
        for j in range(D):
            if not (np.isfinite(B[i, j]) and np.isfinite(g[j])):
                return np.full(D, np.nan), False
    if not diagonal:
        if D == 2:
            _turn(B, w, V)
        else:
            w, V = np.linalg.eigh(B)
        order = np.argsort(np.abs(w))
        for k in range(_zeros(B, np.max(np.abs(w)), abs(w[order[0]]), rounding)):
            w[order[k]] = 0.0
    deficient = False
    d = np.zeros(D)
    for k in range(D):
        level = w[k] + damping
        if level == 0.0:
            deficient = True
        elif level < 0.0:
            return np.full(D, np.nan), False
        else:
            part = 0.0
            for i in range(D):
                part += V[i, k] * g[i]
            d += V[:, k] * (part * level**-exponent)
    return d, deficient


@njit(cache=True, nogil=True)
def _zeros(B: Array, largest: float, smallest: float, rounding: float) -> int:
    """How many eigenvalues of B (D, D) are zero up to `rounding`, given their extreme sizes.

    Decided in units in which the diagonal is 1, as the units of parameters may differ widely. Their
    errors are no larger in others, relative to the largest.
    """
    if smallest > rounding * largest:
        return 0
    D = len(B)
    unit, scaled = np.zeros(D), np.zeros((D, D))
    for i in range(D):
        if B[i, i] != 0.0:
            unit[i] = 1 / np.sqrt(abs(B[i, i]))
    for i in range(D):
        for j in range(D):
            scaled[i, j] = B[i, j] * unit[i] * unit[j]
    w = np.abs(np.linalg.eigvalsh(scaled))
    return int((w <= rounding * max(1.0, np.max(w))).sum())


@njit(cache=True, nogil=True)
def _turn(B: Array, w: Array, V: Array) -> None:
    """Eigenvalues and vectors of B (2, 2), by one rotation of Jacobi's method.

    That of the smaller size comes from the determinant, and so keeps its digits.
    """
    a, b, d = B[0, 0], B[0, 1], B[1, 1]
    if b != 0.0:
        ratio = (d - a) / (2 * b)
        t = (1.0 if ratio >= 0 else -1.0) / (abs(ratio) + np.hypot(1.0, ratio))
        c = 1 / np.hypot(1.0, t)
        w[0], w[1] = a - t * b, d + t * b
        V[0, 0], V[1, 0], V[0, 1], V[1, 1] = c, -t * c, t * c, c
        small = 0 if abs(w[0]) < abs(w[1]) else 1
        w[small] = (a * d - b * b) / w[1 - small]


@njit(cache=True, nogil=True)
def precondition(
    B: Array,
    g: Array,
    damping: float,
    exponent: float,
    diagonal: bool,
    relative: bool,
    units: Array,
    rounding: float,
) -> tuple[Array, bool]:
    """U^-1 (U^-1 B U^-1 + damping I)^(-exponent) U^-1 g for one system, with U = diag(units).

    A `relative` damping is in units of the mean eigenvalue. Returns the direction (D,), and whether
    the matrix was rank deficient.
    """
    D = len(g)
    A, h = np.empty((D, D)), np.empty(D)
    trace = 0.0
    for i in range(D):
        h[i] = g[i] / units[i]
        for j in range(D):
            A[i, j] = B[i, j] / (units[i] * units[j])
        trace += A[i, i]
    level = damping * trace / D if relative else damping
    if diagonal or exponent != 1.0:
        d, deficient = power(A, h, level, exponent, diagonal, rounding)
    else:
        for i in range(D):
            A[i, i] += level
        d, deficient, _ = solve(A, h, rounding)
    return d / units, deficient


@njit(cache=True, nogil=True)
def power_each(
    B: Array,
    g: Array,
    damping: Array,
    exponent: float,
    diagonal: bool,
    rounding: float,
    x: Array,
    rank_deficient: Mask,
) -> None:
    """Apply `power` to R systems: B (R, D, D), g (R, D), damping (R,), x (R, D) out."""
    for r in range(len(B)):
        x[r], rank_deficient[r] = power(B[r], g[r], damping[r], exponent, diagonal, rounding)


@njit(cache=True, nogil=True)
def solve_each(
    B: Array,
    damping: Array,
    g: Array,
    rounding: float,
    x: Array,
    rank_deficient: Mask,
    safe: Mask,
) -> None:
    """Apply `solve` to (B + damping I) x = g for R systems: B (R, D, D), g (R, D), x (R, D) out."""
    for r in range(len(B)):
        A = B[r].copy()
        for i in range(A.shape[0]):
            A[i, i] += damping[r]
        x[r], rank_deficient[r], safe[r] = solve(A, g[r], rounding)

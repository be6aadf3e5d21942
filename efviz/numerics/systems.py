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

"""Compiled inner loops of sweeps: many small damped systems, and sums over sparse examples.

Symmetric (K, K) matrices are packed by rows of their upper triangle, (R, K (K + 1) / 2).
"""

import numpy as np
from numpy.typing import NDArray

from efviz.arrays import Array, Mask
from efviz.numerics.compiling import njit
from efviz.numerics.systems import gram_rounding

_REORDER = {"reassoc", "contract"}
"""Lets a sum use the processor's vector unit; nothing is assumed about inf and nan."""

# Rows of large matrices are padded to multiples of this: compiled loops process as many numbers at
# once, and any remainder one by one.
_WIDTH = 16


@njit(cache=True, nogil=True, error_model="numpy")
def solve_runs(
    packed: Array,
    metric: Array,
    damping: Array,
    terms: int,
    g: Array,
    d: Array,
    solved: Mask,
) -> None:
    """Solve (B_r + damping_r metric) d_r = g_r for each r, into d (R, K); `solved` (R,) is success.

    Elsewhere d is nan: the matrix is not finite, or singular to working precision. In units in
    which the diagonal of A = B + damping metric is 1, all errors E of A and its factorisation have
    |E|_2 <= e, where e is the `gram_rounding` of `terms` products, so that

        e |A^-1|_F < 1

    proves the exact matrix regular. A matrix that is not proven regular counts as singular. With
    Cholesky's factor L, |A^-1|_F <= |L^-1|_F^2; and with z = M(L)^-1 (1, ..., 1), where M(L) is L
    with minus signs off its diagonal, |L^-1|_F^2 <= |z|^2 (Higham, section 8.3), which takes only
    K^2 steps and is tried first.

    No sum here is in an order of the compiler's choice: all processors give the same bits.
    """
    K = g.shape[1]
    U: Array = np.zeros((K, K if K < 2 * _WIDTH else -(-K // _WIDTH) * _WIDTH))
    unit, z = np.empty(K), np.empty(K)
    precise = 1.0 / gram_rounding(max(K, 1), terms)
    for r in range(len(packed)):
        _unpack(packed[r], metric, damping[r], U)
        if _factor(U, unit) and (_inverse_bound(U, z) < precise or _inverse_trace(U, z) < precise):
            _substitute(U, unit, g[r], d[r])
            solved[r] = True
        else:
            _unpack(packed[r], metric, damping[r], U)
            solved[r] = _eliminate(U, g[r], d[r], precise)


@njit(cache=True, nogil=True, error_model="numpy")
def _unpack(packed: Array, metric: Array, damping: float, U: Array) -> None:
    """The upper triangle of B + damping metric, into U (K, K and more)."""
    at = 0
    for i in range(len(U)):
        for j in range(i, len(U)):
            U[i, j] = packed[at] + damping * metric[at]
            at += 1


@njit(cache=True, nogil=True, error_model="numpy")
def _factor(U: Array, unit: Array) -> bool:
    """Scale the upper triangle in U to A_ij unit_i unit_j, with diagonal 1, then to L^T, A = L L^T.

    Returns False if a pivot is not positive.
    """
    K = len(U)
    for i in range(K):
        if not U[i, i] > 0.0:
            return False
        unit[i] = 1.0 / np.sqrt(U[i, i])
    for i in range(K):
        for j in range(i, K):
            U[i, j] = U[i, j] * unit[i] * unit[j]
    width = 1 if U.shape[1] == K else _WIDTH
    for i in range(0, K - 1, 2):
        # Two rows and four of those above at a time, so each is read and written less often.
        # Starting at the last multiple of the width leaves no remainder for a scalar loop; the
        # entries to the left of the diagonal that this computes are never used.
        left = i - i % width
        row, below = U[i, left:], U[i + 1, left:]
        k = 0
        while k + 4 <= i:
            a, b, c, e = U[k, i], U[k + 1, i], U[k + 2, i], U[k + 3, i]
            f, g, h, m = U[k, i + 1], U[k + 1, i + 1], U[k + 2, i + 1], U[k + 3, i + 1]
            first, second = U[k, left:], U[k + 1, left:]
            third, fourth = U[k + 2, left:], U[k + 3, left:]
            for j in range(len(row)):
                p, q, r, s = first[j], second[j], third[j], fourth[j]
                upper = row[j] - a * p - b * q - c * r - e * s
                below[j] = below[j] - f * p - g * q - h * r - m * s
                row[j] = upper
            k += 4
        while k < i:
            _subtract(row, U[k, i], U[k, left:])
            _subtract(below, U[k, i + 1], U[k, left:])
            k += 1
        if not _normalise(row, U[i, i]):
            return False
        _subtract(below, U[i, i + 1], row)
        if not _normalise(below, U[i + 1, i + 1]):
            return False
    if K % 2:
        for k in range(K - 1):
            U[K - 1, K - 1] -= U[k, K - 1] * U[k, K - 1]
        return _normalise(U[K - 1, K - 1 :], U[K - 1, K - 1])
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _subtract(row: Array, times: float, other: Array) -> None:
    for j in range(len(row)):
        row[j] -= times * other[j]


@njit(cache=True, nogil=True, error_model="numpy")
def _normalise(row: Array, pivot: float) -> bool:
    """Divide by the square root of a pivot, if it is positive."""
    if not pivot > 0.0:
        return False
    scale = 1.0 / np.sqrt(pivot)
    for j in range(len(row)):
        row[j] *= scale
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _inverse_bound(U: Array, z: Array) -> float:
    """|z|^2 with M(L) z = (1, ..., 1), L = U^T; inf or nan where it overflows."""
    K = len(z)
    z[:] = 1.0
    total = 0.0
    for k in range(K):
        z[k] /= U[k, k]
        total += z[k] * z[k]
        row, step = U[k], z[k]
        for j in range(k + 1, K):
            z[j] += abs(row[j]) * step
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _inverse_trace(U: Array, x: Array) -> float:
    """|L^-1|_F^2, L = U^T, column by column; inf or nan where it overflows."""
    K = len(x)
    total = 0.0
    for column in range(K):
        x[column:] = 0.0
        x[column] = 1.0
        for k in range(column, K):
            x[k] /= U[k, k]
            total += x[k] * x[k]
            _subtract(x[k + 1 :], x[k], U[k, k + 1 : K])
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def _substitute(U: Array, unit: Array, g: Array, x: Array) -> None:
    """Solve unit^-1 U^T U unit^-1 x = g."""
    K = len(g)
    for i in range(K):
        x[i] = g[i] * unit[i]
    for k in range(K):
        x[k] /= U[k, k]
        row, step = U[k], x[k]
        for j in range(k + 1, K):
            x[j] -= row[j] * step
    for m in range(K):
        i = K - 1 - m
        row = U[i]
        a, b, c, e = 0.0, 0.0, 0.0, 0.0
        j = i + 1
        while j + 4 <= K:
            a += row[j] * x[j]
            b += row[j + 1] * x[j + 1]
            c += row[j + 2] * x[j + 2]
            e += row[j + 3] * x[j + 3]
            j += 4
        while j < K:
            a += row[j] * x[j]
            j += 1
        x[i] = (x[i] - ((a + b) + (c + e))) / row[i]
    for i in range(K):
        x[i] *= unit[i]


@njit(cache=True, nogil=True, error_model="numpy")
def _eliminate(upper: Array, g: Array, d: Array, precise: float) -> bool:
    """A d = g by elimination with pivoting, if |A^-1|_F < `precise` in units that balance A.

    A, of which `upper` is the upper triangle, may be indefinite, like Hessians of nonlinear models.
    """
    K = len(g)
    A = np.zeros((K, K))
    for i in range(K):
        for j in range(i, K):
            A[i, j] = A[j, i] = upper[i, j]
    unit, found = _balance(A)
    # The columns of the inverse, and finally the solution.
    X = np.zeros((K, K + 1))
    for i in range(K):
        X[i, i] = 1.0
        X[i, K] = g[i] * unit[i]
    for k in range(K):
        p = k
        for i in range(k + 1, K):
            if abs(A[i, k]) > abs(A[p, k]):
                p = i
        if not found or A[p, k] == 0.0 or not np.isfinite(A[p, k]):
            found = False
            break
        for j in range(K):
            A[k, j], A[p, j] = A[p, j], A[k, j]
        for j in range(K + 1):
            X[k, j], X[p, j] = X[p, j], X[k, j]
        for i in range(K):
            if i != k:
                ratio = A[i, k] / A[k, k]
                for j in range(k, K):
                    A[i, j] -= ratio * A[k, j]
                for j in range(K + 1):
                    X[i, j] -= ratio * X[k, j]
    total = 0.0
    for i in range(K):
        for j in range(K + 1):
            X[i, j] /= A[i, i] if found else 1.0
        for j in range(K):
            total += X[i, j] * X[i, j]
    found = found and np.sqrt(total) < precise
    for i in range(K):
        d[i] = X[i, K] * unit[i] if found else np.nan
    return found


@njit(cache=True, nogil=True, error_model="numpy")
def _balance(A: Array) -> tuple[Array, bool]:
    """Scale symmetric A in place to unit_i A_ij unit_j, each row's largest entry between 1/2 and 2.

    False if a row is zero or not finite. A positive diagonal is scaled to 1 first; the rest is
    Ruiz's method: divide by the square roots of the largest entries, repeatedly.
    """
    K = len(A)
    unit = np.ones(K)
    for turn in range(64):
        even = True
        step = np.ones(K)
        for i in range(K):
            largest = np.abs(A[i]).max()
            if not (0.0 < largest < np.inf):
                return unit, False
            even &= 0.5 <= largest <= 2.0
            size = A[i, i] if turn == 0 and A[i, i] > 0.0 else largest
            step[i] = 1.0 / np.sqrt(size)
        if even:
            break
        for i in range(K):
            unit[i] *= step[i]
            for j in range(K):
                A[i, j] = A[i, j] * step[i] * step[j]
    return unit, True


@njit(cache=True, nogil=True)
def add_rows(
    start: NDArray[np.int64], index: NDArray[np.int64], value: Array, rows: Array, out: Array
) -> None:
    """out[p] = sum_k value[k] rows[index[k]] over k = start[p] ... start[p + 1]; rows (N, R)."""
    for p in range(len(start) - 1):
        to = out[p]
        to[:] = 0.0
        for k in range(start[p], start[p + 1]):
            # An unsigned index needs no check for a negative one.
            row, weight = rows[np.uint64(index[k])], value[k]
            for r in range(len(to)):
                to[r] += weight * row[r]

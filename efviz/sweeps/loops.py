"""Compiled inner loops of sweeps: many small damped systems, and sums over sparse examples.

Symmetric (K, K) matrices are packed by rows of their upper triangle, (R, K (K + 1) / 2).
"""

import numpy as np
from numpy.typing import NDArray

from efviz.compiling import njit
from efviz.data import Array

SOLVED, NEARLY_SINGULAR, SINGULAR = 0, 1, 2
"""Of one system: positive definite; solved by elimination all the same; not solvable."""


_REORDER = {"reassoc", "contract"}
"""What lets a sum use the processor's vector unit; nothing is assumed about inf and nan."""


@njit(cache=True, nogil=True, fastmath=_REORDER)
def _dot(a: Array, b: Array, n: int) -> float:
    s = 0.0
    for j in range(n):
        s += a[j] * b[j]
    return s


@njit(cache=True, nogil=True)
def solve_runs(
    packed: Array,
    metric: Array,
    damping: Array,
    g: Array,
    d: Array,
    outcome: NDArray[np.int8],
) -> None:
    """(B_r + damping_r metric) d_r = g_r for each r, into d (R, K), and what became of it.

    By Cholesky's method; where a matrix is not positive definite to working precision, by Gaussian
    elimination with pivots, as plain code would do; where even that meets a zero pivot, or the
    matrix is not finite, d is nan and the outcome SINGULAR.
    """
    K = g.shape[1]
    A: Array = np.zeros((K, K))
    for r in range(len(packed)):
        check = 0.0
        at = 0
        for i in range(K):
            for j in range(i, K):
                value = packed[r, at] + damping[r] * metric[at]
                A[j, i] = value
                check += value
                at += 1
        if not np.isfinite(check):
            outcome[r] = SINGULAR
            d[r] = np.nan
            continue
        definite = True
        L = A
        try:
            L = np.asarray(np.linalg.cholesky(A))
        except Exception:  # Compiled code cannot name LinAlgError; nothing else is raised here.
            definite = False
        if not definite:
            outcome[r] = _eliminate(A, g[r], d[r])
            continue
        outcome[r] = SOLVED
        x = d[r]
        for i in range(K):
            x[i] = (g[r, i] - _dot(L[i], x, i)) / L[i, i]
        for m in range(K):
            i = K - 1 - m
            z = x[i] / L[i, i]
            x[i] = z
            row = L[i]
            for j in range(i):
                x[j] -= z * row[j]


@njit(cache=True, nogil=True)
def _eliminate(lower: Array, g: Array, d: Array) -> int:
    """Gaussian elimination with partial pivoting for the symmetric matrix in `lower`."""
    K = len(g)
    A = lower.copy()
    for i in range(K):
        for j in range(i):
            A[j, i] = A[i, j]
        d[i] = g[i]
    for k in range(K):
        p = k
        for i in range(k + 1, K):
            if abs(A[i, k]) > abs(A[p, k]):
                p = i
        if A[p, k] == 0.0 or not np.isfinite(A[p, k]):
            d[:] = np.nan
            return SINGULAR
        if p != k:
            for j in range(K):
                A[k, j], A[p, j] = A[p, j], A[k, j]
            d[k], d[p] = d[p], d[k]
        for i in range(k + 1, K):
            ratio = A[i, k] / A[k, k]
            if ratio != 0.0:
                for j in range(k + 1, K):
                    A[i, j] -= ratio * A[k, j]
                d[i] -= ratio * d[k]
    for m in range(K):
        i = K - 1 - m
        s = d[i]
        for j in range(i + 1, K):
            s -= A[i, j] * d[j]
        d[i] = s / A[i, i]
    return NEARLY_SINGULAR


@njit(cache=True, nogil=True, inline="always", error_model="numpy", fastmath={"contract"})
def _exp_minus(a: float) -> float:
    """exp(-a) for a >= 0 to one unit in the last place, in a form that vectorises."""
    a = min(a, 760.0)
    k = np.floor(a * 1.4426950408889634 + 0.5)
    # r = k log 2 - a, log 2 in two parts, lies within 0.35: Taylor's series to r^13.
    r = (k * 0.6931471803691238 - a) + k * 1.9082149292705877e-10
    p = 1 / 6227020800.0
    p = p * r + 1 / 479001600.0
    p = p * r + 1 / 39916800.0
    p = p * r + 1 / 3628800.0
    p = p * r + 1 / 362880.0
    p = p * r + 1 / 40320.0
    p = p * r + 1 / 5040.0
    p = p * r + 1 / 720.0
    p = p * r + 1 / 120.0
    p = p * r + 1 / 24.0
    p = p * r + 1 / 6.0
    p = (p * r + 0.5) * r * r + r + 1.0
    # 2^-k from its bits, as two factors: subnormal results come out as well.
    n = np.int64(k)
    half = n >> 1
    low = np.int64((np.int64(1023) - half) << 52).view(np.float64)
    high = np.int64((np.int64(1023) - (n - half)) << 52).view(np.float64)
    return p * low * high


@njit(cache=True, nogil=True, error_model="numpy", fastmath=_REORDER)
def bernoulli_terms(f: Array, y: Array, fisher: bool, s: Array, w: Array) -> Array:
    """Of logistic outputs f (R, N): s = sigmoid(f) - y, and w = s^2 or, for the `fisher`, s'.

    Returns the mean of the hinge max(0, (1 - 2 y) f), which is at most log 2 below the loss.
    """
    hinge = np.zeros(len(f))
    for r in range(f.shape[0]):
        total = 0.0
        for n in range(f.shape[1]):
            sign = 1.0 - 2.0 * y[n]
            wrong = sign * f[r, n]
            e = _exp_minus(abs(wrong))
            share = 1.0 / (1.0 + e)
            slope = share if wrong > 0.0 else e * share
            s[r, n] = sign * slope
            w[r, n] = e * share * share if fisher else slope * slope
            total += 0.0 if wrong <= 0.0 else wrong
        hinge[r] = total / f.shape[1]
    return hinge


@njit(cache=True, nogil=True)
def gaussian_terms(f: Array, y: Array, precision: float, s: Array, w: Array) -> Array:
    """Of least squares: s = precision (f - y) and w = s^2; returns the loss."""
    loss = np.zeros(len(f))
    for r in range(f.shape[0]):
        total = 0.0
        for n in range(f.shape[1]):
            residual = f[r, n] - y[n]
            s[r, n] = precision * residual
            w[r, n] = s[r, n] * s[r, n]
            total += residual * residual
        loss[r] = precision * total / (2 * f.shape[1])
    return loss


@njit(cache=True, nogil=True)
def add_rows(
    start: NDArray[np.int64], index: NDArray[np.int64], value: Array, rows: Array, out: Array
) -> None:
    """out[p] = sum_k value[k] rows[index[k]] over k = start[p] ... start[p + 1]; rows (N, R)."""
    for p in range(len(start) - 1):
        to = out[p]
        to[:] = 0.0
        for k in range(start[p], start[p + 1]):
            row = rows[index[k]]
            for r in range(len(to)):
                to[r] += value[k] * row[r]

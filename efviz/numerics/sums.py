"""Compiled sums over examples: outputs, weighted sums, and the moments of least-squares data.

`numba` compiles them; with NUMBA_DISABLE_JIT=1 the same code runs as plain Python.
"""

import numpy as np
from numpy.typing import NDArray

from efviz.arrays import Array
from efviz.numerics.compiling import njit


@njit(cache=True, nogil=True)
def linear_outputs(X: Array, theta: Array) -> Array:
    """X theta (N,), without BLAS: for few columns its threads would only wait for each other."""
    N, D = X.shape
    f = np.zeros(N)
    for n in range(N):
        for i in range(D):
            f[n] += X[n, i] * theta[i]
    return f


_Sums = tuple[float, float, float, float, float, float, float, float]
_NOTHING: _Sums = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


# Written out so that the compiler keeps the sums in registers, which is three times as fast.
@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})
def _added(sums: _Sums, a: float, b: float, v: float, w: float) -> _Sums:
    """The sums of `weighted_sums` for D = 2, with one more example x = (a, b)."""
    g0, g1, F00, F01, F11, E00, E01, E11 = sums
    aa, ab, bb, vv = a * a, a * b, b * b, v * v
    g0 += v * a
    g1 += v * b
    F00 += w * aa
    F01 += w * ab
    F11 += w * bb
    E00 += vv * aa
    E01 += vv * ab
    E11 += vv * bb
    return g0, g1, F00, F01, F11, E00, E01, E11


@njit(cache=True, nogil=True)
def _unpacked(sums: _Sums) -> tuple[Array, Array, Array]:
    g, F, E = np.empty(2), np.empty((2, 2)), np.empty((2, 2))
    g[0], g[1], F[0, 0], F[0, 1], F[1, 1], E[0, 0], E[0, 1], E[1, 1] = sums
    F[1, 0], E[1, 0] = F[0, 1], E[0, 1]
    return g, F, E


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})
def weighted_sums(X: Array, v: Array, w: Array) -> tuple[Array, Array, Array]:
    """sum_n v_n x_n, sum_n w_n x_n x_n^T and sum_n v_n^2 x_n x_n^T for X (N, D), v, w (N,)."""
    N, D = X.shape
    if D == 2:
        sums = _NOTHING
        for n in range(N):
            sums = _added(sums, X[n, 0], X[n, 1], v[n], w[n])
        return _unpacked(sums)
    g, F, E = np.zeros(D), np.zeros((D, D)), np.zeros((D, D))
    for n in range(N):
        for i in range(D):
            g[i] += v[n] * X[n, i]
            for j in range(i + 1):
                product = X[n, i] * X[n, j]
                F[i, j] += w[n] * product
                E[i, j] += v[n] * v[n] * product
    for i in range(D):
        for j in range(i):
            F[j, i] = F[i, j]
            E[j, i] = E[i, j]
    return g, F, E


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def moment_sums(X: Array, y: Array, center: Array, rows: NDArray[np.int64]) -> tuple[Array, Array]:
    """Sums over n of z z^T and of pairs(x) pairs(z)^T, z = (x, y - x . center), in one pass.

    `rows` are the positions of the pairs of x among the pairs of z. The compiler may reorder the
    sums to use the vector unit of the processor.
    """
    N, D = X.shape
    block = 64
    S = np.zeros((D + 1, D + 1))
    T = np.zeros((len(rows), (D + 1) * (D + 2) // 2))
    z = np.zeros((D + 1, block))
    products = np.zeros((T.shape[1], block))
    for n in range(0, N, block):
        size = min(block, N - n)
        for b in range(size):
            residual = y[n + b]
            for i in range(D):
                z[i, b] = X[n + b, i]
                residual -= center[i] * X[n + b, i]
            z[D, b] = residual
        q = 0
        for i in range(D + 1):
            for j in range(i, D + 1):
                s = 0.0
                for b in range(size):
                    product = z[i, b] * z[j, b]
                    products[q, b] = product
                    s += product
                S[i, j] += s
                q += 1
        for r in range(len(rows)):
            for q in range(T.shape[1]):
                s = 0.0
                for b in range(size):
                    s += products[rows[r], b] * products[q, b]
                T[r, q] += s
    for i in range(D + 1):
        for j in range(i):
            S[i, j] = S[j, i]
    return S, T

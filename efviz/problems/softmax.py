"""Compiled loops of the categorical likelihood: plain NumPy is slow where the last axes are short.

Like those of `numerics`, they run as plain Python with NUMBA_DISABLE_JIT=1.
"""

from math import exp, log1p

import numpy as np

from efviz.arrays import Array
from efviz.numerics.compiling import njit


@njit(cache=True, nogil=True)
def softmax_of(f: Array, pi: Array) -> None:
    """pi = softmax(f) for one example, f and pi (C,)."""
    top = f[0]
    for c in range(1, f.shape[0]):
        top = max(top, f[c])
    total = 0.0
    for c in range(f.shape[0]):
        pi[c] = exp(f[c] - top)
        total += pi[c]
    for c in range(f.shape[0]):
        pi[c] /= total


@njit(cache=True, nogil=True)
def nll(f: Array, y: Array) -> Array:
    """logsumexp(f) - f_y for f (B, N, C), y (N,), as log1p of the contribution of the others."""
    B, N, C = f.shape
    out = np.empty((B, N))
    for b in range(B):
        for n in range(N):
            top = 0
            for c in range(1, C):
                top = c if f[b, n, c] > f[b, n, top] else top
            others = 0.0
            for c in range(C):
                if c != top:
                    others += exp(f[b, n, c] - f[b, n, top])
            out[b, n] = log1p(others) + (f[b, n, top] - f[b, n, int(y[n])])
    return out


@njit(cache=True, nogil=True)
def _to_residual(pi: Array, label: int) -> None:
    """pi - e_y in place; pi_y - 1 as minus the sum of the others: no cancellation near 1."""
    others = 0.0
    for c in range(pi.shape[0]):
        others += 0.0 if c == label else pi[c]
    pi[label] = -others


@njit(cache=True, nogil=True)
def _covariance(pi: Array, W: Array) -> None:
    """W = diag(pi) - pi pi^T, with pi_c (1 - pi_c) as pi_c times the sum of the others."""
    C = pi.shape[0]
    for c in range(C):
        others = 0.0
        for d in range(C):
            if d != c:
                W[c, d] = -pi[c] * pi[d]
                others += pi[d]
        W[c, c] = pi[c] * others


@njit(cache=True, nogil=True)
def gradient(f: Array, y: Array) -> Array:
    """softmax(f) - e_y for f (B, N, C), y (N,)."""
    out = np.empty(f.shape)
    for b in range(f.shape[0]):
        for n in range(f.shape[1]):
            softmax_of(f[b, n], out[b, n])
            _to_residual(out[b, n], int(y[n]))
    return out


@njit(cache=True, nogil=True)
def fisher(f: Array) -> Array:
    """The covariance of the label's indicator for f (B, N, C): (B, N, C, C)."""
    B, N, C = f.shape
    out = np.empty((B, N, C, C))
    pi = np.empty(C)
    for b in range(B):
        for n in range(N):
            softmax_of(f[b, n], pi)
            _covariance(pi, out[b, n])
    return out


@njit(cache=True, nogil=True)
def gradient_and_fisher(f: Array, y: Array) -> tuple[Array, Array]:
    """Both of the above with one softmax."""
    B, N, C = f.shape
    gradient, fisher = np.empty((B, N, C)), np.empty((B, N, C, C))
    for b in range(B):
        for n in range(N):
            softmax_of(f[b, n], gradient[b, n])
            _covariance(gradient[b, n], fisher[b, n])
            _to_residual(gradient[b, n], int(y[n]))
    return gradient, fisher


@njit(cache=True, nogil=True)
def outer_products(r: Array) -> Array:
    """r r^T for r (B, N, C): NumPy is slow where the last axes are so short."""
    B, N, C = r.shape
    out = np.empty((B, N, C, C))
    for b in range(B):
        for n in range(N):
            for c in range(C):
                for d in range(C):
                    out[b, n, c, d] = r[b, n, c] * r[b, n, d]
    return out

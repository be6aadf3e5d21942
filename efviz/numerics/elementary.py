"""Elementary functions that lose no digits to cancellation."""

from math import expm1

import numpy as np

from efviz.arrays import Array
from efviz.numerics.compiling import njit


@njit(cache=True, nogil=True)
def excess_at(x: float) -> float:
    """exp(x) - 1 - x, from its series near zero, where the difference cancels."""
    if abs(x) < 0.02:
        return x * x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6 * (1 + x / 7)))))
    return expm1(x) - x


@njit(cache=True, nogil=True)
def excess(x: Array) -> Array:
    """exp(x) - 1 - x of every element, to at least 13 digits."""
    out = np.empty(x.size)
    flat = x.ravel()
    for i in range(x.size):
        out[i] = excess_at(flat[i])
    return out.reshape(x.shape)

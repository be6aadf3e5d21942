"""Matrix products with about 32 digits, from products that BLAS computes without rounding.

Numbers are cut into slices of a few bits, so that the products of slices and all their partial sums
are integer multiples of one unit, below 2^53 units. They are exact in whatever order a processor
adds, so the digits are the same on every machine, like those of `extended`, at a fraction of the
cost.

Ozaki, Ogita, Oishi and Rump (2012), "Error-free transformations of matrix multiplication by using
fast routines of matrix multiplication and its applications".
"""

import numpy as np

from efviz.arrays import Array
from efviz.numerics.extended import Extended, exact_sum

# Terms of one exact product: the more terms, the fewer bits remain for each slice.
_TERMS = 2**12


def product(A: Extended, B: Extended, digits: int = 110) -> Extended:
    """A B for A (M, n), B (n, K), finite: (M, K).

    The error of an element is about n max_n |A_mn| max_n |B_nk| 2^-digits, or 2^-102 of the
    element.
    """
    total = Extended.of(np.zeros((A.hi.shape[0], B.hi.shape[1])))
    for m in range(0, len(A), _TERMS):
        for n in range(0, len(B), _TERMS):
            some, terms = slice(m, m + _TERMS), slice(n, n + _TERMS)
            total[some] = total[some] + _of_slices(A[some, terms], B[terms], digits)
    return total


def _of_slices(A: Extended, B: Extended, digits: int) -> Extended:
    rows, columns = _size(A, 1), _size(B, 0)
    bits = (53 - int(np.ceil(np.log2(max(2, len(B)))))) // 2
    count = -(-digits // bits)
    left, right = _slices(A, rows, bits, count), _slices(B, columns, bits, count)
    total = Extended.of(np.zeros((len(rows), columns.shape[1])))
    # Smallest products first; those below the requested digits are skipped.
    for order in range(min(count, len(left) + len(right) - 1) - 1, -1, -1):
        for i in range(max(0, order - len(right) + 1), min(order + 1, len(left))):
            total = total + Extended.of(left[i] @ right[order - i])
    size = rows * columns
    return Extended(total.hi * size, total.lo * size)


def _size(A: Extended, axis: int) -> Array:
    """Powers of two just above the largest absolute values along an axis; 1 where all are 0."""
    largest = np.abs(A.hi).max(axis=axis, keepdims=True, initial=0)
    return np.where(largest > 0, np.ldexp(1.0, np.frexp(largest)[1]), 1.0)


def _slices(A: Extended, size: Array, bits: int, count: int) -> list[Array]:
    """A / size as a sum of arrays: the k-th holds multiples of 2^(-bits k), k = 1 ... count."""
    hi, lo = A.hi / size, A.lo / size
    slices = []
    for k in range(1, count + 1):
        unit = np.ldexp(1.0, bits * k)
        part = np.rint(hi * unit) / unit
        slices.append(part)
        hi, lo = exact_sum(hi - part, lo)
        if not hi.any():
            break
    return slices

r"""Arithmetic with about 32 digits: each number is an unevaluated sum of two float64.

Only elementwise float64 sums, products and quotients are used, which IEEE 754 specifies to the last
bit, and long sums are added in one fixed order: every processor, NumPy version and number of
threads gives the same digits. The relative error of an operation is about 2^-102. Magnitudes must
lie between about 1e-140 and 1e140; `columns` scales them.

Dekker (1971), "A floating-point technique for extending the available precision"; Knuth, "The Art
of Computer Programming", section 4.2.2.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from efviz.arrays import Array

_SPLITTER = 2.0**27 + 1


def exact_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """a + b without error: the rounded sum and the rounding error."""
    s = a + b
    part = s - a
    return s, (a - (s - part)) + (b - part)


def _halves(a: Array) -> tuple[Array, Array]:
    scaled = _SPLITTER * a
    hi = scaled - (scaled - a)
    return hi, a - hi


def _exact_product(a: Array, b: Array) -> tuple[Array, Array]:
    """a b without error: the rounded product and the rounding error, from halves of the digits."""
    p = a * b
    (a1, a2), (b1, b2) = _halves(a), _halves(b)
    return p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2


def _normal(hi: Array, lo: Array) -> "Extended":
    s = hi + lo
    return Extended(s, lo - (s - hi))


@dataclass(frozen=True, eq=False)
class Extended:
    """The numbers hi + lo with |lo| <= ulp(hi) / 2; both arrays have the same shape."""

    hi: Array
    lo: Array

    @classmethod
    def of(cls, values: Array) -> "Extended":
        return cls(values, np.zeros_like(values))

    def __len__(self) -> int:
        return len(self.hi)

    def __getitem__(self, index: Any) -> "Extended":
        return Extended(np.asarray(self.hi[index]), np.asarray(self.lo[index]))

    def __setitem__(self, index: Any, values: "Extended") -> None:
        self.hi[index], self.lo[index] = values.hi, values.lo

    @property
    def T(self) -> "Extended":
        return Extended(self.hi.T, self.lo.T)

    def copy(self) -> "Extended":
        return Extended(self.hi.copy(), self.lo.copy())

    def __neg__(self) -> "Extended":
        return Extended(-self.hi, -self.lo)

    def __add__(self, other: "Extended") -> "Extended":
        hi, lo = exact_sum(self.hi, other.hi)
        tail, rest = exact_sum(self.lo, other.lo)
        value = _normal(hi, lo + tail)
        return _normal(value.hi, value.lo + rest)

    def __sub__(self, other: "Extended") -> "Extended":
        return self + -other

    def __mul__(self, other: "Extended") -> "Extended":
        hi, lo = _exact_product(self.hi, other.hi)
        return _normal(hi, lo + (self.hi * other.lo + self.lo * other.hi))

    def __truediv__(self, other: "Extended") -> "Extended":
        """Long division: two float64 quotients, and a third for the last digits."""
        first = self.hi / other.hi
        rest = self - other * Extended.of(first)
        second = rest.hi / other.hi
        rest = rest - other * Extended.of(second)
        return _normal(first, second) + Extended.of(rest.hi / other.hi)

    def sqrt(self) -> "Extended":
        """The square root of positive numbers: one Newton step from the root of `hi`."""
        root = np.sqrt(self.hi)
        rest = self - Extended(*_exact_product(root, root))
        return _normal(root, rest.hi / (2 * root))

    def sum(self) -> "Extended":
        """The sum over the first axis, by repeated halving: (n, ...) -> (...)."""
        if not len(self):
            return Extended.of(np.zeros(self.hi.shape[1:]))
        value = self
        while len(value) > 1:
            half = len(value) // 2
            added = value[:half] + value[half : 2 * half]
            if len(value) % 2:
                added[0] = added[:1][0] + value[-1]
            value = added
        return value[0]

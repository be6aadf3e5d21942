"""Products of matrices in 32 digits against fractions."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from efviz.numerics.extended import Extended
from efviz.numerics.products import product

pytestmark = pytest.mark.numerics


def _exact(A: Extended) -> np.ndarray:
    fractions = np.vectorize(Fraction, otypes=[object])
    return fractions(A.hi) + fractions(A.lo)


def _numbers(shape: tuple[int, int], rng: np.random.Generator) -> Extended:
    """Numbers with 32 digits, of sizes between 1e-8 and 1e8."""
    hi = rng.standard_normal(shape) * 10.0 ** rng.uniform(-8, 8, shape)
    return Extended(hi, hi * rng.uniform(-1, 1, shape) * 2.0**-54)


@pytest.mark.parametrize(("M", "n", "K"), [(3, 5, 2), (2, 300, 3), (1, 1, 1), (4, 0, 2)])
def test_a_product_has_32_digits(M: int, n: int, K: int) -> None:
    rng = np.random.default_rng(0)
    A, B = _numbers((M, n), rng), _numbers((n, K), rng)
    error = np.abs(_exact(product(A, B)) - _exact(A).dot(_exact(B)))
    size = np.abs(A.hi).max(axis=1, initial=0)[:, None] * np.abs(B.hi).max(axis=0, initial=0)
    assert (error <= max(n, 1) * size * 2.0**-100).all()


def test_the_order_of_the_terms_changes_no_digit() -> None:
    rng = np.random.default_rng(1)
    A, B = _numbers((6, 4096), rng), _numbers((4096, 5), rng)
    order = rng.permutation(4096)
    one, other = product(A, B), product(A[:, order], B[order])
    assert_array_equal(one.hi, other.hi)
    assert_array_equal(one.lo, other.lo)


def test_many_terms_and_rows_are_added_in_pieces() -> None:
    A = np.random.default_rng(2).integers(-9, 10, (5000, 3)).astype(float)
    whole = Extended.of(A)
    assert_array_equal(product(whole.T, whole).hi, A.T @ A)
    assert_array_equal(product(whole, Extended.of(np.eye(3))).hi, A)

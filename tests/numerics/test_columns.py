"""Rank and least squares from the columns: exact ranks, the same digits on every processor."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from efviz.numerics import columns
from efviz.numerics.columns import Columns, far_from_collinear, least_squares, rank, reduce_columns
from efviz.numerics.extended import Extended

pytestmark = pytest.mark.numerics

numbers = st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6)


def _exact(x: Extended) -> Fraction:
    return Fraction(float(x.hi[0])) + Fraction(float(x.lo[0]))


@given(numbers, numbers, numbers, numbers)
def test_extended_numbers_carry_thirty_digits(a, b, c, d):
    x = Extended(np.array([a]), np.array([b * 2.0**-80]))
    y = Extended(np.array([c]), np.array([d * 2.0**-80]))
    x, y = (Extended(v.hi + 0, v.lo) + Extended.of(np.zeros(1)) for v in (x, y))
    p, q = _exact(x), _exact(y)
    tiny = Fraction(1, 2**98)
    assert abs(_exact(x + y) - (p + q)) <= tiny * (abs(p) + abs(q))
    assert abs(_exact(x * y) - p * q) <= tiny * abs(p * q)
    if q:
        assert abs(_exact(x / y) - p / q) <= tiny * abs(p / q)
    if p > 0:
        assert abs(_exact(x.sqrt()) ** 2 - p) <= tiny * p


@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 1000])
def test_a_long_sum_of_extended_numbers_loses_nothing(n):
    values = np.random.default_rng(n).normal(size=(n, 2)) * 10.0 ** np.arange(-8, 8, 8)
    found = Extended.of(values).sum()
    for k in range(2):
        exact = sum(map(Fraction, values[:, k].tolist()), Fraction(0))
        size = sum(map(abs, values[:, k].tolist()))
        assert abs(_exact(found[k : k + 1]) - exact) <= Fraction(size) / 2**95


def _exact_rank(A) -> int:
    rows = [[Fraction(x) for x in row] for row in A.tolist()]
    found = 0
    for column in range(A.shape[1]):
        pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for row in rows[found + 1 :]:
            factor = row[column] / rows[found][column]
            for k in range(column, A.shape[1]):
                row[k] -= factor * rows[found][k]
        found += 1
    return found


@st.composite
def whole_columns(draw):
    """Columns of whole numbers, some of them combinations of others, in any units."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    D, N = draw(st.integers(1, 6)), draw(st.integers(1, 30))
    A = rng.integers(-50, 51, (N, D)).astype(float)
    for j in range(1, D):
        if draw(st.booleans()):
            A[:, j] = A[:, :j] @ rng.integers(-3, 4, j)
    A[:, 0] += draw(st.sampled_from([0.0, 1e3, 1e9]))
    return A


@given(whole_columns(), st.integers(0, 2**32 - 1))
@settings(max_examples=150)
def test_the_rank_is_the_exact_rank_in_any_units(A, seed):
    rng = np.random.default_rng(seed)
    units = 10.0 ** rng.integers(-12, 13, A.shape[1])
    expected = _exact_rank(A)
    assert rank(A) == reduce_columns(A).rank == expected
    assert rank(A * units) == reduce_columns(A * units).rank == expected


@pytest.mark.parametrize("N", [3, 50, 3000, 100_000])
@pytest.mark.parametrize("factor", [0.1, 0.7, 3.0, 1e12])
def test_a_multiple_and_a_sum_of_columns_are_dependent_however_they_were_rounded(N, factor):
    a, b = np.random.default_rng(N).normal(size=(2, N))
    assert rank(np.column_stack([a, factor * a])) == 1
    assert rank(np.column_stack([a, factor * a + b / 3, b])) == 2
    assert rank(np.column_stack([a, 1e-12 * b, 3 * a + 0.1 * b, a - b])) == 2


@pytest.mark.parametrize("N", [50, 100_000])
@pytest.mark.parametrize("near", [1e-3, 1e-8, 1e-12, 1e-14])
def test_columns_that_differ_by_more_than_rounding_are_independent(N, near):
    a, b = np.random.default_rng(N).normal(size=(2, N))
    assert rank(np.column_stack([a, a + near * b])) == 2


@given(whole_columns())
@settings(max_examples=60)
def test_the_parts_of_a_reduction_are_what_they_say(A):
    reduced = reduce_columns(A, A[:, :1] ** 2)
    Q = reduced.orthonormal(A).hi
    assert_allclose(Q.T @ Q, np.eye(reduced.rank), atol=1e-14)
    assert_allclose((Q @ reduced.R.hi) * reduced.size, A, atol=1e-13 * np.abs(A).max(initial=1))
    assert_allclose((A / reduced.size) @ reduced.free.hi, 0, atol=1e-13 * (1 + len(A)))
    rest = reduced.rest.hi[:, 0]
    assert np.abs(A.T @ rest).max() <= 1e-12 * np.abs(A).max(initial=1) ** 3 * len(A)


@given(whole_columns(), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_least_squares_is_the_pseudo_inverse(A, seed):
    y = np.random.default_rng(seed).normal(size=len(A))
    x, found = least_squares(A, y)
    expected = np.linalg.pinv(A, rcond=1e-13) @ y
    assert found == _exact_rank(A)
    if np.linalg.matrix_rank(A) == found:
        condition = np.linalg.norm(A) * np.linalg.norm(np.linalg.pinv(A, rcond=1e-13))
        assert np.linalg.norm(x - expected) <= 1e-13 * condition**2 * (1 + np.linalg.norm(expected))


def test_an_exact_solution_is_found_to_the_last_digit_in_hopeless_units():
    rng = np.random.default_rng(0)
    A = rng.integers(-9, 10, (40, 6)) * 10.0 ** np.array([12, -12, 0, 8, -8, 3])
    x = rng.integers(1, 9, 6) / 10.0 ** np.array([12, -12, 0, 8, -8, 3])
    y = np.array(
        [float(sum(Fraction(a) * Fraction(b) for a, b in zip(r, x, strict=True))) for r in A]
    )
    found, full = least_squares(A, y)
    assert full == 6
    assert_allclose(found, x, rtol=1e-14)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_the_shortest_of_many_solutions_is_found_in_hopeless_units(order):
    a, y = np.random.default_rng(3).integers(-9, 10, (2, 12)).astype(float)
    units = np.roll([2.0**-30, 2.0**25, 2.0**40], order)
    x, found = least_squares(a[:, None] * units, y)
    assert found == 1
    # All columns are multiples of one: the shortest solution is in proportion to their units.
    assert_allclose(x, units * (a @ y) / (a @ a) / (units @ units), rtol=1e-15, atol=1e-30)


def test_digits_do_not_depend_on_how_examples_are_cut_into_pieces(monkeypatch):
    A = np.random.default_rng(1).normal(size=(5000, 3))
    whole = reduce_columns(A).R
    monkeypatch.setattr(columns, "_PIECE", 512)
    assert_allclose(reduce_columns(A).R.hi, whole.hi, rtol=1e-15)


def test_a_few_columns_in_any_units_are_far_from_collinear_unless_they_are_not():
    A = np.random.default_rng(2).normal(size=(100, 3)) * [1e-12, 1, 1e12]
    assert far_from_collinear(A)
    assert not far_from_collinear(np.column_stack([A, A[:, 0]]))
    assert not far_from_collinear(A[:2])
    assert not far_from_collinear(np.zeros((5, 2)))
    assert_array_equal(reduce_columns(np.zeros((5, 2))).inverse, np.zeros((2, 0)))


@pytest.mark.parametrize("kind", ["far from collinear", "collinear", "zero"])
def test_columns_of_zeros_change_no_decision_and_have_no_part_in_the_axes(kind):
    A = np.random.default_rng(4).normal(size=(50, 3))
    if kind == "collinear":
        A[:, 1] = 3 * A[:, 0]
    elif kind == "zero":
        A[:] = 0
    padded = np.zeros((50, 5))
    padded[:, [0, 2, 3]] = A
    found, alone = Columns(padded), Columns(A)
    assert found.far == alone.far == (kind == "far from collinear")
    assert found.reduced.rank == alone.reduced.rank == np.linalg.matrix_rank(A)
    U, sigma, V = found.principal_axes()
    assert_allclose(U * sigma @ V.T, padded, atol=1e-14)
    assert_allclose(sigma, np.linalg.svd(A, compute_uv=False)[: len(sigma)], rtol=1e-13)
    assert_allclose(V.T @ V, np.eye(len(sigma)), atol=1e-14)
    assert_array_equal(V[[1, 4]], 0)

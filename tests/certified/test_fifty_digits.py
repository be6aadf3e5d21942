"""Minima of tables in any units, shifted and collinear, against references without rounding.

Tables are whole numbers times units, so their ranks and least-squares minima are exact. The library
sees their columns in float64.
"""

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pytest
from exact import (
    MP,
    UNIT_ROUNDOFF,
    fifty_digits,
    fractions,
    glm,
    glm_minimum,
    least_squares,
    logistic,
    poisson,
    rank,
    rounding,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from efviz.numerics import columns
from efviz.problems import linear_regression, logistic_regression, poisson_regression

pytestmark = pytest.mark.numerics

FEW = 8.0
"""Errors may be this many times the bound on what one rounding of every number does."""

SHIFTED_AND_NEAR = [(0.0, 11), (1e3, 8), (1e6, 6), (1e9, 4)]
"""The shift of a column, and the k up to which others may then be collinear to one part in 10^k."""


class Table(NamedTuple):
    """Inputs (N, D) in fractions, the same in float64, and a generator for targets."""

    exact: Any
    X: np.ndarray
    rng: np.random.Generator

    @property
    def rank(self) -> int:
        return rank(self.exact)


@st.composite
def tables(draw, shifted_and_near, *, most_columns=5, most_rows=20, units=(2, 10)):
    """Independent columns, one of them shifted or an intercept, and combinations of them.

    A combination is exact, or off by one part in a power of ten. Units are powers of two or ten
    from about 1e-12 to 1e12. Only powers of two keep the columns exact in float64. With powers of
    ten a table has either exact or near collinearity: with both, rounding decides which theta is
    the shortest.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    base = draw(st.sampled_from(units))
    D = draw(st.integers(1, most_columns))
    free = draw(st.integers(1, D))
    shift, nearness = draw(st.sampled_from(shifted_and_near))
    powers = range(nearness + 1)
    if base == 10:
        powers = [0] if shift == 0 and draw(st.booleans()) else powers[1:]
    A = rng.integers(-50, 51, (draw(st.integers(D + 1, most_rows)), D)).astype(float)
    A[:, 0] += shift
    if draw(st.booleans()):
        A[:, free - 1] = 1
    for j in range(free, D):
        combination = A[:, :free] @ rng.choice([-3, -2, -1, 1, 2, 3], free)
        near = draw(st.sampled_from(powers))
        A[:, j] = combination if near == 0 else A[:, j] + combination * 10.0**near
    A = A[:, rng.permutation(D)]
    assert np.abs(A).max() < 2.0**53
    largest = {2: 40, 10: 12}[base]
    exponents = rng.integers(-largest, largest + 1, D)
    exact = fractions(A) * np.array([Fraction(base) ** int(k) for k in exponents])
    return Table(exact, exact.astype(float), rng)


def _assert_within(found, right, bound):
    """The numbers found (D,) are as near as the bound (D,) says, all of 50 digits."""
    error = np.abs(fifty_digits(fractions(found)) - right)
    assert (error <= bound).all(), f"{(error / (bound + MP.mpf(10) ** -300)).max()} times the bound"


def _assert_ranked(minimum, determined, D):
    """The minimum exists and says how many parameters are determined, if not all."""
    assert minimum.exists
    assert minimum.unique == (determined == D)
    assert (f"only {determined} of the {D} parameters" in minimum.reason) == (determined < D)


def _of_least_squares(table):
    """Targets (N,), the exact minimum (D,) and how far rounding moves it (D,), of 50 digits."""
    y = fractions(table.rng.integers(-1000, 1001, len(table.X)))
    theta = least_squares(table.exact, y)
    residual = fifty_digits(table.exact @ theta - y)
    theta, one = fifty_digits(theta), fifty_digits(fractions(np.ones(len(y))))
    moved = rounding(table.exact, theta, fifty_digits(np.abs(y)), residual, one)
    return y.astype(float), theta, moved


@given(tables(SHIFTED_AND_NEAR, units=(2,)))
@settings(max_examples=60)
def test_least_squares_of_columns_that_float64_holds_is_right_to_the_last_digit(table):
    y, theta, moved = _of_least_squares(table)
    found, determined = columns.least_squares(table.X, y)
    assert determined == columns.rank(table.X) == table.rank
    # Computed in more digits, then rounded once.
    size = np.abs(theta) if table.rank == len(theta) else MP.sqrt(theta @ theta)
    _assert_within(found, theta, 2 * UNIT_ROUNDOFF * size + 2.0**-30 * moved)


@given(tables(SHIFTED_AND_NEAR, units=(10,)))
@settings(max_examples=60)
def test_least_squares_of_rounded_columns_is_right_as_far_as_their_condition_allows(table):
    y, theta, moved = _of_least_squares(table)
    found, determined = columns.least_squares(table.X, y)
    assert determined == columns.rank(table.X) == table.rank
    _assert_within(found, theta, FEW * moved)


@pytest.mark.slow
@given(tables(SHIFTED_AND_NEAR))
@settings(max_examples=60)
def test_the_minimum_of_linear_regression_is_right_as_far_as_the_condition_allows(table):
    y, theta, moved = _of_least_squares(table)
    problem = linear_regression(table.X, y)
    _assert_ranked(problem.minimum, table.rank, table.X.shape[1])
    _assert_within(problem.theta_star, theta, FEW * moved)
    residual = (fifty_digits(table.exact) @ theta - fifty_digits(fractions(y))).astype(float)
    rounded = FEW * UNIT_ROUNDOFF * (np.abs(y) + np.abs(table.X) @ np.abs(problem.theta_star))
    for loss in (problem.loss(problem.theta_star), problem.minimum.loss):
        error = abs(loss - (residual**2).mean() / 2)
        assert error <= (np.abs(residual) * rounded + rounded**2).mean()


def _targets(name, rng, N):
    """Three labels for each of N inputs, (3 N,), for which a minimum exists.

    Each input has labels of both classes, or a positive count, so the loss grows in all directions
    in which the outputs change.
    """
    if name == "logistic":
        once = rng.integers(0, 2, N)
        return np.concatenate([once, 1 - once, rng.integers(0, 2, N)])
    return np.concatenate([rng.integers(1, 5, N), rng.integers(0, 5, N), rng.integers(0, 5, N)])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["logistic", "poisson"])
@given(tables([(0.0, 8), (1e3, 5), (1e6, 3), (1e9, 1)], most_columns=3, most_rows=6))
@settings(max_examples=40)
def test_the_minimum_of_a_generalised_linear_model_is_right_as_far_as_the_condition_allows(
    name, table
):
    build, family = {
        "logistic": (logistic_regression, logistic),
        "poisson": (poisson_regression, poisson),
    }[name]
    y = _targets(name, table.rng, len(table.X)).astype(float)
    exact, X = np.tile(table.exact, (3, 1)), np.tile(table.X, (3, 1))
    problem = build(X, y)
    _assert_ranked(problem.minimum, table.rank, X.shape[1])

    right = glm_minimum(family, exact, fractions(y))
    inputs, labels = fifty_digits(exact), fifty_digits(fractions(y))
    lowest = glm(family, inputs, labels, right)
    output = np.abs(lowest.residual + labels) + labels
    moved = rounding(exact, right, output, lowest.residual, lowest.weight)
    _assert_within(problem.theta_star, right, FEW * moved)

    theta = fifty_digits(fractions(problem.theta_star))
    found = glm(family, inputs, labels, theta)
    terms = np.abs(inputs) @ np.abs(theta)
    of_outputs = FEW * UNIT_ROUNDOFF * terms
    raised = (lowest.weight * of_outputs**2).mean()
    assert found.loss <= lowest.loss + 1e-12 * (1 + abs(lowest.loss)) + raised
    slopes = np.abs(inputs).T @ (output + lowest.weight * terms) / len(y)
    for gradient in (found.gradient, fifty_digits(fractions(problem.gradient(problem.theta_star)))):
        assert (np.abs(gradient) <= FEW * UNIT_ROUNDOFF * slopes).all()
    rounded = FEW * UNIT_ROUNDOFF * (1 + (output * (1 + terms)).mean())
    for loss in (problem.loss(problem.theta_star), problem.minimum.loss):
        assert abs(float(loss) - lowest.loss) <= rounded + raised


def test_small_elements_of_principal_axes_are_right_to_the_last_digit():
    """theta is composed of them where one column is far larger than another."""
    rng = np.random.default_rng(0)
    a = 10_000.0 + rng.integers(-500, 500, 6)
    X = 1e9 * np.column_stack([a, -a + rng.integers(-50, 50, 6), np.ones(6)])
    _, sigma, V = columns.Columns(X).principal_axes()
    values, vectors = MP.eigsy(MP.matrix(X.T.tolist()) * MP.matrix(X.tolist()))
    assert_allclose(sigma, [float(MP.sqrt(values[k])) for k in (2, 1, 0)], rtol=1e-14)
    exact = np.array([[float(vectors[d, k]) for k in (2, 1, 0)] for d in range(3)])
    assert_allclose(V * np.sign(V[0]), exact * np.sign(exact[0]), rtol=1e-14)

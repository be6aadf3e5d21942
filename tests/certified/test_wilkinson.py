"""Wilkinson's nasty columns: every regression of one on another is right, or refused in words.

Wilkinson (1985), "Statistics Quiz: Problems which reveal deficiencies in statistical programs".
"""

import numpy as np
import pytest
from exact import UNIT_ROUNDOFF, fractions, least_squares

from efviz.numerics import columns
from efviz.problems import linear_regression

pytestmark = pytest.mark.numerics

STEPS = np.arange(1, 10)
NASTY = {
    "X": STEPS * 1.0,
    "ZERO": STEPS * 0.0,
    "BIG": STEPS + 99999990.0,
    "LITTLE": np.array([float(f"0.9999999{step}") for step in STEPS]),
    "HUGE": STEPS * 1e12,
    "TINY": np.array([float(f"{step}e-12") for step in STEPS]),
    "ROUND": STEPS - 0.5,
}


@pytest.fixture(params=list(NASTY))
def target(request):
    return NASTY[request.param]


@pytest.fixture(params=[name for name in NASTY if name != "ZERO"])
def line(request):
    """An intercept and an input."""
    return np.column_stack([np.ones(9), NASTY[request.param]])


def _exact(X, y):
    """Intercept and slope, and half the mean square of what they leave, without rounding."""
    X, y = fractions(X), fractions(y)
    theta = least_squares(X, y)
    rest = X @ theta - y
    return theta.astype(float), float(rest @ rest / 18)


def _sizes(X, y, theta):
    """The largest terms of which the outputs are sums."""
    return np.abs(y).max() + np.abs(X).max(axis=0) @ np.abs(theta)


def test_least_squares_gives_every_line_to_the_last_digit(line, target):
    theta, rank = columns.least_squares(line, target)
    exact, _ = _exact(line, target)
    assert rank == 2
    # Where intercept or slope is exactly 0, what is left is far below the rounding of outputs.
    vanishing = 1e-20 * _sizes(line, target, exact) / np.abs(line).max(axis=0)
    assert (np.abs(theta - exact) <= 2 * UNIT_ROUNDOFF * np.abs(exact) + vanishing).all()


def test_every_regression_is_right(line, target):
    problem = linear_regression(line, target)
    minimum = problem.minimum
    exact, loss = _exact(line, target)
    size = _sizes(line, target, exact)
    assert minimum.exists
    assert minimum.unique
    assert minimum.reason == ""
    vanishing = 1e-20 * size / np.abs(line).max(axis=0)
    assert (np.abs(minimum.theta - exact) <= 4 * UNIT_ROUNDOFF * np.abs(exact) + vanishing).all()
    # Outputs are rounded, and so is what they leave.
    rounding = 8 * UNIT_ROUNDOFF * size
    for found in (minimum.loss, problem.loss(minimum.theta)):
        assert abs(found - loss) <= rounding * np.sqrt(2 * loss) + rounding**2


def test_a_line_on_a_column_of_zeros_is_a_mean_and_said_to_be_no_slope(target):
    X = np.column_stack([np.ones(9), NASTY["ZERO"]])
    theta, rank = columns.least_squares(X, target)
    minimum = linear_regression(X, target).minimum
    exact, _ = _exact(X, target)
    assert rank == 1
    assert minimum.exists
    assert not minimum.unique
    assert "only 1 of the 2 parameters" in minimum.reason
    assert "least norm" in minimum.reason
    for found in (theta, minimum.theta):
        np.testing.assert_allclose(found, exact, rtol=1e-14)


def test_a_column_of_missing_values_is_refused_in_a_sentence(target):
    missing = np.full(9, np.nan)
    with pytest.raises(ValueError, match="inputs must be finite"):
        linear_regression(np.column_stack([np.ones(9), missing]), target)
    with pytest.raises(ValueError, match="finite"):
        linear_regression(np.column_stack([np.ones(9), target]), missing)

"""Least squares against the parameters and residuals that NIST certifies."""

import tomllib
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from exact import MP, fifty_digits, fractions, least_squares, rank
from numpy.testing import assert_allclose

from efviz.numerics import columns
from efviz.problems import linear_regression

pytestmark = pytest.mark.numerics

SETS = tomllib.loads(Path(__file__).with_name("strd.toml").read_text())
DIGITS = 7


@pytest.fixture(params=list(SETS))
def name(request):
    return request.param


def _table(name, number):
    """X (N, D), y (N,) and certified parameters (D,): fractions, of the data read as `number`."""
    stored = SETS[name]
    inputs = [np.array([Fraction(number(x)) for x in column.split()]) for column in stored["x"]]
    intercept = [inputs[0] ** 0] if 0 in stored["powers"] else []
    powers = [x**k for x in inputs for k in stored["powers"] if k]
    X = np.stack(intercept + powers, axis=1)
    y, theta = (fractions([number(v) for v in stored[key].split()]) for key in ("y", "parameters"))
    return X, y, theta


def _in_floats(name):
    """The same in float64: decimals are rounded, then their powers once more."""
    return tuple(part.astype(float) for part in _table(name, float))


def _correct_digits(found, right):
    """-log10 of the relative error; where the right value is 0, of the error itself."""
    error = abs(found - right)
    with np.errstate(divide="ignore"):
        return -np.log10(error / np.where(right == 0, 1.0, np.abs(right)))


def _last_place(printed):
    """One unit in the last of the digits printed."""
    return Fraction(10) ** Decimal(printed).as_tuple().exponent


def test_the_tables_are_those_that_were_certified(name):
    """In fractions, the certified values come out to all digits printed: nothing is mistyped."""
    X, y, _ = _table(name, Fraction)
    stored = SETS[name]
    theta = least_squares(X, y)
    for found, printed in zip(theta, stored["parameters"].split(), strict=True):
        assert abs(found - Fraction(printed)) <= _last_place(printed) / 2
    rest = X @ theta - y
    left = rest @ rest
    assert rank(X) == X.shape[1]
    assert abs(left - Fraction(stored["residual_sum"])) <= _last_place(stored["residual_sum"]) / 2
    (deviation,) = fifty_digits(fractions([left / (len(y) - X.shape[1])]))
    printed = stored["residual_deviation"]
    assert (
        abs(MP.sqrt(deviation) - fifty_digits(Fraction(printed))) <= float(_last_place(printed)) / 2
    )


def test_parameters_have_the_certified_digits_and_rank(name):
    X, y, certified = _in_floats(name)
    theta, found = columns.least_squares(X, y)
    assert found == columns.rank(X) == X.shape[1]
    assert (_correct_digits(theta, certified) >= DIGITS).all()
    # For the table as rounded to float64 they are right to the last digit.
    exact = least_squares(fractions(X), fractions(y)).astype(float)
    assert_allclose(theta, exact, rtol=4e-16)


def test_the_minimum_of_linear_regression_has_the_certified_digits(name):
    X, y, certified = _in_floats(name)
    problem = linear_regression(X, y)
    assert problem.minimum.exists
    assert problem.minimum.unique
    assert problem.minimum.reason == ""
    assert (_correct_digits(problem.theta_star, certified) >= DIGITS).all()


def test_the_loss_at_the_minimum_is_the_certified_residual_sum(name):
    X, y, _ = _in_floats(name)
    problem = linear_regression(X, y)
    certified = float(SETS[name]["residual_sum"])
    left = 2 * problem.N * float(problem.loss(problem.theta_star))
    if certified:
        assert _correct_digits(left, certified) >= DIGITS
    else:
        # Nothing is left but the rounding of the targets.
        assert left <= (1e-14 * np.abs(y)) @ (1e-14 * np.abs(y))

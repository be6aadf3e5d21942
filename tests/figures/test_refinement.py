"""Finer grids are exact where theory says so, and keep walls and gaps where they are."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from efviz.figures import marks
from efviz.figures.refinement import FINE, refined, refinement


def grid(n, f):
    x = np.linspace(-1, 1, n)
    return f(*np.meshgrid(x, x))


def quadratic(x, y):
    return 3 + x - 2 * y + 5 * x * x - 4 * x * y + 2 * y * y


@pytest.mark.parametrize("n", [31, 41, 61])
def test_quadratic_functions_are_exact_away_from_their_minimum(n):
    times = refinement(n)
    fine = refined(grid(n, quadratic), times)
    exact = grid((n - 1) * times + 1, quadratic)
    assert fine.shape[0] >= FINE
    off = np.abs(fine - exact)
    # Only in the cells around the minimum is the range of the values around a limit.
    assert (off > 1e-12).mean() < 0.01
    assert off.max() < 2 * (2 / (n - 1)) ** 2


def test_smooth_functions_are_nearly_so():
    def f(x, y):
        return np.log1p(np.exp(3 * x + y)) + 0.1 * np.sin(4 * y)

    assert_allclose(refined(grid(31, f), 3), grid(91, f), atol=2e-4)


def test_given_values_are_kept():
    values = np.random.default_rng(0).normal(size=(7, 9))
    assert_allclose(refined(values, 3)[::3, ::3], values, atol=1e-12)
    assert refined(values, 1) is values
    assert [refinement(n) for n in (3, 31, 41, FINE, 200)] == [1, 3, 3, 1, 1]


def test_a_wall_makes_no_valley_and_a_gap_stays_where_it_is():
    wall = np.where(np.arange(12) < 6, 1.0, 1e300) * np.ones((12, 1))
    fine = refined(wall, 4)
    assert fine.min() == 1
    assert_array_equal(fine[:, :17], 1)
    gap = np.ones((12, 12))
    gap[:, 9:] = np.inf
    fine = refined(gap, 4)
    assert_array_equal(np.isnan(fine), np.broadcast_to(np.arange(45) >= 28, (45, 45)))
    assert (fine[:, :28] == 1).all()


@pytest.mark.parametrize("n", [31, 41])
def test_contours_turn_gently(n):
    """Every contour of a narrow valley is as smooth as an ellipse can be drawn."""
    x = np.linspace(-1, 1, n)
    loss = grid(n, lambda x, y: (x + y) ** 2 + 20 * (x - y) ** 2)
    drawn = marks.contours(x, x, loss, 0.0)
    points = np.stack([drawn["x"], drawn["y"]], axis=-1)
    height = np.sqrt((points.sum(-1)) ** 2 + 20 * (points[:, 0] - points[:, 1]) ** 2)
    spacing = np.diff(np.unique(height[np.isfinite(height)].round(1))).min()
    lines = np.split(points, np.flatnonzero(np.isnan(points[:, 0])))
    inner = min((one[1:] for one in lines if len(one) > 5), key=lambda one: np.ptp(one))
    sides = np.diff(inner, axis=0)
    turns = np.abs(np.diff(np.unwrap(np.arctan2(*sides.T))))
    assert len(inner) >= 24
    assert np.quantile(turns, 0.9) < 0.5
    middles = (inner[1:] + inner[:-1]) / 2
    off = np.sqrt(middles.sum(-1) ** 2 + 20 * (middles[:, 0] - middles[:, 1]) ** 2)
    assert np.ptp(off) < 0.1 * spacing

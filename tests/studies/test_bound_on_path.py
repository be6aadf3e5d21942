"""The path of Proposition 2 through a plane, and both sides of it along this path."""

import numpy as np
import pytest
from conftest import listed_problem
from numpy.testing import assert_allclose, assert_array_equal
from reference import Slow

from efviz.curvature.remainder_bound import ray, remainder_bound
from efviz.fields import Plane
from efviz.studies import bound_on_path as bounds
from efviz.studies import slices
from efviz.studies.bound_on_path import bound_on_path, path_through
from efviz.work import finish

PLANE = Plane((0.0, 4.0), (0.0, 3.0))
LOW, HIGH = np.array([0.0, 0.0]), np.array([4.0, 3.0])


@pytest.fixture(scope="module")
def problem():
    return listed_problem("saturation", N=200)


def along(path):
    return ray(path.start, path.through, LOW, HIGH, bounds.POINTS)


def test_the_path_goes_from_the_minimum_through_theta_to_the_edge_of_the_plane(problem):
    theta = np.array([3.0, 0.5])
    path = path_through(problem, PLANE, theta)
    assert path.words == "from the minimum through θ"
    thetas = along(path)
    assert_allclose(thetas[0], problem.theta_star)
    a, b = thetas[-1] - thetas[0], theta - thetas[0]
    assert a[0] * b[1] == pytest.approx(a[1] * b[0])
    assert a @ b > 0
    assert np.isclose(thetas[-1][:, None], [PLANE.x, PLANE.y]).any()


def test_without_a_minimum_on_the_plane_the_path_goes_to_a_corner(problem):
    star = problem.theta_star
    path = path_through(problem, PLANE, star)
    assert path.words == "from θ to a corner"
    assert_array_equal(path.start, star)
    assert_array_equal(path.through, np.where(star < [2, 1.5], HIGH, LOW))
    elsewhere = Plane((5.0, 6.0), (5.0, 6.0))
    assert path_through(problem, elsewhere, np.array([5.2, 5.9])).words == "from θ to a corner"
    assert_array_equal(path_through(problem, elsewhere, np.array([5.2, 5.9])).through, [6, 5])


def test_a_theta_off_the_plane_only_gives_the_direction(problem):
    path = path_through(problem, PLANE, np.array([9.0, 1.0]))
    assert path.words == "from the minimum towards θ"
    assert_array_equal(path.through, [4, 1])


def test_the_bound_in_slices_is_the_bound_at_once(problem, monkeypatch):
    path = path_through(problem, PLANE, np.array([3.0, 0.5]))
    monkeypatch.setattr(slices, "SLICE", 7 * problem.N)
    seen = []
    b = finish(bound_on_path(problem, PLANE, path), lambda one: seen.append(one.fraction))
    whole = remainder_bound(problem, b.thetas, b.low, b.high)
    assert b.beta == whole.beta
    assert_allclose(b.norm, whole.norm)
    assert_allclose(b.residual, whole.residual)
    assert len(b.thetas) == bounds.POINTS == 161
    assert len(seen) == 23
    assert seen[-1] == 1


def test_the_norm_is_that_of_slow_loops(problem):
    b = finish(bound_on_path(problem, PLANE, path_through(problem, PLANE, np.array([3.0, 0.5]))))
    slow = Slow(problem)
    for k in (0, 60, 160):
        gap = slow.hessian(b.thetas[k]) - slow.ggn(b.thetas[k])
        assert b.norm[k] == pytest.approx(np.linalg.norm(gap, 2), rel=1e-4, abs=1e-6)

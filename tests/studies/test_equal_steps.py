"""Balls of two distances with equally long steps in the limit, one after the other."""

import numpy as np
import pytest
from conftest import listed_problem
from numpy.testing import assert_allclose, assert_array_equal

from efviz.fields import Plane, plane_around
from efviz.optimizers.steepest_descent import DISTANCES
from efviz.problems import PROBLEMS
from efviz.studies.equal_steps import (
    EXAMPLES,
    RADII,
    balls_of,
    balls_of_all_radii,
    first_examples,
    one_by_one,
    shrinking_balls,
    unit,
    without_balls,
)
from efviz.work import finish

SOME = ("fig1", "fig2", "poisson", "softmax", "saturation")


def place(key):
    """A problem, one theta and a plane."""
    problem, home = listed_problem(key, N=200), PROBLEMS[key].settings
    plane = plane_around(problem, Plane(*home.plane) if home.plane else None, home.reach)
    return problem, plane.place(home.starts[0]), plane


@pytest.mark.parametrize("key", SOME)
@pytest.mark.parametrize("distance", DISTANCES)
def test_one_radius_means_equally_long_steps_in_both_distances(key, distance):
    problem, theta, plane = place(key)
    scale = unit(problem, theta, distance, plane)
    balls = balls_of(problem, theta, distance, plane, [1e-4])
    step = np.linalg.norm(balls.minimisers[0] - theta)
    assert step == pytest.approx(1e-4 * plane.half_widths.min(), rel=1e-2)
    assert np.linalg.norm(balls.limit) * scale == pytest.approx(plane.half_widths.min())


def test_balls_found_one_by_one_are_those_found_together():
    problem, theta, plane = place("fig2")
    at = (problem, theta, "kl", plane, [0.01, 0.1])
    _, balls = finish(one_by_one(*at))
    together = balls_of(*at)
    for name in ("radii", "boundary", "minimisers", "interior", "angles"):
        assert_allclose(getattr(balls, name), getattr(together, name), rtol=1e-6, atol=1e-6)


def test_balls_shrink_by_halves():
    problem, theta, plane = place("fig1")
    for balls in finish(shrinking_balls(problem, theta, "kl", plane, 0.4)):
        radii = np.sort(balls.radii) / unit(problem, theta, balls.distance, plane)
        assert_allclose(radii, [0.05, 0.1, 0.2, 0.4])


def test_all_radii_are_in_half_widths_as_soon_as_they_are_known():
    problem, theta, plane = place("fig1")
    seen = []
    found = finish(
        balls_of_all_radii(problem, theta, "kl", plane), lambda one: seen.append(one.so_far())
    )
    assert [balls.distance for balls in found] == ["euclidean", "kl"]
    assert RADII[0] == pytest.approx(1e-3)
    assert RADII[-1] == pytest.approx(1)
    for balls in found:
        assert_allclose(np.sort(balls.radii), RADII)
    assert_allclose(seen[0][0].radii, found[0].radii)
    assert len(seen[0]) == 1


def test_only_the_first_of_many_examples_are_used():
    few = listed_problem("fig1", N=200)
    assert first_examples(few) is few
    many = listed_problem("fig1", N=2100)
    first = first_examples(many)
    assert first.N == EXAMPLES == 2000
    assert_array_equal(first.X, many.X[:2000])
    assert_array_equal(first.y, many.y[:2000])


def test_a_sentence_says_why_there_are_no_balls():
    problem, theta, _ = place("saturation")
    assert without_balls(problem, theta) == ""
    assert "F is zero" in without_balls(problem, np.zeros(2))
    assert "overflow" in without_balls(listed_problem("poisson", N=20), np.full(2, 1e9))

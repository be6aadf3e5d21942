"""Directions at the minimum are 0 and have no angle; a little way off they are what they are."""

import numpy as np
import pytest
from conftest import listed_problem
from numpy.testing import assert_allclose, assert_array_equal

from efviz import PROBLEMS
from efviz.fields import Plane, vector_field
from efviz.optimizers import run
from efviz.problems import linear_regression, logistic_regression
from efviz.studies.alignment import alignment, path_directions
from efviz.studies.field_comparison import compare_fields
from efviz.studies.rest import at_rest
from efviz.work import finish

METHODS = ("GD", "NGD", "EFGD")
RNG = np.random.default_rng(0)


@pytest.mark.parametrize("key", PROBLEMS)
def test_only_the_minimum_is_at_rest(key):
    problem = listed_problem(key)
    way = RNG.normal(size=(8, 2))
    way *= np.linalg.norm(problem.theta_star) / np.linalg.norm(way, axis=-1, keepdims=True)
    for size, rest in ((0.0, True), (3e-16, True), (1e-11, False), (1e-3, False), (1.0, False)):
        assert_array_equal(at_rest(problem, problem.theta_star + size * way), rest)


@pytest.mark.parametrize("strength", [-1.0, 0.0])
def test_a_run_that_has_arrived_has_no_direction_left(strength):
    entry = PROBLEMS["fig1"]
    problem = entry.problem(entry.dataset(path="noise", strength=strength))
    thetas = run(problem, "NGD", [[4.5, 3.0]], step_size=1.0, n_steps=4).thetas
    found = finish(path_directions(problem, METHODS, thetas))
    for name, values in found.items():
        assert_allclose(values[0, 0], vector_field(problem, name, thetas[0, 0]), rtol=1e-10)
        assert_array_equal(values[0, 2:], 0)


def test_what_is_near_the_minimum_keeps_its_direction():
    problem = listed_problem("fig2")
    theta = problem.theta_star + 1e-9 * np.array([0.6, -0.8])
    found = finish(path_directions(problem, ("NGD",), theta))["NGD"]
    assert_allclose(found, [-0.6e-9, 0.8e-9], rtol=1e-4)


def test_a_field_around_the_minimum_has_no_arrow_and_no_cosine_there():
    problem = listed_problem("breast-cancer")
    x, y = problem.theta_star
    plane = Plane((x - 1, x + 1), (y - 1, y + 1))
    found = finish(compare_fields(problem, METHODS, plane, density=5, fine=7, damping=1e-8))
    middle = np.zeros((5, 5), dtype=bool)
    middle[2, 2] = True
    for vectors in found.vectors.values():
        assert_array_equal((vectors == 0).all(-1), middle)
    assert_array_equal(np.argwhere(np.isnan(found.cosines)), [[3, 3]])


def test_a_path_that_ends_at_the_minimum_has_no_cosine_there():
    problem = listed_problem("wine")
    thetas = np.stack([problem.theta_star + np.array([0.1, -0.2]), problem.theta_star])
    found = finish(alignment(problem, thetas, 1e-3))
    for cosines in (found.damped, found.undamped):
        assert_array_equal(np.isnan(cosines), [False, True])


def test_a_whole_line_of_minima_is_at_rest():
    x = RNG.normal(size=20)
    problem = linear_regression(np.stack([x, x], axis=-1), 2 * x + RNG.normal(size=20))
    off = np.array([[1.0, -1.0], [1.0, 1.0]])
    assert_array_equal(at_rest(problem, problem.theta_star + off), [True, False])


def test_nothing_is_at_rest_without_a_minimum_or_where_a_run_has_stopped():
    x = RNG.normal(size=(20, 2))
    separable = logistic_regression(x, x[:, 0] > 0)
    assert not at_rest(separable, np.array([[0.0, 0.0], [1e3, 0.0]])).any()
    assert not at_rest(listed_problem("fig1"), np.array([[np.nan, np.nan]])).any()

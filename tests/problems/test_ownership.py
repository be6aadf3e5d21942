"""Problems and data sets own their arrays: what a caller does to its own later changes nothing."""

import pickle

import numpy as np
import pytest
from conftest import small_problem

from efviz import PROBLEMS
from efviz.arrays import frozen, owned
from efviz.datasets import load
from efviz.problems import (
    Problem,
    contrast_regression,
    linear_regression,
    logistic_regression,
    poisson_regression,
    saturation_regression,
    softmax_regression,
)

BUILD = [
    linear_regression,
    logistic_regression,
    poisson_regression,
    softmax_regression,
    contrast_regression,
    saturation_regression,
]


@pytest.mark.parametrize("build", BUILD, ids=lambda build: build.__name__)
def test_a_later_change_of_the_arguments_does_not_reach_a_problem(build):
    X = np.random.default_rng(0).uniform(0.5, 2, (8, 1))
    y = np.array([0.0, 1, 1, 0, 1, 0, 0, 1])
    problem, untouched = build(X, y), build(X.copy(), y.copy())
    theta = untouched.start + 0.3
    X[:], y[:] = 7, 0
    np.testing.assert_array_equal(problem.loss(theta), untouched.loss(theta))
    np.testing.assert_array_equal(problem.theta_star, untouched.theta_star)


def test_a_later_change_does_not_reach_a_problem_through_a_view_or_its_start(kind):
    model = small_problem(kind)
    X, y, start = model.X.copy(), model.y.copy(), model.start.copy()
    view = X[:]
    view.flags.writeable = False
    problem = Problem(view, y, model.model, model.likelihood, start=start)
    X[:], y[:], start[:] = 0, 0, 5
    for mine, theirs in ((problem.X, model.X), (problem.y, model.y), (problem.start, model.start)):
        np.testing.assert_array_equal(mine, theirs)


def test_a_later_change_does_not_reach_the_start_of_a_new_search(small):
    theta = small.start + 0.5
    other = small.searched_from(theta)
    theta[:] = 7
    np.testing.assert_array_equal(other.start, small.start + 0.5)


def test_a_problem_cannot_be_changed_in_place(small):
    for array in (small.X, small.y):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_a_problem_comes_back_from_another_process_as_it_was(small):
    other = pickle.loads(pickle.dumps(small))
    assert not other.X.flags.writeable
    assert not other.y.flags.writeable
    theta = small.start + 0.1
    np.testing.assert_array_equal(other.gradient(theta), small.gradient(theta))


@pytest.mark.parametrize("key", [key for key, entry in PROBLEMS.items() if entry.family])
def test_a_problem_shares_the_memory_of_its_data_set(key):
    data = PROBLEMS[key].dataset(N=100)
    problem = PROBLEMS[key].problem(data)
    assert np.shares_memory(problem.y, data.y)
    assert np.shares_memory(problem.X, data.X)


def test_only_what_somebody_could_change_is_copied():
    mine = np.ones(3)
    assert not np.shares_memory(owned(mine), mine)
    assert mine.flags.writeable
    fixed = frozen(np.ones(3))
    assert owned(fixed) is fixed
    assert np.shares_memory(owned(fixed[1:]), fixed)
    # Memory of another library cannot be known to be fixed.
    foreign = np.frombuffer(bytearray(24))
    foreign.flags.writeable = False
    assert not np.shares_memory(owned(foreign), foreign)


def test_two_loads_share_nothing():
    first, second = load("wine"), load("wine")
    expected = second.X.copy(), second.y.copy()
    first.X[:], first.y[:] = 0, 0
    for data in (second, load("wine")):
        np.testing.assert_array_equal(data.X, expected[0])
        np.testing.assert_array_equal(data.y, expected[1])

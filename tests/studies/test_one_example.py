"""The terms of one example in EF and F, and the effect of a step on its loss."""

import numpy as np
import pytest
from conftest import listed_problem
from numpy.testing import assert_allclose
from reference import Slow

from efviz import METHODS, PROBLEMS
from efviz.curvature import empirical_fisher, fisher
from efviz.problems import linear_regression
from efviz.studies.one_example import contribution, one_step

THETA = np.array([0.7, -0.4])


@pytest.mark.parametrize("key", PROBLEMS)
def test_the_terms_of_all_examples_add_up_to_the_matrices(key):
    problem = listed_problem(key)
    found = [contribution(problem, THETA, n) for n in range(problem.N)]
    assert_allclose(sum(c.empirical_fisher for c in found), empirical_fisher(problem, THETA))
    assert_allclose(sum(c.fisher for c in found), fisher(problem, THETA))
    assert_allclose(
        np.mean([c.gradient for c in found], axis=0), problem.gradient(THETA), atol=1e-12
    )


@pytest.mark.parametrize("key", PROBLEMS)
@pytest.mark.parametrize("n", [0, 7])
def test_the_gradient_is_the_slope_of_the_examples_own_loss(key, n):
    problem = listed_problem(key)
    slow, h = Slow(problem), 1e-6

    def own(theta):
        return float(slow.likelihood.nll(slow.model.f(problem.X[n], theta), problem.y[n]))

    slope = [(own(THETA + h * e) - own(THETA - h * e)) / (2 * h) for e in np.eye(2)]
    assert_allclose(contribution(problem, THETA, n).gradient, slope, rtol=1e-5, atol=1e-7)


def test_one_natural_step_of_size_one_solves_least_squares():
    rng = np.random.RandomState(0)
    problem = linear_regression(rng.randn(30, 2), rng.randn(30))
    step = one_step(problem, ["NGD"], THETA, 3, step_size=1.0)["NGD"]
    assert_allclose(step.theta, problem.theta_star)
    assert step.mean[1] == pytest.approx(float(problem.loss(problem.theta_star)))
    residual = problem.y[3] - problem.X[3] @ problem.theta_star
    assert step.own[1] == pytest.approx(residual**2 / 2)


@pytest.mark.parametrize("key", ["fig1", "fig2", "softmax"])
def test_a_short_step_changes_the_loss_of_its_example_by_the_slope_along_it(key):
    problem = listed_problem(key)
    g = contribution(problem, THETA, 2).gradient
    for name, step in one_step(problem, list(METHODS), THETA, 2, step_size=1e-6).items():
        change = step.own[1] - step.own[0]
        assert_allclose(change, g @ (step.theta - THETA), rtol=1e-3, atol=1e-13, err_msg=name)
        assert step.mean[0] == pytest.approx(float(problem.loss(THETA)))


@pytest.mark.parametrize("n", [-1, 10_000_000])
def test_a_missing_example_is_named_in_the_error(n):
    with pytest.raises(ValueError, match=str(n)):
        contribution(listed_problem("fig1"), THETA, n)
    with pytest.raises(ValueError, match="step_size must be positive, got 0"):
        one_step(listed_problem("fig1"), ["GD"], THETA, 0, step_size=0)

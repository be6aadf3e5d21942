"""The improved empirical Fisher: its matrix and update against given numbers and theorems."""

import numpy as np
import pytest
from conftest import small_problem, some_thetas
from given import REFERENCE, figure
from numpy.testing import assert_allclose

from efviz import run
from efviz.arrays import cosine
from efviz.curvature import empirical_fisher, fisher, improved_empirical_fisher
from efviz.curvature.improved import stationary_point, weighted_gradient_term
from efviz.optimizers import direction, directions
from efviz.problems import (
    Problem,
    linear_regression,
    logistic_regression,
    poisson_regression,
    softmax_regression,
)

GIVEN = REFERENCE["ief"]
CALLED = {"GD": "GD", "EF": "EFGD", "iEF_eq14": "iEFGD", "iEF_eq8": "iEF"}
# The toy of Wu et al. (2024), Fig. 1: two residuals, as many as parameters.
TOY = linear_regression(np.array([[1.0, 0.0], [1.0, 1.0]]), np.zeros(2))
AT = {
    "fig1 at (0,0)": figure("fig1"),
    "fig2 correct at (.5,.5)": figure("fig2"),
    "fig2 B at (.5,.5)": figure("fig2", "B", 1.0),
}
PLANES = {
    "fig1 grid linspace(-1,5,25)^2": (figure("fig1"), (-1, 5)),
    "fig2 correct grid linspace(-1.5,1.5,25)^2": (figure("fig2"), (-1.5, 1.5)),
    "fig2 B grid linspace(-1.5,1.5,25)^2": (figure("fig2", "B", 1.0), (-1.5, 1.5)),
}

pytestmark = pytest.mark.numerics


@pytest.mark.parametrize("key", AT)
def test_matrices_and_directions_at_one_theta_are_those_given(key):
    problem, given = AT[key], GIVEN[key]
    theta = np.array(given["theta"])
    assert_allclose(improved_empirical_fisher(problem, theta), given["iEF"], rtol=1e-8)
    F = fisher(problem, theta)
    found = {
        name: one.x for name, one in directions(problem, (*CALLED.values(), "NGD"), theta).items()
    }
    for called, method in CALLED.items():
        assert_allclose(found[method], given[f"direction_{called}"], rtol=1e-8)
        assert_allclose(cosine(found[method], found["NGD"]), given["cos_euclid"][called], rtol=1e-8)
        assert_allclose(
            cosine(found[method], found["NGD"], F), given["cos_fisher"][called], rtol=1e-8
        )


@pytest.mark.parametrize("key", PLANES)
def test_angles_on_the_planes_are_those_given(key):
    problem, ends = PLANES[key]
    x = np.linspace(*ends, 25)
    theta = np.stack(np.meshgrid(x, x), axis=-1).reshape(-1, 2)
    found, F = directions(problem, (*CALLED.values(), "NGD"), theta), fisher(problem, theta)
    for called, method in CALLED.items():
        plain = cosine(found[method].x, found["NGD"].x)
        metric = cosine(found[method].x, found["NGD"].x, F)
        given = GIVEN[key]
        assert_allclose(plain.mean(), given["mean_cos_euclid"][called], rtol=1e-8)
        assert_allclose(np.mean(plain < 0), given["share_cos_euclid<0"][called], atol=1e-12)
        assert_allclose(metric.mean(), given["mean_cos_fisher"][called], rtol=1e-8)
        assert_allclose(metric.min(), given["min_cos_fisher"][called], rtol=1e-7)


def test_the_toy_of_the_paper_comes_out_as_printed():
    """As many examples as parameters: both forms are the natural gradient, and EF is far off."""
    given = GIVEN["wu toy at (1,-.9)"]
    theta = np.array(given["theta"])
    assert_allclose(fisher(TOY, theta), given["F"])
    assert_allclose(improved_empirical_fisher(TOY, theta), given["iEF"], atol=1e-12)
    for called, method in CALLED.items():
        assert_allclose(direction(TOY, method, theta).x, given[f"direction_{called}"], rtol=1e-8)


@pytest.mark.parametrize("seed", range(5))
def test_both_forms_are_equal_where_there_are_as_many_examples_as_parameters(seed):
    """The Jacobian of the losses is square: EF^-1 mean(s g) = iEF^-1 g."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(3, 3))
    for problem in (
        linear_regression(X, rng.normal(size=3), sigma=0.7),
        logistic_regression(X, np.array([0, 1, 1])),
        poisson_regression(X, np.array([0.0, 3.0, 1.0])),
    ):
        theta = rng.uniform(-0.5, 0.5, 3)
        matrix, update = (direction(problem, name, theta).x for name in ("iEFGD", "iEF"))
        assert_allclose(matrix, update, rtol=1e-6)
    more = small_problem("linear-poisson", seed=seed)
    theta = some_thetas(more, 1)[0]
    matrix, update = (direction(more, name, theta).x for name in ("iEFGD", "iEF"))
    assert np.linalg.norm(matrix - update) > 0.01 * np.linalg.norm(matrix)


def test_for_one_output_it_is_the_mean_of_the_squared_jacobian():
    """sigma^2 F for least squares, X^T X / N for logistic regression, whatever theta is."""
    for problem in (small_problem("linear-gaussian"), small_problem("linear-bernoulli")):
        square = problem.X.T @ problem.X / problem.N
        for theta in some_thetas(problem, 3):
            assert_allclose(improved_empirical_fisher(problem, theta), square, rtol=1e-12)
    gaussian = small_problem("linear-gaussian")
    theta = some_thetas(gaussian, 1)[0]
    assert_allclose(
        improved_empirical_fisher(gaussian, theta), 0.7**2 * fisher(gaussian, theta), rtol=1e-12
    )


def test_an_example_without_residual_adds_nothing():
    X = np.array([[1.0, 2.0], [3.0, 1.0], [0.5, 0.5]])
    problem = linear_regression(X, X @ [1.0, 1.0] + [0.0, 1.0, -2.0])
    found = improved_empirical_fisher(problem, np.array([1.0, 1.0]))
    assert_allclose(found, X[1:].T @ X[1:] / 3, rtol=1e-12)


def test_a_gradient_too_small_to_be_squared_keeps_its_direction():
    """Divided by its length before it is squared, which would underflow for certain labels."""
    X = np.array([[1.0, 0.0], [0.0, 1.0]])
    problem = logistic_regression(X, np.array([1, 1]))
    theta = np.array([500.0, 500.0])
    assert problem.per_example_gradients(theta).max() < 1e-200
    assert_allclose(improved_empirical_fisher(problem, theta), np.eye(2) / 2, rtol=1e-12)
    scores = softmax_regression(X, np.array([0, 1]))
    at = np.array([250.0, 0, 0, 250.0])
    r = improved_empirical_fisher(scores, at)
    assert_allclose(np.trace(r), 1.0, rtol=1e-12)


FIXED = {
    "fig1": figure("fig1"),
    "fig1 quadratic s=1": figure("fig1", "quadratic", 1.0),
    "fig2 correct": figure("fig2"),
}


@pytest.mark.parametrize("key", FIXED)
def test_the_update_stops_where_it_is_said_to(key):
    problem, given = FIXED[key], REFERENCE["ief_fixed_point"][key]
    there = stationary_point(problem)
    assert_allclose(there, given["fixed_point_of_eq8"], atol=1e-8)
    assert_allclose(problem.loss(there), given["loss_there"], rtol=1e-9)
    assert_allclose(problem.theta_star, given["theta_star"], atol=1e-8)
    # The gradient of least squares and logistic regression as a plain loop, cubed.
    linear = key.startswith("fig1")
    f = problem.X @ there
    r = f - problem.y if linear else 1 / (1 + np.exp(-f)) - problem.y
    assert np.abs(problem.X.T @ r**3 / problem.N).max() < 1e-10
    # The update is scaled by 1 / r: near the end, its steps have to be short.
    path = run(problem, "iEF", problem.theta_star, step_size=0.05, n_steps=2000, record=[2000])
    assert_allclose(path.final_theta, there, atol=1e-7)


def test_for_least_squares_it_is_the_fit_of_least_fourth_powers():
    problem = figure("fig1")
    there = stationary_point(problem)

    def fourth(theta):
        return np.mean((problem.X @ theta - problem.y) ** 4)

    for step in np.random.default_rng(0).normal(size=(20, 2)):
        assert fourth(there + 1e-3 * step) > fourth(there)


def test_where_it_stops_is_only_found_for_one_linear_output():
    with pytest.raises(ValueError, match="one output that is linear"):
        stationary_point(small_problem("contrast-categorical"))


def test_the_weighted_gradient_is_the_mean_of_slow_loops():
    problem = small_problem("contrast-categorical")
    theta = some_thetas(problem, 1)[0]
    r = problem.likelihood.gradient(problem.model.outputs(problem.X, theta), problem.y)
    g = problem.per_example_gradients(theta)
    (found,) = problem.mean_over_examples(theta, weighted_gradient_term)
    assert_allclose(found, ((r**2).sum(-1)[:, None] * g).mean(0), rtol=1e-12)


def test_given_matrices_at_the_minimum_of_figure_2():
    problem, given = figure("fig2"), GIVEN["fig2 correct at theta*"]
    F = fisher(problem, problem.theta_star)
    for key, matrix in (("rel_EF_F", empirical_fisher), ("rel_iEF_F", improved_empirical_fisher)):
        off = np.linalg.norm(matrix(problem, problem.theta_star) - F) / np.linalg.norm(F)
        assert_allclose(off, given[key], rtol=1e-8)


def test_a_problem_of_one_s_own_has_both_forms():
    rng = np.random.default_rng(0)
    base = small_problem("linear-gaussian")
    own = Problem(rng.normal(size=(9, 3)), rng.normal(size=9), base.model, base.likelihood)
    for method in ("iEFGD", "iEF"):
        assert np.isfinite(direction(own, method, np.zeros(3)).x).all()

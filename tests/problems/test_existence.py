"""Proofs that a minimum exists are never wrong, and hold where they should."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import optimize
from sklearn.linear_model import LogisticRegression

from efviz import LIKELIHOODS, PROBLEMS
from efviz.problems import contrast_regression, logistic_regression, poisson_regression
from efviz.problems.existence import PROVEN, _sizes, newton_step, parameter_sizes, recession
from efviz.problems.likelihoods.gaussian import Gaussian

pytestmark = pytest.mark.numerics

CONCORDANT = [name for name, kind in LIKELIHOODS.items() if kind.self_concordant]


@pytest.mark.parametrize("name", CONCORDANT)
@pytest.mark.parametrize("slope", [(1.0,), (1.0, 0.0, 0.0), (0.3, -1.0, 0.5)], ids=str)
def test_third_derivatives_along_lines_of_outputs_are_bounded_by_second_ones(name, slope):
    if (name == "categorical") != (len(slope) > 1):
        return
    likelihood, v, h = LIKELIHOODS[name](), np.array(slope), 1e-5
    f = np.linspace(-20, 20, 4001)[:, None] * v + np.arange(len(v))
    y = np.ones(len(f))

    def second(f):
        return np.einsum("c,ncd,d->n", v, likelihood.hessian(f, y), v)

    third = (second(f + h * v) - second(f - h * v)) / (2 * h)
    s = np.ptp(v) if len(v) > 1 else abs(v[0])
    assert (np.abs(third) <= s * second(f) * (1 + 1e-8)).all()


def test_squares_would_satisfy_it_trivially_but_are_solved_directly():
    assert not Gaussian.self_concordant


@pytest.mark.parametrize("build", [logistic_regression, poisson_regression, contrast_regression])
@pytest.mark.parametrize("seed", range(6))
def test_a_proven_minimum_lies_within_the_stated_distance(build, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(50, 2)) * np.array([1, 10.0 ** rng.integers(-3, 4)])
    problem = build(X, rng.integers(0, 3 if build is contrast_regression else 2, 50))
    theta_star = problem.theta_star
    size = parameter_sizes(problem)
    proven = 0
    for scale in (3.0, 1.0, 0.3, 0.1, 0.01, 1e-4):
        theta = theta_star + scale * rng.normal(size=problem.D) / size
        step, reach = newton_step(problem, theta, size)
        if reach <= PROVEN:
            proven += 1
            _, H, _ = problem.gradient_and_matrices(theta)
            away = (theta - theta_star) @ H @ (theta - theta_star)
            assert away <= 16 * (step @ H @ step) * (1 + 1e-9)
    assert proven >= 2


@pytest.mark.parametrize("seed", range(20))
def test_a_loss_without_a_minimum_is_never_proven_to_have_one(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, 2))
    direction = rng.normal(size=2)
    problem = logistic_regression(X, X @ direction > 0)
    size = _sizes(X)
    for length in np.geomspace(1e-3, 600, 30):
        for theta in (length * direction, length * rng.normal(size=2)):
            assert newton_step(problem, theta, size).reach > PROVEN
    assert not problem.minimum.exists
    assert recession(problem)


@pytest.mark.parametrize("seed", range(10))
def test_three_classes_in_a_row_are_never_proven_to_have_a_minimum(seed):
    x = np.random.default_rng(seed).normal(size=(30, 1))
    X = np.hstack([x, np.ones_like(x)])
    problem = contrast_regression(X, np.digitize(x[:, 0], [-0.5, 0.5]), n_classes=3)
    direction = np.array([-10.0, -5.0, 10.0, -5.0]) if seed % 2 else np.array([-1, 0, 1, 0])
    for length in np.geomspace(1e-3, 100, 30):
        assert newton_step(problem, length * direction, parameter_sizes(problem)).reach > PROVEN
    assert not problem.minimum.exists
    assert recession(problem)


def test_the_minimum_of_three_classes_is_proven_without_a_linear_program(monkeypatch):
    monkeypatch.setattr("efviz.problems.minimum.recession", None)
    entry = PROBLEMS["softmax"]
    problem = entry.problem(entry.dataset(N=100_000))
    fit = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-12, max_iter=1000)
    coefficients = fit.fit(problem.X, problem.y).coef_[:, 0]
    assert_allclose(problem.theta_star, coefficients[1:] - coefficients[0], rtol=1e-6)


def test_quasi_separated_classes_are_never_proven_to_have_a_minimum():
    X = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 2.0], [1.0, 0.0]])
    problem = logistic_regression(X, [0, 1, 1, 0])
    for length in np.geomspace(0.1, 300, 30):
        theta = length * np.array([-1.0, 1.0])
        assert newton_step(problem, theta, _sizes(X)).reach > PROVEN


def test_many_examples_start_from_some_and_end_where_an_independent_fit_ends():
    entry = PROBLEMS["fig2"]
    problem = entry.problem(entry.dataset(N=60_000, path="B", strength=1.0))
    fit = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-12, max_iter=1000)
    fit.fit(problem.X, problem.y)
    assert_allclose(problem.theta_star, fit.coef_[0], rtol=1e-8)


def test_where_the_search_begins_does_not_matter():
    entry = PROBLEMS["fig2"]
    problem = entry.problem(entry.dataset())
    for start in ([5.0, -3.0], [-0.49, -0.51], [40.0, 40.0]):
        moved = replace(problem, start=np.array(start))
        assert_allclose(moved.theta_star, problem.theta_star, rtol=1e-13)


@pytest.mark.slow
def test_many_separable_examples_are_refused_by_the_linear_program():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30_000, 2))
    problem = logistic_regression(X, X[:, 0] + 1e-9 > X[:, 1])
    assert not problem.minimum.exists
    assert "separates" in problem.minimum.reason


def test_sizes_of_columns_are_their_largest_absolute_values():
    X = np.random.default_rng(0).normal(size=(100, 3))
    X[:, 2] = 0
    assert_allclose(_sizes(X), [np.abs(X[:, 0]).max(), np.abs(X[:, 1]).max(), 1])


def test_the_minimum_of_counts_is_a_root_of_the_score():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(200, 2))
    problem = poisson_regression(X, rng.poisson(np.exp(X @ [0.5, -1.0])))
    root = optimize.root(lambda t: X.T @ (np.exp(X @ t) - problem.y), np.zeros(2), tol=1e-13)
    assert_allclose(problem.theta_star, root.x, rtol=1e-9)

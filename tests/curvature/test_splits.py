"""Splits: GGN + remainder = H, the remainder against the curvature of the inner function."""

import numpy as np
import pytest
from conftest import some_thetas
from numpy.testing import assert_allclose, assert_array_equal
from reference import Slow, central_differences, relative_error
from scipy import optimize, stats

from efviz.curvature import empirical_fisher, ggn, hessian
from efviz.curvature.splits import SPLITS
from efviz.problems import (
    LIKELIHOODS,
    Problem,
    linear_regression,
    logistic_regression,
    poisson_regression,
)
from efviz.problems.likelihoods.exponential import Exponential
from efviz.problems.likelihoods.gaussian import Gaussian
from efviz.problems.models.linear import Linear


@pytest.fixture(params=list(SPLITS))
def split(request):
    return SPLITS[request.param]


def density(problem, theta):
    """p(y_n | f(x_n, theta)) by scipy, (N,)."""
    f = problem.model.outputs(problem.X, theta)
    y = problem.y
    match problem.likelihood.name:
        case "gaussian":
            return stats.norm(f[:, 0], problem.likelihood.sigma).pdf(y)
        case "bernoulli":
            return stats.bernoulli(1 / (1 + np.exp(-f[:, 0]))).pmf(y)
        case "poisson":
            return stats.poisson(np.exp(f[:, 0])).pmf(y)
        case "exponential":
            return stats.expon(scale=np.exp(-f[:, 0])).pdf(y)
        case "categorical":
            pi = np.exp(f) / np.exp(f).sum(1, keepdims=True)
            return pi[np.arange(len(y)), y.astype(int)]


def inner(problem, key):
    """b_n(theta), (N, M), one formula a split."""
    return {
        "canonical": lambda t: problem.model.outputs(problem.X, t),
        "empirical_fisher": lambda t: density(problem, t)[:, None],
        "parameters": lambda t: np.broadcast_to(t, (problem.N, problem.D)),
        "identity": lambda t: -np.log(density(problem, t))[:, None],
    }[key]


def outer(problem, key):
    """a_n(b) for one example, as a function of (n, b)."""

    def of_outputs(n, f):
        return problem.likelihood.nll(f[None], problem.y[n : n + 1])[0]

    def of_theta(n, theta):
        return of_outputs(n, problem.model.outputs(problem.X[n : n + 1], theta)[0])

    return {
        "canonical": of_outputs,
        "empirical_fisher": lambda n, b: -np.log(b[0]),
        "parameters": of_theta,
        "identity": lambda n, b: b[0],
    }[key]


def test_matrix_and_remainder_add_up_to_the_hessian(split, small):
    theta = some_thetas(small, 3)
    total = split.ggn(small, theta) + split.remainder(small, theta)
    assert relative_error(total, hessian(small, theta)) < 1e-10
    assert relative_error(total[0], Slow(small).hessian(theta[0])) < 1e-10


@pytest.mark.parametrize("key", SPLITS)
def test_the_outer_gradient_is_the_derivative_of_the_outer_function(key, small):
    theta = some_thetas(small)
    b, a = inner(small, key)(theta), outer(small, key)
    expected = [
        central_differences(
            lambda v, n=n: a(n, v), b[n], h=1e-5 * np.clip(np.abs(b[n]).min(), 1e-2, 1)
        )
        for n in range(small.N)
    ]
    got = SPLITS[key].outer_gradient(small, theta)
    assert_allclose(got, expected, rtol=1e-6, atol=1e-8)
    assert_allclose(
        np.exp(SPLITS[key].log_size(small, theta)), np.linalg.norm(got, axis=-1), rtol=1e-12
    )


@pytest.mark.parametrize("key", SPLITS)
def test_the_remainder_is_outer_gradient_times_curvature_of_the_inner_function(key, small):
    theta = some_thetas(small)
    b = inner(small, key)

    def jacobian(t):
        return central_differences(b, t, h=1e-3)

    curvature = central_differences(jacobian, theta, h=1e-3)
    gradient = SPLITS[key].outer_gradient(small, theta)
    expected = np.einsum("nm,nmij->ij", gradient, curvature) / small.N
    scale = np.abs(hessian(small, theta)).max()
    assert_allclose(SPLITS[key].remainder(small, theta), expected, rtol=1e-4, atol=1e-4 * scale)


def test_the_splits_of_the_paper_give_its_matrices(small):
    theta = some_thetas(small)
    assert_array_equal(SPLITS["canonical"].ggn(small, theta), ggn(small, theta))
    EF = Slow(small).empirical_fisher(theta)
    assert relative_error(SPLITS["empirical_fisher"].ggn(small, theta), EF) < 1e-12
    assert (
        relative_error(SPLITS["parameters"].ggn(small, theta), Slow(small).hessian(theta)) < 1e-12
    )
    assert_array_equal(SPLITS["identity"].ggn(small, theta), 0)
    if small.model.linear:
        assert_array_equal(SPLITS["canonical"].remainder(small, theta), 0)


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_theory_and_a_search_agree_on_whether_the_residual_vanishes(name):
    """The infimum of |dl/df| over f, by a minimiser that may run off."""
    likelihood = LIKELIHOODS[name]()
    C = 3 if name == "categorical" else 1
    labels = {"bernoulli": [0, 1], "categorical": [0, 1, 2], "poisson": [0, 1, 5]}
    y = np.array(labels.get(name, [0.3, 2.0]), dtype=float)
    problem = Problem(np.ones((len(y), 1)), y, Linear(C), likelihood)
    attained = []
    for label in y:
        found = optimize.minimize(
            lambda f, label=label: likelihood.nll(f[None], np.array([label]))[0],
            np.zeros(C),
            jac=lambda f, label=label: likelihood.gradient(f[None], np.array([label]))[0],
            options={"gtol": 1e-10},
        )
        assert np.linalg.norm(found.jac) < 1e-4  # comes close in any case
        attained.append(np.abs(found.x).max() < 5)
    vanishing = SPLITS["canonical"].vanishing(problem)
    assert vanishing.possible
    assert vanishing.reach == ("attained" if all(attained) else "approached")
    assert SPLITS["parameters"].vanishing(problem).reach == vanishing.reach


def test_the_sentence_counts_the_examples_that_need_infinite_outputs():
    counts = poisson_regression(np.ones((4, 1)), [0, 0, 1, 3])
    assert "2 of 4 examples" in SPLITS["canonical"].vanishing(counts).reason
    labels = logistic_regression(np.ones((2, 1)), [0, 1])
    assert "every example" in SPLITS["canonical"].vanishing(labels).reason


@pytest.mark.parametrize("key", ["empirical_fisher", "identity"])
def test_splits_that_cannot_vanish_do_not_at_a_perfect_fit(key):
    X = np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]])
    line = linear_regression(X, X @ [0.5, 1.0], sigma=0.3)
    theta = np.array([0.5, 1.0])
    assert SPLITS["canonical"].sizes(line, theta).high == -np.inf
    assert not SPLITS[key].vanishing(line).possible
    assert SPLITS[key].sizes(line, theta).low > -1
    assert_allclose(empirical_fisher(line, theta), 0, atol=1e-25)
    assert_allclose(SPLITS["empirical_fisher"].remainder(line, theta), hessian(line, theta))


def test_the_size_of_one_over_p_is_bounded_below_by_one_for_labels(small):
    theta = some_thetas(small, 50)
    size = SPLITS["empirical_fisher"].log_size(small, theta)
    assert np.isfinite(size).all()
    if small.likelihood.discrete:
        assert (size >= 0).all()
    assert ("at most 1" in SPLITS["empirical_fisher"].vanishing(small).reason) == (
        small.likelihood.discrete
    )


@pytest.mark.parametrize("likelihood", [Gaussian(0.01), Exponential()], ids=lambda v: v.name)
def test_probabilities_that_underflow_leave_matrix_and_size_exact(likelihood):
    problem = Problem(np.array([[1.0], [2.0]]), np.array([50.0, 60.0]), Linear(), likelihood)
    theta = np.array([4.0])
    split = SPLITS["empirical_fisher"]
    assert (density(problem, theta) == 0).all()
    assert np.isinf(split.outer_gradient(problem, theta)).all()
    assert np.isfinite(split.sizes(problem, theta).high)
    assert split.sizes(problem, theta).low > 300
    slow = Slow(problem)
    expected = slow.hessian(theta) - slow.empirical_fisher(theta)
    assert_allclose(split.remainder(problem, theta), expected, rtol=1e-12)


def test_sizes_are_those_of_the_examples(small):
    theta = some_thetas(small)
    for split in SPLITS.values():
        sizes = split.sizes(small, theta)
        norms = np.linalg.norm(split.outer_gradient(small, theta), axis=-1)
        expected = [norms.min(), np.exp(np.median(np.log(norms))), norms.max()]
        assert_allclose(10.0 ** np.array([sizes.low, sizes.median, sizes.high]), expected)

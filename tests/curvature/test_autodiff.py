"""H, G, F, EF and sampled F against automatic differentiation of densities written from scratch.

The reference is the package `autograd`. Without it these tests are skipped, unless
EFVIZ_REQUIRE_AUTOGRAD=1 makes that a failure. Only the data, and for the sampled Fisher the labels,
come from the library.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from math import pi

import numpy as np
import pytest
from conftest import listed_problem
from reference import relative_error
from scipy.special import gammaln

from efviz import LIKELIHOODS, MODELS
from efviz.curvature import empirical_fisher, fisher, ggn, hessian, mc_fisher
from efviz.problems import (
    Problem,
    contrast_regression,
    linear_regression,
    logistic_regression,
    poisson_regression,
    saturation_regression,
    softmax_regression,
)
from efviz.problems.likelihoods.exponential import Exponential
from efviz.problems.models.linear import Linear

try:
    import autograd
    import autograd.numpy as anp
except ImportError:
    if os.environ.get("EFVIZ_REQUIRE_AUTOGRAD") == "1":
        raise
    pytest.skip("autograd is not installed", allow_module_level=True)

SIGMA = 0.7
N = 14
Labels = Iterator[tuple[np.ndarray, np.ndarray]]


def linear_output(X, theta):
    return anp.dot(X, theta)[:, None]


def blocks(X, theta):
    return anp.dot(X, anp.reshape(theta, (3, X.shape[1])).T)


def blocks_after_zero(X, theta):
    free = anp.dot(X, anp.reshape(theta, (2, X.shape[1])).T)
    return anp.concatenate([anp.zeros((len(X), 1)), free], axis=1)


def saturating(X, theta):
    return theta[0] * (1 - anp.exp(-theta[1] * X[:, :1]))


def log_normal_density(f, y):
    return -((y - f[:, 0]) ** 2) / (2 * SIGMA**2) - np.log(SIGMA) - np.log(2 * pi) / 2


def log_bernoulli(f, y):
    return y * f[:, 0] - anp.logaddexp(0.0, f[:, 0])


def log_poisson(f, y):
    return y * f[:, 0] - anp.exp(f[:, 0]) - gammaln(y + 1)


def log_exponential_density(f, y):
    return f[:, 0] - y * anp.exp(f[:, 0])


def log_categorical(f, y):
    chosen = np.eye(f.shape[1])[y.astype(int)]
    return anp.sum(chosen * f, axis=1) - anp.log(anp.sum(anp.exp(f), axis=1))


def normal_labels(f) -> Labels:
    """Gauss-Hermite: exact, as g g^T is a polynomial in y."""
    for z, weight in zip(*np.polynomial.hermite_e.hermegauss(12), strict=True):
        yield np.full(len(f), weight / np.sqrt(2 * pi)), f[:, 0] + SIGMA * z


def exponential_labels(f) -> Labels:
    """Gauss-Laguerre, exact for the same reason."""
    for z, weight in zip(*np.polynomial.laguerre.laggauss(12), strict=True):
        yield np.full(len(f), weight), z * np.exp(-f[:, 0])


def enumerated(log_p, labels) -> Callable[[np.ndarray], Labels]:
    def pairs(f) -> Labels:
        for k in labels:
            y = np.full(len(f), float(k))
            yield np.exp(log_p(f, y)), y

    return pairs


@dataclass(frozen=True)
class Case:
    """A problem of the library, and beside it its model, density and labels written again."""

    make: Callable[[np.random.Generator], Problem]
    f: Callable
    log_p: Callable
    labels: Callable[[np.ndarray], Labels]


def normal_inputs(rng, P=3):
    return rng.normal(size=(N, P))


def exponential_regression(X, y) -> Problem:
    return Problem(X, y, Linear(), Exponential())


def saturated(likelihood: str) -> Callable[[np.random.Generator], Problem]:
    def make(rng) -> Problem:
        X, y = rng.uniform(0.1, 3, (N, 1)), rng.integers(1, 3, N)
        problem = saturation_regression(X, y, sigma=SIGMA)
        if likelihood == "gaussian":
            return problem
        labels = y - 1.0 if likelihood == "bernoulli" else y.astype(float)
        return replace(problem, y=labels, likelihood=LIKELIHOODS[likelihood]())

    return make


CASES = {
    "linear": Case(
        lambda rng: linear_regression(normal_inputs(rng), rng.normal(size=N), sigma=SIGMA),
        linear_output,
        log_normal_density,
        normal_labels,
    ),
    "logistic": Case(
        lambda rng: logistic_regression(normal_inputs(rng), rng.integers(0, 2, N)),
        linear_output,
        log_bernoulli,
        enumerated(log_bernoulli, range(2)),
    ),
    "softmax": Case(
        lambda rng: softmax_regression(normal_inputs(rng), [0, 1, 2, *rng.integers(0, 3, N - 3)]),
        blocks,
        log_categorical,
        enumerated(log_categorical, range(3)),
    ),
    "contrast": Case(
        lambda rng: contrast_regression(normal_inputs(rng), rng.integers(0, 3, N), n_classes=3),
        blocks_after_zero,
        log_categorical,
        enumerated(log_categorical, range(3)),
    ),
    "Poisson": Case(
        lambda rng: poisson_regression(normal_inputs(rng), rng.integers(0, 5, N)),
        linear_output,
        log_poisson,
        enumerated(log_poisson, range(120)),
    ),
    "exponential": Case(
        lambda rng: exponential_regression(normal_inputs(rng), rng.exponential(size=N)),
        linear_output,
        log_exponential_density,
        exponential_labels,
    ),
    "saturation": Case(saturated("gaussian"), saturating, log_normal_density, normal_labels),
    "saturation, classes": Case(
        saturated("bernoulli"), saturating, log_bernoulli, enumerated(log_bernoulli, range(2))
    ),
    "saturation, counts": Case(
        saturated("poisson"), saturating, log_poisson, enumerated(log_poisson, range(120))
    ),
    "saturation, waiting times": Case(
        saturated("exponential"), saturating, log_exponential_density, exponential_labels
    ),
}


@pytest.fixture(params=list(CASES))
def case(request):
    return CASES[request.param]


@pytest.fixture(params=range(4))
def rng(request):
    return np.random.default_rng(request.param)


@pytest.fixture
def problem(case, rng):
    return case.make(rng)


@pytest.fixture
def theta(problem, rng):
    """Anywhere, but for Poisson rates below those whose labels are enumerated."""
    return rng.uniform(-0.8, 0.8, problem.D)


def gradients(case: Case, X, y, theta):
    """(N, D): the derivatives of -log p(y_n | f(x_n, theta))."""
    return autograd.jacobian(lambda t: -case.log_p(case.f(X, t), y))(theta)


def second_moment(g, weights=None):
    weights = np.ones(len(g)) if weights is None else weights
    return (g.T * weights) @ g / len(g)


def test_loss_gradients_and_hessian_are_derivatives_of_the_log_density(case, problem, theta):
    def loss(t):
        return -anp.mean(case.log_p(case.f(problem.X, t), problem.y))

    other = np.roll(theta, 1) / 2
    difference = problem.loss(theta) - problem.loss(other)  # constants are left out
    assert difference == pytest.approx(loss(theta) - loss(other), rel=1e-8, abs=1e-12)
    assert relative_error(problem.gradient(theta), autograd.grad(loss)(theta)) < 1e-8
    g = gradients(case, problem.X, problem.y, theta)
    assert relative_error(problem.per_example_gradients(theta), g) < 1e-8
    assert relative_error(hessian(problem, theta), autograd.hessian(loss)(theta)) < 1e-8


def test_the_ggn_is_jacobian_hessian_jacobian(case, problem, theta):
    J = autograd.jacobian(lambda t: case.f(problem.X, t))(theta)
    f = case.f(problem.X, theta)
    expected = 0
    for n in range(N):
        y = problem.y[n : n + 1]
        H = autograd.hessian(lambda v, y=y: -case.log_p(v[None, :], y)[0])(f[n])
        expected = expected + J[n].T @ H @ J[n] / N
    assert relative_error(ggn(problem, theta), expected) < 1e-8


def test_the_fisher_is_the_expectation_over_all_labels(case, problem, theta):
    expected, total = 0, 0
    for weights, y in case.labels(case.f(problem.X, theta)):
        expected = expected + second_moment(gradients(case, problem.X, y, theta), weights)
        total = total + weights
    np.testing.assert_allclose(total, 1, rtol=1e-12)
    assert relative_error(fisher(problem, theta), expected) < 1e-8


def test_the_empirical_fisher_is_the_second_moment_of_the_gradients(case, problem, theta):
    expected = second_moment(gradients(case, problem.X, problem.y, theta))
    assert relative_error(empirical_fisher(problem, theta), expected) < 1e-8


def test_the_sampled_fisher_is_the_second_moment_at_the_labels_that_were_drawn(
    case, problem, theta
):
    M = 5
    labels = problem.likelihood.sample(
        case.f(problem.X, theta), np.random.default_rng(8), n_samples=M
    )
    expected = sum(second_moment(gradients(case, problem.X, y, theta)) for y in labels) / M
    got = mc_fisher(problem, theta, np.random.default_rng(8), M)
    assert relative_error(got, expected) < 1e-8


def test_every_model_and_every_likelihood_is_among_the_cases():
    problems = [case.make(np.random.default_rng(0)) for case in CASES.values()]
    assert {p.model.name for p in problems} == set(MODELS)
    assert {p.likelihood.name for p in problems} == set(LIKELIHOODS)


def test_softmax_on_offer_has_the_derivatives_of_its_log_density():
    problem, case = listed_problem("softmax"), CASES["contrast"]
    theta = np.array([1.3, -0.4])
    expected = second_moment(gradients(case, problem.X, problem.y, theta))
    assert relative_error(empirical_fisher(problem, theta), expected) < 1e-8

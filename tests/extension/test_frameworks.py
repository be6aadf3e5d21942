"""Models from functions and arrays of elsewhere, against the built-in model of the same formula."""

import re
import sys

import numpy as np
import pytest
import slow
from numpy.testing import assert_allclose

from efviz import problem_from_arrays, problem_from_function
from efviz.curvature import empirical_fisher, fisher, ggn, hessian
from efviz.extensions.frameworks import FRAMEWORKS
from efviz.optimizers import run
from efviz.problems import Problem, logistic_regression, saturation_regression, softmax_regression
from efviz.problems.declared import NotStated
from efviz.problems.likelihoods.bernoulli import Bernoulli
from efviz.problems.likelihoods.categorical import Categorical
from efviz.problems.likelihoods.gaussian import Gaussian
from efviz.problems.models.linear import Linear
from efviz.sweeps import grid_search

MATRICES = (hessian, ggn, fisher, empirical_fisher)
RNG = np.random.default_rng(0)
x = RNG.uniform(0.2, 2, (25, 1))
y = 2 * (1 - np.exp(-1.5 * x[:, 0])) + 0.1 * RNG.normal(size=25)
BUILT_IN = saturation_regression(x, y)
THETA = np.array([1.5, 1.1])


def _saturation(module):
    """a (1 - exp(-b x)) in the arrays of a framework."""
    return lambda theta, X: theta[0] * (1 - module.exp(-theta[1] * X[:, 0]))


@pytest.fixture(params=[*FRAMEWORKS, "a jacobian"])
def problem(request):
    if request.param == "a jacobian":

        def jacobian(theta, X):
            a, b = theta
            e = np.exp(-b * X[:, 0])
            return np.stack([1 - e, a * X[:, 0] * e], axis=-1)

        return problem_from_function(_saturation(np), THETA, x, y, Gaussian(), jacobian=jacobian)
    module = {"jax": "jax.numpy", "torch": "torch", "autograd": "autograd.numpy"}[request.param]
    numpy = pytest.importorskip(module, reason=f"{request.param} is not installed")
    return problem_from_function(
        _saturation(numpy), THETA, x, y, Gaussian(), framework=request.param
    )


def test_loss_gradient_and_matrices_are_those_of_the_built_in_model(problem):
    thetas = THETA + RNG.uniform(-0.2, 0.2, (3, 2))
    assert_allclose(problem.loss(thetas), BUILT_IN.loss(thetas), rtol=1e-13)
    assert_allclose(problem.gradient(thetas), BUILT_IN.gradient(thetas), rtol=1e-11)
    for matrix in MATRICES:
        # Second derivatives are differences of the Jacobian.
        rtol = 1e-8 if matrix is hessian else 1e-11
        assert_allclose(matrix(problem, thetas), matrix(BUILT_IN, thetas), rtol=rtol)


def test_minimum_runs_and_sweeps_are_those_of_the_built_in_model(problem):
    assert_allclose(problem.theta_star, BUILT_IN.theta_star, rtol=1e-8)
    for name in ("GD", "NGD", "EFGD"):
        damping = 0.0 if name == "GD" else 0.1
        options = {"step_size": 0.1, "damping": damping, "n_steps": 4}
        one, other = (run(p, name, THETA, **options) for p in (problem, BUILT_IN))
        assert_allclose(one.thetas, other.thetas, rtol=1e-10)
        grid = {"theta_0": THETA, "n_steps": 4, "cache": False}
        a, b = (grid_search(p, name, [0.1], [damping], **grid) for p in (problem, BUILT_IN))
        assert_allclose(a.final_loss, b.final_loss, rtol=1e-10)


def _classes():
    rng = np.random.default_rng(1)
    X, labels = rng.normal(size=(20, 2)), rng.integers(0, 3, 20).astype(float)
    problem = softmax_regression(X, labels)
    theta = rng.normal(size=problem.D)
    return problem, theta, Categorical()


def _two():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(20, 3))
    problem = logistic_regression(X, (rng.uniform(size=20) < 0.5).astype(float))
    return problem, rng.normal(size=3), Bernoulli()


@pytest.mark.parametrize("made", [_classes, _two])
def test_matrices_from_arrays_are_those_of_the_model_they_come_from(made):
    problem, theta, likelihood = made()
    f = problem.model.outputs(problem.X, theta)
    J = problem.model.jacobian(problem.X, theta)
    if f.shape[1] == 1:
        f, J = f[:, 0], J[:, 0]
    known = problem_from_arrays(f, J, problem.y, likelihood, theta)
    assert_allclose(known.loss(theta), problem.loss(theta), rtol=1e-13)
    assert_allclose(known.gradient(theta), slow.gradient(problem, theta), rtol=1e-11, atol=1e-14)
    for matrix in MATRICES[1:]:
        assert_allclose(matrix(known, theta), matrix(problem, theta), rtol=1e-11, atol=1e-14)


def test_arrays_do_not_move_and_say_so():
    problem, theta, likelihood = _two()
    f, J = problem.model.outputs(problem.X, theta), problem.model.jacobian(problem.X, theta)
    known = problem_from_arrays(f, J, problem.y, likelihood, theta)
    for move in (
        lambda: known.loss(theta + 1e-9),
        lambda: run(known, "GD", theta, step_size=0.1, n_steps=2),
    ):
        with pytest.raises(NotStated, match="known at one theta only"):
            move()
    with pytest.raises(NotStated, match="no Hessian"):
        hessian(known, theta)
    assert not known.minimum.exists
    assert "one theta only" in known.minimum.reason


def test_arrays_belong_to_the_problem():
    problem, theta, likelihood = _two()
    f, J = problem.model.outputs(problem.X, theta), problem.model.jacobian(problem.X, theta)
    f, J = f.copy(), J.copy()
    known = problem_from_arrays(f, J, problem.y, likelihood, theta)
    before = known.gradient(theta)
    f[:], J[:] = 0, 0
    assert_allclose(known.gradient(theta), before, rtol=0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "either the framework"),
        ({"framework": "autograd", "jacobian": lambda t, X: X}, "either the framework"),
        ({"framework": "tensorflow"}, "there are jax, torch, autograd"),
    ],
)
def test_a_function_without_a_way_to_its_derivative_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        problem_from_function(lambda t, X: X[:, 0], THETA, x, y, Gaussian(), **arguments)


class _TwoOutputs(Gaussian):
    """A Gaussian likelihood of the second output, which a model of one output does not have."""

    name = "second"

    def nll(self, f, y):
        return (f[..., 1] - y) ** 2 / 2


@pytest.mark.parametrize(
    ("C", "likelihood", "words"),
    [
        (2, Gaussian(), "'gaussian' does not take a model with 2 outputs: for one example"),
        (2, Bernoulli(), "'bernoulli' does not take a model with 2 outputs"),
        (1, Categorical(), "'categorical' does not take a model with 1 output: only differences"),
        (1, _TwoOutputs(), "'second' does not take a model with 1 output: IndexError"),
        (3, Categorical(), "labels must be 0, ..., 2 for 3 outputs, got 3"),
        (1, Gaussian, "the likelihood has to be an instance of Likelihood, got <class"),
        (1, "gaussian", "got 'gaussian'"),
    ],
)
def test_a_likelihood_that_does_not_take_the_outputs_of_the_model_is_refused(C, likelihood, words):
    """Its gradient would be that of some of the outputs, or of none."""
    labels = np.arange(20) % (C + 1 if C == 3 else 2)
    with pytest.raises(ValueError, match=words):
        problem_from_arrays(np.zeros((20, C)), np.ones((20, C, 2)), labels, likelihood)
    with pytest.raises(ValueError, match=words):
        problem_from_function(
            lambda theta, X: np.tile(X @ theta, (C, 1)).T,
            np.zeros(2),
            np.ones((20, 2)),
            labels,
            likelihood,
            jacobian=lambda theta, X: np.tile(X[:, None], (1, C, 1)),
        )


def test_the_class_of_a_model_is_no_model():
    with pytest.raises(ValueError, match="the model has to be an instance of Model, got <class"):
        Problem(x, y, Linear, Gaussian())


@pytest.mark.parametrize("C", [2, 3])
def test_a_categorical_likelihood_takes_two_outputs_or_more(C):
    f, J = RNG.normal(size=(20, C)), RNG.normal(size=(20, C, 2))
    labels = np.arange(20) % C
    p = np.exp(f) / np.exp(f).sum(-1, keepdims=True)
    expected = np.einsum("ncd,nc->d", J, p - np.eye(C)[labels]) / 20
    known = problem_from_arrays(f, J, labels, Categorical())
    assert_allclose(known.gradient(np.zeros(2)), expected, rtol=1e-12)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"N = 25, got \(1, 25\)"):
        problem_from_function(lambda t, X: X.T, THETA, x, y, Gaussian(), jacobian=lambda t, X: X)
    with pytest.raises(ValueError, match=r"got \(25, 2, 2\)"):
        problem_from_arrays(np.zeros(25), np.zeros((25, 2, 2)), y, Gaussian())
    with pytest.raises(ValueError, match=r"theta must be \(2,\)"):
        problem_from_arrays(np.zeros(25), np.zeros((25, 2)), y, Gaussian(), np.zeros(3))


_X = RNG.normal(size=(25, 2))
FUNCTIONS = {
    "jacobian is not the derivative of f": (lambda t, X: X @ t, lambda t, X: 2 * X),
    "not the derivative of f: at theta": (
        lambda t, X: np.sin(X @ t),
        lambda t, X: np.cos(X @ t)[:, None] * np.column_stack([X[:, 0], X[:, 1] + 1e-3]),
    ),
    "must be (25, 2), got (25, 1)": (lambda t, X: X @ t, lambda t, X: X[:, :1]),
    "jacobian(theta, X) must hold finite numbers, 25 of 50 are not": (
        lambda t, X: X @ t,
        lambda t, X: X * [1, np.inf],
    ),
    "jacobian(theta, X) must hold real numbers": (lambda t, X: X @ t, lambda t, X: 1j * X),
    "f(theta, X) must hold real numbers": (lambda t, X: 1j * (X @ t), lambda t, X: X),
    "f(theta, X) must hold finite numbers, 25 of 25 are not": (
        lambda t, X: X @ t * np.nan,
        lambda t, X: X,
    ),
}


@pytest.mark.parametrize("words", list(FUNCTIONS))
def test_a_jacobian_that_is_not_the_derivative_is_refused(words):
    f, jacobian = FUNCTIONS[words]
    with pytest.raises(ValueError, match=re.escape(words)):
        problem_from_function(f, THETA, _X, y, Gaussian(), jacobian=jacobian)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_a_jacobian_of_any_scale_is_taken_for_what_it_is(scale, offset):
    for theta in (np.zeros(2), THETA):
        made = problem_from_function(
            lambda t, X: offset + np.sin(X @ t * scale),
            theta,
            _X,
            y,
            Gaussian(),
            jacobian=lambda t, X: scale * np.cos(X @ t * scale)[:, None] * X,
        )
        assert (made.start == theta).all()


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ((np.full(25, np.nan), np.ones((25, 2)), y), "outputs must hold finite numbers"),
        ((np.zeros(25), np.full((25, 2), np.inf), y), "the Jacobian must hold finite numbers"),
        ((np.zeros(25), 1j * np.ones((25, 2)), y), "the Jacobian must hold real numbers"),
        ((np.zeros(25), np.ones((25, 2)), 1j * y), "y must hold real numbers"),
    ],
)
def test_arrays_of_other_numbers_than_finite_real_ones_are_refused(arrays, words):
    with pytest.raises(ValueError, match=words):
        problem_from_arrays(*arrays, Gaussian())


@pytest.mark.parametrize("framework", list(FRAMEWORKS))
def test_a_framework_that_is_missing_is_named_with_how_to_get_it(framework, monkeypatch):
    monkeypatch.setitem(sys.modules, framework, None)
    package = "autograd" if framework == "autograd" else f"efviz[{framework}]"
    with pytest.raises(ModuleNotFoundError, match=re.escape(f'pip install "{package}"')):
        problem_from_function(lambda t, X: X @ t, THETA, _X, y, Gaussian(), framework=framework)

"""p(y | f): derivatives against differences, expectations against sums over labels."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference import central_differences, reference_likelihood, relative_error
from scipy import stats

from efviz import LIKELIHOODS
from efviz.problems import softmax
from efviz.problems.likelihoods import bernoulli
from efviz.problems.likelihoods.bernoulli import Bernoulli
from efviz.problems.likelihoods.categorical import Categorical
from efviz.problems.likelihoods.exponential import Exponential
from efviz.problems.likelihoods.gaussian import Gaussian
from efviz.problems.likelihoods.poisson import Poisson

OUTPUTS = {name: 3 if name == "categorical" else 1 for name in LIKELIHOODS}


@pytest.fixture(params=list(LIKELIHOODS))
def likelihood(request):
    return Gaussian(0.7) if request.param == "gaussian" else LIKELIHOODS[request.param]()


@pytest.fixture
def f(likelihood):
    return np.random.default_rng(3).uniform(-1.5, 1.5, (20, OUTPUTS[likelihood.name]))


@pytest.fixture
def y(likelihood, f):
    return likelihood.sample(f, np.random.default_rng(4), 1)[0]


def test_nll_gradient_hessian_and_fisher_are_those_of_the_slow_loops(likelihood, f, y):
    slow = reference_likelihood(likelihood)
    pairs = list(zip(f, y, strict=True))
    assert relative_error(likelihood.nll(f, y), [slow.nll(*p) for p in pairs]) < 1e-13
    assert relative_error(likelihood.gradient(f, y), [slow.gradient(*p) for p in pairs]) < 1e-13
    assert relative_error(likelihood.hessian(f, y), [slow.hessian(*p) for p in pairs]) < 1e-13
    fisher = [
        sum(p * np.outer(slow.gradient(fn, label), slow.gradient(fn, label)) for p, label in labels)
        for fn in f
        for labels in [list(slow.labels(fn))]
    ]
    assert relative_error(likelihood.fisher(f), fisher) < 1e-12


def test_the_gradient_is_the_derivative_of_the_nll(likelihood, f, y):
    for fn, yn in zip(f, y, strict=True):
        expected = central_differences(lambda v, yn=yn: likelihood.nll(v[None], np.array([yn])), fn)
        got = likelihood.gradient(fn[None], np.array([yn]))
        assert_allclose(got, expected, rtol=1e-7, atol=1e-9)


def test_the_hessian_is_the_derivative_of_the_gradient(likelihood, f, y):
    for fn, yn in zip(f, y, strict=True):
        expected = central_differences(
            lambda v, yn=yn: likelihood.gradient(v[None], np.array([yn])), fn
        )
        got = likelihood.hessian(fn[None], np.array([yn]))
        assert_allclose(got, expected, rtol=1e-7, atol=1e-9)


def test_nll_differs_from_the_log_density_by_a_term_without_f(likelihood):
    rng = np.random.default_rng(5)
    C = OUTPUTS[likelihood.name]
    f, other = rng.normal(size=(2, 30, C))
    y = likelihood.sample(f, rng, 1)[0]

    def log_density(f):
        match likelihood.name:
            case "gaussian":
                return stats.norm(f[:, 0], likelihood.sigma).logpdf(y)
            case "bernoulli":
                return stats.bernoulli(1 / (1 + np.exp(-f[:, 0]))).logpmf(y)
            case "poisson":
                return stats.poisson(np.exp(f[:, 0])).logpmf(y)
            case "exponential":
                return stats.expon(scale=np.exp(-f[:, 0])).logpdf(y)
            case "categorical":
                pi = np.exp(f) / np.exp(f).sum(1, keepdims=True)
                return stats.multinomial(1, pi).logpmf(np.eye(C)[y.astype(int)])

    difference = likelihood.nll(f, y) - likelihood.nll(other, y)
    assert_allclose(difference, log_density(other) - log_density(f), rtol=1e-10, atol=1e-12)


def test_the_score_has_mean_zero_and_mean_is_the_expected_label(likelihood, f):
    slow = reference_likelihood(likelihood)
    for fn in f:
        weights, labels = (np.array(v) for v in zip(*slow.labels(fn), strict=True))
        outputs = np.broadcast_to(fn, (len(labels), len(fn)))
        assert_allclose(weights @ likelihood.gradient(outputs, labels), 0, atol=1e-11)
        expected = weights if likelihood.name == "categorical" else [weights @ labels]
        assert_allclose(likelihood.mean(fn[None])[0], expected, rtol=1e-11)


def test_hessian_is_fisher_where_f_is_the_natural_parameter_and_only_there(likelihood, f, y):
    error = relative_error(likelihood.hessian(f, y), likelihood.fisher(f))
    assert error < 1e-14 if likelihood.natural else error > 0.1


def test_samples_have_the_mean_and_the_fisher_of_the_model(likelihood, f):
    M = 20_000
    y = likelihood.sample(f, np.random.default_rng(6), M)
    assert y.shape == (M, len(f))
    g = likelihood.gradient(f, y)
    assert g.shape == (M, *f.shape)
    squares = g[..., :, None] * g[..., None, :]
    assert (np.abs(g.mean(0)) < 5 * g.std(0) / M**0.5).all()
    error = np.abs(squares.mean(0) - likelihood.fisher(f))
    assert (error <= 5 * squares.std(0) / M**0.5 + 1e-12).all()


def test_leading_axes_of_f_and_y_broadcast(likelihood):
    rng = np.random.default_rng(7)
    N, C = 5, OUTPUTS[likelihood.name]
    f = rng.normal(size=(4, N, C))
    y = likelihood.sample(f, rng, 3)
    assert y.shape == (3, 4, N)
    for function in (likelihood.nll, likelihood.gradient):
        whole = function(f, y)
        for m in range(3):
            for b in range(4):
                assert_allclose(whole[m, b], function(f[b], y[m, b]), rtol=1e-14)
        assert_allclose(function(f, y[0, 0])[2], function(f[2], y[0, 0]), rtol=1e-14)
    assert_allclose(likelihood.fisher(f)[1], likelihood.fisher(f[1]), rtol=1e-14)


def _decimal_sigmoid(f: float) -> Decimal:
    with localcontext(prec=400):
        return 1 / (1 + (-Decimal(f)).exp())


@pytest.mark.parametrize("f", [-700.0, -40.0, -1e-9, 0.0, 1e-9, 3.0, 40.0, 700.0])
@pytest.mark.parametrize("y", [0.0, 1.0])
def test_bernoulli_keeps_every_digit_in_both_tails(f, y):
    at, label = np.array([[f]]), np.array([y])
    with localcontext(prec=400):
        p = _decimal_sigmoid(f)
        nll = float(-(p if y else 1 - p).ln())
        gradient, fisher = float(p - Decimal(y)), float(p * (1 - p))
    assert_allclose(Bernoulli().nll(at, label), nll, rtol=4e-16)
    assert_allclose(Bernoulli().gradient(at, label), gradient, rtol=1e-15)
    assert_allclose(Bernoulli().fisher(at), fisher, rtol=1e-15)


def test_a_certain_categorical_keeps_the_digits_of_its_small_probabilities():
    f = np.array([[40.0, 0.0, -3.0]])
    with localcontext(prec=60):
        weights = [Decimal(v).exp() for v in f[0]]
        pi = [w / sum(weights) for w in weights]
        gradient = [float(pi[0] - 1), float(pi[1]), float(pi[2])]
        variances = [float(p * (1 - p)) for p in pi]
    assert_allclose(Categorical().gradient(f, np.zeros(1))[0], gradient, rtol=1e-14)
    assert_allclose(np.diag(Categorical().fisher(f)[0]), variances, rtol=1e-14)


def test_two_classes_are_a_bernoulli_in_the_difference_of_the_outputs():
    rng = np.random.default_rng(8)
    f, y = rng.normal(size=(9, 2)), rng.integers(0, 2, 9).astype(float)
    difference = f[:, 1:] - f[:, :1]
    assert_allclose(Categorical().nll(f, y), Bernoulli().nll(difference, y), rtol=1e-13)
    assert_allclose(
        Categorical().gradient(f, y)[:, 1:], Bernoulli().gradient(difference, y), rtol=1e-13
    )


@pytest.mark.parametrize(
    ("likelihood", "bad", "shown"),
    [
        (Gaussian(), np.nan, "finite"),
        (Gaussian(), np.inf, "finite"),
        (Bernoulli(), 2.0, "2"),
        (Bernoulli(), np.nan, "nan"),
        (Poisson(), -1.0, "-1"),
        (Poisson(), 0.5, "0.5"),
        (Poisson(), np.inf, "inf"),
        (Exponential(), 0.0, "0"),
        (Exponential(), -2.0, "-2"),
        (Exponential(), np.nan, "nan"),
        (Exponential(), np.inf, "inf"),
        (Categorical(), -1.0, "class labels"),
        (Categorical(), 0.5, "class labels"),
    ],
    ids=lambda value: getattr(value, "name", str(value)),
)
def test_a_label_the_likelihood_cannot_have_is_refused_by_name(likelihood, bad, shown):
    good = np.array([1.0, 1.0])
    likelihood.check(good)
    with pytest.raises(ValueError, match=shown):
        likelihood.check(np.append(good, bad))


@pytest.mark.parametrize("kernel", ["bernoulli_nll", "bernoulli_gradient", "bernoulli_fisher"])
def test_compiled_sigmoids_are_those_of_the_plain_python_code(kernel):
    f = np.array([[-800.0, -3.0, 0.0, 0.5, 20.0, 800.0, np.inf]])
    y = np.array([0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0])
    compiled = getattr(bernoulli, kernel)
    arguments = (f,) if kernel == "bernoulli_fisher" else (f, y)
    assert_allclose(compiled(*arguments), compiled.py_func(*arguments), rtol=1e-15)


@pytest.mark.parametrize("kernel", ["nll", "gradient", "fisher", "gradient_and_fisher"])
def test_compiled_softmax_is_that_of_the_plain_python_code(kernel):
    f = np.array([[[-800.0, -3.0, 0.0], [0.5, 20.0, 800.0], [1.0, 1.0, 1.0]]])
    compiled = getattr(softmax, kernel)
    arguments = (f,) if kernel == "fisher" else (f, np.array([0.0, 1.0, 2.0]))
    for got, expected in zip(compiled(*arguments), compiled.py_func(*arguments), strict=True):
        assert_allclose(got, expected, rtol=1e-15)


def test_gradient_and_fisher_together_are_those_alone(likelihood, f):
    rng = np.random.default_rng(9)
    f = f + rng.normal(size=(2, 1, 1))
    for y in (likelihood.sample(f[0], rng, 1)[0], likelihood.sample(f, rng, 1)[0]):
        gradient, fisher = likelihood.gradient_and_fisher(f, y)
        assert_allclose(gradient, likelihood.gradient(f, y), rtol=1e-14)
        assert_allclose(fisher, likelihood.fisher(f), rtol=1e-14)


def test_registry_keys_are_the_names():
    assert_array_equal(list(LIKELIHOODS), [kind.name for kind in LIKELIHOODS.values()])

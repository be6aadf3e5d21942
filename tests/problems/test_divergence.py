"""KL(p(.|f) || p(.|g)) and the whole log p(y | f): against sums over labels and scipy."""

from decimal import Decimal, localcontext

import numpy as np
import pytest
from numpy.testing import assert_allclose
from reference import central_differences, reference_likelihood
from scipy import integrate, stats

from efviz import LIKELIHOODS
from efviz.problems.likelihoods.bernoulli import Bernoulli
from efviz.problems.likelihoods.categorical import Categorical
from efviz.problems.likelihoods.exponential import Exponential
from efviz.problems.likelihoods.gaussian import Gaussian
from efviz.problems.likelihoods.poisson import Poisson


@pytest.fixture(params=list(LIKELIHOODS))
def likelihood(request):
    return Gaussian(0.7) if request.param == "gaussian" else LIKELIHOODS[request.param]()


@pytest.fixture
def outputs(likelihood):
    C = 3 if likelihood.name == "categorical" else 1
    return np.random.default_rng(3).uniform(-1.5, 1.5, (2, 20, C))


def log_density(likelihood, f, y):
    """log p(y | f) for f (C,), by scipy."""
    match likelihood.name:
        case "gaussian":
            return stats.norm(f[0], likelihood.sigma).logpdf(y)
        case "bernoulli":
            return stats.bernoulli(1 / (1 + np.exp(-f[0]))).logpmf(y)
        case "poisson":
            return stats.poisson(np.exp(f[0])).logpmf(y)
        case "exponential":
            return stats.expon(scale=np.exp(-f[0])).logpdf(y)
        case "categorical":
            return np.log(np.exp(f) / np.exp(f).sum())[np.asarray(y, dtype=int)]


def test_kl_is_the_expected_log_ratio(likelihood, outputs):
    slow = reference_likelihood(likelihood)
    f, g = outputs
    expected = [
        sum(
            p * (log_density(likelihood, fn, y) - log_density(likelihood, gn, y))
            for p, y in slow.labels(fn)
        )
        for fn, gn in zip(f, g, strict=True)
    ]
    assert_allclose(likelihood.kl(f, g), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("f", [-1.0, 0.4])
@pytest.mark.parametrize("g", [-0.5, 1.3])
@pytest.mark.parametrize("likelihood", [Gaussian(0.7), Exponential()], ids=lambda v: v.name)
def test_kl_of_a_density_is_its_integral(likelihood, f, g):
    def integrand(y):
        p, q = (log_density(likelihood, np.array([v]), y) for v in (f, g))
        return np.exp(p) * (p - q)

    low = 0 if likelihood.name == "exponential" else -np.inf
    expected, _ = integrate.quad(integrand, low, np.inf, epsabs=1e-11)
    at = np.array([[f]]), np.array([[g]])
    assert_allclose(likelihood.kl(*at), [expected], rtol=1e-8, atol=1e-10)


def test_kl_is_zero_at_no_distance_positive_elsewhere_and_curves_like_the_fisher(
    likelihood, outputs
):
    f, g = outputs
    assert_allclose(likelihood.kl(f, f), 0, atol=1e-15)
    assert (likelihood.kl(f, g) > 0).all()
    for fn in f[:5]:
        fisher = likelihood.fisher(fn[None])[0]

        def forward(v, fn=fn):
            return likelihood.kl(fn[None], v[None])[0]

        def backward(v, fn=fn):
            return likelihood.kl(v[None], fn[None])[0]

        for divergence in (forward, backward):

            def slope(v, divergence=divergence):
                return central_differences(divergence, v, h=1e-3)

            assert_allclose(slope(fn), 0, atol=1e-5)
            assert_allclose(central_differences(slope, fn, h=1e-3), fisher, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("f", [-700.0, -40.0, -0.3, 0.0, 2.0, 40.0, 700.0])
@pytest.mark.parametrize("step", [-60.0, -1.0, -1e-7, 1e-9, 0.3, 1.0, 60.0])
def test_kl_of_labels_keeps_its_digits_far_out_and_close_by(f, step):
    g = f + step
    with localcontext(prec=700):
        p, q = (1 / (1 + (-Decimal(v)).exp()) for v in (f, g))
        exact = float(p * (p / q).ln() + (1 - p) * ((1 - p) / (1 - q)).ln())
    assert_allclose(Bernoulli().kl(np.array([[f]]), np.array([[g]])), exact, rtol=1e-8)
    two = (np.array([[0.0, v]]) for v in (f, g))
    assert_allclose(Categorical().kl(*two), exact, rtol=1e-8, atol=1e-13)


@pytest.mark.parametrize("step", [-30.0, -0.02, -0.0199, -1e-8, 1e-8, 0.0199, 0.02, 3.0])
def test_kl_of_rates_keeps_its_digits(step):
    f = np.array([[0.7]])
    g = f + step
    with localcontext(prec=60):
        d = Decimal.from_float(g[0, 0]) - Decimal.from_float(f[0, 0])
        excess = d.exp() - 1 - d
        rate = Decimal.from_float(f[0, 0]).exp()
    assert_allclose(Exponential().kl(f, g), float(excess), rtol=1e-13)
    assert_allclose(Poisson().kl(f, g), float(rate * excess), rtol=1e-13)


def test_log_base_completes_the_log_likelihood(likelihood, outputs):
    f = outputs[0]
    y = likelihood.sample(f, np.random.default_rng(4), 1)[0]
    expected = [log_density(likelihood, fn, yn) for fn, yn in zip(f, y, strict=True)]
    got = likelihood.log_base(y) - likelihood.nll(f, y)
    assert_allclose(got, expected, rtol=1e-12, atol=1e-13)


def test_leading_axes_broadcast(likelihood, outputs):
    f, g = outputs
    many = np.stack([g, f, 2 * g])
    got = likelihood.kl(f, many)
    assert got.shape == (3, 20)
    assert_allclose(got[2], likelihood.kl(f, 2 * g))
    assert likelihood.kl(many, f).shape == (3, 20)

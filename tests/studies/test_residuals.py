"""As residuals go to zero, EF vanishes with their square, and F - H with their first power."""

import numpy as np
import pytest
from conftest import listed_problem, small_problem
from numpy.testing import assert_allclose, assert_array_equal
from reference import Slow

from efviz.problems import logistic_regression, saturation_regression
from efviz.studies.residuals import (
    RESIDUAL_PATHS,
    add_parameters,
    few_examples,
    grow_margins,
    orthogonal_polynomials,
    residual_path,
    residual_paths,
    shrink_noise,
)
from efviz.work import finish

LEVELS = (1.0, 0.1, 0.01, 1e-3, 0.0)


def slope(x, y):
    """The slope of log y against log x."""
    return np.polyfit(np.log(x), np.log(y), 1)[0]


@pytest.mark.parametrize("key", ["fig1", "fig4", "saturation"])
def test_shrinking_noise_takes_ef_to_zero_and_fisher_to_the_hessian(key):
    problem = listed_problem(key, N=200)
    path = finish(shrink_noise(problem, LEVELS))
    positive = slice(None, -1)
    scale = path.residual[0]
    assert_allclose(path.residual, scale * path.values, rtol=1e-5, atol=1e-9)
    assert slope(path.residual[positive], path.ef[positive]) == pytest.approx(2, abs=0.01)
    assert path.ef[-1] < 1e-20
    assert path.ef_minus_f[-1] == pytest.approx(1, abs=1e-12)
    if problem.model.linear:
        assert_array_equal(path.h_minus_f, 0)
    else:
        gap = path.h_minus_f[positive]
        assert slope(path.residual[positive], gap) == pytest.approx(1, abs=0.01)
        assert path.h_minus_f[-1] < 1e-8


def test_the_numbers_are_those_of_slow_loops():
    problem = small_problem("saturation-gaussian", N=30)
    path = finish(shrink_noise(problem, (1.0, 0.3), theta_true=[2.0, 1.0]))
    f = 2 * (1 - np.exp(-problem.X[:, 0]))
    for i, s in enumerate(path.values):
        sigma = problem.likelihood.sigma
        shrunk = saturation_regression(problem.X, f + s * (problem.y - f), sigma=sigma)
        slow, theta = Slow(shrunk), shrunk.theta_star
        assert_allclose(slow.gradient(theta), 0, atol=1e-9)
        F, EF, H = slow.fisher(theta), slow.empirical_fisher(theta), slow.hessian(theta)
        size = np.linalg.norm(F)
        assert path.fisher[i] == pytest.approx(size, rel=1e-6)
        assert path.ef[i] == pytest.approx(np.linalg.norm(EF) / size, rel=1e-6)
        assert path.h_minus_f[i] == pytest.approx(np.linalg.norm(H - F) / size, rel=1e-6)
        assert path.ef_minus_f[i] == pytest.approx(np.linalg.norm(EF - F) / size, rel=1e-6)
        residual = np.abs(shrunk.y - theta[0] * (1 - np.exp(-theta[1] * shrunk.X[:, 0])))
        assert path.residual[i] == pytest.approx(residual.max() / sigma**2, rel=1e-6)


@pytest.mark.parametrize("N", [5, 20, 60])
def test_a_model_that_interpolates_has_no_empirical_fisher(N):
    x, y = few_examples(N)
    path = finish(add_parameters(x, y))
    assert_array_equal(path.values, np.arange(1, N + 1))
    assert_allclose(path.fisher, np.sqrt(path.values), rtol=1e-12)
    assert_array_equal(path.h_minus_f, 0)
    assert path.ef[0] > 0.01
    assert path.ef[-1] < 1e-25
    assert path.residual[-1] < 1e-12
    assert path.ef_minus_f[-1] == pytest.approx(1)


@pytest.mark.parametrize("x", [np.linspace(-1, 1, 20), np.random.default_rng(0).uniform(3, 9, 12)])
def test_the_columns_are_orthogonal_polynomials(x):
    columns = orthogonal_polynomials(x)
    N = len(x)
    assert_allclose(columns.T @ columns / N, np.eye(N), atol=1e-12)
    assert_allclose(columns[:, 0], 1)
    for degree in (1, 3):
        fit = np.polynomial.Polynomial.fit(x, columns[:, degree], degree)
        assert_allclose(fit(x), columns[:, degree], atol=1e-9)
        assert fit.convert().coef[-1] > 0


def test_repeated_points_are_refused():
    with pytest.raises(ValueError, match="different points"):
        orthogonal_polynomials([0.0, 1.0, 1.0])


@pytest.mark.parametrize("kind", ["linear-bernoulli", "linear-categorical"])
def test_growing_margins_take_ef_to_zero_faster_than_fisher(kind):
    problem = small_problem(kind, N=40)
    w = np.random.default_rng(0).normal(size=problem.D)
    f = np.sort(problem.model.outputs(problem.X, w), axis=-1)
    smallest = np.min(f[:, -1] - f[:, -2] if f.shape[-1] > 1 else np.abs(f[:, 0]))
    scales = np.array([4.0, 8.0, 16.0, 32.0]) / smallest
    path = finish(grow_margins(problem, scales, direction=w))
    for values in (path.residual, path.fisher, path.ef):
        assert (np.diff(values) < 0).all()
        # Once all margins are large, all three fall like exp(-margin).
        assert values[3] / values[2] == pytest.approx(np.exp(-16), rel=0.05)
    assert_array_equal(path.h_minus_f, 0)


def test_a_problem_without_a_minimum_gives_nan():
    problem = small_problem("saturation-gaussian")
    flat = saturation_regression(problem.X, np.zeros(problem.N))
    path = finish(shrink_noise(flat, (1.0,), theta_true=[0.0, 1.0]))
    assert np.isnan([path.ef, path.h_minus_f, path.ef_minus_f]).all()


def test_noise_needs_a_gaussian_and_margins_need_labels():
    with pytest.raises(ValueError, match="bernoulli"):
        finish(shrink_noise(small_problem("linear-bernoulli"), (1.0,)))
    with pytest.raises(ValueError, match="gaussian"):
        finish(grow_margins(small_problem("linear-gaussian"), (1.0,)))


def test_work_reports_its_progress():
    work = shrink_noise(small_problem("linear-gaussian"), LEVELS)
    assert_allclose([progress.fraction for progress in work], np.arange(1, 6) / 5)


PATHS = {
    "fig1": ["noise", "parameters"],
    "fig2": ["margins", "parameters"],
    "poisson": ["parameters"],
    "softmax": ["margins", "parameters"],
    "saturation": ["noise", "parameters"],
}


@pytest.mark.parametrize("key", PATHS)
def test_a_problem_has_the_paths_that_its_likelihood_allows(key):
    problem = listed_problem(key, N=20)
    assert residual_paths(problem) == PATHS[key]
    for name in set(RESIDUAL_PATHS) - set(PATHS[key]):
        assert RESIDUAL_PATHS[name].obstacle(problem)
        with pytest.raises(ValueError, match=problem.likelihood.name):
            finish(residual_path(problem, problem.theta_star, name))


@pytest.mark.parametrize(("key", "name"), [(key, name) for key in PATHS for name in PATHS[key]])
def test_on_every_path_ef_vanishes_and_the_hessian_becomes_the_fisher(key, name):
    path = finish(residual_path(listed_problem(key, N=200), np.array([0.3, -0.2]), name))
    assert path.residual[-1] < 1e-2 * path.residual[0]
    assert path.ef[-1] < 2e-3 * path.ef[0]
    assert path.ef_minus_f[-1] == pytest.approx(1, abs=2e-3)
    assert path.h_minus_f[-1] <= 1e-2 * path.h_minus_f[0]
    assert (path.values > 0).all() or not RESIDUAL_PATHS[name].logarithmic


def test_without_a_minimum_margins_grow_in_the_direction_of_theta():
    separable = logistic_regression([[1.0, 0.5], [-2.0, 1.0], [0.5, 0.0]], [1, 0, 1])
    assert not separable.minimum.exists
    theta = np.array([2.0, 0.0])
    path = finish(residual_path(separable, theta, "margins"))
    # The largest residual is that of the example with |f| = |x . theta| = 1 times t.
    assert_allclose(path.residual, 1 / (1 + np.exp(path.values)), rtol=1e-12)
    assert path.values[-1] == pytest.approx(10)

"""theta_star to machine precision, against independent fits; or a sentence why there is none."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import listed_problem, small_problem
from numpy.testing import assert_allclose
from reference import Slow
from scipy import optimize
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor

from efviz import PROBLEMS
from efviz.problems import (
    linear_regression,
    logistic_regression,
    poisson_regression,
    saturation_regression,
    softmax_regression,
)

pytestmark = pytest.mark.numerics

RNG_X = np.random.default_rng(0).normal(size=(80, 2))
NOISY = (RNG_X[:, 0] + np.random.default_rng(1).logistic(size=80) > 0).astype(float)
ALONG = np.array([1.0, -0.4])


def _gradient_is_zero(problem) -> None:
    """Zero beside the rounding of its own terms: the per-example gradients and their parts."""
    g = problem.per_example_gradients(problem.theta_star)
    J = problem.model.jacobian(problem.X, problem.theta_star)
    size = np.abs(g).mean(0) + np.abs(J).mean((0, 1)) * np.abs(problem.y).mean()
    assert (np.abs(problem.gradient(problem.theta_star)) <= 1e-14 * size).all()


def test_the_gradient_vanishes_at_the_minimum(kind):
    problem = small_problem(kind, N=400)
    assert problem.minimum.exists
    assert problem.minimum.unique == (kind != "linear-categorical")
    _gradient_is_zero(problem)


def test_the_loss_is_no_lower_anywhere_around(kind):
    problem = small_problem(kind, N=400)
    steps = np.random.default_rng(2).normal(size=(200, problem.D))
    lowest = problem.loss(problem.theta_star)
    for size in (1e-3, 0.1, 1.0):
        assert (problem.loss(problem.theta_star + size * steps) >= lowest - 1e-12).all()


@pytest.mark.parametrize("key", list(PROBLEMS))
def test_listed_problems_have_a_minimum(key):
    entry = PROBLEMS[key]
    problem = entry.problem(entry.dataset())
    assert problem.minimum.exists
    assert problem.minimum.unique
    # Where the loss is not convex, the reason says that there may be lower ones.
    assert (problem.minimum.reason == "") == problem.model.linear
    _gradient_is_zero(problem)


def test_linear_regression_agrees_with_scikit_learn():
    y = RNG_X @ [1.0, 2.0] + NOISY
    fit = LinearRegression(fit_intercept=False).fit(RNG_X, y)
    assert_allclose(linear_regression(RNG_X, y).theta_star, fit.coef_, rtol=1e-10)
    assert_allclose(linear_regression(RNG_X, y, sigma=9).theta_star, fit.coef_, rtol=1e-10)


def test_logistic_regression_agrees_with_scikit_learn():
    fit = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, solver="newton-cholesky")
    fit.fit(RNG_X, NOISY)
    assert_allclose(logistic_regression(RNG_X, NOISY).theta_star, fit.coef_[0], rtol=1e-6)


def test_poisson_regression_agrees_with_scikit_learn():
    y = np.random.default_rng(3).poisson(np.exp(RNG_X @ [0.5, -0.3]))
    fit = PoissonRegressor(alpha=0, fit_intercept=False, tol=1e-10, solver="newton-cholesky")
    fit.fit(RNG_X, y)
    assert_allclose(poisson_regression(RNG_X, y).theta_star, fit.coef_, rtol=1e-6)


def test_softmax_regression_agrees_with_scikit_learn_up_to_a_common_shift():
    y = np.random.default_rng(4).integers(0, 3, 80)
    fit = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10, solver="newton-cg")
    fit.fit(RNG_X, y)
    minimum = softmax_regression(RNG_X, y).minimum
    blocks = minimum.theta.reshape(3, 2)
    assert_allclose(blocks - blocks[0], fit.coef_ - fit.coef_[0], rtol=1e-6, atol=1e-8)
    assert not minimum.unique
    assert_allclose(blocks.sum(0), 0, atol=1e-12)  # least norm: orthogonal to a common shift


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("rate", [0.6, -0.4])
def test_a_saturating_curve_agrees_with_a_least_squares_fit_from_the_truth(sign, rate):
    x = np.linspace(0.1, 4, 40)
    y = sign * 2 * (1 - np.exp(-rate * x)) + 0.1 * np.random.default_rng(5).normal(size=40)
    fit = optimize.least_squares(
        lambda t: t[0] * (1 - np.exp(-t[1] * x)) - y,
        [2 * sign, rate],
        xtol=1e-15,
        ftol=1e-15,
        gtol=1e-15,
    )
    assert_allclose(saturation_regression(x[:, None], y).theta_star, fit.x, rtol=1e-6)


def test_an_exponential_model_agrees_with_a_fit_of_the_slow_loss():
    problem = small_problem("linear-exponential", N=20)
    slow = Slow(problem)
    fit = optimize.minimize(slow.loss, np.zeros(3), jac=slow.gradient, tol=1e-10)
    assert_allclose(problem.theta_star, fit.x, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-9, 1e-4, 1.0, 1e4, 1e9])
def test_the_units_of_a_column_only_rescale_its_parameter(scale):
    units = np.array([1.0, scale])
    y = np.random.default_rng(6).poisson(1.0, 80)
    for build, labels in ((logistic_regression, NOISY), (poisson_regression, y)):
        minimum = build(RNG_X * units, labels).minimum
        assert minimum.exists
        assert minimum.unique
        assert_allclose(minimum.theta * units, build(RNG_X, labels).theta_star, rtol=1e-9)


def _assert_no_minimum(problem) -> None:
    minimum = problem.minimum
    assert not minimum.exists
    assert np.isnan(minimum.theta).all()
    assert minimum.theta.shape == (problem.D,)
    assert minimum.reason.endswith(".")
    assert len(minimum.reason) > 20


@pytest.mark.parametrize("scale", [1e-9, 1e-4, 1.0, 1e4, 1e9])
def test_separable_classes_have_no_minimum_in_any_units(scale):
    X = RNG_X * np.array([1.0, scale])
    y = (RNG_X @ ALONG > 0).astype(float)
    _assert_no_minimum(logistic_regression(X, y))
    _assert_no_minimum(softmax_regression(X, y))


def test_one_mislabelled_example_gives_separable_classes_a_minimum():
    y = (RNG_X @ ALONG > 0).astype(float)
    farthest = np.argmax(np.abs(RNG_X @ ALONG))
    y[farthest] = 1 - y[farthest]
    problem = logistic_regression(RNG_X, y)
    assert problem.minimum.exists
    _gradient_is_zero(problem)


def test_classes_that_touch_only_on_the_plane_between_them_have_no_minimum():
    X = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 2.0], [1.0, 0.0]])
    _assert_no_minimum(logistic_regression(X, [0, 1, 1, 0]))


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_a_single_class_with_an_intercept_has_no_minimum(label):
    X = np.stack([np.ones(80), RNG_X[:, 0]], axis=1)
    _assert_no_minimum(logistic_regression(X, np.full(80, label)))
    _assert_no_minimum(softmax_regression(X, np.full(80, label)))
    _assert_no_minimum(logistic_regression(X[:1], [label]))


def test_a_single_class_on_all_sides_of_the_origin_has_one():
    problem = logistic_regression(RNG_X, np.ones(80))
    assert problem.minimum.exists
    _gradient_is_zero(problem)


def test_counts_that_are_all_zero_have_no_minimum():
    X = np.stack([np.ones(80), RNG_X[:, 0]], axis=1)
    _assert_no_minimum(poisson_regression(X, np.zeros(80)))


def test_counts_that_are_zero_in_one_group_have_no_minimum():
    group = np.repeat([0.0, 1.0], 5)
    X = np.stack([np.ones(10), group], axis=1)
    _assert_no_minimum(poisson_regression(X, np.where(group == 1, 0, 3)))


@pytest.mark.parametrize("y", [[0, 3], [3, 0]])
def test_counts_at_one_point_have_the_logarithm_of_their_mean(y):
    problem = poisson_regression(np.ones((2, 1)), y)
    assert problem.minimum.exists
    assert_allclose(problem.theta_star, np.log(1.5), rtol=1e-14)


@pytest.mark.parametrize("factor", [1.0, 3.0, -0.7])
@pytest.mark.parametrize("build", ["linear", "logistic", "poisson"])
def test_collinear_columns_have_the_minimum_of_least_norm(build, factor):
    x = RNG_X[:, 0]
    X = np.stack([x, factor * x], axis=1)
    y = {"linear": 1 + 2 * x, "logistic": NOISY, "poisson": np.arange(80) % 4}[build]
    builder = {
        "linear": linear_regression,
        "logistic": logistic_regression,
        "poisson": poisson_regression,
    }[build]
    minimum = builder(X, y).minimum
    assert minimum.exists
    assert not minimum.unique
    assert "1 of the 2" in minimum.reason
    # With one column t, X theta = x t: of all those theta the shortest is along (1, factor).
    t = builder(x[:, None], y).theta_star[0]
    assert_allclose(minimum.theta, t * np.array([1, factor]) / (1 + factor**2), rtol=1e-9)


def test_least_norm_is_in_the_problems_own_units():
    x = RNG_X[:, 0]
    single = logistic_regression(x[:, None], NOISY).theta_star[0]
    minimum = logistic_regression(np.stack([x, 1e-3 * x], axis=1), NOISY).minimum
    assert_allclose(minimum.theta, single * np.array([1, 1e-3]) / (1 + 1e-6), rtol=1e-9)


def test_a_column_of_zeros_gets_a_zero():
    X = np.stack([RNG_X[:, 0], np.zeros(80)], axis=1)
    for problem in (linear_regression(X, RNG_X[:, 1]), logistic_regression(X, NOISY)):
        assert problem.minimum.exists
        assert not problem.minimum.unique
        assert problem.theta_star[1] == 0


def test_fewer_examples_than_parameters_leave_a_subspace():
    minimum = linear_regression([[1.0, 2.0]], [5.0]).minimum
    assert minimum.exists
    assert not minimum.unique
    assert_allclose(minimum.theta, [1.0, 2.0], rtol=1e-14)


@pytest.mark.parametrize(
    "y",
    [
        np.linspace(0.1, 4, 30),  # a line: a -> infinity, b -> 0
        np.zeros(30),  # a = 0, any b
        np.ones(30),  # b -> infinity
    ],
    ids=["line", "zero", "constant"],
)
def test_a_saturating_curve_that_runs_off_or_is_free_is_refused(y):
    _assert_no_minimum(saturation_regression(np.linspace(0.1, 4, 30)[:, None], y))


def test_a_saturating_curve_through_one_point_is_refused():
    _assert_no_minimum(saturation_regression([[1.0]], [1.0]))
    _assert_no_minimum(saturation_regression(np.ones((5, 1)), [1.0, 2.0, 1.0, 0.0, 1.0]))


def test_exact_data_are_fitted_exactly():
    x = np.linspace(0.1, 4, 30)
    problem = saturation_regression(x[:, None], 3 * (1 - np.exp(-0.7 * x)))
    assert_allclose(problem.theta_star, [3, 0.7], rtol=1e-12)
    assert_allclose(linear_regression(RNG_X, RNG_X @ ALONG).theta_star, ALONG, rtol=1e-13)


@pytest.mark.parametrize("key", [key for key, e in PROBLEMS.items() if e.family])
@pytest.mark.parametrize("end", ["low", "high"])
def test_the_ends_of_every_path_are_explained_or_solved(key, end):
    family = PROBLEMS[key].family
    for path, bounds in family.paths.items():
        for N in (1, 2, 3, 200):
            data = family.sample(N=N, path=path, strength=getattr(bounds, end))
            problem = PROBLEMS[key].problem(data)
            minimum = problem.minimum
            assert minimum.exists != np.isnan(minimum.theta).any()
            convex = problem.model.linear
            assert (minimum.reason == "") == (minimum.exists and minimum.unique and convex)
            if minimum.exists and minimum.unique:
                start = problem.start if key == "saturation" else np.zeros(2)
                typical = np.abs(problem.per_example_gradients(start)).max()
                assert np.abs(problem.gradient(minimum.theta)).max() <= 1e-9 * typical


def test_the_small_listed_problems_agree_with_a_fit_of_the_slow_loss(listed):
    slow = Slow(listed)
    fit = optimize.minimize(slow.loss, listed.theta_star + 0.1, jac=slow.gradient, tol=1e-10)
    assert_allclose(listed.theta_star, fit.x, rtol=1e-5, atol=1e-6)


def test_a_listed_problem_reaches_its_minimum_only_once():
    problem = listed_problem("fig2")
    assert problem.minimum is problem.minimum


def test_a_search_that_runs_off_towards_the_wrong_sign_is_no_minimum():
    x = np.linspace(0.1, 2, 40)[:, None]
    rising = saturation_regression(x, x[:, 0] ** 2)  # best with b < 0
    assert rising.minimum.exists
    assert rising.theta_star[1] < 0
    # From b > 0 the search can only go to b -> 0: it must not call that a minimum.
    _assert_no_minimum(replace(rising, start=np.ones(2)))


def test_losses_that_rounding_alone_tells_from_the_lowest_are_told_as_the_lowest():
    problem = linear_regression(RNG_X, RNG_X @ [1.0, 2.0] + NOISY)
    minimum = problem.minimum
    r = NOISY - RNG_X @ np.linalg.lstsq(RNG_X, NOISY, rcond=None)[0]
    lowest = float(np.mean(r**2)) / 2
    for factor in (1 - 3e-16, 1.0, 1 + 3e-16):
        assert minimum.settled(factor * minimum.loss) == minimum.loss
    assert minimum.loss == pytest.approx(lowest, rel=1e-13)
    for loss in ((1 + 1e-9) * lowest, 2 * lowest, np.inf):
        assert minimum.settled(loss) == loss
    assert np.isnan(minimum.settled(np.nan))


def test_a_loss_of_an_exact_fit_that_is_rounding_is_told_as_0():
    problem = linear_regression(RNG_X, RNG_X @ [1.0, 2.0])
    # The last digits of targets of about 1 are a loss of about 1e-32.
    assert_allclose(problem.minimum.settled([0.0, 1e-33, 1e-31, problem.minimum.loss]), 0)
    assert problem.minimum.settled(1e-20) == 1e-20


def test_without_a_minimum_losses_are_told_as_they_are():
    separable = logistic_regression(RNG_X, (RNG_X[:, 0] > 0).astype(float))
    assert not separable.minimum.exists
    assert_allclose(separable.minimum.settled([0.0, 1e-300, 0.7]), [0.0, 1e-300, 0.7], rtol=0)

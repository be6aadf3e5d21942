"""Loss, gradient and per-example gradients against loops; what a problem refuses; extremes."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from conftest import listed_problem, small_problem, some_thetas
from numpy.testing import assert_allclose, assert_array_equal
from reference import Slow, central_differences, relative_error

from efviz import PROBLEMS
from efviz.problems import (
    Problem,
    contrast_regression,
    linear_regression,
    logistic_regression,
    poisson_regression,
    saturation_regression,
    softmax_regression,
)

BUILDERS = {
    "linear": linear_regression,
    "logistic": logistic_regression,
    "poisson": poisson_regression,
    "softmax": softmax_regression,
    "contrast": contrast_regression,
    "saturation": saturation_regression,
}


def _against_the_loops(problem: Problem) -> None:
    slow = Slow(problem)
    for theta in some_thetas(problem, 3):
        assert relative_error(problem.loss(theta), slow.loss(theta)) < 1e-10
        assert relative_error(problem.gradient(theta), slow.gradient(theta)) < 1e-10
        expected = slow.per_example_gradients(theta)
        assert relative_error(problem.per_example_gradients(theta), expected) < 1e-10


def test_losses_and_gradients_are_those_of_the_slow_loops(small):
    _against_the_loops(small)


def test_losses_and_gradients_of_listed_problems_are_those_of_the_slow_loops(listed):
    _against_the_loops(listed)


@pytest.mark.parametrize("P", [1, 2, 8, 9])
def test_least_squares_from_moments_or_not_is_that_of_the_slow_loops(P):
    problem = small_problem("linear-gaussian", N=20, P=P)
    assert (problem.moments is not None) == (P <= 8)
    _against_the_loops(problem)


def test_the_gradient_is_the_derivative_of_the_loss(small):
    for theta in some_thetas(small, 2):
        expected = central_differences(small.loss, theta)
        assert_allclose(small.gradient(theta), expected, rtol=1e-7, atol=1e-8)


def test_the_gradient_is_the_mean_of_the_per_example_gradients(listed):
    thetas = some_thetas(listed, 2, 3)
    mean = listed.per_example_gradients(thetas).mean(-2)
    assert_allclose(listed.gradient(thetas), mean, rtol=1e-9, atol=1e-9 * np.abs(mean).max())


def test_a_batch_of_theta_is_one_theta_at_a_time(small):
    thetas = some_thetas(small, 3, 2)
    for function in (small.loss, small.gradient, small.per_example_gradients):
        batch = function(thetas)
        for at in np.ndindex(3, 2):
            assert_allclose(batch[at], function(thetas[at]), rtol=1e-12, atol=1e-14)


def test_an_empty_batch_has_empty_results(small):
    none = np.zeros((0, small.D))
    assert small.loss(none).shape == (0,)
    assert small.gradient(none).shape == (0, small.D)


def test_pieces_of_examples_and_of_thetas_add_up(kind):
    problem = small_problem(kind, N=9000)
    thetas = some_thetas(problem, 30)
    nll = problem.likelihood.nll(problem.model.outputs(problem.X, thetas), problem.y)
    assert_allclose(problem.loss(thetas), nll.mean(-1), rtol=1e-11)
    mean = problem.per_example_gradients(thetas).mean(-2)
    assert_allclose(problem.gradient(thetas), mean, rtol=1e-9, atol=1e-11)


def test_sigma_scales_the_loss_by_its_inverse_square():
    X, y = np.random.default_rng(0).normal(size=(10, 2)), np.arange(10.0)
    theta = np.array([0.3, -2.0])
    one, three = linear_regression(X, y), linear_regression(X, y, sigma=3.0)
    assert_allclose(three.loss(theta), one.loss(theta) / 9, rtol=1e-14)
    assert_allclose(three.gradient(theta), one.gradient(theta) / 9, rtol=1e-14)


@pytest.mark.parametrize("offset", [0, 10**6, -(10**9)])
def test_large_offsets_cost_no_more_than_the_rounding_of_the_data(offset):
    rng = np.random.default_rng(0)
    X = np.stack([np.ones(50), rng.normal(size=50)], axis=1)
    y = offset + X[:, 1] + rng.normal(size=50)
    problem = linear_regression(X, y)
    theta = problem.theta_star + np.array([0.01, -0.02])
    residuals = [
        sum(Fraction(float(t)) * Fraction(float(v)) for t, v in zip(theta, x, strict=True))
        - Fraction(float(yn))
        for x, yn in zip(X, y, strict=True)
    ]
    loss = float(sum(r**2 for r in residuals) / 100)
    g = [
        float(sum(r * Fraction(float(v)) for r, v in zip(residuals, column, strict=True)) / 50)
        for column in X.T
    ]
    rounding = 4e-16 * max(1, abs(offset))
    assert_allclose(problem.loss(theta), loss, rtol=10 * rounding)
    assert_allclose(problem.gradient(theta), g, atol=10 * rounding)


def test_inputs_far_from_zero_keep_the_digits_their_residuals_have():
    rng = np.random.default_rng(1)
    x = 1e6 + rng.normal(size=60)
    problem = linear_regression(np.stack([np.ones(60), x], axis=1), x + rng.normal(size=60))
    theta = problem.theta_star + np.array([-1e6, 1.0])  # turned about the middle of the data
    r = np.array([theta[0] + theta[1] * xn for xn in x]) - problem.y
    assert_allclose(problem.loss(theta), np.mean(r**2) / 2, rtol=1e-8)


def test_far_out_losses_are_large_or_infinite_and_never_warn(small):
    for size in (1e3, 1e6):
        for sign in (1, -1):
            theta = np.full(small.D, sign * size)
            loss, g = small.loss(theta), small.gradient(theta)
            rows = small.per_example_gradients(theta)
            assert not loss <= 0 or small.likelihood.name in ("poisson", "exponential")
            assert rows.shape == (small.N, small.D)
            if np.isfinite(rows).all() and np.abs(rows).max() < 1e200:
                assert_allclose(g, rows.mean(0), rtol=1e-9, atol=1e-9 * np.abs(rows).max())


@pytest.mark.parametrize("build", list(BUILDERS))
def test_one_example_is_enough(build):
    x = np.array([[1.0]]) if build == "saturation" else np.array([[1.0, 2.0]])
    problem = BUILDERS[build](x, [1.0])
    theta = np.full(problem.D, 0.3)
    assert_allclose(problem.gradient(theta), problem.per_example_gradients(theta)[0], rtol=1e-12)


@pytest.mark.parametrize("build", list(BUILDERS))
def test_no_examples_or_a_wrong_shape_is_refused_with_the_shape(build):
    P = 1 if build == "saturation" else 2
    with pytest.raises(ValueError, match=r"N >= 1, got \(0, "):
        BUILDERS[build](np.zeros((0, P)), [])
    with pytest.raises(ValueError, match=r"got \(3, \d\) and \(2,\)"):
        BUILDERS[build](np.ones((3, P)), [1.0, 1.0])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("build", list(BUILDERS))
def test_inputs_and_targets_that_are_not_finite_are_refused(build, bad):
    P = 1 if build == "saturation" else 2
    with pytest.raises(ValueError, match="finite"):
        BUILDERS[build](np.full((2, P), bad), [1.0, 1.0])
    with pytest.raises(ValueError, match=r"finite|got|whole numbers"):
        BUILDERS[build](np.ones((2, P)), [1.0, bad])


@pytest.mark.parametrize("sigma", [0.0, -1.0, np.nan])
def test_a_noise_scale_that_is_not_positive_is_named(sigma):
    with pytest.raises(ValueError, match=f"sigma must be positive, got {sigma}"):
        linear_regression(np.ones((2, 1)), [0, 1], sigma=sigma)


def test_a_theta_of_the_wrong_length_is_refused_with_its_shape(small):
    with pytest.raises(ValueError, match=rf"theta must be \(\.\.\., {small.D}\), got \(2, 99\)"):
        small.loss(np.zeros((2, 99)))
    with pytest.raises(ValueError, match=r"got \(\)"):
        small.gradient(0.0)


def test_the_problem_keeps_the_data_it_was_given():
    X, y = [[1, 2], [3, 4], [5, 7]], [0, 1, 1]
    problem = logistic_regression(X, y)
    assert_array_equal(problem.X, X)
    assert_array_equal(problem.y, y)
    assert problem.X.dtype == problem.y.dtype == float
    assert (problem.N, problem.D) == (3, 2)
    assert problem.parameter_names == ("θ₁", "θ₂")


def test_softmax_has_one_block_of_parameters_a_class():
    problem = softmax_regression(np.ones((4, 3)), [0, 1, 3, 1])
    assert problem.D == 4 * 3
    assert softmax_regression(np.ones((2, 1)), [0, 0]).D == 2


def test_two_class_softmax_is_logistic_regression_in_the_difference():
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(30, 2)), rng.integers(0, 2, 30)
    theta = rng.normal(size=(5, 4))
    difference = theta[:, 2:] - theta[:, :2]
    logistic, softmax = logistic_regression(X, y), softmax_regression(X, y)
    assert_allclose(softmax.loss(theta), logistic.loss(difference), rtol=1e-12)
    assert_allclose(softmax.gradient(theta)[:, 2:], logistic.gradient(difference), rtol=1e-10)


def test_a_reference_class_is_softmax_with_its_parameters_held_at_zero():
    rng = np.random.default_rng(4)
    X, y = rng.normal(size=(30, 2)), rng.integers(0, 3, 30)
    theta = rng.normal(size=(5, 4))
    padded = np.concatenate([np.zeros((5, 2)), theta], axis=1)
    contrast, softmax = contrast_regression(X, y), softmax_regression(X, y)
    assert (contrast.D, softmax.D) == (4, 6)
    assert_allclose(contrast.loss(theta), softmax.loss(padded), rtol=1e-13)
    assert_allclose(contrast.gradient(theta), softmax.gradient(padded)[:, 2:], rtol=1e-10)
    difference = softmax.theta_star[2:] - np.tile(softmax.theta_star[:2], 2)
    assert_allclose(contrast.theta_star, difference, rtol=1e-8)


def test_classes_that_no_label_names_can_be_asked_for_but_not_fewer_than_there_are():
    assert contrast_regression(np.ones((2, 1)), [0, 1], n_classes=3).D == 2
    with pytest.raises(ValueError, match="2 classes are 0 to 1, at least two, got 2"):
        contrast_regression(np.ones((2, 1)), [0, 2], n_classes=2)
    with pytest.raises(ValueError, match="at least two"):
        contrast_regression(np.ones((2, 1)), [0, 0], n_classes=1)


@pytest.mark.parametrize("key", list(PROBLEMS))
def test_listed_problems_are_two_parameter_problems_with_named_axes(key):
    entry = PROBLEMS[key]
    problem = listed_problem(key)
    assert problem.D == 2
    assert problem.parameter_names == entry.parameter_names
    # θ is the vector of both.
    assert "θ" not in entry.parameter_names
    assert entry.title
    assert entry.settings.step_size > 0
    assert entry.settings.damping >= 0
    assert (entry.group == "Synthetic") == (entry.family is not None)
    if entry.family:
        assert {"path", "strength", "N", "seed"} == set(entry.knobs)
    else:
        assert len(entry.columns()) >= 2


@pytest.mark.parametrize("key", ["fig1", "fig4", "poisson"])
def test_the_slope_of_a_line_is_w_and_the_intercept_b(key):
    entry = PROBLEMS[key]
    X = entry.dataset(N=20).X
    called = {"b" if (column == 1).all() else "w": column for column in X.T}
    assert [*called] == [*entry.parameter_names]
    assert set(called) == {"b", "w"}


@pytest.mark.parametrize("key", [key for key, entry in PROBLEMS.items() if not entry.family])
def test_real_problems_take_any_two_columns_or_components_and_either_scaling(key):
    entry = PROBLEMS[key]
    names = entry.columns()
    data = entry.dataset(first=names[3], second=names[1])
    assert data.feature_names == (names[3], names[1])
    raw = entry.dataset(first=names[3], second=names[1], scaling="raw")
    assert_allclose((raw.X - raw.X.mean(0)) / raw.X.std(0), data.X, rtol=1e-9, atol=1e-9)
    components = entry.dataset(inputs="principal components")
    assert components.feature_names == ("PC 1", "PC 2")
    assert entry.problem(components).minimum.exists


def test_replacing_the_data_forgets_the_old_minimum():
    problem = linear_regression(np.ones((2, 1)), [1.0, 3.0])
    assert_allclose(problem.theta_star, [2.0])
    assert_allclose(replace(problem, y=np.array([5.0, 5.0])).theta_star, [5.0])

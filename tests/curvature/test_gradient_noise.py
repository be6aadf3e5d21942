"""Section 5: Eq. 18 is an identity, Eq. 19 a least expected error; all by counting every batch."""

from itertools import combinations, product

import numpy as np
import pytest
from conftest import small_problem, some_thetas
from numpy.testing import assert_allclose
from reference import Slow
from scipy.optimize import minimize

from efviz.curvature.gradient_noise import (
    ESTIMATORS,
    GradientNoise,
    adaptation,
    batch_factor,
    batch_sizes,
    draw_rows,
    expected_error,
    expected_errors,
    gradient_noise,
    minibatch_gradients,
)
from efviz.problems import linear_regression

HOW = pytest.mark.parametrize("replacement", [True, False], ids=["with", "without"])


def all_batches(N: int, B: int, replacement: bool) -> np.ndarray:
    """Every mini-batch, each as likely as any other."""
    chosen = product(range(N), repeat=B) if replacement else combinations(range(N), B)
    return np.array(list(chosen))


@pytest.fixture(scope="module")
def few():
    """A problem of six examples and three parameters away from its minimum, and its noise."""
    problem = small_problem("linear-gaussian", N=6, seed=3)
    theta = some_thetas(problem, seed=5)
    return problem, theta, gradient_noise(problem, theta)


def test_the_second_moment_is_covariance_and_mean(small):
    """Eq. 18 in means; and in the paper's sums, N F~ = Sigma + nabla L nabla L^T."""
    thetas = some_thetas(small, 4)
    noise = gradient_noise(small, thetas)
    assert noise.identity_error.shape == (4,)
    assert (noise.identity_error < 1e-13).all()
    slow = Slow(small)
    for k, theta in enumerate(thetas):
        sums = small.N * slow.per_example_gradients(theta)
        Sigma = np.cov(sums, rowvar=False, bias=True)
        whole = sums.mean(0)
        EF = sum(np.outer(g, g) for g in sums / small.N)
        assert_allclose(small.N * EF, Sigma + np.outer(whole, whole), rtol=1e-11, atol=1e-11)
        assert_allclose(noise.covariance[k] * small.N**2, Sigma, rtol=1e-11, atol=1e-11)
        assert_allclose(noise.gradient[k] * small.N, whole, rtol=1e-11, atol=1e-12)


def test_the_identity_fails_for_another_matrix(few):
    _, _, noise = few
    wrong = GradientNoise(noise.N, noise.gradient, 1.01 * noise.covariance, noise.empirical_fisher)
    assert wrong.identity_error > 1e-3


def test_the_noise_share_is_one_at_the_minimum_and_zero_without_noise():
    problem = small_problem("linear-gaussian")
    assert gradient_noise(problem, problem.theta_star).noise_share == pytest.approx(1)
    alike = linear_regression(np.ones((5, 1)), np.ones(5))
    assert gradient_noise(alike, [3.0]).noise_share == pytest.approx(0, abs=1e-15)
    assert gradient_noise(alike, [1.0]).noise_share == 0


@HOW
@pytest.mark.parametrize("B", [1, 2, 3])
def test_the_covariance_of_all_mini_batches_is_the_factor_times_sigma(few, B, replacement):
    problem, theta, noise = few
    found = minibatch_gradients(problem, theta, all_batches(6, B, replacement))
    assert_allclose(found.mean(0), noise.gradient, rtol=1e-12)
    c = batch_factor(6, B, replacement=replacement)
    assert_allclose(np.cov(found, rowvar=False, bias=True), c * noise.covariance, rtol=1e-11)


def test_the_whole_set_without_replacement_has_no_noise():
    assert batch_factor(50, 50, replacement=False) == 0
    assert batch_factor(1, 1, replacement=False) == 0
    assert_allclose(batch_factor(50, [1, 50]), [1, 0.02])


@pytest.mark.parametrize("B", [0, 7])
def test_impossible_batch_sizes_are_named(few, B):
    problem, _, _ = few
    with pytest.raises(ValueError, match=f"batch_size must be at least 1.*got {B}"):
        draw_rows(np.random.RandomState(0), problem.N, B, 2, replacement=False)


@pytest.mark.parametrize("B", [2, 3, 5])
def test_rows_without_replacement_are_different_and_equally_likely(B):
    """Both ways of drawing them: all choices of B out of 6 come up alike (chi-square, fixed)."""
    rows = np.sort(draw_rows(np.random.RandomState(0), 6, B, 30_000, replacement=False), axis=-1)
    assert (np.diff(rows, axis=-1) > 0).all()
    _, counts = np.unique(rows, axis=0, return_counts=True)
    assert len(counts) == len(list(combinations(range(6), B)))
    expected = len(rows) / len(counts)
    assert ((counts - expected) ** 2 / expected).sum() < 3 * len(counts)


def test_mini_batch_gradients_are_means_of_per_example_gradients(small):
    rows = draw_rows(np.random.RandomState(0), small.N, 5, 3)
    thetas = some_thetas(small, 2, 3)
    found = minibatch_gradients(small, thetas, rows)
    for i, j in np.ndindex(2, 3):
        expected = small.per_example_gradients(thetas[i, j])[rows[j]].mean(0)
        assert_allclose(found[i, j], expected, rtol=1e-12, atol=1e-14)
    assert_allclose(minibatch_gradients(small, thetas[0, 0], rows[0]), found[0, 0], rtol=1e-13)


@HOW
@pytest.mark.parametrize("name", ESTIMATORS)
def test_expected_errors_are_the_means_over_all_mini_batches(few, name, replacement):
    problem, theta, noise = few
    for B in (1, 2, 3):
        batches = minibatch_gradients(problem, theta, all_batches(6, B, replacement))
        c = np.atleast_1d(batch_factor(6, B, replacement=replacement))
        M = ESTIMATORS[name].matrix(noise, c, 0.1)[0]
        slow = np.mean(np.sum((batches @ M.T - noise.gradient) ** 2, axis=-1))
        errors = expected_errors(noise, [B], replacement=replacement, damping=0.1)
        assert_allclose(errors[name], slow, rtol=1e-10)


FORMS = {
    "scaled": (1, lambda p: p[0] * np.eye(3)),
    "diagonal": (3, np.diag),
    "full": (9, lambda p: p.reshape(3, 3)),
}


@pytest.mark.parametrize("name", FORMS)
def test_no_matrix_of_its_form_has_a_smaller_error(few, name):
    """A numerical search over all mini-batches of two finds the closed form, and nothing better."""
    problem, theta, noise = few
    batches = minibatch_gradients(problem, theta, all_batches(6, 2, True))
    size, matrix = FORMS[name]

    def error(p):
        return np.mean(np.sum((batches @ matrix(p).T - noise.gradient) ** 2, axis=-1))

    found = minimize(error, np.zeros(size), method="BFGS", options={"gtol": 1e-9})
    assert_allclose(expected_errors(noise, [2])[name], found.fun, rtol=1e-6)
    closed = ESTIMATORS[name].matrix(noise, batch_factor(6, [2]), 0.0)[0]
    assert_allclose(matrix(found.x), closed, rtol=1e-4, atol=1e-5)


def test_the_multiple_of_the_preconditioned_gradient_is_the_best_one(few):
    _, _, noise = few
    M = ESTIMATORS["EF"].matrix(noise, batch_factor(6, [2]), 0.1)[0]
    inverse = np.linalg.inv(noise.empirical_fisher + 0.1 * np.eye(3))
    multiple = M[0, 0] / inverse[0, 0]
    assert_allclose(M, multiple * inverse, rtol=1e-10)
    least = expected_error(M, noise.gradient, noise.covariance / 2)
    for other in (0.99, 1.01):
        assert expected_error(other * M, noise.gradient, noise.covariance / 2) > least


def test_equation_19_as_printed_is_the_transpose_and_does_not_minimise(few):
    """(Sigma + g g^T)^-1 g g^T = EF^-1 g g^T, all in means at B = 1."""
    _, _, noise = few
    g = noise.gradient
    printed = ESTIMATORS["printed"].matrix(noise, np.ones(1), 0.0)[0]
    assert_allclose(printed, np.linalg.inv(noise.empirical_fisher) @ np.outer(g, g), rtol=1e-9)
    errors = expected_errors(noise, [1])
    assert errors["printed"] > 1.01 * errors["full"]


@HOW
def test_errors_are_ordered_by_how_much_may_be_chosen(small, replacement):
    noise = gradient_noise(small, some_thetas(small))
    e = expected_errors(noise, batch_sizes(small.N), replacement=replacement)
    slack = 1e-12 * noise.gradient @ noise.gradient
    for less, more in (
        ("full", "diagonal"), ("diagonal", "scaled"), ("scaled", "plain"),
        ("full", "EF"), ("full", "printed"),
    ):  # fmt: skip
        assert (e[less] <= e[more] + slack).all(), (less, more)


def test_the_full_matrix_leaves_the_error_of_sherman_and_morrison(few):
    """|g|^2 / (1 + g^T C^-1 g): it goes to 0 with the noise, digit by digit."""
    _, _, noise = few
    g, v = noise.gradient, np.linalg.solve(noise.covariance, noise.gradient)
    for B in (1, 10**6, 10**12):
        expected = g @ g / (1 + B * (g @ v))
        assert_allclose(expected_errors(noise, [B])["full"], expected, rtol=1e-9)


def test_a_direction_without_noise_tells_the_gradient():
    """Σ singular: two examples in three dimensions, and none of the noise along x_3."""
    g = np.array([1.0, 2.0, 0.5])
    noise = GradientNoise(9, g, np.diag([1.0, 1.0, 0.0]), np.diag([1.0, 1, 0]) + np.outer(g, g))
    errors = expected_errors(noise, [1, 4])
    assert_allclose(errors["full"], 0, atol=1e-24)
    assert (errors["diagonal"] > 0.1).all()


def test_at_the_minimum_every_adaptation_answers_zero():
    noise = GradientNoise(9, np.zeros(2), np.eye(2), np.eye(2))
    errors = expected_errors(noise, [1, 3])
    assert_allclose(errors.pop("plain"), [2, 2 / 3])
    assert all((error == 0).all() for error in errors.values())
    assert (adaptation(np.zeros(2), np.zeros(2), 1.0) == 0).all()


def test_batch_sizes_run_from_one_to_all():
    sizes = batch_sizes(1000)
    assert (sizes[0], sizes[-1]) == (1, 1000)
    assert list(sizes) == sorted(set(sizes))
    assert batch_sizes(1) == (1,)


@pytest.mark.parametrize("factor", [0.1, 0.7, 3.0, 1e3])
@pytest.mark.parametrize("N", [50, 3000, 100_000])
def test_a_multiple_of_a_column_changes_no_error_however_its_products_are_rounded(factor, N):
    # Both columns are one, of this length, along a direction.
    x, y = np.random.default_rng(N).normal(size=(2, N))
    length = np.hypot(1, factor)
    single = linear_regression(length * x[:, None], y)
    double = linear_regression(np.column_stack([x, factor * x]), y)
    along = np.array([1, factor]) / length
    ours, theirs = (
        expected_errors(gradient_noise(problem, theta), [1, 30])
        for problem, theta in ((double, 0.3 * along), (single, np.array([0.3])))
    )
    for name in ESTIMATORS.keys() - {"diagonal"}:  # which depends on the axes
        assert_allclose(ours[name], theirs[name], rtol=1e-9, err_msg=name)

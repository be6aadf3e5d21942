"""EF compared with F at the minimum: definitions, independent fits and theorems."""

from dataclasses import replace

import numpy as np
import pytest
from conftest import listed_problem, small_problem, some_thetas
from numpy.testing import assert_allclose
from reference import Slow
from scipy import linalg
from sklearn.linear_model import LogisticRegression, PoissonRegressor

from efviz import PROBLEMS
from efviz.curvature import empirical_fisher, fisher
from efviz.curvature.distance import (
    angle_between_axes,
    generalized_eigenvalues,
    relative_distance,
    roundness,
)
from efviz.fields import Plane, loss_grid
from efviz.numerics.linalg import eigenvalues
from efviz.problems import linear_regression
from efviz.studies.comparison import compare, smooth_loss_grid
from efviz.work import finish

pytestmark = pytest.mark.numerics


def spd(seed: int, D: int = 2) -> np.ndarray:
    A = np.random.default_rng(seed).normal(size=(D, D))
    return A @ A.T + 0.1 * np.eye(D)


def rotated(angle: float, long: float = 4.0) -> np.ndarray:
    c, s = np.cos(angle), np.sin(angle)
    R = np.array([[c, -s], [s, c]])
    return R @ np.diag([1.0, long]) @ R.T


def test_all_matrices_are_those_of_slow_loops_at_the_minimum(listed):
    slow = Slow(listed)
    theta = listed.theta_star
    found = compare(listed, theta)
    gradients = slow.per_example_gradients(theta)
    assert_allclose(found.fisher, slow.fisher(theta), rtol=1e-9)
    assert_allclose(found.hessian, slow.hessian(theta), rtol=1e-9)
    assert_allclose(found.empirical_fisher, gradients.T @ gradients / listed.N, rtol=1e-9)
    assert_allclose(found.loss, slow.loss(theta), rtol=1e-12)
    difference = sum(
        (found.empirical_fisher[i, j] - found.fisher[i, j]) ** 2 for i in (0, 1) for j in (0, 1)
    )
    size = sum(found.fisher[i, j] ** 2 for i in (0, 1) for j in (0, 1))
    assert found.distance == pytest.approx((difference / size) ** 0.5, rel=1e-12)


def test_one_pass_gives_what_the_three_functions_give(kind):
    problem = small_problem(kind, N=40)
    theta = some_thetas(problem)
    g, F, EF = problem.gradient_and_matrices(theta)
    for found, expected in (
        (g, problem.gradient(theta)),
        (F, fisher(problem, theta)),
        (EF, empirical_fisher(problem, theta)),
    ):
        assert_allclose(found, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("N", [32_768, 40_001])
def test_one_pass_over_several_pieces_gives_the_same(N):
    problem = PROBLEMS["fig2"].problem(PROBLEMS["fig2"].dataset(N=N))
    g, F, EF = problem.gradient_and_matrices([-0.4, 0.3])
    r = problem.per_example_gradients([-0.4, 0.3])
    assert_allclose(g, r.mean(0), rtol=1e-10)
    assert_allclose(EF, r.T @ r / N, rtol=1e-10)
    assert_allclose(F, fisher(problem, [-0.4, 0.3]), rtol=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_generalized_eigenvalues_make_the_pencil_singular(seed):
    EF, F = spd(seed), spd(seed + 100)
    mu = generalized_eigenvalues(EF, F)
    assert mu[0] <= mu[1]
    for value in mu:
        assert abs(linalg.det(EF - value * F)) < 1e-12 * linalg.det(F)
    # They bound the ratio of the two quadratic forms.
    v = np.random.default_rng(seed).normal(size=(1000, 2))
    ratio = np.einsum("ni,ij,nj->n", v, EF, v) / np.einsum("ni,ij,nj->n", v, F, v)
    assert mu[0] - 1e-12 <= ratio.min()
    assert ratio.max() <= mu[1] + 1e-12


def test_generalized_eigenvalues_do_not_depend_on_the_parametrisation():
    EF, F, A = spd(1), spd(2), np.random.default_rng(3).normal(size=(2, 2))
    changed = generalized_eigenvalues(A.T @ EF @ A, A.T @ F @ A)
    assert_allclose(changed, generalized_eigenvalues(EF, F), rtol=1e-9)


def test_a_singular_fisher_has_no_generalized_eigenvalues():
    assert np.isnan(generalized_eigenvalues(spd(1), np.diag([1.0, 0.0]))).all()


@pytest.mark.parametrize("degrees", [0, 1e-6, 1, 30, 60, 90])
@pytest.mark.parametrize("first", [0.0, 2.0])
def test_the_angle_between_axes_is_that_of_the_constructed_matrices(degrees, first):
    EF, F = rotated(first + np.radians(degrees)), rotated(first, long=9)
    assert angle_between_axes(EF, F) == pytest.approx(degrees, rel=1e-6, abs=1e-9)
    assert angle_between_axes(F, EF) == pytest.approx(degrees, rel=1e-6, abs=1e-9)


def test_distance_is_zero_for_equal_matrices_and_infinite_for_a_zero_fisher():
    F = np.stack([spd(1), spd(2)])
    assert_allclose(relative_distance(F, F), 0)
    assert relative_distance(spd(1), np.zeros((2, 2))) == np.inf


def test_roundness_is_one_for_circles_and_zero_for_lines():
    assert roundness(3 * np.eye(2)) == pytest.approx(1)
    assert roundness(rotated(1.0, long=4)) == pytest.approx(0.5)
    assert roundness(np.diag([1.0, 0.0])) == 0
    assert roundness(np.zeros((2, 2))) == 0


@pytest.mark.parametrize("key", ["fig2", "breast-cancer"])
def test_logistic_matrices_agree_with_an_independent_fit(key):
    entry = PROBLEMS[key]
    problem = entry.problem(entry.dataset())
    fit = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-12, max_iter=10_000)
    fit.fit(problem.X, problem.y)
    assert_allclose(problem.theta_star, fit.coef_[0], rtol=1e-6)
    p = fit.predict_proba(problem.X)[:, 1]
    found = compare(problem, problem.theta_star)
    X = problem.X
    assert_allclose(found.fisher, (X * (p * (1 - p))[:, None]).T @ X / problem.N, rtol=1e-6)
    residual = p - problem.y
    assert_allclose(
        found.empirical_fisher, (X * residual[:, None] ** 2).T @ X / problem.N, rtol=1e-6
    )
    assert found.quality.value == fit.score(problem.X, problem.y)


def test_poisson_matrices_agree_with_an_independent_fit():
    entry = PROBLEMS["poisson"]
    problem = entry.problem(entry.dataset(strength=1.0))
    fit = PoissonRegressor(alpha=0, fit_intercept=False, tol=1e-12, max_iter=10_000)
    fit.fit(problem.X, problem.y)
    assert_allclose(problem.theta_star, fit.coef_, rtol=1e-6)
    rate, X = fit.predict(problem.X), problem.X
    found = compare(problem, problem.theta_star)
    assert_allclose(found.fisher, (X * rate[:, None]).T @ X / problem.N, rtol=1e-6)
    residual = rate - problem.y
    assert_allclose(
        found.empirical_fisher, (X * residual[:, None] ** 2).T @ X / problem.N, rtol=1e-6
    )
    assert found.quality.value == pytest.approx((residual**2 / rate).mean(), rel=1e-6)


def test_quality_matches_its_definition(kind):
    problem = small_problem(kind, N=300)
    theta = problem.theta_star
    found = compare(problem, theta).quality
    f = problem.model.outputs(problem.X, theta)
    mean = problem.likelihood.mean(f)
    if found.name == "accuracy":
        guess = mean.argmax(-1) if mean.shape[-1] > 1 else (mean[:, 0] > 0.5)
        assert found.value == np.mean(guess == problem.y)
    else:
        # Squared residuals in units of the model's own variance, up to its fixed scale.
        drawn = problem.likelihood.sample(f, np.random.default_rng(0), 2000)
        expected = ((problem.y - mean[:, 0]) ** 2 / drawn.var(axis=0)).mean()
        assert found.value / found.expected == pytest.approx(expected, rel=0.05)


def test_larger_noise_is_a_matter_of_scale_alone():
    """Fig. 4 (A): residuals twice as large make EF four times as large, and nothing else."""
    entry = PROBLEMS["fig4"]
    correct, A = (
        compare(problem, problem.theta_star)
        for s in (0.0, 1.0)
        for problem in [entry.problem(entry.dataset(path="noise", strength=s))]
    )
    assert_allclose(A.fisher, correct.fisher, rtol=1e-12)
    assert_allclose(A.empirical_fisher, 4 * correct.empirical_fisher, rtol=1e-12)
    assert A.rescaled_distance == pytest.approx(correct.rescaled_distance, rel=1e-10)
    assert A.distance > 20 * correct.distance
    B = entry.problem(entry.dataset(path="quadratic", strength=1.0))
    assert compare(B, B.theta_star).rescaled_distance > 0.5


def test_a_likelihood_without_a_fixed_spread_cannot_be_rescaled():
    problem = listed_problem("fig2", N=200)
    assert np.isnan(compare(problem, problem.theta_star).rescaled_distance)


@pytest.mark.parametrize("key", list(PROBLEMS))
@pytest.mark.parametrize("half", [0.01, 0.3])
def test_smooth_loss_grids_are_the_loss(key, half):
    problem = listed_problem(key, N=60)
    center = problem.theta_star
    found = finish(smooth_loss_grid(problem, center, half, 23))
    x, y = center
    plane = Plane((x - half, x + half), (y - half, y + half))
    expected = loss_grid(problem, plane, 23)
    assert_allclose(found, expected, rtol=0, atol=2e-4 * np.ptp(expected))


def test_a_loss_that_is_not_a_polynomial_is_computed_at_every_point():
    problem = replace(listed_problem("fig2", N=60), y=np.repeat([0.0, 1.0], 30))
    found = finish(smooth_loss_grid(problem, np.zeros(2), 500.0, 11))
    expected = loss_grid(problem, Plane((-500, 500), (-500, 500)), 11)
    assert_allclose(found, expected, rtol=1e-12)


def test_smooth_loss_grids_report_their_progress():
    problem = listed_problem("fig2", N=60)
    shares = [progress.fraction for progress in smooth_loss_grid(problem, np.zeros(2), 0.1, 5)]
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize("n", [3, 1000, 100_000])
@pytest.mark.parametrize("units", [(1, 1), (1e6, 1e-6)])
def test_a_fisher_of_collinear_columns_has_no_ratios_however_it_was_rounded(n, units):
    rng = np.random.default_rng(n)
    a, y = rng.normal(size=(2, n))
    problem = linear_regression(np.column_stack([units[0] * a, 0.7 * units[1] * a]), y)
    found = compare(problem, problem.theta_star)
    assert np.isnan(found.eigenvalues).all()
    assert (eigenvalues(found.fisher, n)[0], eigenvalues(found.empirical_fisher, n)[0]) == (0, 0)
    assert eigenvalues(found.fisher, n)[1] > 0


@pytest.mark.parametrize("near", [1e-3, 1e-6, 1e-9])
def test_ratios_of_ef_to_f_do_not_depend_on_how_nearly_collinear_the_columns_are(near):
    a, b, y = np.random.default_rng(0).normal(size=(3, 80))
    plain = linear_regression(np.column_stack([a, b]), y)
    skewed = linear_regression(np.column_stack([a, a + near * b]), y)
    expected = compare(plain, plain.theta_star).eigenvalues
    assert_allclose(compare(skewed, skewed.theta_star).eigenvalues, expected, rtol=1e-14 / near)


def test_small_eigenvalues_keep_their_digits_in_any_units():
    M, scale = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([1e8, 1e-8])
    w = eigenvalues(M * np.outer(scale, scale))
    assert_allclose(w, [(2 - 0.25) / 2 * 1e-16, 2e16], rtol=1e-12)
    assert_allclose(eigenvalues(np.diag([1e-30, -4.0])), [-4.0, 1e-30], rtol=1e-15)

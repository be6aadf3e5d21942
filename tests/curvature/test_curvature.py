"""H, G, F, EF and sampled F: against loops, against differences, and the paper's theorems."""

import numpy as np
import pytest
from conftest import listed_problem, small_problem, some_thetas
from numpy.testing import assert_allclose
from reference import Slow, central_differences, relative_error

from efviz import CURVATURES, LIKELIHOODS
from efviz.curvature import empirical_fisher, fisher, ggn, hessian, mc_fisher
from efviz.problems import Problem, linear_regression, logistic_regression
from efviz.problems.likelihoods.gaussian import Gaussian
from efviz.problems.models.linear import Linear


@pytest.fixture(params=list(CURVATURES))
def name(request):
    return request.param


def test_every_matrix_is_that_of_the_slow_loops(small, name):
    for theta in some_thetas(small, 3):
        expected = getattr(Slow(small), name)(theta)
        assert relative_error(CURVATURES[name].matrix(small, theta), expected) < 1e-10


def test_every_matrix_of_a_listed_problem_is_that_of_the_slow_loops(listed, name):
    for theta in [listed.theta_star, *some_thetas(listed, 2)]:
        expected = getattr(Slow(listed), name)(theta)
        assert relative_error(CURVATURES[name].matrix(listed, theta), expected) < 1e-10


@pytest.mark.parametrize("P", [1, 2, 8, 9])
def test_least_squares_from_moments_or_not_is_that_of_the_slow_loops(P, name):
    problem = small_problem("linear-gaussian", N=20, P=P)
    for theta in [problem.theta_star, *some_thetas(problem, 2)]:
        expected = getattr(Slow(problem), name)(theta)
        assert relative_error(CURVATURES[name].matrix(problem, theta), expected) < 1e-10


def test_the_hessian_is_the_derivative_of_the_gradient(small):
    for theta in some_thetas(small, 2):
        expected = central_differences(small.gradient, theta)
        assert_allclose(hessian(small, theta), expected, rtol=1e-7, atol=1e-8)


def test_a_batch_of_theta_is_one_theta_at_a_time(small, name):
    thetas = some_thetas(small, 2, 3)
    matrix = CURVATURES[name].matrix
    batch = matrix(small, thetas)
    assert batch.shape == (2, 3, small.D, small.D)
    for at in np.ndindex(2, 3):
        assert_allclose(batch[at], matrix(small, thetas[at]), rtol=1e-12, atol=1e-14)


def test_pieces_of_examples_and_of_thetas_add_up(kind, name):
    problem = small_problem(kind, N=9000)
    likelihood = problem.likelihood
    thetas = some_thetas(problem, 10)
    g = problem.per_example_gradients(thetas)
    J = problem.model.jacobian(problem.X, thetas)
    f = problem.model.outputs(problem.X, thetas)
    W = (
        problem.likelihood.fisher(f)
        if name == "fisher"
        else problem.likelihood.hessian(f, problem.y)
    )
    expected = np.einsum("bnci,bncd,bndj->bij", J, W, J, optimize=True)
    if name == "empirical_fisher":
        expected = np.einsum("bni,bnj->bij", g, g)
    if name == "improved_empirical_fisher":
        r = likelihood.gradient(f, problem.y)
        expected = np.einsum("bni,bnj->bij", g / np.linalg.norm(r, axis=-1)[..., None] ** 2, g)
    if name == "hessian":
        residual = likelihood.gradient(f, problem.y)
        expected = expected + problem.model.second_order(problem.X, thetas, residual)
    assert relative_error(CURVATURES[name].matrix(problem, thetas), expected / 9000) < 1e-11


def test_fisher_is_ggn_exactly_where_f_is_the_natural_parameter(small):
    theta = some_thetas(small)
    error = relative_error(ggn(small, theta), fisher(small, theta))
    assert error < 1e-14 if small.likelihood.natural else error > 0.05


def test_the_kept_counter_example_is_a_likelihood_that_is_not_natural():
    assert [kind.name for kind in LIKELIHOODS.values() if not kind.natural] == ["exponential"]


def test_hessian_is_ggn_exactly_where_the_model_is_linear(small):
    theta = some_thetas(small)
    error = relative_error(hessian(small, theta), ggn(small, theta))
    assert error == 0 if small.model.linear else error > 0.01


def test_the_empirical_fisher_is_positive_semidefinite_of_rank_at_most_N(kind):
    for N in (1, 2):
        problem = small_problem(kind, N=N, P=4)
        for theta in some_thetas(problem, 5):
            EF = empirical_fisher(problem, theta)
            w = np.linalg.eigvalsh(EF)
            assert_allclose(EF, EF.T, rtol=1e-15)
            assert w[0] >= -1e-13 * w[-1]
            assert (w > 1e-13 * w[-1]).sum() <= N


def test_fisher_and_ggn_of_a_likelihood_convex_in_f_are_positive_semidefinite(small):
    for matrix in (fisher, ggn):
        w = np.linalg.eigvalsh(matrix(small, some_thetas(small, 5)))
        assert (w[:, 0] >= -1e-14 * w[:, -1]).all()


@pytest.mark.parametrize("model", ["linear", "saturation"])
def test_noise_scale_enters_the_fisher_as_its_square_and_the_empirical_one_as_its_fourth(model):
    base = small_problem(f"{model}-gaussian")
    theta = some_thetas(base, 2)
    one, scaled = (
        Problem(base.X, base.y, base.model, Gaussian(sigma), start=base.start) for sigma in (1, 3)
    )
    assert_allclose(fisher(scaled, theta), fisher(one, theta) / 3**2, rtol=1e-13)
    assert_allclose(
        empirical_fisher(scaled, theta), empirical_fisher(one, theta) / 3**4, rtol=1e-13
    )


def test_all_probabilities_one_half_make_the_empirical_fisher_the_fisher():
    problem = listed_problem("fig2")
    zero = np.zeros(2)
    assert_allclose(empirical_fisher(problem, zero), fisher(problem, zero), rtol=1e-13)
    away = np.array([0.5, -0.5])
    assert relative_error(empirical_fisher(problem, away), fisher(problem, away)) > 0.1


def _error_of_the_empirical_fisher(kind: str, N: int, seed: int, *, from_the_model: bool) -> float:
    """|EF - F| / |F| at theta = 1/2 with labels of the model there, or of a theta elsewhere."""
    rng = np.random.default_rng(seed)
    small = small_problem(kind, N=2)
    P = small.X.shape[1]
    X = rng.uniform(-1, 1, (N, P)) if small.model.linear else rng.uniform(0.1, 2, (N, 1))
    theta = np.full(small.D, 0.5)
    truth = theta if from_the_model else theta + np.arange(1, small.D + 1) % 4
    y = small.likelihood.sample(small.model.outputs(X, truth), rng, 1)[0]
    problem = Problem(X, y, small.model, small.likelihood, start=small.start)
    return relative_error(empirical_fisher(problem, theta), fisher(problem, theta))


def test_with_labels_from_the_model_the_empirical_fisher_approaches_at_rate_one_half(kind):
    sizes = np.array([300, 3000, 30_000])
    errors = [
        np.mean(
            [
                _error_of_the_empirical_fisher(kind, N, seed, from_the_model=True)
                for seed in range(12)
            ]
        )
        for N in sizes
    ]
    slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    assert -0.62 < slope < -0.38
    assert errors[-1] < 0.1


def test_with_other_labels_the_empirical_fisher_stays_away(kind):
    errors = [
        _error_of_the_empirical_fisher(kind, N, 0, from_the_model=False) for N in (3000, 30_000)
    ]
    assert min(errors) > 0.1
    assert abs(np.log(errors[1] / errors[0])) < 0.7


def test_the_sampled_fisher_is_unbiased_and_its_error_falls_with_the_root_of_M(small):
    theta = some_thetas(small)
    F = fisher(small, theta)
    rng = np.random.default_rng(9)
    error = {}
    for M in (16, 1024):
        draws = np.array([mc_fisher(small, theta, rng, M) for _ in range(100)])
        standard_error = draws.std(0) / 10
        assert (np.abs(draws.mean(0) - F) <= 5 * standard_error + 1e-12).all()
        error[M] = np.sqrt(((draws - F) ** 2).sum((1, 2)).mean())
    assert 5.5 < error[16] / error[1024] < 11.5  # sqrt(64) = 8


def test_one_sample_an_example_gives_a_mean_of_outer_products():
    X = np.random.default_rng(10).normal(size=(6, 2))
    problem, theta = linear_regression(X, np.zeros(6)), np.array([0.2, -0.1])
    y = Gaussian().sample((X @ theta)[:, None], np.random.default_rng(11), 1)[0]
    expected = sum((X[n] @ theta - y[n]) ** 2 * np.outer(X[n], X[n]) for n in range(6)) / 6
    got = mc_fisher(problem, theta, np.random.default_rng(11))
    assert_allclose(got, expected, rtol=1e-12)


def test_the_sampled_fisher_takes_batches_and_draws_in_pieces(kind):
    problem = small_problem(kind, N=700)
    thetas = some_thetas(problem, 2, 1)
    got = mc_fisher(problem, thetas, np.random.default_rng(12), 1600)  # > 2^20 draws
    assert relative_error(got, fisher(problem, thetas)) < 0.02


@pytest.mark.parametrize("n_samples", [0, -3])
def test_a_number_of_samples_below_one_is_named(small, n_samples):
    with pytest.raises(ValueError, match=f"at least 1, got {n_samples}"):
        mc_fisher(small, some_thetas(small), np.random.default_rng(0), n_samples)


def test_far_out_matrices_are_finite_or_not_but_never_raise(small, name):
    for size in (1e3, -1e3, 1e6, -1e6):
        matrix = CURVATURES[name].matrix(small, np.full(small.D, size))
        assert matrix.shape == (small.D, small.D)
        if small.likelihood.name in ("bernoulli", "categorical", "gaussian") and small.model.linear:
            assert np.isfinite(matrix).all()


def test_the_sampled_fisher_of_a_theta_far_out_never_raises(small):
    for size in (1e3, -1e3, 1e6, -1e6):
        matrix = mc_fisher(small, np.full(small.D, size), np.random.default_rng(0), 3)
        assert matrix.shape == (small.D, small.D)


def test_residuals_of_nearly_collinear_columns_keep_their_digits():
    rng = np.random.default_rng(13)
    x = rng.normal(size=40)
    X = np.stack([x, x + 1e-6 * rng.normal(size=40)], axis=1)
    problem = linear_regression(X, x + rng.normal(size=40))
    theta = problem.theta_star + 1e3 * np.array([1, -1])
    expected = Slow(problem).empirical_fisher(theta)
    assert relative_error(empirical_fisher(problem, theta), expected) < 1e-10


def test_all_points_equal_give_matrices_of_rank_one(name):
    X = np.tile([1.0, 0.3], (30, 1))
    y = (np.arange(30) % 3 == 0).astype(float)
    for problem in (linear_regression(X, y), logistic_regression(X, y)):
        w = np.linalg.eigvalsh(CURVATURES[name].matrix(problem, np.array([3.0, -7.0])))
        assert abs(w[0]) < 3e-15 * w[1]


def test_parameters_of_a_linear_model_transform_the_matrices_as_tensors(name):
    rng = np.random.default_rng(14)
    A = rng.normal(size=(3, 3)) + 2 * np.eye(3)
    for likelihood in LIKELIHOODS:
        problem = small_problem(f"linear-{likelihood}")
        if problem.model != Linear():
            continue
        moved = Problem(problem.X @ np.linalg.inv(A), problem.y, Linear(), problem.likelihood)
        theta = some_thetas(problem)
        M = CURVATURES[name].matrix(moved, A @ theta)
        assert relative_error(A.T @ M @ A, CURVATURES[name].matrix(problem, theta)) < 1e-11

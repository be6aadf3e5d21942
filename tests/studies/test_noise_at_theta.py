"""Section 5 at one theta: estimates of the gradient, summed over all mini-batches, and runs."""

from itertools import combinations

import numpy as np
import pytest
from conftest import listed_problem
from numpy.testing import assert_allclose, assert_array_equal
from reference import Slow

from efviz.curvature.gradient_noise import gradient_noise
from efviz.optimizers.stochastic import StochasticResult
from efviz.problems import linear_regression, logistic_regression
from efviz.studies import gradient_noise as studied
from efviz.studies.gradient_noise import (
    descent_directions,
    error_curves,
    estimate_errors,
    example_gradients,
    largest_curvature,
    minibatch_sample,
    noise_factor,
    noisy_runs,
    step_scales,
    with_replacement,
)
from efviz.work import finish

THETA = np.array([0.7, -0.4])
HOW = {"damping": 1e-3, "replacement": False}


def a_line(N=12):
    rng = np.random.RandomState(0)
    X = np.stack([np.ones(N), rng.randn(N)], axis=-1)
    return linear_regression(X, X @ [1.0, 2.0] + rng.randn(N))


def separable():
    x = np.array([-2.0, -1.0, 1.0, 3.0])
    return logistic_regression(np.stack([np.ones(4), x], axis=-1), (x > 0).astype(float))


def of_line(problem):
    """g_n, g and EF of least squares, from its formulas."""
    g_n = (problem.X @ THETA - problem.y)[:, None] * problem.X
    return g_n, g_n.mean(0), g_n.T @ g_n / problem.N


def test_a_sampling_is_known_by_its_name():
    assert with_replacement("with replacement")
    assert not with_replacement("without")
    with pytest.raises(KeyError, match="sometimes"):
        with_replacement("sometimes")


@pytest.mark.parametrize("key", ["fig1", "fig2", "softmax", "poisson"])
def test_directions_solve_with_the_matrix_of_their_method(key):
    problem = listed_problem(key)
    slow = Slow(problem)
    found = descent_directions(problem, THETA, damping=0.1)
    g, damped = slow.gradient(THETA), 0.1 * np.eye(2)
    assert_allclose(found["GD"], -g)
    assert_allclose(found["NGD"], -np.linalg.solve(slow.fisher(THETA) + damped, g))
    assert_allclose(found["EFGD"], -np.linalg.solve(slow.empirical_fisher(THETA) + damped, g))


def test_every_example_has_its_gradient():
    problem = a_line()
    assert_allclose(example_gradients(problem, THETA), of_line(problem)[0])


@pytest.mark.parametrize("B", [1, 3, 12])
def test_factor_and_error_are_those_of_all_mini_batches(B):
    problem = a_line()
    g_n, g, EF = of_line(problem)
    batches = np.array([g_n[list(rows)].mean(0) for rows in combinations(range(12), B)])
    factor = noise_factor(problem, batch_size=B, replacement=False)
    Sigma = EF - np.outer(g, g)
    assert_allclose(factor * Sigma, (batches - g).T @ (batches - g) / len(batches), atol=1e-14)
    noise = gradient_noise(problem, THETA)
    errors = estimate_errors(noise, batch_size=B, **HOW)
    assert errors["plain"] == pytest.approx(((batches - g) ** 2).sum(-1).mean(), abs=1e-14)
    curves = error_curves(noise, **HOW)
    assert (curves.batch_sizes[0], curves.batch_sizes[-1]) == (1, 12)
    k = curves.batch_sizes.index(B)
    assert {name: e[k] for name, e in curves.errors.items()} == pytest.approx(errors, abs=1e-14)


def test_fewer_mini_batches_are_drawn_if_they_are_large():
    problem = a_line()
    how = {"replacement": True, "seed": 3}
    shapes = [minibatch_sample(problem, THETA, batch_size=B, **how).shape for B in (1, 40_000)]
    assert shapes == [(200, 2), (50, 2)]
    assert minibatch_sample(problem, THETA, batch_size=1_000_000, **how).shape == (10, 2)
    single = minibatch_sample(problem, THETA, batch_size=1, **how)
    rows = np.random.RandomState(3).randint(12, size=200)
    assert_allclose(single, of_line(problem)[0][rows])
    whole = minibatch_sample(problem, THETA, batch_size=12, replacement=False, seed=0)
    assert_allclose(whole, np.broadcast_to(of_line(problem)[1], (200, 2)))


def test_scales_make_the_mean_update_as_long_as_that_of_sgd():
    problem = a_line()
    _, g, EF = of_line(problem)
    factor = 0.25
    scales = step_scales(problem, THETA, factor, damping=0.01)
    ef = np.linalg.solve(EF + 0.01 * np.eye(2), g)
    rms = g / np.sqrt(g**2 + factor * (np.diag(EF) - g**2) + 0.01)
    length = np.linalg.norm(g)
    assert scales == pytest.approx(
        {
            "SGD": 1,
            "EFSGD": length / np.linalg.norm(ef),
            "VA": 1,
            "RMS": length / np.linalg.norm(rms),
        }
    )
    given = step_scales(problem, THETA, factor, damping=0.01, given={"EFSGD": 2, "RMS": 3})
    assert given == {"SGD": 1, "EFSGD": 2, "VA": 1, "RMS": 3}


def test_the_unit_of_step_sizes_is_the_inverse_of_the_curvature():
    problem = a_line()
    eigenvalues = np.linalg.eigvalsh(problem.X.T @ problem.X / 12)
    assert largest_curvature(problem, THETA) == pytest.approx(eigenvalues[-1])
    problem = separable()
    assert not problem.minimum.exists
    p = 1 / (1 + np.exp(-problem.X @ THETA))
    eigenvalues = np.linalg.eigvalsh(problem.X.T @ (problem.X * (p * (1 - p))[:, None]) / 4)
    assert largest_curvature(problem, THETA) == pytest.approx(eigenvalues[-1])
    assert largest_curvature(problem, np.array([0.0, 1e9])) == 1


def runs(problem, batch_size, n_steps, record=60, **how):
    scales = dict.fromkeys(("SGD", "EFSGD", "VA", "RMS"), 1.0)
    return noisy_runs(
        problem,
        THETA,
        scales,
        batch_size=batch_size,
        step_size=0.5,
        n_steps=n_steps,
        seeds=2,
        damping=0.01,
        record=record,
        **how,
    )


def test_runs_with_all_examples_are_gradient_descent():
    problem = a_line()
    found = finish(runs(problem, 12, 5, replacement=False))
    X, y = problem.X, problem.y
    step = 0.5 / np.linalg.eigvalsh(X.T @ X / 12)[-1]
    theta, losses = THETA, []
    for _ in range(6):
        losses.append(((X @ theta - y) ** 2).mean() / 2)
        theta = theta - step * X.T @ (X @ theta - y) / 12
    assert_array_equal(found.result.steps, range(6))
    assert_allclose(found.result.losses["SGD"], [losses, losses])
    best = np.linalg.lstsq(X, y, rcond=None)[1][0] / 24
    assert (found.lowest, found.above) == (pytest.approx(best), "above the minimum")


def test_the_requested_steps_are_kept_and_partial_results_can_be_shown():
    so_far = []
    work = runs(a_line(), 2, 100, record=10, replacement=True)
    found = finish(work, lambda progress: so_far.append((progress.fraction, progress.so_far())))
    assert_array_equal(found.result.steps, range(0, 101, 10))
    fraction, half = so_far[50]
    assert (fraction, half.result.recorded, half.lowest) == (0.5, 6, found.lowest)
    for name, losses in half.result.losses.items():
        assert_array_equal(losses[:, :6], found.result.losses[name][:, :6])


def test_without_a_minimum_losses_are_shown_above_zero_or_the_lowest_seen():
    problem = separable()
    found = finish(runs(problem, 2, 3, replacement=True))
    assert (found.lowest, found.above) == (0, "")
    losses = {"SGD": np.array([[1.0, -2.0, np.nan]]), "VA": np.array([[1.0, 3.0, np.nan]])}
    result = StochasticResult(2, np.arange(3), losses, {}, {})
    assert studied._lowest(problem, result) == (-2, "above the lowest so far")

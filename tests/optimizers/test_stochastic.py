"""Stochastic runs against a slow loop, a theorem, and the full-batch methods that they become."""

import numpy as np
import pytest
from conftest import listed_problem, small_problem, some_thetas
from numpy.testing import assert_allclose, assert_array_equal

from efviz.curvature.gradient_noise import batch_factor, draw_rows, gradient_noise
from efviz.optimizers import run
from efviz.optimizers.stochastic import STOCHASTIC_METHODS, matched_scales, stochastic_runs
from efviz.problems import linear_regression
from efviz.work import finish

METHODS = pytest.mark.parametrize("name", STOCHASTIC_METHODS)
HOW = pytest.mark.parametrize("replacement", [True, False], ids=["with", "without"])


def finished(problem, theta, **settings):
    settings = {"batch_size": 3, "step_size": 0.05} | settings
    return finish(stochastic_runs(problem, theta, **settings))


def slow_direction(name, batch, g, EF, c, damping):
    """One seed, one step, one coordinate after the other."""
    if name == "EFSGD":
        return np.linalg.inv(EF + damping * np.eye(len(g))) @ batch
    d = np.empty_like(g)
    for i in range(len(g)):
        variance = EF[i, i] - g[i] ** 2
        if name == "SGD":
            d[i] = batch[i]
        elif name == "VA":
            d[i] = g[i] ** 2 / (g[i] ** 2 + c * variance) * batch[i]
        elif name == "RMS":
            d[i] = batch[i] / np.sqrt(g[i] ** 2 + c * variance + damping)
    return d


@METHODS
@HOW
@pytest.mark.parametrize("kind", ["linear-gaussian", "linear-categorical", "saturation-poisson"])
def test_runs_are_those_of_a_slow_loop(name, kind, replacement):
    problem = small_problem(kind, N=9)
    theta_0 = some_thetas(problem)
    settings = {"n_steps": 6, "damping": 0.1, "replacement": replacement}
    found = finished(problem, theta_0, seeds=(3, 8), methods=[name], **settings)
    c = float(batch_factor(9, 3, replacement=replacement))
    for k, seed in enumerate((3, 8)):
        rows = draw_rows(np.random.RandomState(seed), 9, 3, 6, replacement=replacement)
        theta = theta_0.copy()
        for t in range(6):
            assert_allclose(found.losses[name][k, t], problem.loss(theta), rtol=1e-9)
            g_n = problem.per_example_gradients(theta)
            EF = sum(np.outer(g, g) for g in g_n) / 9
            batch = g_n[rows[t]].mean(0)
            theta = theta - 0.05 * slow_direction(name, batch, g_n.mean(0), EF, c, 0.1)
        assert_allclose(found.final_theta[name][k], theta, rtol=1e-9)


def test_a_run_does_not_depend_on_the_other_seeds_nor_on_pauses():
    problem = listed_problem("fig1")
    settings = {"batch_size": 4, "step_size": 0.01, "n_steps": 30, "damping": 1e-3}
    looks = []
    all_of_them = finish(
        stochastic_runs(problem, [2, 4.5], seeds=range(5), **settings),
        lambda progress: looks.append(progress.so_far()),
    )
    assert [look.recorded for look in looks] == list(range(1, 31))
    alone = finished(problem, [2, 4.5], seeds=[3], **settings)
    for name in STOCHASTIC_METHODS:
        assert_allclose(all_of_them.losses[name][3], alone.losses[name][0], rtol=1e-10)


def test_large_batches_drawn_one_by_one_go_through_pieces(monkeypatch):
    """The same numbers whether batches are drawn ahead and computed at once or not."""
    problem = listed_problem("fig2")
    settings = {"batch_size": 30, "n_steps": 5, "seeds": range(4)}
    expected = finished(problem, [0, 1.25], **settings)
    monkeypatch.setattr("efviz.optimizers.stochastic._AHEAD", 1)
    monkeypatch.setattr("efviz.optimizers.stochastic._PIECE", 60)
    found = finished(problem, [0, 1.25], **settings)
    for name in STOCHASTIC_METHODS:
        assert_allclose(found.losses[name], expected.losses[name], rtol=1e-12)


@pytest.mark.parametrize(("noisy", "name"), [("SGD", "GD"), ("EFSGD", "EFGD"), ("VA", "GD")])
def test_with_all_examples_and_no_replacement_nothing_is_stochastic(noisy, name):
    problem = listed_problem("fig2")
    settings = {"step_size": 0.3, "n_steps": 20, "damping": 1e-2}
    found = finished(
        problem, [0, 1.25], batch_size=problem.N, replacement=False, seeds=range(3), **settings
    )
    path = run(problem, name, [0, 1.25], **settings)
    for losses in found.losses[noisy]:
        assert_allclose(losses, path.losses, rtol=1e-10)


def test_with_all_examples_the_root_is_the_sign():
    """Section 5: it "effectively cancels out the gradient magnitude"."""
    problem = listed_problem("fig2")
    found = finished(
        problem, [0, 1.25], batch_size=problem.N, replacement=False, seeds=[0], n_steps=1
    )
    expected = [0, 1.25] - 0.05 * np.sign(problem.gradient([0, 1.25]))
    assert_allclose(found.final_theta["RMS"][0], expected, rtol=1e-12)


def test_sgd_on_a_quadratic_spreads_as_theory_says():
    """x = 1, y = +-1: theta_{t+1} = (1 - gamma) theta_t + gamma mean(y), stationary variance
    gamma / (B (2 - gamma)), which is twice the mean excess loss."""
    y = np.tile([1.0, -1.0], 50)
    problem = linear_regression(np.ones((100, 1)), y)
    gamma, B = 0.2, 4
    found = finished(
        problem, [0.0], batch_size=B, step_size=gamma, n_steps=150, seeds=range(400),
        methods=["SGD"],
    )  # fmt: skip
    excess = found.losses["SGD"][:, 50:] - problem.loss(problem.theta_star)
    assert_allclose(2 * excess.mean(), gamma / (B * (2 - gamma)), rtol=0.03)


@METHODS
def test_mean_updates_at_the_start_are_as_long_as_sgds(name):
    problem = listed_problem("fig1")
    theta = np.array([2, 4.5])
    scale = matched_scales(problem, theta, 1.0, 1e-8)[name]
    g = gradient_noise(problem, theta).gradient
    if STOCHASTIC_METHODS[name].estimates:
        assert scale == 1
        return
    found = finished(
        problem, theta, batch_size=1, seeds=range(3000), step_size=1e-9, n_steps=1,
        damping=1e-8, scales={name: scale}, methods=[name],
    )  # fmt: skip
    mean = (theta - found.final_theta[name]).mean(0) / 1e-9
    assert_allclose(np.linalg.norm(mean), np.linalg.norm(g), rtol=0.15)


def test_divergence_is_a_status_and_counts_as_above_all_others():
    problem = listed_problem("fig1")
    found = finished(problem, [2, 4.5], step_size=5.0, n_steps=200, methods=["SGD", "RMS"])
    assert (found.status["SGD"] == "diverged").all()
    losses = found.losses["SGD"]
    assert np.isfinite(losses[:, 0]).all()
    assert (losses[:, -1] == np.inf).all()
    assert not np.isnan(losses).any()
    assert found.quantiles("SGD", (0.1, 0.5))[:, -1].tolist() == [np.inf, np.inf]


def test_quantiles_are_losses_that_occurred():
    problem = listed_problem("fig1")
    found = finished(problem, [2, 4.5], n_steps=10, seeds=range(7))
    middle = found.quantiles("SGD", (0.5,))[0]
    assert_array_equal(middle, np.median(found.losses["SGD"], axis=0))
    assert found.examples[-1] == 30


def test_what_is_not_done_is_not_known():
    work = stochastic_runs(
        listed_problem("fig1"), [2, 4.5], batch_size=2, step_size=0.01, n_steps=10
    )
    next(work)
    result = next(work).so_far()
    assert result.recorded == 2
    assert np.isnan(result.quantiles("VA", (0.5,))[0, 2:]).all()
    assert np.isfinite(result.quantiles("VA", (0.5,))[0, :2]).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"step_size": 0}, "step_size must be positive, got 0"),
        ({"damping": -1}, "damping must not be negative, got -1"),
        ({"n_steps": -1}, "n_steps must be at least 0, got -1"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"methods": ["Adam"]}, "unknown method 'Adam'"),
    ],
)
def test_bad_arguments_are_named(change, words):
    settings = {"batch_size": 2, "step_size": 0.1, "n_steps": 3} | change
    with pytest.raises(ValueError, match=words):
        next(stochastic_runs(listed_problem("fig1"), [2, 4.5], **settings))

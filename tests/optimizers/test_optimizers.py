"""Directions and runs: against plain loops, against closed forms, and what becomes of bad ones."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from conftest import listed_problem, small_problem, some_thetas
from numpy.testing import assert_allclose, assert_array_equal
from reference import Slow, relative_error

from efviz import METHODS, run
from efviz.curvature import CURVATURES, fisher
from efviz.optimizers import direction, directions
from efviz.optimizers.runs import recorded_steps, runs
from efviz.problems import (
    Problem,
    linear_regression,
    logistic_regression,
    poisson_regression,
    saturation_regression,
)
from efviz.work import finish

PRECONDITIONED = [name for name, method in METHODS.items() if method.curvature]


@pytest.fixture(params=PRECONDITIONED)
def preconditioned(request):
    return request.param


def test_methods_are_gradient_descent_and_matrices():
    assert {name: method.curvature for name, method in METHODS.items()} == {
        "GD": None,
        "NGD": "fisher",
        "EFGD": "empirical_fisher",
        "Newton": "hessian",
        "iEFGD": "improved_empirical_fisher",
        "iEF": "empirical_fisher",
    }


def test_a_direction_is_that_of_the_slow_loops(small, method):
    slow = Slow(small)
    for theta in some_thetas(small, 2):
        for damping in (0.3,) if small.likelihood.name == "categorical" else (0.0, 0.3):
            x, deficient = direction(small, method, theta, damping=damping)
            assert relative_error(x, slow.direction(method, theta, damping)) < 1e-10
            assert not deficient


def test_a_direction_of_a_listed_problem_is_that_of_the_slow_loops(listed, method):
    slow = Slow(listed)
    for theta in some_thetas(listed, 3):
        expected = slow.direction(method, theta, 1e-3)
        assert relative_error(direction(listed, method, theta, damping=1e-3).x, expected) < 1e-10


def test_directions_of_a_batch_are_one_theta_at_a_time(small, method):
    thetas = some_thetas(small, 2, 3)
    damping = np.array([0.1, 1.0, 10.0])
    x = direction(small, method, thetas, damping=damping).x
    for at in np.ndindex(2, 3):
        alone = direction(small, method, thetas[at], damping=damping[at[1]]).x
        assert_allclose(x[at], alone, rtol=1e-9, atol=1e-12)


def test_several_methods_at_once_are_each_alone(small):
    thetas = some_thetas(small, 3)
    together = directions(small, list(METHODS), thetas, damping=0.2)
    assert list(together) == list(METHODS)
    for name, solution in together.items():
        alone = direction(small, name, thetas, damping=0.2)
        assert_allclose(solution.x, alone.x, rtol=1e-12)
        assert_array_equal(solution.rank_deficient, alone.rank_deficient)


SINGULAR_INPUTS = {
    "collinear": lambda x: np.stack([x, -0.7 * x], axis=1),
    "a zero column": lambda x: np.stack([np.zeros_like(x), x], axis=1),
    "all points equal": lambda x: np.tile([0.3, 1.7], (len(x), 1)),
    "one example": lambda x: np.array([[0.3, -1.2]]),
}
BUILDERS = {
    "linear": (linear_regression, lambda N: np.linspace(-1, 2, N)),
    "logistic": (logistic_regression, lambda N: np.arange(N) % 2),
    "poisson": (poisson_regression, lambda N: np.arange(N) % 4),
}


@pytest.mark.parametrize("inputs", list(SINGULAR_INPUTS))
@pytest.mark.parametrize("build", list(BUILDERS))
def test_a_singular_matrix_gives_the_direction_of_least_norm(inputs, build, preconditioned):
    X = SINGULAR_INPUTS[inputs](np.random.default_rng(0).normal(size=25))
    builder, labels = BUILDERS[build]
    problem = builder(X, labels(len(X)))
    slow = Slow(problem)
    thetas = np.random.default_rng(1).uniform(-2, 2, (8, 2))
    x, deficient = direction(problem, preconditioned, thetas)
    assert deficient.all()
    for theta, got in zip(thetas, x, strict=True):
        B = getattr(slow, METHODS[preconditioned].curvature)(theta)
        vector = slow.weighted_gradient if METHODS[preconditioned].vector else slow.gradient
        expected = np.linalg.pinv(B, rcond=1e-12, hermitian=True) @ vector(theta)
        assert relative_error(got, expected) < 1e-10
    trajectory = run(problem, preconditioned, thetas, step_size=0.01, n_steps=5)
    assert trajectory.rank_deficient.all()
    assert not direction(problem, preconditioned, thetas, damping=0.1).rank_deficient.any()
    assert not direction(problem, "GD", thetas).rank_deficient.any()


def _against_the_plain_loop(problem: Problem, method: str, step_size: float) -> None:
    theta_0 = some_thetas(problem)
    thetas, losses = Slow(problem).path(method, theta_0, step_size, 0.5, 12)
    got = run(problem, method, theta_0, step_size=step_size, damping=0.5, n_steps=12)
    assert_array_equal(got.steps, np.arange(13))
    assert relative_error(got.thetas, thetas) < 1e-10
    assert relative_error(got.losses, losses) < 1e-10
    assert relative_error(got.final_theta, thetas[-1]) < 1e-10
    assert got.steps_done == 12


def test_a_run_is_the_plain_loop(small, method):
    _against_the_plain_loop(small, method, 0.1)


def test_a_run_on_a_listed_problem_is_the_plain_loop(listed, method):
    largest = np.linalg.eigvalsh(fisher(listed, some_thetas(listed))).max()
    # What is not a gradient of the loss may lead away, and then multiplies rounding.
    usual = 0.01 if METHODS[method].vector else 0.1
    _against_the_plain_loop(listed, method, usual if method != "GD" else 0.1 / largest)


@pytest.mark.parametrize("P", [1, 3, 9])
def test_a_run_on_least_squares_with_or_without_moments_is_the_plain_loop(P, method):
    _against_the_plain_loop(small_problem("linear-gaussian", N=20, P=P), method, 0.1)


def test_gradient_descent_takes_no_damping(small):
    theta = some_thetas(small)
    plain, damped = (
        run(small, "GD", theta, step_size=0.01, damping=damping, n_steps=5) for damping in (0, 7)
    )
    assert_array_equal(plain.thetas, damped.thetas)


@pytest.mark.parametrize(("method", "matrix"), [("GD", None), ("NGD", 0.7), ("Newton", 0.0)])
def test_fifty_thousand_steps_on_a_quadratic_are_the_power_of_one_matrix(method, matrix):
    problem = listed_problem("fig1", N=200)
    H = problem.X.T @ problem.X / problem.N
    theta_0 = np.array([[4.0, -0.5], [0.0, 0.0]])
    P = np.eye(2) if matrix is None else np.linalg.inv(H + matrix * np.eye(2))
    got = run(
        problem,
        method,
        theta_0,
        step_size=1e-4,
        damping=matrix or 0.0,
        n_steps=50_000,
        record=[0, 1, 777, 50_000],
    )
    for t, step in enumerate(got.steps):
        A = np.linalg.matrix_power(np.eye(2) - 1e-4 * P @ H, int(step))
        expected = problem.theta_star + (theta_0 - problem.theta_star) @ A.T
        assert_allclose(got.thetas[:, t], expected, rtol=1e-10)


def test_one_undamped_natural_step_of_size_one_solves_linear_regression():
    for sigma in (1.0, 3.0):
        base = small_problem("linear-gaussian", N=30)
        problem = linear_regression(base.X, base.y, sigma=sigma)
        theta_0 = np.random.default_rng(2).normal(size=(10, 3)) * 100
        for method in ("NGD", "Newton"):
            got = run(problem, method, theta_0, step_size=1.0, n_steps=1)
            expected = np.linalg.lstsq(base.X, base.y)[0]
            assert_allclose(got.final_theta, np.tile(expected, (10, 1)), rtol=1e-11)
            assert (got.status == "converged").all()
        assert (run(problem, "EFGD", theta_0, step_size=1.0, n_steps=1).status != "converged").all()


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli", "poisson", "exponential"])
def test_undamped_preconditioned_runs_are_equivariant_and_gradient_descent_is_not(
    likelihood, method
):
    problem = small_problem(f"linear-{likelihood}", N=30)
    A = np.random.default_rng(3).normal(size=(3, 3)) + 2 * np.eye(3)
    X = np.ascontiguousarray(problem.X @ np.linalg.inv(A))
    moved = Problem(X, problem.y, problem.model, problem.likelihood)
    theta_0 = some_thetas(problem, 4)
    options = {"step_size": 0.05, "n_steps": 20}
    thetas = run(problem, method, theta_0, **options).thetas
    phis = run(moved, method, theta_0 @ A.T, **options).thetas
    error = relative_error(phis, thetas @ A.T)
    assert error > 1e-3 if method == "GD" else error < 1e-9


@pytest.mark.parametrize(
    ("key", "method", "step_size"),
    [("fig1", "GD", 1.0), ("fig1", "NGD", 4.0), ("poisson", "GD", 1.0), ("fig4", "EFGD", 60.0)],
)
def test_a_diverging_run_is_kept_as_far_as_it_goes(key, method, step_size):
    problem = listed_problem(key)
    theta_0 = problem.theta_star + np.array([0.7, -0.4])
    got = run(problem, method, theta_0, step_size=step_size, damping=1e-3, n_steps=40)
    stop = int(got.steps_done)
    thetas, losses = Slow(problem).path(method, theta_0, step_size, 1e-3, stop)
    assert got.status == "diverged"
    assert (losses[:-1] <= 100 * losses[0]).all()
    assert losses[-1] > 100 * losses[0]
    assert relative_error(got.thetas[:stop], thetas[:stop]) < 1e-9
    assert np.isnan(got.thetas[stop:]).all()
    assert np.isnan(got.losses[stop:]).all()
    assert_allclose(got.final_theta, thetas[stop], rtol=1e-9)
    assert_allclose(got.final_loss, losses[stop], rtol=1e-9)


def test_statuses_tell_what_became_of_each_run():
    problem = listed_problem("fig1")
    theta_0 = np.array([4.0, 0.0])
    step_size = np.array([1e-6, 0.1, 10.0])
    got = run(problem, "GD", theta_0, step_size=step_size, n_steps=500, record=5)
    assert got.status.tolist() == ["running", "converged", "diverged"]
    assert got.steps_done.tolist()[:2] == [500, 500]
    assert got.steps_done[2] < 10
    lowest, first = problem.loss(problem.theta_star), problem.loss(theta_0)
    assert got.final_loss[1] - lowest <= 1e-6 * (first - lowest)
    assert got.final_loss[0] - lowest > 1e-6 * (first - lowest)


def test_without_a_minimum_no_run_converges():
    X = np.array([[1.0, -1.0], [1.0, 1.0]])
    problem = logistic_regression(X, [0, 1])
    assert run(problem, "GD", np.zeros(2), step_size=1.0, n_steps=200).status == "running"


def test_a_run_that_starts_at_the_minimum_has_converged(listed, gradient_method):
    method = gradient_method
    got = run(listed, method, listed.theta_star, step_size=0.1, damping=1e-3, n_steps=20)
    assert got.status == "converged"
    assert_allclose(got.final_theta, listed.theta_star, rtol=1e-9)


@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("curve", ["linear", "saturation"])
def test_a_run_that_starts_at_an_exact_fit_has_converged(method, curve):
    x = np.linspace(0.1, 4, 30)
    if curve == "linear":
        problem = linear_regression(np.stack([np.ones(30), x], axis=1), 2 + 0.3 * x)
    else:
        problem = saturation_regression(x[:, None], 2 * (1 - np.exp(-0.7 * x)))
    for theta_0 in (problem.theta_star, problem.theta_star * (1 + 1e-15)):
        got = run(problem, method, theta_0, step_size=0.1, damping=1.0, n_steps=20)
        assert got.status == "converged"
        assert_allclose(got.final_theta, problem.theta_star, rtol=1e-12)


def test_a_batch_over_starts_step_sizes_and_dampings_is_one_run_at_a_time(small, method):
    theta_0 = some_thetas(small, 2)
    step_size, damping = np.array([[[0.02]], [[0.1]]]), np.array([[0.3], [1.0], [9.0]])
    got = run(small, method, theta_0, step_size=step_size, damping=damping, n_steps=6)
    assert got.thetas.shape == (2, 3, 2, 7, small.D)
    assert got.losses.shape == (2, 3, 2, 7)
    for field in (got.status, got.steps_done, got.final_loss, got.rank_deficient):
        assert field.shape == (2, 3, 2)
    for s, d, n in np.ndindex(2, 3, 2):
        alone = run(
            small,
            method,
            theta_0[n],
            step_size=step_size[s, 0, 0],
            damping=damping[d, 0],
            n_steps=6,
        )
        assert relative_error(got.thetas[s, d, n], alone.thetas) < 1e-11
        assert got.status[s, d, n] == alone.status


def test_what_is_recorded_does_not_change_where_a_run_goes(listed, method):
    theta_0 = some_thetas(listed, 2)
    options = {"step_size": 0.01, "damping": 0.1, "n_steps": 60}
    every = run(listed, method, theta_0, **options)
    for record in (8, [0, 3, 60], [60], [5, 17], [], (40, 2, 2)):
        some = run(listed, method, theta_0, record=record, **options)
        assert some.thetas.shape == (2, len(some.steps), 2)
        assert_allclose(some.thetas, every.thetas[:, some.steps], rtol=1e-12, atol=1e-13)
        assert_allclose(some.losses, every.losses[:, some.steps], rtol=1e-12)
        assert_allclose(some.final_theta, every.final_theta, rtol=1e-12, atol=1e-13)
        assert_array_equal(some.steps_done, 60)


def test_recorded_steps_are_all_some_in_geometric_spacing_or_as_asked():
    assert_array_equal(recorded_steps(4, None), [0, 1, 2, 3, 4])
    assert_array_equal(recorded_steps(9, [9, 3, 3]), [3, 9])
    assert_array_equal(recorded_steps(0, 10), [0])
    spaced = recorded_steps(50_000, 300)
    assert spaced[0] == 0
    assert spaced[-1] == 50_000
    assert 200 <= len(spaced) <= 301
    gaps = np.diff(spaced)
    assert gaps[:20].max() == 1
    assert gaps[-1] > 1000
    assert (np.diff(spaced[spaced > 100]) / spaced[spaced > 100][:-1]).max() < 0.1


@pytest.mark.parametrize("record", [[11], [-1, 3]])
def test_steps_that_are_never_taken_cannot_be_recorded(record):
    with pytest.raises(ValueError, match=r"from 0 to 10, got \["):
        recorded_steps(10, record)


@pytest.mark.parametrize("record", [None, 12, [50]])
def test_advancing_in_slices_is_one_go(listed, method, record):
    options = {"step_size": 0.01, "damping": 0.1, "n_steps": 100, "record": record}
    theta_0 = some_thetas(listed, 2)
    whole = run(listed, method, theta_0, **options)
    seen = []
    sliced = finish(runs(listed, method, theta_0, **options), seen.append)
    fractions = [progress.fraction for progress in seen]
    assert len(seen) < 200
    assert fractions[0] == 0
    assert (np.diff(fractions) > 0).all()
    assert_allclose(sliced.thetas, whole.thetas, rtol=1e-11, atol=1e-13)
    assert_allclose(sliced.final_loss, whole.final_loss, rtol=1e-12)
    assert_array_equal(sliced.steps_done, whole.steps_done)
    assert_array_equal(sliced.status, whole.status)


def test_a_look_between_slices_shows_what_there_is_and_stays_as_it_was():
    problem = listed_problem("fig2")
    work = runs(problem, "NGD", np.zeros((2, 2)), step_size=0.01, n_steps=5000)
    assert next(work).so_far().steps_done.tolist() == [0, 0]
    early = next(work).so_far()
    assert 0 < early.steps_done[0] < 5000
    done = int(early.steps_done[0])
    assert np.isfinite(early.thetas[:, : done + 1]).all()
    assert np.isnan(early.thetas[:, done + 1 :]).all()
    kept = early.thetas.copy()
    next(work)
    assert_array_equal(early.thetas, kept)


def test_no_steps_leave_the_start(small, method):
    theta_0 = some_thetas(small, 2)
    got = run(small, method, theta_0, step_size=0.1, n_steps=0)
    assert_allclose(got.thetas[:, 0], theta_0, rtol=1e-14)
    assert_array_equal(got.steps_done, 0)
    assert_allclose(got.losses[:, 0], small.loss(theta_0), rtol=1e-12)


def test_the_start_given_is_left_alone(listed, method):
    theta_0 = some_thetas(listed, 2)
    before = theta_0.copy()
    run(listed, method, theta_0, step_size=0.1, damping=0.1, n_steps=3)
    assert_array_equal(theta_0, before)


def test_extremes_give_a_status_and_never_warn_or_raise(small, method):
    theta_0 = np.array([1.0, 1e6, -1e6])[:, None, None, None] * np.ones(small.D)
    step_size, damping = np.array([[1e-10], [1e10]]), np.array([0.0, 1e10])
    got = run(small, method, theta_0, step_size=step_size, damping=damping, n_steps=30, record=4)
    assert got.status.shape == (3, 2, 2)
    assert set(got.status.flat) <= {"converged", "running", "diverged"}
    stopped = got.status == "diverged"
    assert (got.steps_done[stopped] <= 30).all()
    assert (got.steps_done[~stopped] == 30).all()
    assert np.isfinite(got.final_theta[~stopped]).all()
    assert not (got.final_loss <= 100 * np.abs(got.losses[..., 0]))[stopped].any()


@pytest.mark.parametrize("method", PRECONDITIONED)
def test_a_saturated_sigmoid_with_a_denormal_matrix_never_warns(method):
    problem = logistic_regression([[1.0, 0.5], [1.0, -0.5]], [0, 1])
    for far in (300.0, 700.0, 740.0, 746.0, 2000.0):
        got = run(problem, method, [far, 0.0], step_size=1e10, n_steps=5)
        assert got.status in ("running", "diverged")


def test_much_damping_turns_every_method_into_gradient_descent(small, preconditioned):
    theta = some_thetas(small, 3)
    x = direction(small, preconditioned, theta, damping=1e10).x
    B = CURVATURES[METHODS[preconditioned].curvature].matrix(small, theta)
    size = np.abs(B).max() / 1e10
    (vector,) = small.mean_over_examples(theta, METHODS[preconditioned].term)
    assert_allclose(1e10 * x, vector, rtol=10 * size, atol=10 * size * np.abs(vector).max())


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan])
def test_a_step_size_that_is_not_positive_is_named(listed, method, bad):
    with pytest.raises(ValueError, match=f"step_size must be positive, got {bad}"):
        run(listed, method, np.zeros(2), step_size=bad, n_steps=1)


@pytest.mark.parametrize("bad", [-1e-3, np.nan])
def test_a_negative_damping_is_named(listed, method, bad):
    for call in (
        lambda: run(listed, method, np.zeros(2), step_size=1, damping=bad, n_steps=1),
        lambda: direction(listed, method, np.zeros(2), damping=bad),
    ):
        with pytest.raises(ValueError, match=f"damping must not be negative, got {bad}"):
            call()


def test_a_negative_number_of_steps_and_an_unknown_method_are_named(listed):
    with pytest.raises(ValueError, match="n_steps must be at least 0, got -1"):
        run(listed, "GD", np.zeros(2), step_size=1, n_steps=-1)
    with pytest.raises(ValueError, match="unknown method 'Adam'; there are GD, NGD, EFGD, Newton"):
        run(listed, "Adam", np.zeros(2), step_size=1, n_steps=1)


_SCRIPT = """
import json
import numpy as np
from efviz import METHODS, PROBLEMS, run

out = {}
for key in ("fig1", "fig2"):
    problem = PROBLEMS[key].problem(PROBLEMS[key].dataset(N=70))
    for method in METHODS:
        path = run(problem, method, [[0.3, -0.2], [1.0, 1.0]], step_size=0.02, damping=[0.0, 0.1],
                   n_steps=60, record=9)
        out[f"{key} {method}"] = [path.thetas.tolist(), path.losses.tolist()]
print(json.dumps(out))
"""


@pytest.mark.slow
def test_with_the_compiler_switched_off_runs_are_the_same():
    values = [
        json.loads(
            subprocess.run(
                [sys.executable, "-c", _SCRIPT],
                env={**os.environ, "NUMBA_DISABLE_JIT": disable},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for disable in ("0", "1")
    ]
    for key in values[0]:
        for compiled, plain in zip(*(value[key] for value in values), strict=True):
            assert relative_error(compiled, plain) < 1e-11

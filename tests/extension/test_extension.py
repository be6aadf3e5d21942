"""Declarations from outside are right in every path that takes them, and leave no trace."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import slow
import things
from numpy.testing import assert_allclose, assert_array_equal

import efviz
from efviz import Combination, Curvature, Method
from efviz.extensions.registration import register
from efviz.fields import vector_field
from efviz.numerics.linalg import solve_damped
from efviz.optimizers import METHODS, direction, directions, run
from efviz.problems import (
    Problem,
    contrast_regression,
    linear_regression,
    logistic_regression,
    poisson_regression,
    saturation_regression,
    softmax_regression,
    with_offset,
)
from efviz.problems.likelihoods.bernoulli import Bernoulli
from efviz.problems.likelihoods.gaussian import Gaussian
from efviz.problems.models.linear import Linear
from efviz.sweeps import grid_search
from efviz.sweeps.general import General
from efviz.sweeps.linear import Linear as LinearPlan
from efviz.sweeps.paths import plan
from efviz.sweeps.quadratic import Quadratic

STEP, DAMPING = 0.3, 0.2


@pytest.fixture(scope="module", autouse=True)
def _extension():
    registered = [register(name, one) for name, one in things.DECLARATIONS]
    yield
    for one in registered:
        one.remove()


def _problems() -> dict[str, Problem]:
    rng = np.random.default_rng(0)
    X, x = rng.normal(size=(40, 3)), rng.uniform(0.2, 2, (30, 1))
    f = X @ np.array([0.8, -0.5, 0.3])
    wide = rng.normal(size=(12, 10))
    collinear = np.column_stack([X[:, :2], X[:, 0] + X[:, 1] + 1e-9 * X[:, 2]])
    counts, labels = rng.poisson(np.exp(f)), (rng.uniform(size=40) < 0.5 + f / 8)
    net = things.TwoLayers()
    theta = np.array([0.8, -0.4, 0.3, 0.9, 1.2, -0.7])
    noise = rng.normal(size=40)
    two = X[:, :2]
    return {
        "least squares, by moments": linear_regression(X, f + noise),
        "least squares, sigma 0.5": linear_regression(X, f + noise, sigma=0.5),
        "least squares, many parameters": linear_regression(wide, wide.sum(1) + noise[:12]),
        "least squares, offset": with_offset(linear_regression(X, f + noise), 0.7),
        "collinear": linear_regression(collinear, f + noise),
        "logistic": logistic_regression(X, labels.astype(float)),
        "poisson": poisson_regression(X, counts.astype(float)),
        "softmax": softmax_regression(two, rng.integers(0, 3, 40).astype(float)),
        "contrast": contrast_regression(two, rng.integers(0, 3, 40).astype(float)),
        "saturation": saturation_regression(
            x, 2 * (1 - np.exp(-x[:, 0])) + 0.1 * rng.normal(size=30)
        ),
        "student t": Problem(X, f + 0.5 * rng.standard_t(5, 40), Linear(), things.StudentT()),
        "negative binomial": Problem(X, counts.astype(float), Linear(), things.NegativeBinomial()),
        "two layers": Problem(
            two, net.outputs(two, theta)[:, 0] + 0.1 * noise, net, Gaussian(), start=theta + 0.1
        ),
    }


PROBLEMS = _problems()
OWN = list(things.METHODS)


@pytest.fixture(params=list(PROBLEMS))
def problem(request):
    return PROBLEMS[request.param]


def near(problem: Problem, *lead: int) -> np.ndarray:
    return problem.start + np.random.default_rng(1).uniform(-0.2, 0.2, (*lead, problem.D))


def rounding_of_the_center(problem: Problem) -> float:
    """Runs by moments are kept as differences from theta_star, which is 6e8 if nearly collinear."""
    center = problem.theta_star if problem.is_least_squares else problem.start
    return 4 * np.finfo(float).eps * float(np.abs(center).max())


@pytest.mark.parametrize("key", list(things.MATRICES))
def test_a_matrix_is_that_of_the_slow_loops(problem, key):
    thetas = near(problem, 2)
    got = efviz.CURVATURES[key].matrix(problem, thetas)
    for theta, B in zip(thetas, got, strict=True):
        expected = slow.MATRICES[key](problem, theta)
        # The root of a singular matrix is itself computed to half of the digits.
        digits = 1e-7 if key == "root_ef" else 1e-9
        assert_allclose(B, expected, rtol=digits, atol=digits * np.abs(expected).max())


@pytest.mark.parametrize("name", OWN)
def test_a_direction_and_a_vector_field_are_those_of_the_slow_loops(problem, name):
    thetas = near(problem, 2)
    got = direction(problem, name, thetas, damping=DAMPING)
    assert not got.rank_deficient.any()
    assert_allclose(vector_field(problem, name, thetas, damping=DAMPING), -got.x)
    for theta, x in zip(thetas, got.x, strict=True):
        expected = slow.direction(problem, name, METHODS[name], theta, DAMPING)
        assert_allclose(x, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("name", OWN)
def test_a_run_takes_the_steps_of_the_slow_loops(problem, name):
    theta = near(problem)
    expected = slow.run(problem, name, METHODS[name], theta, STEP, DAMPING, 5)
    got = run(problem, name, theta, step_size=STEP, damping=DAMPING, n_steps=5)
    atol = 1e-9 * np.abs(expected).max() + rounding_of_the_center(problem)
    assert_allclose(got.thetas, expected, rtol=1e-9, atol=atol)


@pytest.mark.parametrize("name", OWN)
def test_a_sweep_ends_where_the_slow_loops_do(problem, name):
    theta, steps, levels = near(problem), np.array([1e-3, STEP]), np.array([DAMPING, 3.0])
    got = grid_search(problem, name, steps, levels, theta_0=theta, n_steps=4, cache=False)
    for i, step in enumerate(steps):
        for j, level in enumerate(levels):
            end = slow.run(problem, name, METHODS[name], theta, step, level, 4)[-1]
            assert got.status[i, j] == "finished"
            assert_allclose(got.final_loss[i, j], problem.loss(end), rtol=1e-9)


def test_every_plan_of_a_sweep_is_taken_by_some_matrix_from_outside():
    squares, logistic = PROBLEMS["least squares, by moments"], PROBLEMS["logistic"]
    kinds = {
        type(plan(problem, name, problem.start)) for problem in (squares, logistic) for name in OWN
    }
    assert kinds == {Quadratic, LinearPlan, General}


@pytest.mark.numerics
@pytest.mark.parametrize("key", [*efviz.CURVATURES, *things.MATRICES])
@pytest.mark.parametrize("where", list(PROBLEMS))
def test_every_fast_path_has_the_matrix_that_is_declared(key, where):
    """One undamped-metric step shows the matrix: theta_1 = theta - (B + damping I)^-1 g."""
    problem = PROBLEMS[where]
    theta = near(problem)
    B = efviz.CURVATURES[key].matrix(problem, theta)
    expected = theta - solve_damped(B, problem.gradient(theta), DAMPING, terms=problem.N).x
    with register("probe", Method("probe", key)):
        one = run(problem, "probe", theta, step_size=1.0, damping=DAMPING, n_steps=1)
        swept = grid_search(
            problem, "probe", [1.0], [DAMPING], theta_0=theta, n_steps=1, cache=False
        )
    atol = 1e-9 + rounding_of_the_center(problem)
    assert_allclose(one.final_theta, expected, rtol=1e-9, atol=atol)
    if swept.status[0, 0] == "finished":
        assert_allclose(swept.final_loss[0, 0], problem.loss(expected), rtol=1e-9)
    else:
        assert swept.status[0, 0] in ("singular", "diverged")


# What a subclass may not inherit.


class Tails(Gaussian):
    """Student's t by way of Gaussian: only what defines it is overridden."""

    name: ClassVar[str] = "tails"
    nll, gradient = things.StudentT.nll, things.StudentT.gradient
    hessian, fisher = things.StudentT.hessian, things.StudentT.fisher
    dof = 5.0


class Weighted(Bernoulli):
    """Every example counts twice."""

    name: ClassVar[str] = "weighted"

    def nll(self, f, y):
        return 2 * super().nll(f, y)

    def gradient(self, f, y):
        return 2 * super().gradient(f, y)

    def hessian(self, f, y):
        return 2 * super().hessian(f, y)

    def fisher(self, f):
        return 4 * super().fisher(f)


@dataclass(frozen=True)
class Shifted(Linear):
    """f = X theta + a number for each input: not the columns alone."""

    def outputs(self, X, theta):
        return super().outputs(X, theta) + X[..., :1] ** 2


@pytest.mark.parametrize("kind", [Tails, Weighted])
def test_a_subclass_loses_the_facts_and_the_shortcuts_of_its_parent(kind):
    rng = np.random.default_rng(3)
    X = rng.normal(size=(40, 3))
    y = (rng.uniform(size=40) < 0.5).astype(float)
    problem = Problem(X, y, Linear(), kind())
    facts = [
        f for f in ("natural", "least_squares", "convex", "keeps_digits") if getattr(kind(), f)
    ]
    assert not facts
    theta = near(problem)
    for name in ("NGD", "EFGD", "GD"):
        damping = 0.0 if name == "GD" else DAMPING
        g = slow.gradient(problem, theta)
        matrix = {"NGD": slow.f_matrix, "EFGD": slow.ef}.get(name)
        d = (
            g
            if matrix is None
            else np.linalg.solve(matrix(problem, theta) + DAMPING * np.eye(3), g)
        )
        end = theta - STEP * d
        one = run(problem, name, theta, step_size=STEP, damping=damping, n_steps=1)
        assert_allclose(one.final_theta, end, rtol=1e-9)
        swept = grid_search(problem, name, [STEP], [damping], theta_0=theta, n_steps=1, cache=False)
        assert_allclose(swept.final_loss[0, 0], problem.likelihood.nll(X @ end[:, None], y).mean())


def test_a_linear_model_with_other_outputs_keeps_them_at_the_minimum():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(30, 2))
    y = X @ [1.0, -2.0] + X[:, 0] ** 2 + 0.1 * rng.normal(size=30)
    problem = Problem(X, y, Shifted(), Gaussian())
    expected = np.linalg.lstsq(X, y - X[:, 0] ** 2, rcond=None)[0]
    assert problem.minimum.exists
    assert_allclose(problem.theta_star, expected, rtol=1e-9)
    for name in ("GD", "NGD", "EFGD"):
        end = grid_search(problem, name, [0.1], [1.0], n_steps=1, cache=False)
        d = direction(problem, name, problem.start, damping=1.0).x
        assert_allclose(end.final_loss[0, 0], problem.loss(problem.start - 0.1 * d), rtol=1e-12)


def test_a_minimum_of_a_loss_that_is_not_convex_is_not_called_the_only_one():
    """Two clusters of labels on one input of ones: Student's t has two minima, one lower."""
    X = np.ones((9, 1))
    y = np.array([-20.0] * 4 + [20.0] * 5)
    problem = Problem(X, y, Linear(), things.StudentT(), start=np.array([-19.0]))
    assert problem.minimum.exists
    assert problem.theta_star[0] < 0
    assert problem.loss(np.array([20.0])) < problem.minimum.loss
    assert "lower" in problem.minimum.reason


def test_a_convex_loss_that_states_no_cones_still_has_its_minimum():
    problem = PROBLEMS["negative binomial"]
    assert problem.minimum.exists
    assert not problem.minimum.reason
    assert_allclose(slow.gradient(problem, problem.theta_star), 0, atol=1e-9)


# Sweeps are kept by what a declaration gives, not by its name.


def test_a_sweep_is_computed_again_when_the_code_of_a_method_has_changed(tmp_path, monkeypatch):
    monkeypatch.setenv("EFVIZ_CACHE", str(tmp_path))
    problem = PROBLEMS["logistic"]
    ends = []
    for factor in (1, 2):
        matrix = Curvature("own", "C", combination=Combination(gradient=factor))
        with register("changing", Method("own", matrix)):
            swept = grid_search(problem, "changing", [STEP], [DAMPING], n_steps=5)
            ends.append(float(swept.final_loss[0, 0]))
            again = grid_search(problem, "changing", [STEP], [DAMPING], n_steps=5, cache=False)
            assert_allclose(swept.final_loss, again.final_loss, rtol=1e-12)
    assert ends[0] != ends[1]


def capped(limit):
    """A rule that is the same for small dampings, whatever the limit."""

    def rule(problem, theta, damping):
        F = efviz.fisher(problem, theta) + min(damping, limit) * np.eye(problem.D)
        return np.linalg.solve(F, problem.gradient(theta))

    return Method("own", rule=rule, batched=False, damped=True)


def test_a_sweep_of_a_function_that_changed_where_nobody_looks_is_computed_again(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("EFVIZ_CACHE", str(tmp_path))
    problem, ends = PROBLEMS["logistic"], []
    for limit in (1000, 10):
        with register("capped", capped(limit)):
            swept = grid_search(problem, "capped", [STEP], [100.0], n_steps=5)
            again = grid_search(problem, "capped", [STEP], [100.0], n_steps=5, cache=False)
        assert_array_equal(swept.final_loss, again.final_loss)
        ends.append(float(swept.final_loss[0, 0]))
    assert ends[0] != ends[1]
    assert not list(tmp_path.rglob("*.npz"))


def test_directions_of_several_methods_come_in_the_order_asked_for():
    problem = PROBLEMS["collinear"]
    names = ["diagonal", "NGD", "sign", "GD"]
    found = directions(problem, names, near(problem, 2), damping=DAMPING)
    assert list(found) == names
    for name in names:
        alone = direction(problem, name, near(problem, 2), damping=DAMPING).x
        assert_array_equal(found[name].x, alone)

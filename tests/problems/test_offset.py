"""A known offset: f = X theta + offset is a model with a column of ones, its parameter held."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit

from efviz.arrays import Array
from efviz.curvature import empirical_fisher, fisher, ggn, hessian
from efviz.datasets.dataset import Dataset
from efviz.figures.data_views import data_panel
from efviz.optimizers import METHODS, run
from efviz.problems import (
    Problem,
    linear_regression,
    logistic_regression,
    poisson_regression,
    saturation_regression,
    with_offset,
)
from efviz.problems.models.linear import Linear
from efviz.sweeps import grid_search

BUILD = {
    "gaussian": linear_regression,
    "bernoulli": logistic_regression,
    "poisson": poisson_regression,
}
OFFSET = -0.7
SHAPES = [(40, 1), (40, 2), (40, 3), (40, 40), (9000, 2)]


@pytest.fixture(params=list(BUILD))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def held_and_free(kind: str, N: int, D: int, seed: int = 0) -> tuple[Problem, Problem]:
    """The problem with an offset, and the one with a column of ones in its place."""
    rng = np.random.default_rng([seed, N, D])
    X = rng.normal(size=(N, D)) / np.sqrt(D)
    f = X @ rng.uniform(-1, 1, D) + OFFSET
    y = {
        "gaussian": lambda: f + rng.normal(size=N),
        "bernoulli": lambda: (rng.uniform(size=N) < expit(f)).astype(float),
        "poisson": lambda: rng.poisson(np.exp(f)).astype(float),
    }[kind]()
    free = BUILD[kind](np.column_stack([X, np.ones(N)]), y)
    return with_offset(BUILD[kind](X, y), OFFSET), free


@pytest.mark.parametrize(("N", "D"), SHAPES)
def test_loss_gradient_and_matrices_are_those_of_a_held_parameter(
    kind: str, N: int, D: int
) -> None:
    held, free = held_and_free(kind, N, D)
    rng = np.random.default_rng(1)
    for lead in ((), (3,), (2, 2)):
        theta = rng.uniform(-1, 1, (*lead, D))
        both = np.concatenate([theta, np.full((*lead, 1), OFFSET)], axis=-1)
        assert_allclose(held.loss(theta), free.loss(both), rtol=1e-12)
        assert_allclose(held.gradient(theta), free.gradient(both)[..., :D], rtol=1e-10, atol=1e-13)
        assert_allclose(
            held.per_example_gradients(theta),
            free.per_example_gradients(both)[..., :D],
            rtol=1e-10,
            atol=1e-13,
        )
        for matrix in (hessian, ggn, fisher, empirical_fisher):
            block = matrix(free, both)[..., :D, :D]
            assert_allclose(matrix(held, theta), block, rtol=1e-9, atol=1e-13)
        parts = held.gradient_and_matrices(theta), free.gradient_and_matrices(both)
        for part, whole in zip(*parts, strict=True):
            block = whole[..., :D] if whole.ndim == len(lead) + 1 else whole[..., :D, :D]
            assert_allclose(part, block, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize(("N", "D"), SHAPES[:3])
def test_held_at_its_best_the_rest_is_at_its_best_too(kind: str, N: int, D: int) -> None:
    _, free = held_and_free(kind, N, D)
    best = free.theta_star
    held = with_offset(
        replace(free, X=np.ascontiguousarray(free.X[:, :D]), start=np.zeros(D)), best[D]
    )
    assert_allclose(held.theta_star, best[:D], rtol=1e-9)


def slow_run(kind: str, X: Array, y: Array, method: str, step: float, damping: float) -> Array:
    """Twenty steps from 0, one example at a time."""
    N, D = X.shape
    theta = np.zeros(D)
    for _ in range(20):
        g, B = np.zeros(D), np.zeros((D, D))
        for x, target in zip(X, y, strict=True):
            f = float(x @ theta) + OFFSET
            mean = {"gaussian": f, "bernoulli": 1 / (1 + np.exp(-f)), "poisson": np.exp(f)}[kind]
            spread = {"gaussian": 1.0, "bernoulli": mean * (1 - mean), "poisson": mean}[kind]
            r = mean - target
            g += r * x / N
            weight = r * r if method == "EFGD" else spread
            B += weight * np.outer(x, x) / N
        if method == "GD":
            theta = theta - step * g
        else:
            theta = theta - step * np.linalg.solve(B + damping * np.eye(D), g)
    return theta


@pytest.mark.parametrize("method", ["GD", "NGD", "EFGD"])
@pytest.mark.parametrize("D", [2, 3])
def test_a_run_and_a_sweep_are_those_of_slow_loops(kind: str, D: int, method: str) -> None:
    problem, _ = held_and_free(kind, 40, D)
    assert method in METHODS
    steps, dampings = np.array([0.01, 0.2]), np.array([1e-3, 0.1])
    got = grid_search(problem, method, steps, dampings, n_steps=20, cache=False)
    for at in np.ndindex(got.final_loss.shape):
        step, damping = float(steps[at[0]]), float(dampings[at[1]])
        theta = slow_run(kind, problem.X, problem.y, method, step, damping)
        path = run(problem, method, np.zeros(D), step_size=step, damping=damping, n_steps=20)
        assert_allclose(np.ravel(path.thetas[..., -1, :]), theta, rtol=1e-9)
        assert_allclose(got.final_loss[at], float(problem.loss(theta)), rtol=1e-9)


@pytest.mark.parametrize("offset", [0.0, 0.8, -40.0])
def test_the_line_between_two_classes_is_where_the_output_is_zero(offset: float) -> None:
    held, _ = held_and_free("bernoulli", 40, 2)
    problem = with_offset(held, offset)
    theta = np.array([1.5, -0.5])
    data = Dataset(problem.X, problem.y, ("u", "v"), "y", "classification", offset=offset)
    panel = data_panel(data, problem, theta=theta)
    (line,) = [trace for trace in panel["data"] if trace.get("name") == "model at θ"]
    ends = np.column_stack([line["x"], line["y"]]).astype(float)
    ends = ends[np.isfinite(ends).all(axis=1)]
    assert len(ends) == 2
    assert_allclose(problem.model.outputs(ends, theta), 0, atol=1e-5 * max(1, abs(offset)))
    low, high = np.sort(ends, axis=0)
    assert (high - low).max() > np.ptp(problem.X, axis=0).max()


def test_only_a_linear_model_takes_an_offset() -> None:
    x = np.linspace(0.1, 2, 20)[:, None]
    with pytest.raises(ValueError, match="an offset needs a model f = X theta, got saturation"):
        with_offset(saturation_regression(x, 1 - np.exp(-x[:, 0])), 1.0)
    assert with_offset(linear_regression(x, x[:, 0]), 0.5).model == Linear(offset=0.5)

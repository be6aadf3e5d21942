"""Where runs of sweeps end: alike on every machine, and never below the minimum.

`python tests/sweeps/test_sweep_ends.py` writes sweep_ends.json again.
"""

import json
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from conftest import KINDS, listed_problem, small_problem, some

from efviz import METHODS, PROBLEMS
from efviz.problems import (
    Problem,
    contrast_regression,
    linear_regression,
    logistic_regression,
    poisson_regression,
    saturation_regression,
    softmax_regression,
)
from efviz.sweeps import Sweep, grid_search
from efviz.sweeps.outcome import STATUSES
from efviz.sweeps.rounding import CHAOS, TIE, change_by_rounding, loss_rounding

pytestmark = [pytest.mark.numerics, pytest.mark.slow]

FILE = Path(__file__).with_name("sweep_ends.json")
STEP_SIZES = np.logspace(-6, 3, 10)
DAMPINGS = np.array([0, 1e-14, 1e-10, 1e-6, 1e-2, 1e2])


def inputs() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 4))
    one_hot = np.zeros((150, 40))
    for group in range(4):
        one_hot[np.arange(150), 10 * group + rng.integers(0, 10, 150)] = 1
    return {
        "plain": X,
        "collinear": np.column_stack([X, X[:, 0] + X[:, 1]]),
        "1e-8 apart": np.column_stack([X, X[:, 0] + 1e-8 * rng.normal(size=100)]),
        "units": X * [1e-9, 1, 1e5, 1e9],
        "constant": np.full((200, 2), [0.3, 1.5]),
        "sparse": one_hot,
    }


def problems() -> dict[str, Problem]:
    found = {kind: small_problem(kind) for kind in KINDS}
    found |= {
        f"{kind}, 5 x 7": small_problem(kind, N=5, P=7)
        for kind in KINDS
        if not kind.startswith("saturation")
    }
    rng = np.random.default_rng(1)
    for name, X in inputs().items():
        counts, noise = rng.integers(0, 3, len(X)).astype(float), rng.normal(size=len(X))
        found |= {
            f"linear, {name}": linear_regression(X, X[:, 0] + noise),
            f"logistic, {name}": logistic_regression(X, counts > 0),
            f"poisson, {name}": poisson_regression(X / np.abs(X).max(), counts),
            f"softmax, {name}": softmax_regression(X, counts),
            f"contrast, {name}": contrast_regression(X, counts),
        }
    X = inputs()["plain"]
    found["exact fit"] = linear_regression(X, X @ [1.0, 2, 3, 4])
    found["saturation, one x"] = saturation_regression(np.full((20, 1), 0.7), rng.normal(size=20))
    return found


ALL = problems()


SHORT = [
    name
    for name, one in METHODS.items()
    if one.vector is None and (one.matrix is None or one.matrix.combination)
]
"""Methods whose runs take shortcuts; all others are run as they are written down."""


@pytest.fixture(params=SHORT)
def method(request):
    return request.param


@cache
def search(name: str, method: str) -> Sweep:
    return grid_search(ALL[name], method, STEP_SIZES, DAMPINGS, cache=False)


def letters(sweep: Sweep) -> str:
    return "".join(word[0] for word in sweep.status.ravel())


def best(sweep: Sweep) -> list[float] | None:
    step_size, damping, loss = sweep.best()
    return [step_size, damping] if np.isfinite(loss) else None


@pytest.mark.parametrize("name", list(ALL))
def test_status_grids_and_best_cells_are_the_same_on_every_machine(name, method):
    """But for runs that depend on rounding, and are said to."""
    expected = json.loads(FILE.read_text())[f"{name}, {method}"]
    got = search(name, method)
    assert set(letters(got)) <= {word[0] for word in STATUSES}
    other = np.array([a != b for a, b in zip(letters(got), expected["status"], strict=True)])
    for i, k in np.argwhere(other.reshape(got.status.shape)):
        change = change_by_rounding(ALL[name], method, STEP_SIZES[i], DAMPINGS[k])
        assert change > CHAOS, (STEP_SIZES[i], DAMPINGS[k], got.status[i, k], change)
    assert other.sum() <= 3
    if not got.chaotic:
        assert best(got) == (expected["best"] and pytest.approx(expected["best"], rel=1e-12))


def wider(problem: Problem, method: str) -> Sweep:
    step_sizes = np.logspace(-8, 3, some(12, 23))
    return grid_search(problem, method, step_sizes, [0, 1e-10, 1e-4, 1], cache=False)


def assert_no_run_ends_below_the_minimum(problem: Problem, got: Sweep) -> None:
    minimum = problem.minimum
    finished = got.status == "finished"
    if minimum.exists and finished.any():
        rounding = minimum.rounding + TIE * abs(minimum.loss)
        rounding += loss_rounding(problem, got.first_loss).of(minimum.loss)
        assert got.final_loss[finished].min() >= minimum.loss - rounding


@pytest.mark.parametrize("name", list(ALL))
def test_no_run_ends_below_the_minimum(name, method):
    assert_no_run_ends_below_the_minimum(ALL[name], search(name, method))
    if some(False, True):
        assert_no_run_ends_below_the_minimum(ALL[name], wider(ALL[name], method))


@pytest.mark.parametrize("key", list(PROBLEMS))
def test_no_run_of_a_problem_on_offer_ends_below_its_minimum(key, method):
    problem = listed_problem(key)
    assert_no_run_ends_below_the_minimum(problem, wider(problem, method))


if __name__ == "__main__":
    found = {}
    for name in ALL:
        for method in SHORT:
            sweep = search(name, method)
            found[f"{name}, {method}"] = {"best": best(sweep), "status": letters(sweep)}
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(each)}" for key, each in found.items())
    FILE.write_text(f"{{\n{lines}\n}}\n")
    sys.exit()

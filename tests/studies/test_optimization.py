"""Runs on all columns: the results of the page Optimization equal those of the library."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from efviz.optimizers import direction, run
from efviz.problems.catalogue import optimization_problem
from efviz.studies import optimization
from efviz.studies.alignment import FIG_6, PAPER
from efviz.studies.optimization import (
    end_by_rounding,
    in_reverse,
    near_and_far,
    path_cosines,
    run_from,
    start_at,
    whole_grid,
)
from efviz.sweeps import store
from efviz.sweeps.rounding import change_by_rounding
from efviz.work import finish

WINE = optimization_problem("wine", standardised=True)
SETTINGS = {"step_size": 0.1, "damping": 1e-3}


def test_a_start_is_a_multiple_of_the_minimum_and_zero_without_one() -> None:
    assert_array_equal(start_at(WINE, 0.0), np.zeros(WINE.D))
    assert_array_equal(start_at(WINE, -0.5), -0.5 * WINE.theta_star)
    cancer = optimization_problem("breast-cancer")
    assert not cancer.minimum.exists
    assert_array_equal(start_at(cancer, 0.5), np.zeros(cancer.D))


@pytest.mark.parametrize("method", PAPER)
def test_a_run_has_100_steps_from_its_start(method: str) -> None:
    found = finish(run_from(WINE, method, multiple=0.5, **SETTINGS))
    theta = 0.5 * WINE.theta_star
    for _ in range(3):
        theta = theta - 0.1 * direction(WINE, method, theta, damping=1e-3).x
    assert found.thetas.shape == (1, 101, WINE.D)
    assert_allclose(found.thetas[0, 3], theta, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "method", "step_size", "damping"),
    [("wine", "NGD", 1.0, 1e-8), ("breast-cancer", "EFGD", 10**-1.25, 1e-10)],
)
def test_the_effect_of_rounding_on_an_end_is_that_of_sweeps(
    name: str, method: str, step_size: float, damping: float
) -> None:
    problem = optimization_problem(name)
    how = {"step_size": step_size, "damping": damping}
    path = finish(run_from(problem, method, **how))
    found = finish(end_by_rounding(problem, in_reverse(problem), path, method, **how))
    expected = change_by_rounding(problem, method, step_size, damping)
    # No two computations of a run that depends on rounding give the same digits.
    assert (found > 1e-9) == (expected > 1e-9)


def test_a_run_that_diverges_either_way_does_not_depend_on_rounding() -> None:
    problem = optimization_problem("wine")
    path = finish(run_from(problem, "GD", step_size=1e10))
    assert path.diverged[0]
    args = problem, in_reverse(problem), path, "GD"
    assert finish(end_by_rounding(*args, step_size=1e10)) == 0
    assert finish(end_by_rounding(*args, step_size=1e-20)) == np.inf


def test_cosines_are_given_for_the_finite_steps_of_a_run() -> None:
    path = finish(run_from(WINE, "EFGD", **SETTINGS))
    found = finish(path_cosines(WINE, path, damping=1e-3))
    for t in (0, 7, 100):
        ngd, ef = (
            direction(WINE, method, path.thetas[0, t], damping=1e-3).x for method in ("NGD", "EFGD")
        )
        cosine = ngd @ ef / np.linalg.norm(ngd) / np.linalg.norm(ef)
        assert found.damped[t] == pytest.approx(cosine, rel=1e-9)
    path.thetas[0, 5:] = np.nan
    assert len(finish(path_cosines(WINE, path, damping=1e-3)).damped) == 5


@pytest.mark.parametrize("own", [False, True])
def test_the_grid_of_an_own_table_is_not_kept_on_disk(
    own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[object] = []
    monkeypatch.setattr(optimization, "STEP_SIZES", np.array([0.01, 0.1]))
    monkeypatch.setattr(optimization, "DAMPINGS", np.array([1e-3, 1.0]))
    monkeypatch.setattr(store, "load", lambda *args: None)
    monkeypatch.setattr(store, "save", lambda *args, **how: kept.append(args))
    grid = finish(whole_grid(WINE, "NGD", own=own))
    assert bool(kept) == (not own)
    one = run(WINE, "NGD", np.zeros(WINE.D), step_size=0.1, damping=1.0, n_steps=100)
    assert grid.final_loss[1, 1] == pytest.approx(float(one.final_loss), rel=1e-9)


def test_near_and_far_is_fig_6_and_section_4_3() -> None:
    steps = {"GD": 0.1, "NGD": 1.0, "EFGD": 0.01}
    dampings = {"GD": 0.0, "NGD": 1e-8, "EFGD": 1e-3}
    found = finish(near_and_far(WINE, list(steps), step_sizes=steps, dampings=dampings))
    assert [multiple for multiple, _ in found.runs] == list(FIG_6)
    for multiple, paths in found.runs:
        start = multiple * WINE.theta_star
        for method, damping in {"GD": 0.0, "NGD": 1e-8, "EFGD": 1e-3}.items():
            step = steps[method]
            one = run(WINE, method, start, step_size=step, damping=damping, n_steps=100)
            assert_allclose(paths[method].losses[0], one.losses, rtol=1e-9)
    assert found.lowest == pytest.approx(WINE.minimum.loss)
    # Least squares: the natural gradient step leads back to the minimum, however far it is.
    distance = optimization.DISTANCES * np.linalg.norm(WINE.theta_star)
    assert_allclose(found.lengths.directions["NGD"], distance, rtol=1e-6)

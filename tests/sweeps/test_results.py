"""The shipped results: Table 6 as printed, and samples of the shipped grids computed again."""

import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference import depends_on_rounding

from efviz import DATASETS, results, run
from efviz.command.main import main
from efviz.datasets import available
from efviz.problems.catalogue import optimization_problem
from efviz.results import TABLE_6, Line, line, lines, paper_sets
from efviz.sweeps import DAMPINGS, STEP_SIZES, grid_search
from efviz.sweeps.rounding import CHAOS

LINES = {f"{each.paper}-{each.method}": each for each in lines()}


@pytest.fixture(params=list(LINES))
def shipped(request):
    return LINES[request.param]


def test_there_is_a_line_for_every_set_and_method_of_the_paper():
    assert set(TABLE_6) == {entry.paper for entry in DATASETS.values() if entry.paper}
    assert len(lines()) == 21
    assert [(each.paper, each.method) for each in lines()] == [
        (paper, method) for paper, methods in TABLE_6.items() for method in methods
    ]
    assert line("boston", "EFGD") is LINES["Boston-EFGD"]
    assert line("diabetes", "GD") is None
    for each in lines():
        assert each.printed == TABLE_6[each.paper][each.method]
        assert each.name == paper_sets()[each.paper]


def test_a_line_agrees_with_its_grid(shipped):
    sweep = results.sweep(shipped.name, shipped.method)
    assert sweep.final_loss.shape == sweep.status.shape == (241, 41)
    finished = sweep.status == "finished"
    assert_array_equal(np.isfinite(sweep.final_loss), finished)
    assert sweep.best()[2] == pytest.approx(shipped.best_loss, rel=1e-6)
    for row, column in shipped.tied:
        assert sweep.final_loss[row, column] == pytest.approx(shipped.best_loss, rel=1e-6)
    assert sweep.complete


def test_a_verdict_says_what_the_numbers_say(shipped):
    exponents = {
        (round(float(np.log10(STEP_SIZES[row])), 6), round(float(np.log10(DAMPINGS[column])), 6))
        if shipped.printed[1] is not None
        else (round(float(np.log10(STEP_SIZES[row])), 6), None)
        for row, column in shipped.tied
    }
    assert shipped.best in exponents
    verdict = (
        "same"
        if shipped.printed == shipped.best
        else "same loss, tie"
        if shipped.printed in exponents
        else "differs"
    )
    assert shipped.verdict == verdict
    if verdict == "differs":
        assert shipped.excess > 1e-12
    else:
        assert abs(shipped.excess) <= 1e-12
    assert shipped.sentence().endswith(".")
    assert ("rounding: " in shipped.sentence()) == shipped.chaotic


def test_the_lines_that_differ_are_the_two_that_the_notes_name():
    differ = {name for name, each in LINES.items() if each.verdict == "differs"}
    assert differ == {"Boston-EFGD", "Powerplant-EFGD"}
    assert "repeats the step size of BreastCancer" in LINES["Boston-EFGD"].sentence()
    assert LINES["Powerplant-EFGD"].chaotic
    assert LINES["BreastCancer-EFGD"].chaotic
    ties = {name: len(each.tied) for name, each in LINES.items() if name.endswith("-NGD")}
    linear = {f"{paper}-NGD" for paper in ("Boston", "Wine", "Energy", "Powerplant", "Yacht")}
    assert all(ties[name] > 100 for name in linear)
    assert all(ties[name] == 1 for name in set(ties) - linear)


def test_a_sample_of_the_shipped_cells_comes_out_again(shipped):
    if shipped.name not in available():
        pytest.skip(f"{shipped.name} is not on this machine: set EFVIZ_DATA")
    problem = optimization_problem(shipped.name)
    rng = np.random.default_rng(list(LINES).index(f"{shipped.paper}-{shipped.method}"))
    rows = np.sort(rng.choice(241, 8, replace=False))
    columns = np.sort(rng.choice(41, 2, replace=False))
    sweep = results.sweep(shipped.name, shipped.method)
    again = grid_search(problem, shipped.method, STEP_SIZES[rows], DAMPINGS[columns], cache=False)
    for at in np.ndindex(again.final_loss.shape):
        there = rows[at[0]], columns[at[1]]
        same = again.status[at] == sweep.status[there] and (
            again.status[at] != "finished"
            or abs(again.final_loss[at] - sweep.final_loss[there]) <= 1e-6 * sweep.final_loss[there]
        )
        cell = (shipped.method, STEP_SIZES[there[0]], DAMPINGS[there[1]])
        assert same or depends_on_rounding(
            problem.X, problem.y, problem.likelihood.name, *cell, by=1e-10
        ), cell


def test_the_selected_and_the_printed_cell_come_out_again(shipped):
    if shipped.name not in available():
        pytest.skip(f"{shipped.name} is not on this machine: set EFVIZ_DATA")
    problem = optimization_problem(shipped.name)
    cells = (
        (shipped.best, shipped.best_loss, shipped.best_change),
        (shipped.printed, shipped.printed_loss, shipped.printed_change),
    )
    for (step_size, damping), loss, change in cells:
        got = grid_search(
            problem,
            shipped.method,
            [STEP_SIZES[np.argmin(abs(np.log10(STEP_SIZES) - step_size))]],
            [DAMPINGS[np.argmin(abs(np.log10(DAMPINGS) - (damping or 0)))]],
            cache=False,
        )
        if change <= CHAOS:
            assert_allclose(got.best()[2], loss, rtol=1e-9)


def test_a_single_run_of_a_selected_cell_ends_where_its_sweep_did(shipped):
    if shipped.name not in available() or shipped.name == "a1a":
        pytest.skip(f"{shipped.name} is not on this machine, or takes long")
    problem = optimization_problem(shipped.name)
    alone = run(
        problem,
        shipped.method,
        problem.start,
        step_size=STEP_SIZES[np.argmin(abs(np.log10(STEP_SIZES) - shipped.best[0]))],
        damping=DAMPINGS[np.argmin(abs(np.log10(DAMPINGS) - (shipped.best[1] or 0)))],
        n_steps=100,
    )
    if shipped.best_change <= CHAOS:
        assert float(alone.final_loss) == pytest.approx(shipped.best_loss, rel=1e-9)


def test_results_are_renewed_into_a_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("EFVIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(results, "TABLE_6", {"Wine": TABLE_6["Wine"]})
    told = []
    results.renew(tmp_path, lambda *words: told.append(words[:2]))
    assert {("Wine", method) for method in ("GD", "NGD", "EFGD")} == set(told)
    fresh = json.loads((tmp_path / "table6.json").read_text())
    expected = json.loads((results.FOLDER / "table6.json").read_text())
    expected = [entry for entry in expected if entry["paper"] == "Wine"]
    for got, shipped in zip(fresh, expected, strict=True):
        assert got["verdict"] == shipped["verdict"]
        assert got["best_loss"] == pytest.approx(shipped["best_loss"], rel=1e-10)
    with np.load(tmp_path / "grids.npz") as file:
        assert file["wine/EFGD/loss"].dtype == np.float32
        assert file["wine/GD/loss"].shape == (241, 1)
    assert not list(tmp_path.glob("*.part"))


def test_the_command_prints_every_line(capsys):
    assert main(["results"]) == 0
    out = capsys.readouterr().out
    assert out.count("\n") == 21
    assert "one of 143 that are as good" in out


def test_a_printed_cell_that_does_not_finish_is_said_to():
    shipped = LINES["Boston-EFGD"]
    broken = Line(**{**vars(shipped), "excess": np.inf, "printed_status": "diverged"})
    assert "does not finish" in broken.sentence()

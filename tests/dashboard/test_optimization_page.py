"""The page Optimization: its numbers are those of the library; a missing set is explained."""

import json
import re
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.testing import assert_allclose
from streamlit.testing.v1 import AppTest
from visiting import MOONS, components, html, open_page, paste, sentence

from efviz import DATASETS, results
from efviz.dashboard.components import Click
from efviz.dashboard.pages.lessons.registry import LESSONS
from efviz.dashboard.pages.optimization import page as optimization
from efviz.dashboard.pages.optimization import words as optimization_text
from efviz.dashboard.pages.optimization.page import choose_cell
from efviz.dashboard.pages.optimization.settings import OptimizationSettings
from efviz.dashboard.session.store import Store
from efviz.figures.log_axes import tick
from efviz.figures.optimization import cosine_panel, lengths_panel, loss_panel, sweep_panel
from efviz.numbers import number
from efviz.optimizers import run
from efviz.problems import linear_regression
from efviz.problems.catalogue import optimization_problem
from efviz.studies.alignment import PAPER, Alignment, StepSizes, alignment
from efviz.studies.optimization import NearAndFar
from efviz.work import finish

SLUG = optimization.SLUG


def page(**query: str) -> AppTest:
    at = open_page(SLUG, **query)
    assert not at.exception
    return at


@pytest.mark.parametrize("name", DATASETS)
def test_every_set_opens_or_says_how_to_get_it(name: str) -> None:
    at = page(set=name)
    if DATASETS[name].found():
        assert "ends at" in sentence(at)
        assert not at.warning
    else:
        assert at.warning
        # The shipped grids are shown nevertheless.
        assert bool(components(at, "chart")) == bool(results.line(name, "GD"))


@pytest.mark.parametrize("method", PAPER)
def test_the_defaults_are_the_selected_cells(method: str) -> None:
    usual = OptimizationSettings.of(problem="boston")
    sweep = results.sweep("boston", method)
    assert sweep
    step, damping, loss = sweep.best()
    assert getattr(usual, f"step_{method}") == pytest.approx(step, rel=1e-11)
    problem = optimization_problem("boston")
    path = run(problem, method, np.zeros(problem.D), step_size=step, damping=damping, n_steps=100)
    assert float(path.final_loss) == pytest.approx(loss, rel=1e-6)
    assert number(loss, 4) in sentence(page())


def test_table_6_has_a_verdict_for_every_line() -> None:
    words = html(page())
    for line in results.lines():
        assert line.verdict in words
    assert words.count("<tr>") >= len(results.lines())


@pytest.mark.parametrize(
    "query",
    [
        {"gd": "1e10"},
        {"ngd": "1e-20", "ngdl": "0"},
        {"ef": "1e10", "efl": "0"},
        {"efl": "1e10"},
        {"start": "1"},
        {"start": "-2"},
        {"set": "breast-cancer", "start": "0.5"},
        {"set": "wine", "scaling": "standardised"},
        {"set": "wine", "far": "1"},
        {"set": "breast-cancer", "far": "1"},
        {"set": "nothing", "gd": "x", "start": "∞"},
    ],
    ids=lambda query: " ".join(f"{k}={v}" for k, v in query.items()),
)
def test_extreme_settings_end_in_a_picture(query: dict[str, str]) -> None:
    at = page(**query)
    assert components(at, "chart")
    assert "nan" not in html(at)
    if query.get("set") == "nothing":
        assert len(at.warning) == 3


def test_a_run_that_diverges_says_where() -> None:
    assert "GD diverges at step" in sentence(page(gd="1e10"))


def test_a_run_that_depends_on_rounding_is_marked_wherever_it_is_shown() -> None:
    words = sentence(page(set="breast-cancer"))
    assert "EFGD ends at" in words
    assert words.count("depends on rounding") == 1
    assert "depends on rounding: a change in the last digit changes it by" in words
    assert "rounding" not in sentence(page(set="breast-cancer", ef="1e-6", efl="1"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (0.0, ""),
        (1e-13, ""),
        (1e-8, " (its last digits depend on rounding)"),
        (0.25, " (depends on rounding: a change in the last digit changes it by 25\u202f%)"),
        (np.inf, " (depends on rounding: a change in the last digit changes how the run ends)"),
    ],
)
def test_words_for_the_effect_of_rounding(change: float, words: str) -> None:
    assert optimization_text.by_rounding(change) == words


def test_a_start_at_the_minimum_stays_there() -> None:
    words = sentence(page(start="1"))
    lowest = number(
        float(optimization_problem("boston").loss(optimization_problem("boston").theta_star)), 4
    )
    assert f"GD ends at {lowest}" in words
    assert f"EFGD ends at {lowest}" in words


def test_without_a_minimum_the_start_is_zero_and_a_sentence_says_so() -> None:
    at = page(set="breast-cancer", start="0.5")
    assert "the runs start at 0" in sentence(at)


def test_an_own_table_runs_on_all_its_columns() -> None:
    at = paste(page(set="own"), MOONS)
    assert not at.exception
    assert "ends at" in sentence(at)
    labels = [b.label for b in at.button]
    assert "Run all 20,003 cells" in labels


def test_a_click_in_a_grid_runs_the_nearest_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, Any] = {}
    monkeypatch.setattr(Store, "set", lambda self, **values: kept.update(values))
    store = Store.__new__(Store)
    choose_cell(store, PAPER, Click(PAPER.index("EFGD"), -1.27, -7.8))
    assert kept == {
        "step_EFGD": pytest.approx(10**-1.25, rel=1e-11),
        "damping_EFGD": pytest.approx(10**-8.0, rel=1e-11),
    }
    kept.clear()
    choose_cell(store, PAPER, Click(PAPER.index("GD"), -5.3, 2.0))
    assert kept == {"step_GD": pytest.approx(10**-5.25, rel=1e-11)}
    kept.clear()
    for panel in (len(PAPER), 10**400):
        choose_cell(store, PAPER, Click(panel, -5.3, 2.0))
    assert not kept


def test_sliders_hold_what_the_link_says() -> None:
    at = page(set="wine", ef="0.5", efl="0.25")
    held = {}
    for proto in components(at, "slider"):
        data = json.loads(proto.json)
        held[data["label"]] = data["value"]
    assert held["EFGD step size γ"] == 0.5
    assert held["EFGD damping λ"] == 0.25


def selected(line: results.Line) -> tuple[float, float | None]:
    """log10 of the cell of a line's ties whose step size is nearest 1, with the least damping."""
    steps, dampings = np.linspace(-20, 10, 241), np.linspace(-10, 10, 41)
    cells = [(round(steps[i], 6), round(dampings[j], 6)) for i, j in line.tied]
    step, damping = min(cells, key=lambda cell: (abs(cell[0]), cell[0], cell[1]))
    return float(step), None if line.method == "GD" else float(damping)


@pytest.mark.parametrize("line", results.lines(), ids=lambda line: f"{line.name} {line.method}")
def test_page_table_and_defaults_name_the_same_cell_and_as_many_ties(line: results.Line) -> None:
    grid = results.sweep(line.name, line.method)
    assert grid
    step, damping = selected(line)
    others = len(line.tied) - 1
    said = optimization_text.grids({line.method: grid})
    cell = f"γ = {number(10**step)}" + ("" if damping is None else f", λ = {number(10**damping)}")
    assert f"{line.method}: {cell} gives the lowest loss" in said
    assert re.findall(r"as do (\d+) other cells", said) == [str(others)] * (others > 0)
    assert line.best == (step, damping)
    told = re.findall(r"(\d+) others are as good|one of (\d+) that are as good", line.sentence())
    assert [(int(a or 0) or int(b) - 1) for a, b in told] == [others] * bool(told)
    assert bool(told) == (others > 0 and line.verdict != "differs")
    usual = OptimizationSettings.of(problem=line.name)
    assert getattr(usual, f"step_{line.method}") == pytest.approx(10**step, rel=1e-11)
    if damping is not None:
        assert getattr(usual, f"damping_{line.method}") == pytest.approx(10**damping, rel=1e-11)


def test_the_lesson_counts_the_ties_that_the_page_counts() -> None:
    grid, line = results.sweep("boston", "NGD"), results.line("boston", "NGD")
    assert grid
    assert line
    (others,) = re.findall(r"as do (\d+) other cells", optimization_text.grids({"NGD": grid}))
    lesson = LESSONS["table"]
    assert lesson.numbers()["ties"] == str(int(others) + 1)
    assert any(
        "[[ties]] cells of NGD" in words for step in lesson.steps for words in step.templates
    )


def test_no_run_is_said_to_end_below_the_minimum_or_drawn_below_it() -> None:
    X = np.random.default_rng(0).normal(size=(40, 3))
    for noise in (0.0, 1.0):
        problem = linear_regression(X, X @ [1.0, -2.0, 3.0] + noise * X[::-1, 0])
        paths = {"NGD": run(problem, "NGD", np.zeros((1, 3)), step_size=1.0, n_steps=30)}
        said = optimization_text.sentence(problem, paths, {}, 0.0, {})
        (lowest,) = re.findall("minimum</a> is <b>(.+?)</b>", said)
        assert f"NGD ends at {lowest}." in said
        assert (lowest == "0") == (noise == 0)
        figure = go.Figure(loss_panel(paths, lowest=problem.minimum.loss))
        drawn = {trace.name: np.array(trace.y, dtype=float) for trace in figure.data}
        assert np.nanmin(drawn["NGD"]) >= np.nanmin(drawn["minimum"])


@pytest.mark.parametrize("method", PAPER)
def test_a_grid_shows_losses_ties_and_marks(method: str) -> None:
    grid = results.sweep("boston", method)
    assert grid is not None
    spec = sweep_panel(method, grid, current=(1e-3, 0.0), printed=(-1.0, -3.0), still="x")
    figure = go.Figure(spec)
    names = [trace.name for trace in figure.data]
    if method == "GD":
        curve = figure.data[0]
        assert_allclose(curve.x[:241], np.log10(grid.step_sizes))
        known = np.isfinite(np.array(curve.y[:241], dtype=float))
        expected = np.where(grid.status == "finished", grid.final_loss, np.nan)[:, 0]
        assert_allclose(10.0 ** np.array(curve.y[:241])[known], expected[known], rtol=1e-6)
    else:
        heat = next(trace for trace in figure.data if trace.name == "final loss")
        value = np.array(heat.z, dtype=float).T
        finished = grid.status == "finished"
        assert_allclose(
            10 ** value[finished] * grid.first_loss, grid.final_loss[finished], rtol=1e-6
        )
        assert np.isnan(value[~finished]).all()
        if grid.tied.sum() > 1:
            dots = figure.data[names.index("as good")]
            assert len(dots.x) == grid.tied.sum()
    best = figure.data[names.index("best")]
    assert best.x[0] == pytest.approx(np.log10(grid.best()[0]))
    legend = spec["layout"]["meta"]["legend"]
    assert {"printed", "best", "current", "as good"} <= {entry.get("trace") for entry in legend}
    if method != "GD":
        (greys,) = (trace.colorscale for trace in figure.data if trace.name == "ended early")
        shades = {entry["words"]: entry["colour"] for entry in legend if "colour" in entry}
        ended = {str(status) for status in np.unique(grid.status)} - {"finished"}
        assert set(shades) == ended
        assert set(shades.values()) <= {colour for _, colour in greys}


def test_losses_and_cosines_are_drawn_unchanged() -> None:
    problem = optimization_problem("wine")
    key: dict[str, Any] = {"step_size": 1e-2, "damping": 1e-3, "n_steps": 30}
    paths = {m: run(problem, m, np.zeros((1, problem.D)), **key) for m in ("NGD", "EFGD")}
    figure = go.Figure(loss_panel(paths, lowest=0.01))
    drawn = {trace.name: trace for trace in figure.data}
    assert_allclose(drawn["EFGD"].y[:-1], paths["EFGD"].losses[0])
    assert_allclose(drawn["minimum"].y[:2], 0.01)
    found = finish(alignment(problem, paths["EFGD"].thetas[0], 1e-3))
    drawn = {trace.name: trace for trace in go.Figure(cosine_panel(found, "EFGD", 1e-3)).data}
    assert_allclose(drawn["damped"].y[:-1], found.damped)
    assert_allclose(drawn["undamped"].y[:-1], found.undamped)
    assert go.Figure(cosine_panel(None, "EFGD", 0.0)).layout.title.text


def test_lengths_show_the_slope_that_section_4_3_states() -> None:
    g = np.geomspace(1e-3, 1e5, 9)
    figure = go.Figure(lengths_panel(StepSizes(g, {"NGD": g, "EFGD": 1 / g})))
    guide = next(trace for trace in figure.data if trace.name == "slope −1")
    x, y = (np.array(v, dtype=float)[:-1] for v in (guide.x, guide.y))
    assert_allclose(x * y, 1)
    words = optimization_text.far(NearAndFar([], StepSizes(g, {"NGD": g, "EFGD": 1 / g}), 0.0))
    assert "power −1 " in words
    flat = StepSizes(np.full(9, 2.0), {"NGD": g, "EFGD": g})
    assert "stops growing" in optimization_text.far(NearAndFar([], flat, 0.0))


def test_a_grid_too_large_for_memory_is_refused_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(optimization_text, "LARGEST_GRID", 100)
    at = page(set="wine", scaling="standardised")
    assert any("more memory than this page is allowed to use" in m.value for m in at.markdown)
    assert "Run all 20,003 cells" not in [b.label for b in at.button]


def test_words_for_cosines_that_oppose() -> None:
    problem = optimization_problem("wine")
    values = np.array([-0.5, 0.5, np.nan])
    found = Alignment(values, values, np.array([True, False, False]))
    words = optimization_text.sentence(problem, {}, {"EFGD": found}, 0.0, {})
    assert "negative in 50\u202f%" in words
    assert "pseudo-inverse" in words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0"), (1e-3, "10⁻³"), (10_000, "10,000"), (0.01, "0.01"), (5.62e-6, "5.62·10⁻⁶")],
)
def test_ticks_are_plain_where_short(value: float, words: str) -> None:
    assert tick(value) == words

"""The page Four matrices: its numbers are those of the library, its words follow from them."""

import json
from dataclasses import replace
from urllib.parse import parse_qsl

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from streamlit.testing.v1 import AppTest
from visiting import (
    SEPARABLE,
    change_settings,
    components,
    held,
    html,
    open_page,
    paste,
    sentence,
    settings_of,
    short_curves,
)

from efviz import CURVATURES, LABEL_SOURCES, PROBLEMS
from efviz.curvature import empirical_fisher, fisher
from efviz.curvature.agreement import agreements
from efviz.curvature.distance import relative_distance
from efviz.dashboard.components import Click
from efviz.dashboard.pages.matrices import closer
from efviz.dashboard.pages.matrices import page as the_page
from efviz.dashboard.pages.matrices import words as text
from efviz.dashboard.pages.matrices.page import STUDIES, choose_M
from efviz.dashboard.pages.matrices.settings import TABS, MatricesSettings
from efviz.dashboard.session.caches import SHARED
from efviz.dashboard.session.page import View
from efviz.dashboard.session.pictures import picture
from efviz.datasets.dataset import Dataset
from efviz.figures.data_points import nearest_example, places
from efviz.figures.data_views import data_panel
from efviz.numbers import number
from efviz.problems import Problem
from efviz.studies.four_matrices import USUAL
from efviz.studies.label_sources import LabelMatrix

SLUG = the_page.SLUG


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    short_curves(monkeypatch)


def page(**query: str) -> AppTest:
    at = open_page(SLUG, **query)
    assert not at.exception
    assert components(at, "chart")
    return at


def listed(key: str) -> tuple[Dataset, Problem]:
    dataset = PROBLEMS[key].dataset()
    return dataset, PROBLEMS[key].problem(dataset)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_problem_opens(problem: str) -> None:
    at = page(problem=problem)
    words = sentence(at)
    assert "H = G = F" in words if problem != "saturation" else "G = F" in words
    assert "‖EF − F‖" in words
    assert "nan" not in html(at)


EXTREMES: dict[str, dict[str, str]] = {
    "ten examples": {"n": "10", "row": "9"},
    "many examples": {"n": "300000", "labels": "exact"},
    "one label": {"m": "1"},
    "many labels": {"m": "10000"},
    "large step": {"step": "1e6", "damping": "0"},
    "large damping": {"damping": "1e10"},
    "far out": {"theta": "1e9,-1e9"},
    "zero": {"theta": "0,0"},
    "exact fit": {"s": "-1", "damping": "0"},
}


@pytest.mark.parametrize("problem", ["fig1", "fig2", "poisson", "softmax", "saturation"])
@pytest.mark.parametrize("extreme", EXTREMES)
def test_extreme_settings_end_in_a_picture(problem: str, extreme: str) -> None:
    query = {"problem": problem} | EXTREMES[extreme]
    if extreme == "many examples" and problem != "fig1":
        query["n"] = "5000"
    for tab in TABS:
        at = page(tab=tab, **query)
        assert "nan" not in html(at)
        assert sentence(at)


@pytest.mark.parametrize("tab", TABS)
def test_nothing_but_the_chosen_tab_is_drawn_and_computed(tab: str) -> None:
    SHARED.clear()
    at = page(tab=tab, problem="fig2", seed="7")
    assert set(TABS) == set(the_page.BELOW)
    drawn = {one.key for one in at.session_state[f"{SLUG}.drawn"]}
    below = {
        "entries": {"cells"},
        "example": {"terms"},
        "labels": {"labels", "weights", "curve"},
        "closer": {"closer.splits"},
    }
    assert drawn == {"chart"} | below[tab]
    settings = settings_of(at, SLUG)
    asked = {"example": "terms", "labels": "distances", "closer": "split"}
    for other, name in asked.items():
        begun = STUDIES.job(name, settings).progress.fraction > 0
        assert begun == (other == tab), name
    # So does a picture that is fetched by its link.
    made = picture(the_page.PAGE, settings.query)
    header = json.loads(made.body[4 : 4 + int.from_bytes(made.body[:4], "little")])
    named = {one["name"] for one in header["charts"]} | set(header["words"])
    extra = {"entries": {"cells", "table"}, "example": {"terms", "example"}}
    assert named == {"chart", "sentence"} | extra.get(tab, set())


def test_a_link_that_names_no_tab_opens_the_one_that_shows_what_it_names() -> None:
    for query, tab in (
        ({}, "entries"),
        ({"row": "6"}, "example"),
        ({"labels": "observed"}, "labels"),
        ({"closer": "bound"}, "closer"),
        ({"closer": "splits"}, "closer"),
        ({"labels": "observed", "tab": "entries"}, "entries"),
    ):
        settings = settings_of(page(n="50", **query), SLUG)
        assert settings.tab == tab
        again, _ = MatricesSettings.read(dict(parse_qsl(settings.query)))
        assert again == settings


@pytest.mark.parametrize("source", LABEL_SOURCES)
def test_every_source_of_labels_is_shown_with_its_cost(source: str) -> None:
    words = html(page(labels=source, tab="labels", problem="softmax", m="32"))
    chosen = LABEL_SOURCES[source]
    assert chosen.words in words.replace("&#x27;", "'")
    assert f"<b>{chosen.cost(1000, 32 if source == 'sampled' else 1, 3):,}</b> gradient" in words
    assert (", unbiased." if chosen.unbiased else ", biased.") in words


@pytest.mark.parametrize("section", closer.SECTIONS)
def test_every_closer_look_opens_on_the_page(section: str) -> None:
    page(closer=section)


def test_a_table_without_a_minimum_still_has_matrices() -> None:
    at = paste(open_page(SLUG, problem="own", closer="words"), SEPARABLE)
    assert not at.exception
    assert "H = G = F" in sentence(at)
    at.button[0].click().run()
    assert "no finite minimum" in at.warning[0].value
    assert settings_of(at, SLUG).theta == ()


def test_matrices_that_overflow_are_named() -> None:
    at = page(problem="poisson", theta="1e9,1e9")
    assert "overflow double precision" in sentence(at)


SMALL = "The larger a matrix, the smaller its ellipse."


def test_the_larger_matrix_has_the_smaller_ellipse() -> None:
    at, level_sets, found = (
        STUDIES.now(name, MatricesSettings.of()) for name in ("at", "level_sets", "matrices")
    )
    size = {
        " = ".join(names): np.linalg.norm(np.concatenate(curve.lines) - at, axis=-1)
        for names, curve in level_sets.items()
    }
    F, EF = (np.linalg.norm(found[name], 2) for name in ("F", "EF"))
    # Far from the minimum, residuals make EF the larger one.
    assert EF > 2 * F
    assert size["EF"].max() < size["H = G = F"].max()


def test_presets() -> None:
    at = page()
    assert SMALL in sentence(at)
    at.button[0].click().run()
    _, problem = listed("fig1")
    assert_allclose(settings_of(at, SLUG).theta[0], problem.theta_star)
    at.button[1].click().run()
    assert not at.exception
    assert "all four agree: <b>H = G = F = EF</b>" in sentence(at)
    # There is one ellipse, which is not compared with another.
    assert SMALL not in sentence(at)
    assert "All predicted probabilities are 1/2" in html(at)
    at.button[2].click().run()
    assert "<b>G = F</b>" in sentence(at)
    at.button[3].click().run()
    assert settings_of(at, SLUG).problem == "softmax"
    assert "H = G = F" in sentence(at)


def test_a_chosen_example_beyond_the_last_becomes_the_last() -> None:
    at = page(row="900")
    change_settings(at, SLUG, N=20)
    at.run()
    assert not at.exception
    assert settings_of(at, SLUG).example == 19
    at = page(n="50", row="900")
    assert "lies outside 0 to 49" in at.warning[0].value


def test_junk_in_a_link_gets_a_warning_and_a_picture() -> None:
    at = page(theta="1", row="x", labels="none", m="0", closer="everything", step="nan", tab="none")
    assert len(at.warning) == 7


def test_the_distances_on_the_page_are_the_librarys() -> None:
    at = page(problem="saturation", theta="1.5,0.9")
    _, problem = listed("saturation")
    theta = np.array([1.5, 0.9])
    F, EF = fisher(problem, theta), empirical_fisher(problem, theta)
    assert f"<b>{number(float(relative_distance(EF, F)))}</b>" in sentence(at)
    shown_ones = {key: CURVATURES[key].matrix(problem, theta) for key in USUAL}
    for a in agreements(problem, theta, shown_ones):
        shown = "0 <small>" if a.agree and a.distance else number(a.distance)
        assert f"<td>{shown}" in html(at)


def test_the_heat_maps_show_the_matrices() -> None:
    settings = MatricesSettings.of(problem="softmax")
    _, problem = listed("softmax")
    theta, matrices = STUDIES.now("at", settings), STUDIES.now("matrices", settings)
    for key in USUAL:
        assert_allclose(matrices[CURVATURES[key].short], CURVATURES[key].matrix(problem, theta))
    view, chart = View(the_page.PAGE, settings), the_page.CELLS
    packed = view.call(chart.call, then=chart.packed)
    assert packed
    shown = packed.decode(errors="replace")
    for value in np.abs(np.concatenate([matrix.ravel() for matrix in matrices.values()])):
        assert number(value) in shown


def test_the_terms_of_an_example_are_on_the_page() -> None:
    words = html(page(problem="fig2", theta="0.5,-0.25", row="6"))
    _, problem = listed("fig2")
    theta = np.array([0.5, -0.25])
    g = problem.per_example_gradients(theta)[6]
    assert f"<b>({', '.join(number(float(v)) for v in g)})</b>" in words
    weight = np.linalg.norm(g) ** 2
    p1 = 1 / (1 + np.exp(-problem.X[6] @ theta))
    expected = p1 * (1 - p1) * np.linalg.norm(problem.X[6]) ** 2
    assert f"The first is <b>{number(weight / expected)}</b> times the second" in words


def test_steps_that_lower_the_mean_loss_at_the_cost_of_the_example_are_named() -> None:
    step = STUDIES.now("steps", MatricesSettings.of())["GD"]
    steps = {
        "GD": replace(step, own=(1.0, 2.0), mean=(1.0, 0.5)),
        "NGD": replace(step, own=(1.0, 0.5), mean=(1.0, 1.5)),
        "EFGD": replace(step, own=(1.0, 0.5), mean=(1.0, float("nan")), rank_deficient=True),
    }
    said = text.step_words(steps)
    assert "GD lowers L at the cost of this example" in said
    assert "NGD and EFGD raise L" in said
    assert "matrix of EFGD is singular" in said
    table = text.steps_table(0, steps)
    assert "<td>2</td><td>+1</td><td>0.5</td><td>−0.5</td>" in table


def test_clicks_choose_the_example_theta_and_M() -> None:
    dataset, problem = listed("fig1")
    settings = MatricesSettings.of()
    given = {"dataset": dataset, "problem": problem}
    shown = held(settings, given, plane=STUDIES.now("plane", settings))
    x, y = places(dataset, problem)[41]
    the_page.clicked(shown, Click(0, float(x), float(y)))
    assert shown.store.settings.example == 41
    the_page.clicked(shown, Click(1, 1.23456, -0.5))
    assert shown.store.settings.theta == ((1.235, -0.5),)
    choose_M(shown, Click(0, 99.6, 3.0))
    assert (shown.store.settings.source, shown.store.settings.M) == ("sampled", 100)
    choose_M(shown, Click(0, 1e9, 3.0))
    assert shown.store.settings.M == 10_000


@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_marked_example_is_where_it_is_drawn(problem: str) -> None:
    dataset, made = listed(problem)
    n = 12
    panel = data_panel(dataset, made, theta=np.array([0.3, -0.2]), example=n)
    marked = next(t for t in go.Figure(panel).data if t.name == "example")
    at = np.array([marked.x[0], marked.y[0]])
    shown = ("data", "class", "level")
    drawn = [t for t in panel["data"] if str(t.get("name")).startswith(shown)]
    points = np.concatenate([np.stack([t["x"], t["y"]], axis=-1) for t in drawn])
    assert (points == at).all(-1).any()
    found = nearest_example(dataset, made, *map(float, at))
    assert_array_equal(places(dataset, made)[found], at)


def test_the_words_of_a_source_say_how_many_evaluations_are_saved() -> None:
    words = text.source("sampled", LabelMatrix(np.eye(2), 0.125, 12_345, 3000))
    assert "<b>0.125</b>, unbiased" in words
    assert "<b>12,345</b> gradient evaluations (3,000 if the Jacobian" in words


def test_no_two_parameters_of_the_link_share_a_name() -> None:
    queries = [one.query for one in MatricesSettings.declared().values()]
    assert len(queries) == len(set(queries))
    names = [one.name for one in MatricesSettings.declared().values()]
    assert len(names) == len(set(names))

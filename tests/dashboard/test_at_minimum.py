"""The page At the minimum: its numbers are those of the library, its words follow from them."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from streamlit.testing.v1 import AppTest
from visiting import components, html, open_page, sentence, short_distances

from efviz import PROBLEMS
from efviz.dashboard.pages.at_minimum import page as at_minimum
from efviz.dashboard.pages.at_minimum import words as at_minimum_text
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.session.page import View
from efviz.figures.at_minimum import (
    LEVEL,
    Mark,
    convergence_panel,
    ellipse_panel,
    half_width,
    runaway_panel,
    semi_axes,
    vanishing_panel,
)
from efviz.numbers import number
from efviz.problems import logistic_regression
from efviz.studies.at_minimum import Case, Name, ends
from efviz.studies.comparison import compare
from efviz.studies.convergence import Convergence
from efviz.studies.runaway import run_off

SLUG = at_minimum.SLUG


@pytest.fixture(autouse=True)
def _small_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seeds up to N = 1,000: the curves themselves are tested in test_convergence."""
    short_distances(monkeypatch, seeds=2, largest=1000)


def page(**query: str) -> AppTest:
    at = open_page(SLUG, **query)
    assert not at.exception
    assert len(components(at, "chart")) == 2
    return at


STUDIES = at_minimum.STUDIES


def chosen(**settings: Any) -> AtMinimumSettings:
    return AtMinimumSettings.of(**settings)


def cases(**settings: Any) -> list[Case]:
    found: list[Case] = STUDIES.now("cases", chosen(**settings))
    return found


@pytest.mark.parametrize("problem", PROBLEMS)
def test_every_problem_opens(problem: str) -> None:
    at = page(problem=problem)
    assert re.search(r"EF differs from F by <b>[\d,.]+\u202f%</b> \(", sentence(at))


EXTREMES: dict[str, dict[str, str]] = {
    "few examples": {"n": "10"},
    "few examples of another seed": {"n": "10", "seed": "4"},
    "many examples": {"n": "300000"},
    "far beyond the paper": {"s": "3"},
    "exact fit": {"s": "-1"},
}


@pytest.mark.parametrize("problem", [key for key, e in PROBLEMS.items() if e.family])
@pytest.mark.parametrize("extreme", EXTREMES)
def test_extreme_settings_end_in_a_picture(problem: str, extreme: str) -> None:
    if extreme == "many examples" and problem not in ("fig1", "fig2"):
        EXTREMES[extreme]["n"] = "30000"
    at = open_page(SLUG, problem=problem, **EXTREMES[extreme])
    assert not at.exception
    assert components(at, "chart")
    assert "nan" not in html(at)


def test_the_caption_of_figure_2_holds_and_is_shown() -> None:
    words = html(page())
    assert "which these data confirm" in words
    shares = [
        float(x) for x in re.findall(r"([\d.]+)\u202f%", words.split("these data confirm:")[1])[:3]
    ]
    assert round(shares[0]) == 73
    assert min(shares[1:]) >= 85
    assert "a good classifier need not be well specified" in sentence(page())
    assert "do not reproduce" in html(page(n="100", seed="3"))


@pytest.mark.parametrize("problem", ["fig2", "fig4"])
def test_the_table_shows_what_the_library_computes(problem: str) -> None:
    words = html(page(problem=problem))
    entry = PROBLEMS[problem]
    assert entry.family
    for path, strength in ends(entry.family).values():
        p = entry.problem(entry.dataset(path=path, strength=strength))
        found = compare(p, p.theta_star)
        for value in (found.distance, *found.eigenvalues):
            assert number(float(value)) in words
        assert number(found.loss, 4) in words


@pytest.mark.parametrize(
    ("path", "strength", "title"),
    [
        ("A", 0.5, ""),
        ("A", 0.0, "s = 0 is the correct model"),
        ("B", 0.0, "s = 0 is the correct model"),
        ("A", 1.0, "s = 1 is case A: unequal spread"),
        ("B", 1.0, "s = 1 is case B: unequal correlation"),
        ("A", -1.0, ""),
    ],
)
def test_a_case_that_is_one_of_the_three_is_shown_once(
    path: str, strength: float, title: str
) -> None:
    settings = chosen(problem="fig2", path=path, strength=strength)
    panels = View(at_minimum.PAGE, settings).call(at_minimum.CHART.call)
    # Its place is kept, so that nothing jumps while the slider is dragged.
    assert len(panels) == 8
    notes = [spec["layout"]["meta"].get("same", "") for spec in panels.values()]
    assert notes == [""] * 6 + ([title, " "] if title else ["", ""])
    cases, moved = (STUDIES.now(name, settings) for name in ("cases", "moved"))
    if title:
        same = next(case for case in cases if case.name == moved[0].equals)
        assert_array_equal(same.comparison.empirical_fisher, moved[0].comparison.empirical_fisher)
    columns = at_minimum_text.table(cases, moved).count("scope='col'")
    assert columns == (3 if title else 4)
    editing = replace(settings, editing=True)
    assert STUDIES.now("moved", editing)[0].equals is None


def test_figure_4_says_that_larger_noise_is_a_matter_of_scale() -> None:
    words = html(page(problem="fig4"))
    row = words.split("distance with the residual variance fitted")[1].split("</tr>")[0]
    correct, A, B, _ = (float(x) for x in re.findall(r"<td>([\d.]+)</td>", row))
    assert correct == pytest.approx(A, rel=1e-2)
    assert B > 5 * A


def test_an_exact_fit_has_no_empirical_fisher() -> None:
    assert "EF is zero" in sentence(page(problem="fig4", s="-1"))


def test_the_larger_matrix_has_the_smaller_ellipse_and_the_page_says_so() -> None:
    for strength, larger in ((1.0, True), (-0.5, False)):
        moved = STUDIES.now("moved", chosen(problem="fig4", path="noise", strength=strength))
        view = moved[0].comparison
        panel = go.Figure(ellipse_panel(view, ("w", "b"), 1.0, None))
        size = {
            trace.name: np.nanmax(np.hypot(np.array(trace.x, float), np.array(trace.y, float)))
            for trace in panel.data
            if "F" in trace.name
        }
        F, EF = (np.linalg.norm(m, 2) for m in (view.fisher, view.empirical_fisher))
        (ef,) = (size[name] for name in size if name.startswith("EF"))
        (f,) = (size[name] for name in size if not name.startswith("EF"))
        assert (EF > F) == (ef < f) == larger
        assert "The larger a matrix, the smaller its ellipse." in at_minimum_text.sentence(
            moved, []
        )


@pytest.mark.parametrize("problem", ["fig1", "fig4", "saturation"])
def test_what_an_exact_fit_leaves_of_residuals_is_told_as_0(problem: str) -> None:
    moved = STUDIES.now("moved", chosen(problem=problem, path="noise", strength=-1.0))
    told = at_minimum_text.table([], moved)
    rows = dict(re.findall(r"<th[^>]*>(.*?)</th><td>(.*?)</td>", told))
    assert rows["loss at θ*"] == "0"
    assert rows["smallest and largest ratio of EF to F"] == "0, 0"
    assert rows["residual variance"].startswith("0 ")
    assert rows["angle between the major axes"] == "–"
    assert rows["distance with the residual variance fitted"] == "–"


def test_the_views_are_the_papers_cases() -> None:
    expected = {
        "correct model": ("A", 0.0),
        "A: unequal spread": ("A", 1.0),
        "B: unequal correlation": ("B", 1.0),
    }
    entry = PROBLEMS["fig2"]
    assert entry.family
    assert {name.full: where for name, where in ends(entry.family).items()} == expected
    shown = cases()
    assert [case.name.full for case in shown] == list(expected)
    for case, (path, strength) in zip(shown, expected.values(), strict=True):
        p = entry.problem(entry.dataset(path=path, strength=strength))
        assert case.comparison
        assert_allclose(case.comparison.theta, p.theta_star, rtol=1e-9)


def test_the_strength_changes_only_the_moving_case() -> None:
    one, two = (chosen(strength=s, path="B") for s in (0.5, 0.55))
    for name in ("cases", "distances"):
        assert STUDIES.job(name, one) is STUDIES.job(name, two)
    assert STUDIES.job("moved", one) is not STUDIES.job("moved", two)
    first, second = (STUDIES.now("moved", settings)[0] for settings in (one, two))
    assert (first.name.short, second.name.short) == ("s = 0.5", "s = 0.55")
    assert first.comparison.distance != second.comparison.distance


def test_loss_grids_of_fixed_cases_depend_only_on_the_common_half_width() -> None:
    settings = [chosen(problem="fig4", strength=s) for s in (0.5, 0.55, -0.9)]
    halves = [STUDIES.now("half", one) for one in settings]
    assert halves[0] == halves[1] != halves[2]
    same, again, other = (STUDIES.now("losses", one) for one in settings)
    assert all(a is b for a, b in zip(same, again, strict=True))
    assert not any(a is b for a, b in zip(same, other, strict=True))


@pytest.mark.parametrize("problem", ["fig2", "wine"])
def test_the_loss_around_a_minimum_is_that_of_its_problem(problem: str) -> None:
    settings, entry = chosen(problem=problem), PROBLEMS[problem]
    half = STUDIES.now("half", settings)
    losses = STUDIES.now("losses", settings)
    dataset = entry.dataset(path="A", strength=1.0) if entry.family else entry.dataset()
    k, p = (1, entry.problem(dataset)) if entry.family else (0, entry.problem(dataset))
    line = np.linspace(-half, half, len(losses[k]))
    points = p.theta_star + np.stack(np.meshgrid(line, line), axis=-1)
    rise = np.ptp(losses[k])
    assert_allclose(losses[k], p.loss(points), atol=2e-4 * rise)


def test_a_finished_case_keeps_none_of_its_examples() -> None:
    settings = chosen(N=200_000)
    for name in ("cases", "moved", "losses", "moved_losses"):
        STUDIES.now(name, settings)
        assert STUDIES.job(name, settings).nbytes < 400_000


@pytest.mark.parametrize("problem", ["fig2", "saturation", "wine"])
def test_ellipses_are_level_sets_of_their_matrices(problem: str) -> None:
    view = cases(problem=problem)[0]
    assert view.comparison
    panel = go.Figure(ellipse_panel(view.comparison, view.parameter_names, 1.0, None))
    drawn = {trace.name: np.stack([trace.x, trace.y], -1) for trace in panel.data}
    matrices = {"EF": view.comparison.empirical_fisher, "F": view.comparison.fisher}
    matrices["F = H"] = matrices["F"]
    for key in set(drawn) & set(matrices):
        points = drawn[key][np.isfinite(drawn[key]).all(-1)]
        level = np.einsum("ni,ij,nj->n", points, matrices[key], points)
        assert_allclose(level, LEVEL, rtol=1e-9)
    assert ("H" in drawn) == (problem == "saturation")


def test_the_published_ellipse_is_three_times_the_inverse_root_of_the_sum() -> None:
    comparison = cases()[0].comparison
    assert comparison
    F = comparison.fisher
    w, V = np.linalg.eigh(1000 * F)
    root = V @ np.diag(w**-0.5) @ V.T
    u = np.stack([np.cos(np.linspace(0, 6, 50)), np.sin(np.linspace(0, 6, 50))], -1)
    published = 3 * u @ root
    assert_allclose(np.einsum("ni,ij,nj->n", published, F, published), LEVEL, rtol=1e-12)
    lengths = np.linalg.norm(published, axis=-1)
    assert semi_axes(F)[0] <= lengths.min() + 1e-12
    assert lengths.max() <= semi_axes(F)[1] + 1e-12


def test_the_plane_has_room_for_all_ellipses_up_to_a_limit() -> None:
    entry = PROBLEMS["fig4"]
    found = []
    for s in (0.0, 1.0, -0.5, -0.99):
        p = entry.problem(entry.dataset(path="noise", strength=s))
        found.append(compare(p, p.theta_star))
    half = half_width(found[:3])
    longest = max(semi_axes(m).max() for c in found[:3] for m in (c.fisher, c.empirical_fisher))
    assert longest < half < 2.5 * longest
    limit = half_width(found)
    assert limit < 11 * semi_axes(found[0].fisher).max()
    assert f"{half:.1g}" in ("0.2", "0.3")


def test_without_a_minimum_the_matrices_vanish_ef_first() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 2))
    problem = logistic_regression(X, X @ [1.0, 0.5] > 0)
    away = run_off(problem)
    lengths = np.linalg.norm(away.path.thetas[0], axis=-1)
    assert (np.diff(lengths) > 0).all()
    ratio = [
        np.linalg.norm(c.empirical_fisher) / np.linalg.norm(c.fisher) for c in away.comparisons
    ]
    assert ratio[-1] < 0.1 * ratio[0]
    assert away.comparisons[-1].distance > 0.9
    names = ("θ₁", "θ₂")
    drawn = go.Figure(runaway_panel(away.path, names, away.axes, away.loss))
    assert_allclose(drawn.data[1].x[:-1], away.path.thetas[0, :, 0])
    curves = {t.name: t.y for t in go.Figure(vanishing_panel(away.comparisons)).data}
    expected = [np.linalg.norm(c.empirical_fisher) for c in away.comparisons]
    assert_allclose(curves["‖EF‖"][:-1], expected)


def curves() -> Convergence:
    sizes = (10, 100, 1000)
    rows = [[[0.5, 0.2, 0.05], [0.4, 0.1, 0.06]], [[1.0, 1.2, 1.1], [np.nan, 1.3, 1.2]]]
    return Convergence(sizes, np.array(rows), np.ones((2, 3), dtype=bool))


def test_the_chart_of_distances_shows_median_range_and_the_line() -> None:
    shown = [Mark("correct", 100, 0.2), Mark("yours", 100, 0.7, own=True)]
    spec = convergence_panel(curves(), ["correct", "A"], shown, N=100)
    figure = go.Figure(spec)
    traces: dict[str, list[Any]] = {}
    for trace in figure.data:
        traces.setdefault(trace.name, []).append(trace)
    band, line = traces["correct"]
    assert_allclose(line.y[:3], [0.45, 0.15, 0.055])
    assert band.fill == "toself"
    assert_allclose(band.y[:3], [0.4, 0.1, 0.05])
    assert_allclose(band.y[3:], [0.06, 0.2, 0.5])
    fall = traces["N^(-1/2)"][0].y[:3]
    assert_allclose(fall, 0.45 / np.sqrt([1, 10, 100]))
    assert_allclose(traces["N"][0].x[:2], 100)
    assert [t.text[0] for t in traces["shown"]] == ["correct", "yours"]
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"


def test_the_chart_of_distances_is_there_before_its_curves() -> None:
    figure = go.Figure(convergence_panel(None, ["correct"], [Mark("correct", 50, 0.1)], N=50))
    assert [trace.name for trace in figure.data] == ["N", "shown"]


def test_words_for_curves_name_falling_and_stalling() -> None:
    named = [Case(Name(short), 1000, (), "", None, None) for short in ("correct", "A")]
    words = at_minimum_text.convergence(PROBLEMS["fig2"], named, curves())
    assert re.search(
        r"The distance falls like N<sup>.*</sup> \(correct\), levels off at .* \(A\)", words
    )
    assert "1 of the small samples have no minimum" in words

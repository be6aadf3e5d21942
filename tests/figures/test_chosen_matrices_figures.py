"""Figures of chosen matrices: curves of the numbers of slow loops, and names with room."""

import re
from itertools import combinations

import numpy as np
import plotly.graph_objects as go
import pytest
import slow
import things
from conftest import listed_problem
from numpy.testing import assert_allclose
from test_figures import trace

import efviz
from efviz import Curvature
from efviz.fields import Plane
from efviz.figures.at_minimum import LEVEL, ellipse_panel, half_width
from efviz.figures.curve_names import DESK, MOST, MOST_TOGETHER, beside, together, written
from efviz.figures.four_matrices import matrix_panels
from efviz.figures.matrices import common_style, level_sets_panel, spectra_panel
from efviz.figures.theme import style_of_matrix, text_colour
from efviz.studies.comparison import COMPARED, compare
from efviz.studies.four_matrices import USUAL, four_matrices, level_sets, short_of, spectra

pytestmark = pytest.mark.usefixtures("own_matrices")

ALL = [*USUAL, *things.MATRICES]
NAMES = ("a", "b")
FOURS = [("two_ef", "gram", "root_ef", "blocks"), ("mixed", "diag_ef", "half_hessian", "fisher")]


def compared(problem, keys):
    others = [key for key in keys if key not in COMPARED]
    return compare(problem, problem.theta_star, others)


def points(panel, name):
    line = trace(panel, name)
    xy = np.stack([line["x"], line["y"]], axis=-1)
    return xy[np.isfinite(xy).all(-1)]


@pytest.mark.parametrize("key", ALL)
@pytest.mark.parametrize("where", ["fig2", "saturation"])
def test_the_curve_at_the_minimum_is_the_level_set_of_the_slow_matrix(where, key):
    problem = listed_problem(where)
    panel = ellipse_panel(compared(problem, [key]), NAMES, 1.0, None, [key])
    delta, M = points(panel, short_of(key)), slow.matrix(problem, key, problem.theta_star)
    assert_allclose(np.einsum("ni,ij,nj->n", delta, M, delta), LEVEL, rtol=1e-5)
    assert trace(panel, short_of(key))["line"]["color"] == style_of_matrix(short_of(key)).colour
    assert go.Figure(panel).layout.title.text == "<b>At the minimum</b>"
    assert short_of(key) in panel["layout"]["meta"]["label"]


@pytest.mark.parametrize("keys", FOURS, ids=",".join)
def test_all_chosen_are_drawn_and_named_apart_on_the_panel(keys):
    problem = listed_problem("fig2", N=200)
    comparison = compared(problem, keys)
    half = half_width([comparison], keys)
    panel = ellipse_panel(comparison, NAMES, half, None, keys)
    drawn = comparison.distinct(keys)
    assert sorted(name for names in drawn for name in names) == sorted(map(short_of, keys))
    labels = trace(panel, "labels")
    assert list(labels["text"]) == [together(names) for names in drawn]
    # A letter and a line of so many pixels on a panel that is 240 wide.
    middles = np.stack([labels["x"], labels["y"]], axis=-1) / half
    sizes = [np.array([6.5 * len(text), 14]) / 240 for text in labels["text"]]
    for (a, s), (b, t) in combinations(zip(middles, sizes, strict=True), 2):
        assert (np.abs(a - b) >= s + t - 1e-9).any()
    for middle, size in zip(middles, sizes, strict=True):
        assert (np.abs(middle) + size <= 1 + 1e-9).all()


def test_the_title_is_about_ef_and_f_where_both_are_drawn():
    problem = listed_problem("fig2")
    keys = ("fisher", "empirical_fisher", "two_ef")
    layout = ellipse_panel(compared(problem, keys), NAMES, 1.0, None, keys)["layout"]
    assert layout["title"]["text"].startswith("<b>EF differs from F by")
    assert layout["meta"]["label"].endswith("; with those of two_ef")


@pytest.mark.parametrize(
    ("matrix", "kind"),
    [
        (np.diag([1.0, -0.5]), "hyperbola"),
        (np.diag([1.0, 0.0]), "lines"),
        (np.zeros((2, 2)), "nothing"),
        (-np.eye(2), "nothing"),
    ],
)
def test_any_symmetric_matrix_has_a_panel(matrix, kind):
    problem = listed_problem("fig2")

    def constant(problem, theta):
        return np.broadcast_to(matrix, (*np.shape(theta), 2)) if problem.D == 2 else fisher(theta)

    def fisher(theta):
        return np.broadcast_to(np.eye(theta.shape[-1]), (*theta.shape, theta.shape[-1]))

    with efviz.register("odd", Curvature("Odd", "O", constant)):
        comparison = compared(problem, ["odd"])
        for keys in (["odd"], ["fisher", "odd"]):
            half = half_width([comparison], keys)
            panel = ellipse_panel(comparison, NAMES, half, None, keys)
            go.Figure(panel)
            delta = points(panel, "odd")
            assert (len(delta) > 0) == (kind != "nothing")
            assert_allclose(np.einsum("ni,ij,nj->n", delta, matrix, delta), LEVEL, rtol=1e-9)
        # Curves without an end do not blow up the axes.
        if kind != "nothing":
            assert half < 10 * max(half_width([comparison], ["fisher"]), LEVEL**0.5)


@pytest.mark.parametrize("key", ALL)
def test_cells_eigenvalues_and_level_sets_show_the_slow_matrix(key):
    problem, theta = listed_problem("saturation", N=20), np.array([1.5, 0.9])
    name, expected = short_of(key), slow.matrix(problem, key, theta)
    matrices = four_matrices(problem, theta, [key])
    (cells,) = matrix_panels(problem, matrices).values()
    assert_allclose(cells["numbers"]["entries"]["z"], expected.ravel(), rtol=1e-5, atol=1e-8)
    found = go.Figure(spectra_panel(spectra(matrices))).data
    values = sorted(abs(y) for t in found if t.name.startswith(name) for y in t.y)
    assert_allclose(values, sorted(np.abs(np.linalg.eigvalsh(expected))), rtol=1e-5)
    drawn = level_sets(problem, Plane((0, 3), (0, 2)), theta, matrices)
    panel = level_sets_panel(drawn, theta, NAMES, Plane((0, 3), (0, 2)), None, None)
    delta = points(panel, name) - theta
    level = np.einsum("ni,ij,nj->n", delta, expected, delta)
    assert_allclose(level, level[0], rtol=1e-5)


def test_equal_matrices_share_their_cells_and_those_without_numbers_have_dashes():
    problem, theta = listed_problem("fig1", N=20), np.array([1.5, 0.9])
    matrices = four_matrices(problem, theta, USUAL) | {"blocks": np.full((2, 2), np.nan)}
    panels = matrix_panels(problem, matrices)
    titles = [panel["layout"]["title"]["text"] for panel in panels.values()]
    assert [re.findall("<b>(.*?)</b>", title) for title in titles] == [
        ["H = G = F"], ["EF"], ["blocks"],
    ]  # fmt: skip
    assert "equal to working precision" in titles[0]
    assert "empirical Fisher" in titles[1]
    assert set(trace(panels["blocks 2"], "numbers")["text"]) == {"–"}


def test_names_from_elsewhere_are_no_markup_in_figures():
    problem, theta = listed_problem("fig1", N=20), np.array([1.5, 0.9])
    name = "<b>x</b>%{y}"
    own = Curvature("<i>A title</i>", "A", efviz.fisher, short=name)
    with efviz.register("bold", own):
        matrices = four_matrices(problem, theta, ["bold", "empirical_fisher"])
        drawn = level_sets(problem, Plane((0, 3), (0, 2)), theta, matrices)
        panels = [
            *matrix_panels(problem, matrices).values(),
            spectra_panel(spectra(matrices)),
            level_sets_panel(drawn, theta, NAMES, Plane((0, 3), (0, 2)), None, None),
            ellipse_panel(compared(problem, ["bold"]), NAMES, 1.0, None, ["bold"]),
        ]
    texts = []
    for panel in panels:
        layout = panel["layout"]
        texts.append(layout["title"]["text"])
        texts += layout["xaxis"].get("ticktext", [])
        for one in panel["data"]:
            texts += [*one.get("text", []), one.get("hovertemplate", "")]
    assert any("‹b›x‹/b›" in text for text in texts)
    assert any("‹i›A title‹/i›" in text for text in texts)
    for text in texts:
        assert "<b>x" not in text
        assert "<i>" not in text
        assert "x‹/b›%{y}" not in text


def test_names_are_short_enough_to_stand_beside_a_curve():
    assert written("F") == "F"
    assert written("half_hessian") == "half_hessian"
    assert written("a\nb  c") == "a b c"
    long = written("the block-diagonal Fisher")
    assert len(long) == MOST
    assert long.endswith("…")
    assert together(["H", "G", "F"]) == "H = G = F"
    many = together(["half_hessian", "diag_ef", "two_ef", "F"])
    assert many == "half_hessian = diag_ef = …"
    assert len(together(["a" * 40, "b" * 40])) <= MOST_TOGETHER


def covers(spot, text, points, half=DESK):
    """Whether a text of 6.5 by 14 pixels a letter covers one of the points."""
    return (np.abs(points - spot) < np.array([6.5 * len(text), 14]) / 2 / half).all(-1).any()


def circle(radius, centre=(0.0, 0.0)):
    angle = np.linspace(0, 2 * np.pi, 400)
    return np.array(centre) + radius * np.stack([np.cos(angle), np.sin(angle)], axis=-1)


@pytest.mark.parametrize("inner", [0.2, 0.5, 0.57, 0.6])
def test_names_touch_neither_curves_nor_marks_nor_each_other(inner):
    curves = [("H = G = F", [circle(0.6)]), ("EF", [circle(inner)])]
    star = np.zeros((1, 2))
    spots = beside(curves, star, halves=[DESK])
    for (text, (own,)), spot in zip(curves, spots, strict=True):
        assert np.abs(own - spot).max(-1).min() < 0.1 + 6.5 * len(text) / 2 / DESK
        for obstacle in (circle(0.6), circle(inner), star):
            assert not covers(spot, text, obstacle)
    apart = np.abs(spots[0] - spots[1])
    assert (apart >= np.array([6.5 * 11, 28]) / 2 / DESK - 1e-9).any()


def test_a_name_stands_inside_the_panel_beside_what_is_seen_of_its_curve():
    line = np.array([[-9.0, 0.5], [9.0, 0.5]])
    (spot,) = beside([("line", [line])], np.array([[0.0, 0.7]]))
    assert 0.1 < abs(spot[1] - 0.5) < 0.2
    assert abs(spot[0]) + 4 * 6.5 / 2 / DESK <= 1
    assert beside([("line", [line + 2])], np.zeros((0, 2))) == [None]
    assert beside([("none", [])], np.zeros((0, 2))) == [None]


def test_on_a_crowded_panel_names_cover_curves_rather_than_names():
    lines = [np.array([[-1.0, y], [1.0, y]]) for y in np.linspace(-1, 1, 41)]
    curves = [(f"line {k}", [line]) for k, line in enumerate(lines[18:23])]
    spots = beside([*curves, ("", lines)], np.zeros((0, 2)), halves=[DESK])[:5]
    for a, b in combinations(spots, 2):
        assert (np.abs(a - b) >= np.array([6.5 * 6, 14]) / DESK - 1e-9).any()


def test_names_have_the_colours_of_their_curves():
    keys = FOURS[0]
    drawn = compared(listed_problem("fig2", N=200), keys)
    panel = ellipse_panel(drawn, NAMES, half_width([drawn], keys), None, keys)
    labels = trace(panel, "labels")
    for text, colour in zip(labels["text"], labels["textfont"]["color"], strict=True):
        (equal,) = (names for names in drawn.distinct(keys) if together(names) == text)
        style = common_style(equal)
        assert colour == text_colour(style)
        assert trace(panel, " = ".join(equal))["line"]["color"] == style.colour

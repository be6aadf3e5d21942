"""Names at the ends of lines: whose they are, where they stand, and that the browser agrees."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from test_figures import SHOWN, picture, trace
from test_javascript import ASSETS, NODE, node

from efviz import CURVATURES, METHODS
from efviz.figures import export
from efviz.figures.line_names import (
    GAP,
    SAME,
    Area,
    annotations,
    apart,
    is_names,
    line_names,
    margin_for,
    place,
    room_for,
)
from efviz.figures.optimization import loss_panel
from efviz.figures.theme import TEXT, dark_colours, style_of, style_of_matrix, text_colour
from efviz.optimizers import run
from efviz.optimizers.stochastic import STOCHASTIC_METHODS
from efviz.style import BACKGROUNDS, OTHERS, Style, contrast

AREA = Area(width=300, height=200, room=60, line=14, comma=6)

STYLES = {
    **{name: style_of(name) for name in [*METHODS, *STOCHASTIC_METHODS]},
    **{one.short: style_of_matrix(one.short) for one in CURVATURES.values()},
    **{f"other {k}": style for k, style in enumerate(OTHERS)},
    "extension": Style("#999988", "dot", "pale", "#556655"),
}


@pytest.mark.parametrize("name", STYLES)
def test_names_are_legible_in_both_themes(name: str) -> None:
    light, dark = STYLES[name].text
    assert contrast(light, BACKGROUNDS[0]) >= 4.5
    assert contrast(dark, BACKGROUNDS[1]) >= 4.5
    if name != "extension":
        assert dark_colours()[light] == dark


def test_names_have_the_colour_of_their_line_where_that_is_legible() -> None:
    assert text_colour(style_of("GD")) == style_of("GD").colour
    assert text_colour(style_of("NGD")) != style_of("NGD").colour
    assert all(text_colour(Style(colour)) == colour for colour in TEXT)


def test_a_colour_has_one_counterpart_on_a_dark_background() -> None:
    """Legible on white, not on black: its name is darker than the line."""
    style = Style("#767676", dark="#606060")
    assert contrast(style.colour, BACKGROUNDS[0]) > 4.5
    assert style.text[0] != style.colour


def test_names_stand_at_the_ends_that_are_seen() -> None:
    x = np.arange(4.0)
    rising = np.stack([x, 10.0**x], axis=-1)
    falling = np.stack([x[::-1], x + 1], axis=-1)
    gone = np.stack([x, np.full(4, 1e9)], axis=-1)
    curves = {"up": rising, "back": falling, "gone": gone}
    (names,) = line_names({k: (v, style_of("GD")) for k, v in curves.items()}, (0.1, 10**1.5))
    assert names["text"] == ["up", "back"]
    # In logarithms the first leaves halfway between 1 and 2; the second ends at the right.
    assert_allclose([names["x"], names["y"]], [[1.5, 3.0], [10**1.5, 1.0]])
    assert line_names({"gone": (gone, style_of("GD"))}, (0.1, 10)) == []


def test_a_diverging_run_is_named_where_it_leaves() -> None:
    p = picture("fig1")
    paths = {
        name: run(p["problem"], name, p["starts"][:1], step_size=step, n_steps=20)
        for name, step in (("GD", 0.7), ("NGD", 0.1))
    }
    panel = loss_panel(paths)
    names, top = trace(panel, "labels"), 10 ** panel["layout"]["yaxis"]["range"][1]
    assert names["text"] == ["GD", "NGD"]
    assert_allclose(names["y"][0], top)
    assert_allclose([names["x"][1], names["y"][1]], [20, paths["NGD"].losses.ravel()[-1]])


def boxes(n: int, seed: int) -> tuple[list[float], list[float]]:
    rng = np.random.default_rng(seed)
    return sorted(rng.uniform(0, 200, n).tolist()), rng.choice([14.0, 28.0], n).tolist()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_boxes_are_moved_apart_as_little_as_possible(n: int, seed: int) -> None:
    wanted, heights = boxes(n, seed)
    got = apart(wanted, heights, 200)
    gaps = [(a + b) / 2 for a, b in pairwise(heights)]
    above = {"type": "ineq", "fun": lambda y: np.diff(y) - gaps}
    bounds = [(h / 2, 200 - h / 2) for h in heights]
    best = minimize(
        lambda y: np.sum((y - wanted) ** 2) / 100,
        np.linspace(20, 180, n),
        bounds=bounds,
        constraints=[above],
        options={"maxiter": 500, "ftol": 1e-12},
    )
    assert_allclose(got, best.x, atol=0.02)


def test_more_boxes_than_fit_are_spread_evenly() -> None:
    assert_allclose(apart([10, 10, 10], [20, 20, 20], 40), [10, 20, 30])


def test_ends_that_look_like_one_share_a_name() -> None:
    ends = [(300.0, 50.0, 20.0), (300.0, 50.0 + SAME, 20.0), (300.0, 53.0, 20.0)]
    names = place(ends, AREA)
    assert [name.rows for name in names] == [[[0, 1]], [[2]]]
    assert names[1].y - names[0].y == pytest.approx(AREA.line)
    assert [name.at for name in names] == [(300, 50), (300, 53)]
    # Up and down by the same way, each less than half a row: 51.5 is in the middle.
    assert_allclose([name.y for name in names], [44.5, 58.5])
    assert not any(name.leads for name in names)


def test_a_shared_name_has_as_many_rows_as_it_needs() -> None:
    ends = [(300.0, 100.0, 30.0)] * 3
    (name,) = place(ends, AREA)
    assert name.rows == [[0], [1], [2]]
    (name,) = place(ends, Area(300, 200, 66, 14, 6))
    assert name.rows == [[0, 1], [2]]


def test_names_of_lines_that_end_early_stand_beside_them() -> None:
    beside, led, out = (20.0, 100.0, 30.0), (270.0, 100.0, 30.0), (310.0, 20.0, 30.0)
    names = place([beside, led, out], AREA)
    assert [(name.rows, name.x, name.leads) for name in names] == [
        ([[0]], 20 + GAP, False),
        ([[1]], 300 + GAP, True),
    ]


def test_the_room_is_that_of_the_names_alone() -> None:
    assert room_for([10, 30, 20], 1000, 5) == 55
    assert room_for([10, 30, 20], 200, 5) == 30
    assert room_for([30], 1000, 5) == 30


def random_ends(rng: np.random.Generator, n: int) -> list[tuple[float, float, float]]:
    x = rng.choice([300.0, 299.0, 40.0, 250.0], n, p=[0.6, 0.1, 0.2, 0.1])
    y = rng.choice([rng.uniform(-5, 205), 60.0, 61.5, 190.0], n) + rng.choice([0, 3], n)
    return [*zip(x.tolist(), y.tolist(), rng.uniform(10, 50, n).tolist(), strict=True)]


@pytest.mark.skipif(NODE is None, reason="no node found: install Node.js 18 or newer")
def test_the_browser_places_names_by_the_same_rule() -> None:
    rng = np.random.default_rng(0)
    cases = [random_ends(rng, n) for n in range(1, 9) for _ in range(30)]
    given = json.dumps([[{"x": x, "y": y, "width": w} for x, y, w in ends] for ends in cases])
    script = f"""
        import {{ readFileSync }} from 'node:fs';
        import {{ place, roomFor }} from {(ASSETS / "names.js").as_uri()!r};
        const cases = JSON.parse(readFileSync(0));
        const rooms = cases.map((ends) => roomFor(ends.map(({{ width }}) => width), 250, 6));
        const placed = cases.map((ends) => place(ends, {json.dumps(asdict(AREA))}));
        console.log(JSON.stringify([rooms, placed]));
    """
    rooms, placed = json.loads(node("--input-type=module", "--eval", script, given=given.encode()))
    assert_allclose(rooms, [room_for([end[2] for end in ends], 250, 6) for ends in cases])
    assert sum(map(len, placed)) > 500
    for ends, names in zip(cases, placed, strict=True):
        ours = place(ends, AREA)
        assert [name["rows"] for name in names] == [name.rows for name in ours]
        assert [name["leads"] for name in names] == [name.leads for name in ours]
        numbers = [(n["x"], n["y"], n["at"]["x"], n["at"]["y"]) for n in names]
        assert_allclose(
            np.reshape(numbers, (-1, 4)), np.reshape([(n.x, n.y, *n.at) for n in ours], (-1, 4))
        )


def drawn_boxes(figure: Any) -> Iterator[tuple[float, float, float]]:
    """Left edge, middle and height of the annotations of a figure, in pixels of the plot area."""
    layout = figure.layout
    w = layout.width - layout.margin.l - layout.margin.r
    h = layout.height - layout.margin.t - layout.margin.b
    (x0, x1), (y0, y1) = layout.xaxis.range, layout.yaxis.range
    for one in layout.annotations:
        across, down = (one.ax, one.ay) if one.showarrow else (one.xshift, -one.yshift)
        rows = one.text.count("<br>") + 1
        yield (
            (one.x - x0) / (x1 - x0) * w + across,
            (y1 - one.y) / (y1 - y0) * h + down,
            rows * 1.2 * one.font.size,
        )


def test_exported_files_name_the_same_lines() -> None:
    p = picture("fig1")
    paths = {
        name: run(p["problem"], name, p["starts"][:1], step_size=1e-2, n_steps=20) for name in SHOWN
    }
    panel = loss_panel(paths, aspect=0.4)
    figure = export.figure(panel)
    names = trace(panel, "labels")
    assert not any(is_names(one.to_plotly_json()) for one in figure.data)
    said = " ".join(re.sub("<br>|<[^>]*>", " ", one.text) for one in figure.layout.annotations)
    assert sorted(re.findall(r"\w+", said)) == sorted(SHOWN)
    for one in figure.layout.annotations:
        (k, *_) = [k for k, text in enumerate(names["text"]) if f">{text}<" in one.text]
        assert_allclose([one.x, 10**one.y], [names["x"][k], names["y"][k]])
        assert names["textfont"]["color"][k] in one.text
    placed = sorted(drawn_boxes(figure), key=lambda box: box[1])
    assert all(x > figure.layout.width - 100 - figure.layout.margin.r for x, _, _ in placed)
    for (_, above, a), (_, below, b) in pairwise(placed):
        assert below - above >= (a + b) / 2 - 1e-9


def test_names_cannot_become_markup_in_files() -> None:
    curve = np.array([[0.0, 1.0], [1.0, 2.0]])
    (names,) = line_names({"<b>x</b>": (curve, style_of("GD"))}, (0.1, 10))
    layout = {
        "margin": {"l": 40, "r": margin_for(names, 330), "t": 30, "b": 40},
        "xaxis": {"range": [0, 1]},
        "yaxis": {"range": [-1, 1], "type": "log"},
    }
    (one,) = annotations(names, layout, 330, 200)
    assert "&lt;b&gt;x" in one["text"]

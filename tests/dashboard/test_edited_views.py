"""Edited data in the data panels and on the pages."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import plotly.graph_objects as go
import pytest
from numpy.testing import assert_array_equal
from visiting import Held, held, open_page, short_distances

from efviz import PROBLEMS
from efviz.dashboard.components import Click, Touch
from efviz.dashboard.components.chart import touch_of
from efviz.dashboard.pages.at_minimum import page as at_minimum
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.pages.gradient_noise import page as gradient_noise
from efviz.dashboard.pages.matrices import page as matrices
from efviz.dashboard.pages.matrices.settings import MatricesSettings
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.session import data_edits
from efviz.dashboard.session.page import View
from efviz.datasets.edits import edited
from efviz.figures.data_points import SHOWN, nearest_example, place_of, places
from efviz.figures.data_views import data_panel


def made(name, edits, N=1500):
    entry = PROBLEMS[name]
    data = edited(entry.dataset(N=N) if entry.family else entry.dataset(), edits)
    return data, entry.problem(data)


def edits_for(name):
    """Edits that are valid for any problem with at least 13 examples."""
    inputs = [n for n in made(name, ())[0].feature_names if n != "1"]
    added = ("a", 0.5, 1.0) if len(inputs) == 1 else ("a", 0.5, 0.5, 1.0)
    return (("m", 12, 1.0, 1.0), added, ("r", 7))


def in_link(edits):
    return ";".join(
        kind + ",".join(str(v).removesuffix(".0") for v in numbers) for kind, *numbers in edits
    )


def points(panel):
    """Number of the example -> where it is drawn, from the handles as a browser reads them."""
    traces = {trace.get("name"): trace for trace in panel["data"]}
    return {
        int(number): (x, y)
        for handle in panel["layout"]["meta"]["handles"]
        for number, x, y in zip(
            handle["index"],
            traces[handle["trace"]]["x"],
            traces[handle["trace"]]["y"],
            strict=True,
        )
    }


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_handle_carries_the_number_of_the_example_it_draws(name):
    data, problem = made(name, edits_for(name))
    panel = data_panel(data, problem, editing=True)
    go.Figure(panel)
    drawn = points(panel)
    assert 7 not in drawn
    original = data.edited.original
    columns = [i for i, n in enumerate(data.feature_names) if n != "1"]
    for number in (0, 8, 12, len(original.y)):
        row = int(np.flatnonzero(data.edited.numbers == number)[0])
        x, y = drawn[number]
        assert x == data.X[row, columns[0]]
        if len(columns) == 2:
            assert y == data.X[row, columns[1]]
        else:
            assert place_of(data, problem, x, y) == (x, data.y[row])


@pytest.mark.parametrize("name", ["fig1", "fig2", "softmax"])
def test_edited_examples_are_always_drawn(name):
    data, problem = made(name, (("m", 2900, 1.0, 1.0),), N=3000)
    drawn = points(data_panel(data, problem, editing=True))
    assert 2900 in drawn
    assert len(drawn) == SHOWN + 1
    assert f"{SHOWN + 1:,} shown" in data_panel(data, problem)["layout"]["title"]["text"]


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_axes_stay_while_a_point_is_dragged_within_them(name):
    data, problem = made(name, ())
    first = data_panel(data, problem, editing=True)["layout"]
    inside = [
        0.9 * high + 0.1 * low for low, high in (first[a]["range"] for a in ("xaxis", "yaxis"))
    ]
    place = place_of(data, problem, *inside)
    moved = made(name, (("m", 3, *place),))
    frame = data_panel(*moved, editing=True)["layout"]
    for axis in ("xaxis", "yaxis"):
        assert_array_equal(frame[axis]["range"], first[axis]["range"])
    low, high = data_panel(*made(name, (("m", 3, 1e4, 1.0),)), editing=True)["layout"]["xaxis"][
        "range"
    ]
    assert low < 1e4 < high


def test_without_editing_nothing_can_be_touched_and_edits_have_rings():
    data, problem = made("fig2", edits_for("fig2"))
    panel = data_panel(data, problem)
    assert "handles" not in panel["layout"]["meta"]
    assert "click" not in panel["layout"]["meta"]
    rings = [t for t in panel["data"] if (t.get("name") or "").startswith("edited 11")]
    assert sum(len(t["x"]) for t in rings) == 2
    unedited = data_panel(*made("fig2", ()))
    assert not [t for t in unedited["data"] if (t.get("name") or "").startswith("edited")]


@pytest.mark.parametrize("name", PROBLEMS)
def test_an_edited_example_is_the_nearest_to_its_own_place(name):
    edits = (*edits_for(name), ("m", 3, 1e4, 1.0))
    data, problem = made(name, edits)
    at = places(data, problem)
    for row in data.edited.rows:
        assert_array_equal(at[nearest_example(data, problem, *at[row])], at[row])
    panel = data_panel(data, problem, theta=np.array([0.3, -0.2]), example=0, editing=True)
    assert {"model at θ", "example", "edited 11"} <= {trace.get("name") for trace in panel["data"]}
    assert "hint" not in panel["layout"]["meta"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("100", "Example <b>100</b> of 99: x = 1, y = 2;"),
        ("7", "Example <b>7</b> of 99:"),
        ("3", "Example 3 has been removed. Example <b>5</b> of 99:"),
        ("500", "Example <b>100</b> of 99:"),
    ],
)
def test_the_chosen_example_has_the_number_that_the_edits_give_it(asked, said):
    at = open_page(matrices.SLUG, edits="r3;r4;a1,2", editing="1", n="100", row=asked)
    assert not at.exception
    words = " ".join(h.proto.body for h in at.get("html"))
    assert said in words
    number = int(said.partition("<b>")[2].partition("<")[0])
    data, problem = made("fig1", (("r", 3), ("r", 4), ("a", 1.0, 2.0)), N=100)
    row = data.edited.numbers.tolist().index(number)
    label = data_panel(data, problem, theta=np.zeros(2), example=row)["layout"]["meta"]["label"]
    assert f"example {number} is marked" in label
    assert [box.max for box in at.number_input if box.label in ("Example", "Example n")] == [
        100
    ] * 2


def test_a_dragged_example_becomes_the_chosen_one():
    first = MatricesSettings.of(editing=True, N=50)
    view = View(matrices.PAGE, first)
    moved = matrices.touched(view, first, Touch(0, "data", 4, 1.0, 2.0, "move", 4))
    assert (moved.edits, moved.example) == ((("m", 4, 1.0, 2.0),), 0)
    dropped = matrices.touched(view, moved, Touch(0, "data", 4, 1.0, 3.0, "drop", 4))
    assert (dropped.edits, dropped.example) == ((("m", 4, 1.0, 3.0),), 4)
    shown = held(dropped)
    matrices.clicked(shown, Click(0, 0.5, 7.0))
    assert shown.store.settings.edits[-1] == ("a", 0.5, 7.0)


def test_a_report_may_carry_the_number_of_a_mark():
    report = {"panel": 0, "trace": "data", "index": 1, "x": 0, "y": 0, "action": "move"}
    assert touch_of(report).number is None
    assert touch_of(report | {"number": 1200.0}).number == 1200
    for wrong in (-1, "x", [], float("inf")):
        assert touch_of(report | {"number": wrong}) is None
    assert touch_of([1]) is None


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("page", [vector_fields, at_minimum, gradient_noise, matrices])
def test_every_problem_follows_the_edits_of_a_link(page, name, monkeypatch):
    short_distances(monkeypatch, seeds=2, largest=100)
    at = open_page(page.SLUG, problem=name, edits=in_link(edits_for(name)), editing="1", n="200")
    assert not at.exception
    assert not [
        w.value for w in at.warning if "N in the link" not in w.value and "Examples" not in w.value
    ]
    (said,) = [h.proto.body for h in at.get("html") if "edited, of" in h.proto.body]
    assert "1 moved (12), 1 added" in said
    assert "1 removed (7)" in said


def test_edits_that_do_not_apply_are_kept_and_named():
    at = open_page(edits="r500;r3", n="100")
    assert "There is no example 500 among 100" in at.warning[0].value
    assert at.session_state[vector_fields.SLUG].edits == (("r", 500), ("r", 3))
    (said,) = [h.proto.body for h in at.get("html") if "edited, of" in h.proto.body]
    assert said.startswith("<p class='efviz-sentence'>1 example is edited")


def test_edits_of_which_none_applies_are_named_and_change_nothing():
    at = open_page(edits="r500", n="100")
    assert not at.exception
    assert "There is no example 500 among 100" in at.warning[0].value
    assert not [h for h in at.get("html") if "edited, of" in h.proto.body]


def test_the_number_of_an_example_that_could_not_be_added_stands_for_the_last_one():
    at = open_page(edits="a1,2,3", editing="1", n="50")
    assert "An added example needs" in at.warning[0].value
    y = {box.label: box for box in at.number_input}["y"]
    at.number_input[0].set_value(49).run()
    last = y.value
    at.number_input[0].set_value(50).run()
    assert not at.exception
    assert {box.label: box.value for box in at.number_input}["y"] == last


def test_a_click_too_far_out_for_a_link_adds_nothing():
    before = VectorFieldsSettings.of(problem="fig2", editing=True, N=50)
    for x, y in ((1e300, 0.0), (0.0, -2e9)):
        store = Held(before)
        data_edits.clicked(store, Click(0, x, y))
        assert store.settings == before


def test_another_problem_forgets_the_edits_another_strength_does_not():
    at = open_page(edits="r3", editing="1")
    at.session_state["ignored"] = 0
    at.selectbox[0].set_value("fig4").run()
    assert at.session_state[vector_fields.SLUG].edits == ()
    assert at.session_state[vector_fields.SLUG].editing


def test_buttons_move_add_remove_and_undo():
    at = open_page(editing="1", n="50")

    def press(label):
        next(b for b in at.button if b.label == label).click()
        at.run()
        assert not at.exception
        return at.session_state[vector_fields.SLUG].edits

    by_label = {box.label: box for box in at.number_input}
    by_label["Example"].set_value(4)
    at.run()
    by_label = {box.label: box for box in at.number_input}
    by_label["x"].set_value(2.0)
    by_label["y"].set_value(-7.0)
    moved = (("m", 4, 2.0, -7.0),)
    assert press("Move it there") == moved
    assert press("Add one there") == (*moved, ("a", 2.0, -7.0))
    assert press("Remove it") == (("a", 2.0, -7.0), ("r", 4))
    assert press("Undo last") == (*moved, ("a", 2.0, -7.0))
    assert press("Undo last") == moved
    assert press("Reset data") == ()
    assert press("Undo last") == moved


def test_at_the_minimum_only_the_case_of_the_sliders_is_edited():
    plain = AtMinimumSettings.of(N=60)
    edited = replace(plain, edits=(("r", 3),), editing=True)
    studies = at_minimum.STUDIES
    for name in ("cases", "distances"):
        assert studies.job(name, edited) is studies.job(name, plain)
    (moved,) = studies.now("moved", edited)
    cases = studies.now("cases", edited)
    assert [case.N for case in (*cases, moved)] == [60, 60, 60, 59]
    handles = ["handles" in case.data["layout"]["meta"] for case in (*cases, moved)]
    assert handles == [False, False, False, True]


@pytest.mark.parametrize("gone", ["number", "place.0", "place.1"])
def test_a_button_that_arrives_when_editing_is_off_finds_nothing_to_do(monkeypatch, gone):
    """By then, the inputs beside it have disappeared."""
    dataset = PROBLEMS["fig1"].dataset(N=10)
    entered = {"number": 3, "place.0": 1.0, "place.1": 2.0}
    state = {f"a-page.edits.{name}": value for name, value in entered.items()}
    monkeypatch.setattr(data_edits.st, "session_state", state)
    store = SimpleNamespace(slug="a-page")
    assert data_edits._entered(store, dataset) == (3, (1.0, 2.0))
    del state[f"a-page.edits.{gone}"]
    assert data_edits._entered(store, dataset) is None


def test_a_widget_that_arrives_before_the_settings_are_there_finds_those_of_the_link():
    at = open_page(seed="7")
    del at.session_state[vector_fields.SLUG]
    at.toggle[0].set_value(True).run()
    assert not at.exception
    assert at.session_state[vector_fields.SLUG].seed == 7

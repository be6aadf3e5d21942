"""Starts are placed, moved and removed by any report of a browser, and never damaged."""

from typing import Any

import numpy as np
import pytest
from visiting import held, open_page, settings_of

from efviz.dashboard.components import Click, Touch
from efviz.dashboard.pages.vector_fields.settings import MOST_STARTS, VectorFieldsSettings
from efviz.dashboard.pages.vector_fields.starts import clicked, touched
from efviz.dashboard.session.kinds import FARTHEST
from efviz.fields import Plane

GIVEN = ((0.5, 0.5), (1.0, -1.0))


def page(starts: tuple[tuple[float, float], ...]) -> Any:
    settings = VectorFieldsSettings.of(starts=starts)
    return held(settings, theta_0=np.array(GIVEN), plane=Plane((-3.0, 3.0), (-3.0, 3.0)))


def after(touch: Touch, starts: tuple[tuple[float, float], ...] = GIVEN) -> Any:
    shown = page(starts)
    return touched(shown.view, shown.settings, touch).starts


@pytest.mark.parametrize("action", ["move", "drop"])
@pytest.mark.parametrize("given", [GIVEN, ()], ids=["own", "those of the paper"])
def test_a_start_moves_to_where_it_is_dropped(action: Any, given: Any) -> None:
    touch = Touch(2, "starts", 1, 0.12345, 2.0, action)
    assert after(touch, given) == ((0.5, 0.5), (0.123, 2.0))


def test_a_start_is_removed_but_the_last_one_stays() -> None:
    touch = Touch(1, "starts", 0, 0.0, 0.0, "remove")
    assert after(touch) == GIVEN[1:]
    assert after(touch, GIVEN[:1]) == GIVEN[:1]


@pytest.mark.parametrize(
    "touch",
    [
        Touch(1, "starts", 2, 0.0, 0.0, "move"),
        Touch(1, "starts", 10**9, 0.0, 0.0, "remove"),
        Touch(1, "data", 0, 0.0, 0.0, "remove"),
        Touch(1, "starts", 0, 2 * FARTHEST, 0.0, "drop"),
    ],
    ids=["no such start", "far from any", "another trace", "too far out"],
)
def test_a_touch_of_anything_else_changes_nothing(touch: Touch) -> None:
    assert after(touch) == GIVEN


def test_a_click_adds_a_start_and_drops_the_oldest() -> None:
    shown = page(GIVEN)
    for i in range(MOST_STARTS):
        clicked(shown, Click(3, i / 10, 0.0))
    assert len(shown.store.settings.starts) == MOST_STARTS
    assert shown.store.settings.starts[-1] == (1.1, 0.0)
    clicked(shown, Click(0, 0.0, 0.0))
    assert shown.store.settings.starts[-1] == (1.1, 0.0), "a click on the data is no start"


def test_the_limits_of_the_plane_are_chosen_by_a_switch_and_four_numbers() -> None:
    at = open_page(steps="300")
    at.session_state["vector-fields.more"] = True
    at.run()

    def switch(on: bool) -> None:
        next(t for t in at.toggle if t.label == "Custom plane limits").set_value(on).run()

    switch(True)
    assert settings_of(at, "vector-fields").limits == ((-1.0, 5.0, -1.0, 5.0),)
    next(n for n in at.number_input if n.label == "b from").set_value(-1.5).run()
    assert settings_of(at, "vector-fields").limits == ((-1.5, 5.0, -1.0, 5.0),)
    switch(False)
    assert settings_of(at, "vector-fields").limits == ()
    assert not at.exception

"""A picture is pinned, another is set beside it, and the settings that differ are named."""

import pytest
from streamlit.testing.v1 import AppTest
from visiting import components, open_page, paste

from efviz.dashboard.pages.at_minimum import views as at_minimum_views
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields import views as vector_fields_views
from efviz.dashboard.session.own_table_widgets import EXAMPLE
from efviz.dashboard.session.params import defaults, from_query, to_query
from efviz.dashboard.session.pins import differences

SLUGS = ("vector-fields", "at-the-minimum", "four-matrices", "gradient-noise")
QUICK = {"vector-fields": {"steps": "300"}, "gradient-noise": {"steps": "20", "runs": "3"}}
KIND = vector_fields.PARAMS[-1].kind


@pytest.fixture(autouse=True)
def _short_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_minimum_views, "SEEDS", 2)
    monkeypatch.setattr(at_minimum_views, "LARGEST", 1000)


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def notes(at: AppTest) -> list[str]:
    bodies = [element.proto.body for element in at.get("html")]
    return [body for body in bodies if "pinned" in body or "same settings" in body]


@pytest.mark.parametrize("slug", SLUGS)
def test_what_is_pinned_stays_while_a_setting_changes(slug: str) -> None:
    at = open_page(slug, s="0.25", **QUICK.get(slug, {}))
    charts = len(components(at, "chart"))
    pinned = press(at, "Pin")
    assert not pinned.exception
    assert len(components(pinned, "chart")) == charts + 1
    assert "same settings" in notes(pinned)[0]
    query = pinned.session_state[slug]["pin"]
    at = open_page(slug, s="1", pin=query, **QUICK.get(slug, {}))
    assert not at.warning
    assert "Strength s <b>0.25</b> instead of 1." in notes(at)[0]
    other = press(at, "Unpin")
    assert len(components(other, "chart")) == charts
    assert notes(other) == []


def test_a_preset_keeps_the_pin() -> None:
    at = press(open_page(s="0.25", steps="300", pin="s=1"), "as printed")
    assert at.session_state["vector-fields"]["pin"] == "s=1"
    assert at.session_state["vector-fields"]["step_size"] == 1e-4


def test_pinned_defaults_are_told_from_no_pin() -> None:
    values, sentences = from_query(vector_fields.PARAMS, {"pin": "-"})
    assert sentences == []
    assert to_query(vector_fields.PARAMS, values) == "pin=-"
    assert KIND.read("-")[0] == defaults(KIND.params)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("s=abc", "-"),
        ("s=0.5&damping=-3", "s=0.5&damping=1e-10"),
        ("pin=s%3D1", "-"),
        ("nonsense", "-"),
        ("&&&=", "-"),
        ("x" * 10_000 + "=1", "-"),
    ],
)
def test_junk_in_a_pin_is_replaced(text: str, kept: str) -> None:
    values, sentences = from_query(vector_fields.PARAMS, {"pin": text})
    assert values["pin"] == kept
    assert len(sentences) == (0 if text in ("nonsense", "&&&=") else 1)


def test_every_setting_that_differs_is_named_with_both_values() -> None:
    one = defaults(KIND.params, {"problem": "fig1", "damping": 1e-8})
    two = defaults(KIND.params, {"problem": "fig1", "damping": 1e-3, "starts": ((1.0, 2.0),)})
    assert differences(KIND.params, one, two) == (
        "The pinned picture has Damping λ <b>1e-8</b> instead of 0.001, "
        "Starts <b>automatic</b> instead of 1,2."
    )
    other = differences(KIND.params, defaults(KIND.params, {"problem": "wine"}), one)
    assert "Problem <b>Wine" in other


def test_foreign_words_stay_words() -> None:
    one = defaults(KIND.params)
    assert "<script>" not in differences(KIND.params, one, one | {"target": "<script>"})


def test_a_pin_of_a_table_that_is_gone_says_so() -> None:
    at = open_page(steps="300", pin="problem=own&steps=300")
    assert not at.exception
    assert "not loaded" in next(e.proto.body for e in at.get("html") if "pinned" in e.proto.body)
    at = paste(open_page(problem="own", steps="300"), EXAMPLE)
    at = press(at, "Pin")
    assert not at.exception
    assert len(components(at, "chart")) == 2


def test_the_pinned_picture_is_not_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    pack = vector_fields_views.pack_figures
    monkeypatch.setattr(
        vector_fields_views, "pack_figures", lambda *a, **k: (made.append(1), pack(*a, **k))[1]
    )
    at = open_page(seed="77", steps="300", pin="seed=78&steps=300")
    first = len(made)
    at.toggle[0].set_value(True).run()
    assert len(made) == first + 1

"""A picture is pinned, another is set beside it, and the settings that differ are named."""

import re
from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest
from visiting import components, html, open_page, paste, short_distances

from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.session import blocks
from efviz.dashboard.session.own_table_widgets import EXAMPLE
from efviz.dashboard.session.pins import differences

SLUGS = ("vector-fields", "at-the-minimum", "four-matrices", "gradient-noise")
QUICK = {"vector-fields": {"steps": "300"}, "gradient-noise": {"steps": "20", "runs": "3"}}
KIND = VectorFieldsSettings.declared()["pin"].kind


@pytest.fixture(autouse=True)
def _short_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    short_distances(monkeypatch, seeds=2, largest=1000)


def press(at: AppTest, label: str) -> AppTest:
    return next(button for button in at.button if button.label == label).click().run()


def notes(at: AppTest) -> list[str]:
    bodies = [element.proto.body for element in at.get("html")]
    return [body for body in bodies if "Pinned: " in body]


@pytest.mark.parametrize("slug", SLUGS)
def test_the_pinned_picture_stays_while_a_setting_changes(slug: str) -> None:
    at = open_page(slug, s="0.25", **QUICK.get(slug, {}))
    charts = len(components(at, "chart"))
    pinned = press(at, "Pin")
    assert not pinned.exception
    assert len(components(pinned, "chart")) == charts + 1
    assert "same settings" in notes(pinned)[0]
    query = pinned.session_state[slug].pin
    at = open_page(slug, s="1", pin=query, **QUICK.get(slug, {}))
    assert not at.warning
    assert "Pinned: Strength s = <b>0.25</b> instead of 1<" in notes(at)[0]
    assert re.search(r" <b>[^<]+</b> pinned, <b>[^<]+</b> now\.", html(at))
    other = press(at, "Unpin")
    assert len(components(other, "chart")) == charts
    assert notes(other) == []


@pytest.mark.parametrize("slug", ["vector-fields", "gradient-noise"])
def test_points_cannot_be_moved_in_the_pinned_picture(slug: str) -> None:
    query = {"editing": "1", "n": "50"} | QUICK[slug]
    at = open_page(slug, pin="&".join(f"{k}={v}" for k, v in query.items()), **query)
    live, pinned = (proto.bytes for proto in components(at, "chart"))
    # Besides examples, Vector fields has handles of its starts.
    assert live.count(b'"handles"') == pinned.count(b'"handles"') + 1


def test_the_pinned_picture_does_not_play() -> None:
    at = open_page(steps="300", play="1", pin="steps=300&play=1")
    live, pinned = (proto.bytes for proto in components(at, "chart"))
    assert b'"anatomy"' in live
    assert b'"anatomy"' not in pinned


def test_a_preset_keeps_the_pin() -> None:
    at = press(open_page(s="0.25", steps="300", pin="s=1"), "Fig. 1 with the printed step size")
    assert at.session_state["vector-fields"].pin == "s=1"
    assert at.session_state["vector-fields"].step_size == 1e-4


def test_pinned_defaults_are_told_from_no_pin() -> None:
    settings, sentences = VectorFieldsSettings.read({"pin": "-"})
    assert sentences == []
    assert settings.query == "pin=-"
    assert KIND.read("-", VectorFieldsSettings)[0] == VectorFieldsSettings.of()


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
    settings, sentences = VectorFieldsSettings.read({"pin": text})
    assert settings.pin == kept
    assert len(sentences) == (0 if text in ("nonsense", "&&&=") else 1)


def test_every_setting_that_differs_is_named_with_both_values() -> None:
    one = VectorFieldsSettings.of(problem="fig1", damping=1e-8)
    two = VectorFieldsSettings.of(problem="fig1", damping=1e-3, starts=((1.0, 2.0),))
    assert differences(one, two) == (
        "Damping λ = <b>10⁻⁸</b> instead of 0.001, Starts: <b>automatic</b> instead of 1,2"
    )
    other = differences(VectorFieldsSettings.of(problem="wine"), one)
    assert "Problem: <b>Wine" in other


def test_foreign_words_stay_words() -> None:
    one = VectorFieldsSettings.of()
    assert "<script>" not in differences(one, replace(one, target="<script>"))


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
    pack = blocks.pack_figures
    monkeypatch.setattr(blocks, "pack_figures", lambda *a, **k: (made.append(1), pack(*a, **k))[1])
    at = open_page(seed="77", steps="300", pin="seed=78&steps=300")
    first = len(made)
    at.toggle[0].set_value(True).run()
    assert len(made) == first + 1

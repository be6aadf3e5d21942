"""A link restores what it was made from, and junk in it gets a sentence and a valid value."""

from math import isfinite
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from efviz import PROBLEMS
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.session.kinds import Choice, EditList, Flag, Number, Points
from efviz.dashboard.session.pins import Pinned
from efviz.dashboard.session.settings import Setting
from efviz.datasets.edits import MOST, normal

DECLARED = VectorFieldsSettings.declared()


def valid(one: Setting, settings: Any) -> st.SearchStrategy[Any]:
    """Any valid value of a setting, given those before it."""
    kind = one.kind
    if isinstance(kind, Number):
        low, high = kind.bounds(settings)
        if kind.integer:
            return st.integers(int(low), int(high))
        numbers = st.floats(low, high, allow_nan=False).map(lambda x: float(f"{x:.12g}"))
        numbers = numbers.filter(lambda x: low <= x <= high)
        return numbers | st.just(0.0) if kind.zero else numbers
    if isinstance(kind, Choice):
        options = kind.options(settings)
        if options is None:  # of a table that is not there: any text will be kept
            return st.text(st.characters(codec="utf-8", exclude_characters="&"), max_size=20)
        return st.sampled_from(list(options) or [one.default(settings)])
    if isinstance(kind, Flag):
        return st.booleans()
    if isinstance(kind, EditList):
        return edit_lists()
    if isinstance(kind, Pinned):
        return st.sampled_from(["", "-", "s=0.5", "problem=fig2&starts=1,2;3,4"]).map(
            lambda text: VectorFieldsSettings.read({"pin": text})[0].pin
        )
    assert isinstance(kind, Points)
    number = st.floats(-1e3, 1e3).map(lambda x: float(f"{x:.6g}"))
    row = st.tuples(*[number] * kind.width)
    return st.lists(row, max_size=kind.most).map(tuple).filter(lambda r: not r or not kind.check(r))


def edit_lists() -> st.SearchStrategy[Any]:
    place = st.lists(st.floats(-1e9, 1e9).map(lambda x: x + 0.0), min_size=2, max_size=3)
    example = st.integers(0, 999_999_999)
    edit = (
        st.tuples(example, place).map(lambda e: ("m", e[0], *e[1]))
        | place.map(lambda e: ("a", *e))
        | example.map(lambda n: ("r", n))
    )
    return st.lists(edit, max_size=MOST).map(normal)


@st.composite
def all_settings(draw: st.DrawFn) -> VectorFieldsSettings:
    drawn: dict[str, Any] = {}
    for name, one in DECLARED.items():
        drawn[name] = draw(valid(one, SimpleNamespace(**drawn)))
    return VectorFieldsSettings(**drawn)


@settings(max_examples=75)
@given(all_settings())
def test_a_link_restores_every_setting(chosen: VectorFieldsSettings) -> None:
    query = dict(part.split("=", 1) for part in chosen.query.split("&") if part)
    from urllib.parse import unquote

    restored, sentences = VectorFieldsSettings.read({k: unquote(v) for k, v in query.items()})
    assert restored == chosen
    assert sentences == []


@pytest.mark.parametrize("problem", PROBLEMS)
def test_defaults_are_valid_and_leave_the_link(problem: str) -> None:
    usual = VectorFieldsSettings.of(problem=problem)
    assert usual.query == ("" if problem == "fig1" else f"problem={problem}")
    assert VectorFieldsSettings.read({"problem": problem}) == (usual, [])
    hash(usual)
    hash(usual)


@pytest.mark.parametrize(
    ("query", "name", "value", "words"),
    [
        ({"s": "abc"}, "strength", 0.0, "is not a number"),
        ({"s": "nan"}, "strength", 0.0, "is not a finite number"),
        ({"s": "1e400"}, "strength", 0.0, "is not a finite number"),
        ({"s": "9"}, "strength", 3, "lies outside -1 to 3"),
        ({"path": "heavy tails", "s": "-1"}, "strength", 0, "lies outside 0 to 1.75"),
        ({"n": "12.4"}, "N", 12, "is not a whole number"),
        ({"n": "10000000"}, "N", 1_000_000, "lies outside"),
        ({"damping": "-1"}, "damping", 1e-10, "lies outside"),
        ({"problem": "fig99"}, "problem", "fig1", "is none of fig1"),
        ({"x1": "mean radius"}, "first", "", "does not apply here"),
        ({"cos": "yes"}, "cosines", False, "is neither 0 nor 1"),
        ({"starts": "1,2,3"}, "starts", (), "needs 2 finite numbers"),
        ({"starts": "1,inf"}, "starts", (), "needs 2 finite numbers"),
        ({"starts": "1;2,<b>"}, "starts", (), "is not of the form x,y;x,y"),
        ({"starts": ";".join(["1,2"] * 13)}, "starts", ((1.0, 2.0),) * 12, "more than 12 points"),
        ({"edits": "r7;r7"}, "edits", (("r", 7),), None),
        ({"edits": "m1,2;r7"}, "edits", (("r", 7),), 'says "m1,2", not of the form'),
        ({"edits": "x"}, "edits", (), "no edit is used"),
        ({"edits": "r-1;r1.5;r٣;;"}, "edits", (), "and 2 more such"),
        ({"edits": "a1,2,3,4"}, "edits", (), "not of the form"),
        ({"edits": "a1,inf;m1,1e10,0"}, "edits", (), '"a1,inf", and 1 more such'),
        (
            {"edits": ";".join(f"r{n}" for n in range(41))},
            "edits",
            tuple(("r", n) for n in range(40)),
            "more than 40 edits",
        ),
        ({"editing": "on"}, "editing", False, "is neither 0 nor 1"),
        ({"plane": "3,1,0,1"}, "limits", (), "needs lower limits below upper ones"),
        ({"plane": "0,1e300,0,1"}, "limits", (), "further out than 1e9"),
    ],
)
def test_junk_is_named_and_replaced(
    query: dict[str, str], name: str, value: Any, words: str | None
) -> None:
    found, sentences = VectorFieldsSettings.read(query)
    assert getattr(found, name) == value
    if words is None:
        assert sentences == []
        return
    assert len(sentences) == 1
    assert words in sentences[0]
    assert DECLARED[name].title in sentences[0]


def test_a_unicode_minus_is_a_minus() -> None:
    found, sentences = VectorFieldsSettings.read({"s": "−0.5"})
    assert found.strength == -0.5
    assert sentences == []


def test_unknown_keys_are_named() -> None:
    found, sentences = VectorFieldsSettings.read({"utm_source": "mail"})
    assert found == VectorFieldsSettings.of()
    assert "utm_source" in sentences[0]


QUERY_KEYS = st.sampled_from([one.query for one in DECLARED.values()]) | st.text(max_size=20)
NUMBERS = st.floats().map(str) | st.integers().map(str)


@settings(max_examples=150)
@given(st.dictionaries(QUERY_KEYS, st.text(max_size=60) | NUMBERS, max_size=8))
def test_whatever_a_link_says_the_settings_are_valid(query: dict[str, str]) -> None:
    found, sentences = VectorFieldsSettings.read(query)
    assert set(vars(found)) == set(DECLARED)
    for name, one in DECLARED.items():
        kind, value = one.kind, getattr(found, name)
        if isinstance(kind, Number):
            low, high = kind.bounds(found)
            assert isfinite(value)
            assert low <= value <= high or (kind.zero and value == 0)
        if isinstance(kind, Choice):
            assert value in (list(kind.options(found)) or [one.default(found)])
    assert all(len(sentence) < 600 for sentence in sentences)
    restored, more = VectorFieldsSettings.read({k: text for k, text in found.texts.items() if text})
    assert not [s for s in more if "does not apply" not in s]
    assert restored.problem == found.problem

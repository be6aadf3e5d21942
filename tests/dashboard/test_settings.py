"""Settings and links: they restore each other, and junk gets a sentence and a valid value."""

from dataclasses import FrozenInstanceError, dataclass, replace
from math import isfinite
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from visiting import Held

from efviz import PROBLEMS
from efviz.dashboard.pages import PAGES
from efviz.dashboard.pages.registry import Listing
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.session.kinds import Choice, EditList, Flag, Number, Points, Several
from efviz.dashboard.session.pins import Pinned
from efviz.dashboard.session.settings import Setting, Settings, setting
from efviz.datasets.edits import MOST, normal

DECLARED = VectorFieldsSettings.declared()


@pytest.fixture(scope="module", autouse=True)
def read() -> None:
    """Real sets import what uses the module `random`, which hypothesis forbids in a strategy."""
    for entry in PROBLEMS.values():
        entry.columns()


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
    if isinstance(kind, Several):
        chosen = st.lists(st.sampled_from(kind.options()), min_size=1, max_size=kind.most)
        return chosen.map(lambda names: kind.nearest(names, settings))
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
        ({"problem": "fig99"}, "problem", "fig1", "is not one of fig1"),
        ({"x1": "mean radius"}, "first", "", "does not apply here"),
        ({"cos": "yes"}, "cosines", False, "is neither 0 nor 1"),
        ({"starts": "1,2,3"}, "starts", (), "needs 2 finite numbers"),
        ({"starts": "1,inf"}, "starts", (), "needs 2 finite numbers"),
        ({"starts": "1;2,<b>"}, "starts", (), "is not of the form x,y;x,y"),
        ({"starts": ";".join(["1,2"] * 13)}, "starts", ((1.0, 2.0),) * 12, "more than 12 points"),
        ({"edits": "r7;r7"}, "edits", (("r", 7),), None),
        ({"edits": "m1,2;r7"}, "edits", (("r", 7),), 'contains "m1,2", not of the form'),
        ({"edits": "x"}, "edits", (), "no edit is used"),
        ({"edits": "r-1;r1.5;r٣;;"}, "edits", (), "and 2 more, not"),
        ({"edits": "a1,2,3,4"}, "edits", (), "not of the form"),
        ({"edits": "a1,inf;m1,1e10,0"}, "edits", (), '"a1,inf" and 1 more, not'),
        (
            {"edits": ";".join(f"r{n}" for n in range(41))},
            "edits",
            tuple(("r", n) for n in range(40)),
            "more than 40 edits",
        ),
        ({"editing": "on"}, "editing", False, "is neither 0 nor 1"),
        ({"plane": "3,1,0,1"}, "limits", (), "needs lower limits below its upper limits"),
        ({"plane": "0,1e300,0,1"}, "limits", (), "has a coordinate beyond 1e9"),
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


@dataclass(frozen=True)
class Menu(Settings):
    """Settings that depend on each other in all supported ways."""

    size: int = setting("Size", Number(1, 10, integer=True), 4, query="n", kept=True)
    colour: str = setting(
        "Colour",
        Choice(lambda menu: ("red", "blue") if menu.size > 2 else ("grey",)),
        lambda menu: "red" if menu.size > 2 else "grey",
        follow=lambda menu, value: menu.of(size=menu.size, colour=value),
    )
    share: float = setting("Share", Number(0, lambda menu: menu.size / 2), 0.5, query="s")
    half: float = setting("Half", Number(0, lambda menu: menu.share), lambda menu: menu.share / 2)
    note: bool = setting("Note", Flag(), False, always=True)


@dataclass(frozen=True)
class SmallMenu(Menu):
    """The same with another default size and one more setting."""

    size: int = setting("Size", Number(1, 10, integer=True), 2, query="n")
    extra: bool = setting("Extra", Flag(), False)


def test_a_default_may_depend_on_the_settings_before_it() -> None:
    assert Menu.of() == Menu(4, "red", 0.5, 0.25, False)
    assert Menu.of(size=1) == Menu(1, "grey", 0.5, 0.25, False)
    assert Menu.of(share=1.0).half == 0.5
    assert Menu.of(share=1.0, half=0.125).half == 0.125
    assert Menu.read({"n": "2", "s": "1"}) == (Menu(2, "grey", 1.0, 0.5, False), [])


def test_a_subclass_keeps_the_order_and_changes_what_it_declares_anew() -> None:
    assert list(SmallMenu.declared()) == [*Menu.declared(), "extra"]
    assert SmallMenu.of() == SmallMenu(2, "grey", 0.5, 0.25, False, False)
    assert [one.query for one in SmallMenu.declared().values()][:2] == ["n", "colour"]
    assert SmallMenu.of(extra=True, note=True).query == "note=1&extra=1"


@pytest.mark.parametrize("name", ["sizes", "n", "s"])
def test_a_name_that_is_no_setting_is_an_error(name: str) -> None:
    with pytest.raises(TypeError, match=f"Menu has no setting {name}$"):
        Menu.of(size=3, **{name: 1})


def test_settings_cannot_be_changed_and_can_be_a_key() -> None:
    menu = Menu.of()
    with pytest.raises(FrozenInstanceError):
        menu.size = 3  # type: ignore[misc]
    assert {menu: "same"}[Menu.read({})[0]] == "same"


def test_a_bound_is_that_of_the_settings_the_link_names_before_it() -> None:
    menu, sentences = Menu.read({"n": "2", "s": "1.5", "half": "0.75", "colour": "red"})
    assert menu == Menu(2, "grey", 1.0, 0.75, False)
    assert sentences == [
        'Colour "red" in the link is not one of grey; grey is used.',
        'Share "1.5" in the link lies outside 0 to 1; 1 is used.',
    ]


def test_what_is_at_its_default_leaves_the_link_even_if_that_depends_on_others() -> None:
    assert Menu.of().query == ""
    assert Menu.of(size=1).query == "n=1"
    assert Menu.of(size=1, share=0.25, half=0.25).query == "n=1&s=0.25&half=0.25"
    assert Menu.of(share=0.25, half=0.25).texts == {
        "n": "4", "colour": "red", "s": "0.25", "half": "0.25", "note": "0"
    }  # fmt: skip


def test_bounds_that_come_closer_take_a_number_along_and_those_that_depend_on_it() -> None:
    menu = Menu.of(size=8, share=4.0, half=3.0)
    assert menu.within() == menu
    assert replace(menu, size=2).within() == replace(menu, size=2, share=1.0, half=1.0)
    assert replace(menu, size=7).within() == replace(menu, size=7, share=3.5)


def test_a_choice_that_is_none_any_more_becomes_the_default() -> None:
    menu = replace(Menu.of(colour="blue", share=1.5, note=True), size=2)
    assert menu.checked() == Menu(2, "grey", 1.0, 0.75, True)
    assert Menu.of(colour="blue", half=0.5).checked() == Menu.of(colour="blue", half=0.5)


def test_what_is_to_be_forgotten_becomes_the_default_of_what_is_kept() -> None:
    menu = Menu.of(size=6, colour="blue", share=2.0, half=0.5)
    assert menu.checked(("half", "colour")) == Menu(6, "red", 2.0, 1.0, False)


SEVERAL = Several(lambda: ("GD", "NGD", "EFGD", "Newton"), 3)


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        ("NGD", ("NGD",), ""),
        ("Newton,GD", ("GD", "Newton"), ""),
        ("GD,GD,,NGD", ("GD", "NGD"), ""),
        ("GD,Adam", ("GD",), 'contains "Adam", which is not one of GD, NGD, EFGD, Newton'),
        ("GD,NGD,EFGD,Newton", ("GD", "NGD", "EFGD"), "names more than 3"),
    ],
)
def test_several_words_are_kept_in_the_order_of_the_options(text, value, words) -> None:
    assert SEVERAL.parse(text, None) == (value, words)
    assert SEVERAL.parse(SEVERAL.format(value), None) == (value, "")


@pytest.mark.parametrize("text", ["", ",", "Adam", "gd"])
def test_a_choice_of_several_without_a_known_word_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"^names none of GD, NGD, EFGD, Newton$"):
        SEVERAL.parse(text, None)


def test_an_emptied_choice_of_several_changes_nothing() -> None:
    assert SEVERAL.nearest([], None) is None
    assert SEVERAL.nearest(["Newton", "NGD"], None) == ("NGD", "Newton")


def test_another_problem_leaves_what_is_kept_and_a_reset_what_is_always_there() -> None:
    menu = Menu.of(size=2, share=0.75, note=True)
    assert menu.kept(share=1.0) == Menu(2, "grey", 1.0, 0.5, True)
    assert menu.reset(share=1.0) == Menu(4, "red", 1.0, 0.5, True)
    assert menu.kept(size=5, note=False) == Menu.of(size=5)
    assert menu.reset(note=False) == Menu.of()


def test_a_choice_is_followed_by_what_its_setting_says() -> None:
    menu = Menu.of(share=0.75)

    def chosen(name: str, value: object) -> Menu:
        store = Held(menu)
        store.choose(name, value)
        return store.settings

    assert chosen("share", 1.5) == replace(menu, share=1.5)
    assert chosen("share", 99.0) == replace(menu, share=2.0)
    assert chosen("colour", "blue") == Menu.of(colour="blue")
    assert chosen("colour", "none of them") == menu


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_names_in_links_are_unique_on_every_page(page: Listing) -> None:
    names = [one.query for one in page.settings.declared().values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("problem", "path", "words"),
    [
        ("fig1", "noise", "0: the model is correct, as in Fig. 1"),
        ("fig1", "quadratic", "0: the model is correct, as in Fig. 1"),
        ("fig2", "B", "0: the model is correct, as in one case of Fig. 2; 1: case B of Fig. 2"),
        ("fig4", "noise", "0: the model is correct, as in one case of Fig. 4; 1: case A of Fig. 4"),
        ("poisson", "quadratic", "0: the model is correct"),
    ],
)
def test_the_strength_says_where_the_cases_of_the_paper_are(
    problem: str, path: str, words: str
) -> None:
    help = DECLARED["strength"].help
    assert callable(help)
    assert help(VectorFieldsSettings.of(problem=problem, path=path)) == words


def test_the_preset_of_fig_1_has_the_strength_at_which_fig_1_is() -> None:
    help = DECLARED["strength"].help
    assert callable(help)
    preset = vector_fields.PAGE.presets[0]
    shown = preset.settings(VectorFieldsSettings.of(strength=1.0))
    assert isinstance(shown, VectorFieldsSettings)
    assert "Fig. 1" in preset.label
    assert f"{shown.strength:g}: the model is correct, as in Fig. 1" in help(shown)

"""Names of columns, classes and files, and junk in links, are shown as they are: never a link, a
colour, a formula, code or an element of the page."""

from collections.abc import Iterator
from html import escape
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from hazards import HAZARDS, table
from streamlit.testing.v1 import AppTest
from visiting import WITH_PROBLEM, open_page, own, paste, short_curves, short_distances

from efviz.dashboard.pages import PAGES
from efviz.dashboard.session.foreign import plain

MARKDOWN_FREE = {"Selectbox.options", "Selectbox.raw_value", "TextArea.value", "ButtonGroup.value"}
"""What Streamlit shows as text, or not at all."""


def strings(message: Message) -> Iterator[tuple[str, str]]:
    """Every text of a message, with the name of its field."""
    for field, value in message.ListFields():
        repeated = (
            isinstance(value, (list, tuple))
            or hasattr(value, "add")
            or (not isinstance(value, (str, bytes)) and hasattr(value, "__len__"))
        )
        for one in value if repeated else [value]:
            if field.type == FieldDescriptor.TYPE_MESSAGE and isinstance(one, Message):
                yield from strings(one)
            elif isinstance(one, str):
                yield f"{field.containing_type.name}.{field.name}", one


def elements(node: Any) -> Iterator[Message]:
    if isinstance(getattr(node, "proto", None), Message):
        yield node.proto
    for child in getattr(node, "children", {}).values():
        yield from elements(child)


def bare(text: str, shown: Any) -> str:
    """The text without the foreign words that stand in it as `shown` gives them."""
    words = (*HAZARDS, "<i>zq</i>", "`zq` [zq](zq)", '"<i>zq</i>"')
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(shown(word), "")
    return text


def assert_foreign_text_is_plain(at: AppTest) -> int:
    """Returns in how many places there was any."""
    assert not at.exception
    places = 0
    for element in elements(at._tree):
        for field, text in strings(element):
            if "zq" not in text or field in MARKDOWN_FREE:
                continue
            if field.startswith("BidiComponent"):
                continue  # charts and sliders: see the browser's test
            places += 1
            if field == "Html.body":
                rest = bare(bare(text, escape), lambda w: escape(w, quote=False))
            else:
                rest = bare(text, plain)
            assert "zq" not in rest, (field, text)
    return places


@pytest.mark.parametrize("slug", WITH_PROBLEM)
def test_names_of_a_table_are_no_markup_anywhere(
    slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_curves(monkeypatch)
    at = paste(open_page(slug, **own(slug), editing="1"), table())
    assert assert_foreign_text_is_plain(at)
    for target in (HAZARDS[2], HAZARDS[-3], HAZARDS[-2], HAZARDS[-1]):
        box = next(b for b in at.selectbox if b.label == "Target")
        if target in box.options:
            at = box.set_value(target).run()
            assert_foreign_text_is_plain(at)
    first = [b for b in at.selectbox if b.label == "First column"]
    for box in first:
        at = box.set_value(HAZARDS[4]).run()
        assert_foreign_text_is_plain(at)


@pytest.mark.parametrize("slug", [slug for slug, page in PAGES.items() if page.settings.declared()])
def test_junk_of_a_link_is_no_markup(slug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short_distances(monkeypatch, largest=100)
    keys = [one.query for one in PAGES[slug].settings.declared().values()]
    query = {key: HAZARDS[i % len(HAZARDS)] for i, key in enumerate(keys)}
    at = open_page(slug, **query, **dict.fromkeys(HAZARDS[:3], "1"))
    assert assert_foreign_text_is_plain(at)


@pytest.mark.parametrize("word", HAZARDS)
def test_a_lesson_that_does_not_exist_is_no_markup(word: str) -> None:
    def page() -> None:
        from efviz.dashboard.pages.lessons import panel as lesson_panel

        lesson_panel.around("paper", lambda: None)

    at = AppTest.from_function(page)
    at.query_params["lesson"] = word
    assert assert_foreign_text_is_plain(at.run())


@pytest.mark.parametrize("word", HAZARDS)
def test_the_name_of_a_file_is_no_markup(word: str) -> None:
    def panel(word: str) -> None:
        from efviz.dashboard.pages.registry import PAGES
        from efviz.dashboard.session import own_table, own_table_widgets
        from efviz.dashboard.session.store import Store

        own_table.load("a,b\n1,2\n2,3\n4,9\n", word)
        store = Store("at-the-minimum", PAGES["at-the-minimum"].settings)
        store.set(problem="own")
        own_table_widgets.ready(store)

    at = AppTest.from_function(panel, args=(word,)).run()
    assert assert_foreign_text_is_plain(at)


def test_a_backslash_stands_before_every_mark() -> None:
    assert plain("a_b [c](d)  *e*\nf") == r"a\_b \[c\]\(d\) \*e\* f"


@pytest.mark.parametrize("word", ["http://a.b", "www.a.b", "a@b.c", ":material/home:", "->", ">="])
def test_nothing_is_put_together_again_without_its_backslashes(word: str) -> None:
    """Streamlit looks for these in the text that is left when the Markdown has been read."""
    left = plain(word).replace("\\", "")
    assert word not in left
    assert left.replace("\N{WORD JOINER}", "") == word

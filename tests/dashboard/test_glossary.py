"""The glossary: every mark names a term, and every term says what it is."""

import re

import pytest
from visiting import components, html

from efviz.dashboard.pages.lessons.registry import LESSONS
from efviz.dashboard.pages.start import page as start
from efviz.dashboard.session import glossary
from efviz.dashboard.session.glossary import GLOSSARY, anchor, in_html, in_markdown

MARK = re.compile(r"\{\{(?:([^}|]+)\|)?([^}]+)\}\}")
NEEDED = {
    *("Fisher", "empirical Fisher", "GGN", "Hessian", "gradient", "per-example gradient"),
    *("direction", "path", "run", "minimum", "misspecification", "damping", "step size"),
    *("slope", "intercept", "example", "target"),
}


def terms(text: str) -> list[str]:
    return [" ".join((found[0] or found[1]).split()) for found in MARK.findall(text)]


def test_the_terms_of_the_field_are_there() -> None:
    assert {*GLOSSARY} >= NEEDED
    assert len({anchor(name) for name in GLOSSARY}) == len(GLOSSARY)


@pytest.mark.parametrize("name", GLOSSARY)
def test_a_term_is_explained_in_few_sentences_and_sound_html(name: str) -> None:
    term = GLOSSARY[name]
    assert term.words.endswith(".")
    assert len(re.findall(r"[.:](?=\s|$)", term.words)) <= 4
    assert "<" not in term.words
    tags = re.findall(r"<(/?)(\w+)>", term.formula)
    assert {tag for _, tag in tags} <= {"i", "sub", "sup"}
    open_tags: list[str] = []
    for closing, tag in tags:
        if closing:
            assert open_tags.pop() == tag
        else:
            open_tags.append(tag)
    assert not open_tags


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_lessons_mark_terms_of_the_glossary_and_none_twice_in_a_step(lesson) -> None:
    marked = [terms(" ".join(step.templates)) for step in lesson.steps]
    for of_step in marked:
        assert {*of_step} <= {*GLOSSARY}
        assert len(of_step) == len({*of_step})
    assert any(marked)


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_no_step_introduces_more_than_one_symbol(lesson) -> None:
    """Symbols are letters in formulas; those of axes and examples, and the identity, are given."""
    known = {"b", "w", "x", "n", "I"}
    for step in lesson.steps:
        formulas = " ".join(re.findall(r"\$([^$]+)\$", " ".join(step.templates)))
        formulas = re.sub(r"\\(mathrm|sqrt|top)\b(\{\w+\})?|\[\[\w+\]\]", " ", formulas)
        found = {*re.findall(r"\\?([A-Za-z]+)", formulas.replace("_n", ""))} - {"EF"}
        new = found - known
        assert len(new) <= 1, new
        known |= found


def test_a_mark_becomes_a_link_that_stays_on_the_page() -> None:
    text = "the {{Fisher}} and {{empirical\nFisher|its rival}}"
    assert in_markdown(text) == (
        "the [Fisher](#glossary-fisher) and [its rival](#glossary-empirical-fisher)"
    )
    assert in_html("{{step size}}") == "<a href='#glossary-step-size'>step size</a>"
    with pytest.raises(KeyError):
        in_html("{{nonsense}}")


def test_the_start_page_marks_its_terms() -> None:
    assert {"Fisher", "empirical Fisher", "gradient"} <= {*terms(start.WORDS)} <= {*GLOSSARY}


def test_every_page_is_given_the_terms() -> None:
    import json

    from streamlit.testing.v1 import AppTest

    def page() -> None:
        from efviz.dashboard.session import glossary

        glossary.mount()

    at = AppTest.from_function(page).run()
    assert not html(at)
    (found,) = components(at, "glossary")
    assert json.loads(found.json) == {"terms": glossary._entries()}

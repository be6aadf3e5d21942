"""The list of lessons."""

from html import escape
from typing import Literal

import streamlit as st

from efviz.dashboard.pages.lessons import panel as lesson_panel
from efviz.dashboard.pages.lessons.lesson import Lesson
from efviz.dashboard.pages.lessons.registry import LESSONS
from efviz.dashboard.pages.registry import PAGES

SLUG = "lessons"
TITLE = PAGES[SLUG].title

WORDS = """
Each lesson runs on the pages of this dashboard: it introduces an idea, asks you to predict the
result, shows it, and ends with a task. All controls remain available. Every number in the texts
is computed by the library that draws the charts.
"""

FOR_TEACHERS = """
Every step has its own URL: open it and copy the link from the address bar, or type the link, for
example `lessons?lesson=straight.2` for the second step of the first lesson. With `&present=1` it
opens in presenter mode, with large text and no navigation; the arrow keys and Page Up and Page Down
move between the steps unless an input field has the focus, and Esc leaves the mode. At a question,
count the hands for each answer, then reveal; *Ask again* opens it for the next class. The count
stays in this session.
"""


def main() -> None:
    lesson_panel.resume()
    lesson_panel.remember()
    with st.container(horizontal=True, vertical_alignment="bottom", key="lessons-header"):
        st.title(TITLE, anchor=False)
        lesson_panel.presenter_button()
    st.markdown(WORDS)
    there = [lesson for lesson in LESSONS.values() if lesson_panel.available(lesson)]
    with st.container(key=f"{SLUG}-list"):
        first = next((lesson for lesson in there if not finished(lesson)), None)
        for number, lesson in enumerate(there, start=1):
            card(number, lesson, first=lesson is first)
    with st.expander("For teachers"):
        st.markdown(FOR_TEACHERS)


def card(number: int, lesson: Lesson, *, first: bool) -> None:
    """A lesson of the list; `first`: it is the one to begin with."""
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.html(
            f"<div class='efviz-card'><b>{number}. {escape(lesson.title)}</b>"
            f"<span>{escape(lesson.about)}</span>"
            f"<small>{progress(lesson)}</small></div>"
        )
        kind: Literal["primary", "secondary"] = "primary" if first else "secondary"
        if st.button(f"Begin lesson {number}", key=f"{SLUG}.{lesson.key}", type=kind):
            lesson_panel.enter(lesson, 0)


def progress(lesson: Lesson) -> str:
    """How many steps there are, and how much of them is done."""
    steps = range(len(lesson.steps))
    done = sum((lesson.key, i) in lesson_panel.done() for i in steps)
    words = f"{done} of {len(steps)} steps done" if done else f"{len(steps)} steps"
    return words + (", task done" if finished(lesson) else "")


def finished(lesson: Lesson) -> bool:
    tasks = [i for i, step in enumerate(lesson.steps) if step.task]
    return all((lesson.key, i) in lesson_panel.done() for i in tasks)

"""The list of lessons."""

from html import escape

import streamlit as st

from efviz.dashboard.pages.lessons import bar as lesson_bar
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
opens in presenter mode, with large text and no navigation; the left and right arrow keys move
between the steps unless an input field has the focus.
"""


def main() -> None:
    lesson_bar.resume()
    with st.container(horizontal=True, vertical_alignment="bottom", key="lessons-header"):
        st.title(TITLE, anchor=False)
        lesson_bar.presenter_button()
    st.markdown(WORDS)
    there = [lesson for lesson in LESSONS.values() if lesson_bar.available(lesson)]
    with st.container(key=f"{SLUG}-list"):
        for number, lesson in enumerate(there, start=1):
            card(number, lesson)
    with st.expander("For teachers"):
        st.markdown(FOR_TEACHERS)


def card(number: int, lesson: Lesson) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.html(
            f"<div class='efviz-card'><b>{number}. {escape(lesson.title)}</b>"
            f"<span>{escape(lesson.about)}</span>"
            f"<small>{progress(lesson)}</small></div>"
        )
        if st.button(f"Begin lesson {number}", key=f"{SLUG}.{lesson.key}"):
            lesson_bar.enter(lesson, 0)


def progress(lesson: Lesson) -> str:
    tasks = [i for i, step in enumerate(lesson.steps) if step.task]
    done = all((lesson.key, i) in lesson_bar.solved() for i in tasks)
    return f"{len(lesson.steps)} steps" + (", task done" if done else "")

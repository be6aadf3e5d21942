"""What a page shows of long work that it waits for."""

import time
from typing import Any

import streamlit as st

from efviz.dashboard.server import compat
from efviz.dashboard.session.jobs import Job
from efviz.dashboard.session.store import run_again
from efviz.dashboard.session.turns import TURNS
from efviz.numbers import percent

PAINT, REST = 0.08, 0.25
"""Seconds that a browser needs for the picture a reader looks at, if nothing else comes; seconds
after which a slider that has moved twice within a second is taken to rest."""
LOOK = 0.02
"""Seconds of work between two looks at whether the visitor has moved on."""


def progress_bar(fraction: float, words: str) -> None:
    st.progress(min(fraction, 1.0), text=f"{percent(round(fraction, 2))} {words}")


def stopped(key: str, state: Any) -> bool:
    """Whether the visitor has stopped the work `key` on this `state`."""
    return bool(st.session_state.get(key) == (state, False))


def working(key: str, state: Any, fraction: float, words: str, *, ask: str = "") -> bool:
    """Progress, and a button that stops the work or lets it go on: shall it go on now?

    Work on another `state` begins by itself, or with `ask` once the button of that name is pressed.
    """
    known, going = st.session_state.get(key, (None, False))
    if known != state:
        going = not ask
    with st.container(horizontal=True, vertical_alignment="center"):
        if going or fraction or not ask:
            progress_bar(fraction, words)
        label = "Stop here" if going else (ask if ask and not fraction else "Go on")
        change = {key: (state, not going)}
        st.button(label, key=f"{key}.button", on_click=st.session_state.update, args=(change,))
    return going


def moved_on() -> bool:
    """Whether the visitor has done something that waits for this run to end.

    A fragment's run is not broken off for the next one, so long work has to ask.
    """
    return compat.rerun_is_waiting()


def forget_the_page_before() -> None:
    """At the end of a page's run: drop what is asked of a fragment of the page before.

    A menu that the click on a page's link closes says so after the page has changed. Streamlit
    would run a fragment that is gone, in the name of its page, and the browser show that: nothing.
    """
    compat.forget_fragments_of_other_pages()


def work(key: str, state: Any, job: Job[Any], seconds: float) -> None:
    """A slice of the work `key` on this `state`, given up as soon as the visitor moves on."""

    def enough() -> bool:
        return moved_on() or stopped(key, state) or job.done

    with job.looked_at(), TURNS.turn(unless=enough):
        deadline = time.perf_counter() + seconds
        while not enough() and time.perf_counter() < deadline:
            job.advance(LOOK)


def let_paint(key: str, state: Any) -> None:
    """Let the browser paint what has been sent of a new `state` before the rest comes.

    A slider that moves on ends the run here: what lies below follows where it stops.
    """
    now = time.perf_counter()
    known, since = st.session_state.get(key, (None, 0.0))
    if known == state:
        return
    st.session_state[key] = state, now
    deadline = now + (REST if now - since < 1 else PAINT)
    while time.perf_counter() < deadline:
        if moved_on():
            run_again()
        time.sleep(0.005)

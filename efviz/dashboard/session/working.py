"""Progress and control of long work on a page."""

import time
from typing import Any

import streamlit as st

from efviz.dashboard.server import compat
from efviz.dashboard.session.jobs import Job
from efviz.dashboard.session.store import run_again
from efviz.dashboard.session.turns import TURNS
from efviz.numbers import percent

PAINT, REST = 0.08, 0.25
"""Seconds that a browser needs to paint the visible picture; seconds after which a slider that has
moved twice within a second counts as at rest."""
WORK = "{}.work"
"""The session key of a page's current work, and whether it continues."""
LOOK = 0.02
"""Seconds of work between two checks whether the visitor has moved on."""


def stopped(key: str, state: Any) -> bool:
    """Whether the visitor has stopped the work `key` on this `state`."""
    return bool(st.session_state.get(key) == (state, False))


def working(key: str, state: Any, fraction: float, words: str, *, ask: str = "") -> bool:
    """Show progress and a button that stops or resumes the work. Returns whether to continue.

    Work on another `state` begins by itself, or with `ask` once the button of that name is pressed.
    """
    known, going = st.session_state.get(key, (None, False))
    if known != state:
        going = not ask
    with st.container(horizontal=True, vertical_alignment="center"):
        if going or fraction or not ask:
            text = f"{percent(round(fraction, 2))} {words}"
            st.progress(min(fraction, 1.0), text=text)
        label = "Stop here" if going else (ask if ask and not fraction else "Continue")
        change = {key: (state, not going)}
        st.button(label, key=f"{key}.button", on_click=st.session_state.update, args=(change,))
    return going


def work(key: str, state: Any, job: Job[Any], seconds: float) -> None:
    """A slice of the work `key` on this `state`, abandoned as soon as the visitor moves on."""

    def enough() -> bool:
        return compat.rerun_is_waiting() or stopped(key, state) or job.done

    with job.looked_at(), TURNS.turn(unless=enough):
        deadline = time.perf_counter() + seconds
        while not enough() and time.perf_counter() < deadline:
            job.advance(LOOK)


def let_paint(key: str, state: Any) -> None:
    """Let the browser paint the first part of a new `state` before the rest is sent.

    If the slider keeps moving, the run ends here; the rest follows once the slider stops.
    """
    now = time.perf_counter()
    known, since = st.session_state.get(key, (None, 0.0))
    if known == state:
        return
    st.session_state[key] = state, now
    deadline = now + (REST if now - since < 1 else PAINT)
    while time.perf_counter() < deadline:
        if compat.rerun_is_waiting():
            run_again()
        time.sleep(0.005)

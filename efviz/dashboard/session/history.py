"""The browser's history: what Back undoes, and which of its addresses the session has taken over.

`assets/address.js` makes one entry for all changes with the same number. After Back it leaves the
address alone until the session has taken it over.
"""

import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

import streamlit as st

_KEY = "history"


@dataclass(frozen=True)
class Point:
    """The number of the last change and its gesture, and the query that was taken over, and when.

    Changes of one gesture, as of one slider, are undone together. `told` is the query that the
    browser was told last, None on a page that has told none.
    """

    number: int = 0
    gesture: str = ""
    taken: str = ""
    at: float = 0.0
    told: str | None = None


def changed(gesture: str = "") -> None:
    """Settings have changed; without a gesture, that is undone by itself."""
    now = _now()
    number = now.number + (not gesture or gesture != now.gesture)
    st.session_state[_KEY] = replace(now, number=number, gesture=gesture)


def let_go() -> None:
    """The gesture is over; the next one is undone by itself."""
    st.session_state[_KEY] = replace(_now(), gesture="")


def take(query: str) -> None:
    """The session shows what this query of an address says."""
    st.session_state[_KEY] = replace(_now(), gesture="", taken=query, at=time.time())


def turn() -> None:
    """Another page begins."""
    st.session_state[_KEY] = replace(_now(), gesture="", told=None)


def is_told(query: str) -> bool:
    """Whether the browser was told this query last: what it goes to is what the session shows.

    It is after a connection was lost for a moment, even if settings have changed since.
    """
    told = _now().told
    return told is not None and parse_qsl(told) == parse_qsl(query)


def address(query: str) -> dict[str, Any]:
    """What the browser needs to show this query in its address."""
    now = replace(_now(), told=query)
    st.session_state[_KEY] = now
    return {"query": query, "entry": now.number, "taken": now.taken, "at": now.at}


def _now() -> Point:
    found: Point = st.session_state.get(_KEY, Point())
    return found

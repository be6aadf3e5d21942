"""The browser's history: what Back undoes, and which of its addresses the session has taken over.

`assets/address.js` makes one entry for all changes with the same number. After Back it leaves the
address alone until the session has taken it over.
"""

import time
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

_KEY = "history"


@dataclass(frozen=True)
class Point:
    """The number of the last change and its gesture, and the query that was taken over, and when.

    Changes of one gesture, as of one slider, are undone together.
    """

    number: int = 0
    gesture: str = ""
    taken: str = ""
    at: float = 0.0


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


def address(query: str) -> dict[str, Any]:
    """What the browser needs to show this query in its address."""
    now = _now()
    return {"query": query, "entry": now.number, "taken": now.taken, "at": now.at}


def _now() -> Point:
    found: Point = st.session_state.get(_KEY, Point())
    return found

"""The reports of sliders and charts, in the order in which a visitor made them.

Where a report and a press of a button arrive at once, Streamlit calls the button first.
"""

from collections.abc import Callable

import streamlit as st

_KEY = "reports"


def remember(key: str, changed: Callable[[], None]) -> None:
    """The component `key` is shown; `changed` handles its last report, once."""
    st.session_state.setdefault(_KEY, {})[key] = changed


def take_reports() -> None:
    """Handle what has been reported already, before a button does what it is for."""
    for changed in list(st.session_state.get(_KEY, {}).values()):
        changed()

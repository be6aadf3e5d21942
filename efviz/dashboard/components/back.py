"""The browser's Back and Forward buttons among the addresses of one page."""

from collections.abc import Callable

import streamlit as st

from efviz.dashboard.components.loader import component


def back(name: str, value: str, *, key: str, on_move: Callable[[str], None]) -> None:
    """Call `on_move` when the browser goes to an address in which `name` is not `value`.

    By itself, Streamlit reruns only if the browser goes to another page.
    """

    def on_moved_change() -> None:
        said = st.session_state[key]["moved"]
        if isinstance(said, str):
            on_move(said)

    component("back")(key=key, data={"name": name, "value": value}, on_moved_change=on_moved_change)

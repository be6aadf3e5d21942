"""What the browser's Back and Forward do among addresses of one page."""

from collections.abc import Callable

import streamlit as st

from efviz.dashboard.components.loader import component


def back(name: str, value: str, *, key: str, on_move: Callable[[str], None]) -> None:
    """Call `on_move` when the browser goes to an address in which `name` is not `value`.

    Streamlit runs a page again only when it is another page that is gone to.
    """

    def on_moved_change() -> None:
        said = st.session_state[key]["moved"]
        if isinstance(said, str):
            on_move(said)

    component("back")(key=key, data={"name": name, "value": value}, on_moved_change=on_moved_change)

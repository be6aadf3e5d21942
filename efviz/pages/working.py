"""What a page shows of long work that it waits for."""

from typing import Any

import streamlit as st


def progress_bar(fraction: float, words: str) -> None:
    st.progress(min(fraction, 1.0), text=f"{fraction:.0%} {words}")


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

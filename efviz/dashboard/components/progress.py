"""What a visitor has done, kept in the browser and nowhere else."""

from collections.abc import Callable, Collection

import streamlit as st

from efviz.dashboard.components.loader import component

MOST, LONGEST = 500, 60
"""At most so many names of so many letters are taken from a browser."""


def progress(done: Collection[str], *, key: str, on_known: Callable[[list[str]], None]) -> None:
    """Keep these names in the browser; call `on_known` with those that it has kept from before."""

    def on_known_change() -> None:
        found = st.session_state[key].get("known")
        if isinstance(found, list):
            on_known([one for one in found[:MOST] if isinstance(one, str) and len(one) <= LONGEST])

    component("progress")(key=key, data={"done": sorted(done)}, on_known_change=on_known_change)

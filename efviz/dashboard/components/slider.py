"""A slider that reports its value while it is dragged."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from efviz.dashboard.components.loader import component
from efviz.dashboard.components.reports import remember


def slider(
    label: str,
    *,
    key: str,
    value: float,
    low: float,
    high: float,
    step: float,
    log: bool = False,
    zero: bool = False,
    unit: str = "",
    help: str = "",
    query: str = "",
    digits: int | None = None,
    on_change: Callable[[float], None],
) -> None:
    """A range from `low` to `high` that calls `on_change` at every move, with the newest value.

    With `log`, positions are evenly spaced in log10, `step` apart, and with `zero` the left end
    means 0. Any value of the range can be typed. Keys: arrows, Page Up and Down, Home, End.
    `query` is how links set it, with * for the value, as in "damping=*": then the picture follows
    without the session, which learns where the slider came to rest (see pictures.js). Values are
    rounded to this many decimal `digits`.
    """
    # Read the state only after a change: each read makes Streamlit define a class.
    answered = f"{key}.answered"

    def changed() -> None:
        state = st.session_state.get(key)
        report = _report(state.get("value")) if state else None
        if not report or report[1] == st.session_state.get(answered):
            return
        number, st.session_state[answered] = report
        if low <= number <= high or (zero and number == 0):
            on_change(number)

    remember(key, changed)
    shown = component("slider")(
        key=key,
        data={
            "label": label,
            "min": low,
            "max": high,
            "step": step,
            "value": value,
            "log": log,
            "zero": zero,
            "unit": unit,
            "help": help,
            "query": query,
            "digits": digits,
            "ack": st.session_state.get(answered, 0),
        },
        on_value_change=changed,
    )
    if answered not in st.session_state:
        # What a browser reported before its server was restarted is no move.
        _, st.session_state[answered] = _report(shown.get("value")) or (value, 0)


def _report(report: Any) -> tuple[float, int] | None:
    """The report of a browser, which may be anything, as a value and its sequence number."""
    try:
        number, sequence = report
        return float(number), int(sequence)
    except (TypeError, ValueError, OverflowError):
        return None

"""A slider whose picture follows while it is dragged."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from efviz.components.loader import component


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
    on_change: Callable[[float], None],
) -> None:
    """A range from `low` to `high` that calls `on_change(value)` at every move, newest value wins.

    `log`: positions are evenly spaced in log10, `step` apart, and with `zero` the left end means
    0. Any value of the range can be typed. Keyboard: arrows, Page Up and Down, Home, End.
    """
    state = st.session_state.get(key)
    reported = state.get("value") if state else None

    def changed() -> None:
        number, _ = st.session_state[key]["value"]
        number = float(number)
        if low <= number <= high or (zero and number == 0):
            on_change(number)

    component("slider")(
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
            "ack": _sequence(reported),
        },
        on_value_change=changed,
    )


def _sequence(reported: Any) -> int:
    """The number of the browser's last report, 0 before the first."""
    return int(reported[1]) if isinstance(reported, list | tuple) and len(reported) == 2 else 0

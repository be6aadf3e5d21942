"""The head of the panel of a lesson: title, stepper, Back and Next, and keys that do the same."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from efviz.dashboard.components.loader import component

ACTIONS = ("back", "next", "restart", "present", "leave")


def lesson_head(
    title: str,
    *,
    key: str,
    number: int,
    steps: Sequence[Mapping[str, Any]],
    at: int,
    next: str,
    presenting: bool,
    on_act: Callable[[str | int], None],
) -> None:
    """Call `on_act` with one of ACTIONS, or with the index of the step that is chosen.

    `number` is that of the lesson, `at` the index of the current step, and `next` the label of the
    button that goes on. A step says in `title` what it is about, and in `done` whether it is done.
    """

    def on_act_change() -> None:
        act = _act(st.session_state[key].get("act"), len(steps))
        if act is not None:
            on_act(act)

    data = {
        "title": title,
        "number": number,
        "steps": [dict(step) for step in steps],
        "at": at,
        "next": next,
        "presenting": presenting,
    }
    component("lesson")(key=key, data=data, on_act_change=on_act_change)


def _act(report: Any, steps: int) -> str | int | None:
    """The report of a browser, which may be anything, as an action if it is a valid one."""
    if isinstance(report, str):
        return report if report in ACTIONS else None
    whole = isinstance(report, int | float) and not isinstance(report, bool)
    return int(report) if whole and report in range(steps) else None

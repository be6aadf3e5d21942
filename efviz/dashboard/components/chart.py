"""One Plotly figure, or several side by side, redrawn in place."""

import json
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, get_args

import streamlit as st

from efviz.dashboard.components.loader import component
from efviz.dashboard.components.reports import remember
from efviz.dashboard.components.wire import pack
from efviz.dashboard.server import assets, compat


@dataclass(frozen=True)
class Click:
    """A click on a panel, in its data coordinates."""

    panel: int
    x: float
    y: float


Action = Literal["move", "drop", "remove"]


@dataclass(frozen=True)
class Touch:
    """The mark `index` of a trace is moved to (x, y), dropped there, or removed.

    `number` is the number of the mark in the `index` of its handles, None if they have none.
    """

    panel: int
    trace: str
    index: int
    x: float
    y: float
    action: Action
    number: int | None = None


@dataclass(frozen=True)
class Frame:
    """The state of the player: the iteration, and the number of the start that it follows."""

    at: int
    of: int


def pack_figures(
    figures: Mapping[str, Any],
    *,
    dark: Mapping[str, str],
    rows: int = 1,
    min_width: int = 280,
    max_width: int = 1200,
    smallest: int = 150,
) -> bytes:
    """Pack figures by title into the message for the browser, which is the same for all sessions.

    A figure is a `go.Figure` or an argument of it, {"data": ..., "layout": ...}. From `layout.meta`
    the chart reads `aspect` (height divided by width of the plot area), `click` (report clicks
    anywhere), `hint` (the effect of a click, for the title of a chart with `on_click`), `link`
    (share zoom with the other linked panels), `label` (for screen readers), `still` (a name of
    everything except the marks: while it is unchanged, only the marks are redrawn), `legend`
    ([{"trace" or "colour", "words"}]: what marks and shades mean, for below the panels), `handles`
    ([{"trace", "noun", "least", "index"}]: marks of these traces can be moved and, down to `least`
    of them, removed; reports number them by `index`), `vectors` (a field on a grid, shown at the
    pointer), `play` and `anatomy` (lines that a player animates), `same` (a note in
    place of the panel while all are shown), `wide` and `height` (a panel of this height below the
    others): see the assets.
    `dark` maps colours to those of the dark theme. Each column stacks `rows` figures. Panels that
    would be narrower than `min_width` wrap to a second row; none becomes wider than `max_width`,
    and if two would be narrower than `smallest`, each has its own row.
    """
    if len(figures) % rows:
        raise ValueError(f"{len(figures)} figures do not fill columns of {rows}")
    bodies = [pack(_spec(figure)) for figure in figures.values()]
    header = {
        "figures": [
            {"name": name, "size": len(body), "digest": assets.digest(body)}
            for name, body in zip(figures, bodies, strict=True)
        ],
        "dark": dict(dark),
        "rows": rows,
        "minWidth": min_width,
        "maxWidth": max_width,
        "smallest": smallest,
        "plotly": assets.plotly_url(),
    }
    return pack(header) + b"".join(bodies)


def _spec(figure: Any) -> dict[str, Any]:
    if isinstance(figure, Mapping):
        return {"data": figure["data"], "layout": figure["layout"]}
    return compat.data_and_layout(figure)


def chart(
    packed: bytes,
    *,
    key: str,
    address: Mapping[str, Any] | None = None,
    follows: Mapping[str, Any] | None = None,
    only: Sequence[str] = (),
    group: str = "",
    on_click: Callable[[Click], None] | None = None,
    on_touch: Callable[[Touch], None] | None = None,
    frame: Frame | None = None,
    on_frame: Callable[[Frame], None] | None = None,
) -> None:
    """Show packed figures; zoom survives new data, a click anywhere calls `on_click`.

    While a mark is dragged, `on_touch` is called repeatedly, with the newest place. A player starts
    at `frame` and calls `on_frame` when it stops.
    `address` is what the address bar shows once the picture is drawn (see address.js); None leaves
    it to another chart. `follows` is for a chart that follows the hand (see pictures.js): its
    `name` in fetched pictures, their `address`, None if there are none, and the `link` of this one.
    `only` names the panels that are drawn: all if there is none of them. In charts of one `group`,
    panels with the same `meta.shared` have the same axes.
    """
    state = st.session_state.get(key)
    touched, framed = (state.get(name) if state else None for name in ("touch", "frame"))

    def on_click_change() -> None:
        click = _click(st.session_state[key].get("click"))
        if click and on_click:
            on_click(click)

    def on_touch_change() -> None:
        state, taken = st.session_state.get(key), f"{key}.taken"
        report = state.get("touch") if state else None
        touch, number = touch_of(report), _sequence(report)
        if touch and on_touch and (not number or number != st.session_state.get(taken)):
            st.session_state[taken] = number
            on_touch(touch)

    def on_frame_change() -> None:
        new = _frame(st.session_state[key].get("frame"))
        if new and on_frame:
            on_frame(new)

    if on_touch:
        remember(key, on_touch_change)
    stands = frame and {"at": frame.at, "of": frame.of, "ack": _sequence(framed)}
    shown = component("chart")(
        key=key,
        data=envelope(
            packed,
            address=address,
            ack=_sequence(touched),
            frame=stands,
            clicks=bool(on_click),
            follows=follows,
            only=list(only),
            group=group,
        ),
        on_click_change=on_click_change,
        on_touch_change=on_touch_change,
        on_frame_change=on_frame_change,
    )
    # What a browser reported before its server was restarted is no move.
    st.session_state.setdefault(f"{key}.taken", _sequence(shown.get("touch")))


def envelope(packed: bytes, **session: Any) -> bytes:
    """The values of one session, in front of the message shared by all sessions."""
    text = json.dumps(session, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<I", len(text)) + text + packed


def _click(report: Any) -> Click | None:
    """The report of a browser, which may be anything, as a click if it is a valid one."""
    try:
        click = Click(int(report["panel"]), float(report["x"]), float(report["y"]))
    except (TypeError, KeyError, ValueError, OverflowError):
        return None
    return click if click.panel >= 0 and isfinite(click.x) and isfinite(click.y) else None


def touch_of(report: Any) -> Touch | None:
    """The same for a moved mark."""
    try:
        number = report.get("number")
        touch = Touch(
            int(report["panel"]),
            report["trace"],
            int(report["index"]),
            float(report["x"]),
            float(report["y"]),
            report["action"],
            None if number is None else int(number),
        )
    except (AttributeError, TypeError, KeyError, ValueError, OverflowError):
        return None
    known = isinstance(touch.trace, str) and touch.action in get_args(Action)
    counted = touch.panel >= 0 and touch.index >= 0 and (touch.number or 0) >= 0
    return touch if known and counted and isfinite(touch.x + touch.y) else None


def _frame(report: Any) -> Frame | None:
    try:
        frame = Frame(int(report["at"]), int(report["of"]))
    except (TypeError, KeyError, ValueError, OverflowError):
        return None
    return frame if frame.at >= 0 and frame.of >= 1 else None


def _sequence(report: Any) -> int:
    """The number of a report, which its answer repeats; 0 if it has none."""
    number = report.get("sequence") if isinstance(report, dict) else None
    return number if isinstance(number, int) else 0

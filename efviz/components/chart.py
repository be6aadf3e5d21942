"""Plotly figures, one or several side by side, redrawn in place."""

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import streamlit as st

from efviz.components import assets
from efviz.components.loader import component
from efviz.components.wire import digest, pack


@dataclass(frozen=True)
class Click:
    """A click on a panel, in its data coordinates."""

    panel: int
    x: float
    y: float


def pack_figures(
    figures: Mapping[str, Any],
    *,
    dark: Mapping[str, str],
    rows: int = 1,
    min_width: int = 280,
    max_width: int = 1200,
    smallest: int = 150,
) -> bytes:
    """Figures by title -> what the browser gets. Costs no session: cache it.

    A figure is a `go.Figure` or what `go.Figure()` takes, {"data": ..., "layout": ...}. Of its
    `layout.meta` the chart reads `aspect` (height by width of the plot area), `click` (report
    clicks anywhere), `link` (share zoom with the other linked panels), `label` (what a screen
    reader says) and `still` (a name of all but the marks: while it stays, only they are redrawn).
    `dark` maps colours to those of the dark theme. Every `rows` figures stand below each other.
    Panels that would be narrower than `min_width` go to a second row; none becomes wider than
    `max_width`, and where two would be narrower than `smallest` each has its own row.
    """
    if len(figures) % rows:
        raise ValueError(f"{len(figures)} figures do not fill columns of {rows}")
    bodies = [pack(_spec(figure)) for figure in figures.values()]
    header = {
        "figures": [
            {"name": name, "size": len(body), "digest": digest(body)}
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
    """Data and layout, arrays as arrays: to_plotly_json() would turn them into base64 text."""
    if isinstance(figure, Mapping):
        return {"data": figure["data"], "layout": figure["layout"]}
    return {"data": figure._data, "layout": figure._layout}


def chart(
    packed: bytes,
    *,
    key: str,
    query: str | None = "",
    on_click: Callable[[Click], None] | None = None,
) -> None:
    """Show packed figures; zoom survives new data, a click anywhere calls `on_click`.

    `query` is what the address bar shall hold behind the "?" once the picture is there; None leaves
    that to another chart.
    """

    def clicked() -> None:
        report = st.session_state[key]["click"]
        click = _click(report)
        if click and on_click:
            on_click(click)

    component("chart")(
        key=key, data=envelope("-" if query is None else query, packed), on_click_change=clicked
    )


def envelope(query: str, packed: bytes) -> bytes:
    """What belongs to one session in front of what all sessions share."""
    text = query.encode()
    text += b"\0" * (-len(text) % 4)
    return struct.pack("<I", len(text)) + text + packed


def _click(report: Any) -> Click | None:
    """The report of a browser, which may say anything, as a click if it is one."""
    try:
        click = Click(int(report["panel"]), float(report["x"]), float(report["y"]))
    except (TypeError, KeyError, ValueError, OverflowError):
        return None
    return click if isfinite(click.x) and isfinite(click.y) else None

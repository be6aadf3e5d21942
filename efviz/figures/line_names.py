"""Names at the ends of lines, instead of a legend: where they stand in exported files.

In the browser names.js places them by the same rule, with the widths that it measures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.figures import marks
from efviz.figures.marks import Limits
from efviz.figures.theme import text_colour
from efviz.style import Style

GAP = 10.0
"""From the end of a line to its name, in pixels: wide enough for a leader line."""
EDGE = 4.0
"""Between a name and the edge of the panel."""
SAME = 2.0
"""Ends closer than this look like one."""
SHARE = 0.2
"""Of the width of a panel, for two names in one row; else they stand in two."""
LINE = 1.2
"""The height of a row, in units of the size of its letters."""
COMMA = ", "
_LETTER = 0.58
"""The width of a letter in the same units, on average; no fonts are known here."""

Curves = Mapping[str, tuple[Array, Style]]
"""Lines (n, 2) with their styles."""


def line_names(curves: Curves, limits: Limits) -> list[dict[str, Any]]:
    """A trace of the names of `curves` at their right ends, none if no curve is seen.

    A curve that leaves the vertical axis ends where it crosses one of its `limits`, positive for a
    logarithmic axis.
    """
    ends = {name: _end(curve, limits) for name, (curve, _) in curves.items()}
    seen = [name for name, end in ends.items() if end is not None]
    if not seen:
        return []
    at = np.array([ends[name] for name in seen])
    colours = [text_colour(curves[name][1]) for name in seen]
    return [marks.labels(at, seen, colours, position="right")]


def _end(curve: Array, limits: Limits) -> Array | None:
    """The rightmost point of a curve within the limits, or where it leaves them after that."""
    low, high = limits
    curve = curve[np.argsort(curve[:, 0], kind="stable")]
    inside = np.flatnonzero((curve[:, 1] >= low) & (curve[:, 1] <= high))
    if not inside.size:
        return None
    last = int(inside[-1])
    later = curve[last + 1 :]
    later = later[np.isfinite(later).all(-1)]
    if not len(later):
        return np.asarray(curve[last])
    (x0, y0), (x1, y1) = curve[last], later[0]
    edge = high if y1 > high else low
    height = np.log if low > 0 and y1 > 0 else np.asarray
    share = (height(edge) - height(y0)) / (height(y1) - height(y0))
    return np.array([x0 + share * (x1 - x0), edge])


@dataclass(frozen=True)
class Area:
    """The axes in pixels, the `room` right of them, and the sizes of rows and commas."""

    width: float
    height: float
    room: float
    line: float
    comma: float


@dataclass(frozen=True)
class Name:
    """Rows of indices of ends, the left edge and middle of the text, and the end that it names."""

    x: float
    y: float
    rows: list[list[int]]
    at: tuple[float, float]
    leads: bool


@dataclass(frozen=True)
class _Box:
    x: float
    width: float
    height: float
    rows: list[list[int]]
    at: tuple[float, float]


def room_for(widths: Sequence[float], panel: float, comma: float) -> float:
    """The room right of the axes: for the longest name, or for two in a row if there is space."""
    first, second, *_ = [*sorted(widths, reverse=True), 0.0, 0.0]
    pair = first + comma + second
    return pair if second and pair <= SHARE * panel else first


def place(ends: Sequence[tuple[float, float, float]], area: Area) -> list[Name]:
    """The names of lines with ends (x, y, width of the name) in pixels from the upper left corner.

    Ends within SAME pixels share one name. Names stand right of their ends if they fit within the
    axes, else right of the axes. Names above each other are moved up and down by the smallest sum
    of squares so that none covers another and all stay in the height of the axes; `leads`: a line
    shows where a name belongs that was moved by more than half a row, or is far from its end.
    """
    boxes = [_box(at, sorted(members), ends, area) for at, members in _groups(ends, area)]
    names = []
    for column in _columns(boxes):
        middles = apart([b.at[1] for b in column], [b.height for b in column], area.height)
        for box, y in zip(column, middles, strict=True):
            leads = abs(y - box.at[1]) > area.line / 2 or box.x - box.at[0] > 2 * GAP
            names.append(Name(box.x, float(y), box.rows, box.at, leads))
    return names


def _groups(
    ends: Sequence[tuple[float, float, float]], area: Area
) -> list[tuple[tuple[float, float], list[int]]]:
    """The ends in view from top to bottom, those at one place together."""
    seen = [
        i
        for i, (x, y, _) in enumerate(ends)
        if -1 <= x <= area.width + 1 and -1 <= y <= area.height + 1
    ]
    groups: list[tuple[tuple[float, float], list[int]]] = []
    for i in sorted(seen, key=lambda i: (ends[i][1], i)):
        x, y, _ = ends[i]
        for at, members in groups:
            if abs(at[0] - x) <= SAME and abs(at[1] - y) <= SAME:
                members.append(i)
                break
        else:
            groups.append(((x, y), [i]))
    return groups


def _box(
    at: tuple[float, float],
    members: Sequence[int],
    ends: Sequence[tuple[float, float, float]],
    area: Area,
) -> _Box:
    def width(row: Sequence[int]) -> float:
        return sum(ends[i][2] for i in row) + area.comma * (len(row) - 1)

    rows, inside = [list(members)], at[0] + GAP + width(members) <= area.width - GAP
    if not inside:
        rows = []
        for i in members:
            if rows and width([*rows[-1], i]) <= area.room:
                rows[-1].append(i)
            else:
                rows.append([i])
    x = (at[0] if inside else area.width) + GAP
    return _Box(x, max(map(width, rows)), len(rows) * area.line, rows, at)


def _columns(boxes: Sequence[_Box]) -> list[list[_Box]]:
    """Boxes that could cover each other, from top to bottom."""
    columns: list[list[_Box]] = []
    right = -np.inf
    for box in sorted(boxes, key=lambda box: box.x):
        if box.x >= right:
            columns.append([])
        columns[-1].append(box)
        right = max(right, box.x + box.width)
    return [sorted(column, key=lambda box: box.at[1]) for column in columns]


def apart(wanted: Sequence[float], heights: Sequence[float], height: float) -> Array:
    """The middles of boxes of these `heights`, as near as possible to those `wanted` (ascending).

    None covers another and all are between 0 and `height`, with the least sum of squared moves:
    isotonic regression, whose restriction to an interval is its solution cut off at the ends. Boxes
    that are higher than `height` together are as far apart as they can be.
    """
    steps = np.array([0.0, *((a + b) / 2 for a, b in pairwise(heights))])
    ends = (heights[0] + heights[-1]) / 2
    if steps.sum() > 0:
        steps *= min(1.0, max(0.0, height - ends) / steps.sum())
    offsets = np.cumsum(steps)
    pools: list[tuple[float, int]] = []
    for z in np.asarray(wanted) - offsets:
        mean, count = float(z), 1
        while pools and pools[-1][0] > mean:
            before, n = pools.pop()
            mean, count = (before * n + mean * count) / (n + count), n + count
        pools.append((mean, count))
    low = heights[0] / 2
    high = max(low, height - heights[-1] / 2 - offsets[-1])
    means = np.concatenate([np.full(count, mean) for mean, count in pools])
    return np.asarray(np.clip(means, low, high) + offsets)


def is_names(trace: Mapping[str, Any]) -> bool:
    """Whether a trace is one of `line_names`."""
    return trace.get("mode") == "text" and trace["textposition"] == "middle right"


def margin_for(names: Mapping[str, Any], panel: float) -> float:
    """The margin right of the axes for a trace of `line_names` in a panel of this width."""
    widths, comma = _widths(names)
    return float(np.ceil(GAP + room_for(widths, panel, comma) + EDGE))


def _widths(names: Mapping[str, Any]) -> tuple[list[float], float]:
    letter = _LETTER * names["textfont"]["size"]
    return [letter * len(text) for text in names["text"]], letter * len(COMMA)


def annotations(
    names: Mapping[str, Any], layout: Mapping[str, Any], width: float, height: float
) -> list[dict[str, Any]]:
    """The names as annotations of Plotly on a panel of this size in pixels, margins included."""
    margin = layout["margin"]
    (x0, x1), (y0, y1) = (layout[key]["range"] for key in ("xaxis", "yaxis"))
    w, h = width - margin["l"] - margin["r"], height - margin["t"] - margin["b"]
    x, y = (
        np.log10(names[key]) if layout[f"{key}axis"].get("type") == "log" else names[key]
        for key in ("x", "y")
    )
    widths, comma = _widths(names)
    across, down = (x - x0) / (x1 - x0) * w, (y1 - y) / (y1 - y0) * h
    area = Area(w, h, margin["r"] - GAP - EDGE, LINE * names["textfont"]["size"], comma)
    ends = [*zip(across.tolist(), down.tolist(), widths, strict=True)]
    return [
        _annotation(names, name, float(x[k]), float(y[k]))
        for name in place(ends, area)
        for k in name.rows[0][:1]
    ]


def _annotation(names: Mapping[str, Any], name: Name, x: float, y: float) -> dict[str, Any]:
    colours = names["textfont"]["color"]

    def span(i: int, comma: str) -> str:
        return f"<span style='color:{colours[i]}'>{escape(names['text'][i])}{comma}</span>"

    rows = []
    for r, row in enumerate(name.rows):
        after = "," if r + 1 < len(name.rows) else ""
        rows.append("".join(span(i, COMMA) for i in row[:-1]) + span(row[-1], after))
    right, down = name.x - name.at[0], name.y - name.at[1]
    leader = {
        "showarrow": True,
        "ax": right,
        "ay": down,
        "arrowhead": 0,
        "arrowwidth": 1,
        "arrowcolor": colours[name.rows[0][0]],
    }
    return {
        "x": x,
        "y": y,
        "text": "<br>".join(rows),
        "align": "left",
        "xanchor": "left",
        "yanchor": "middle",
        "borderpad": 0,
        "font": {"size": names["textfont"]["size"]},
    } | (leader if name.leads else {"showarrow": False, "xshift": right, "yshift": -down})

"""Panels as files: a table of their numbers, and a self-contained interactive page."""

from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from plotly import graph_objects as go
from plotly.offline import get_plotlyjs

from efviz.arrays import Array
from efviz.figures.line_names import annotations, is_names, margin_for
from efviz.figures.theme import GROUND, INK, Spec

if TYPE_CHECKING:
    import pandas as pd

Panels = Mapping[str, Spec]
COLUMNS = ("panel", "trace", "index", "x", "y", "z", "u", "v", "text")
WIDTH = 330
"""The size of a panel in the interactive page, in pixels."""


def numbers(panels: Panels) -> "pd.DataFrame":
    """Everything that is drawn, one point per row: the COLUMNS that are not empty.

    A grid z (n, m) is written row by row with the x and y of its points; (u, v) is the arrow that
    begins at (x, y). Gaps in lines are rows without numbers. `index` counts the points of a trace;
    traces with the same name are numbered.
    """
    import pandas as pd

    parts = [
        pd.DataFrame({"panel": name, "trace": trace, "index": np.arange(len(c["x"]))}).assign(**c)
        for name, spec in panels.items()
        for trace, c in _traces(spec)
    ]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS[:5])
    return table[[name for name in COLUMNS if name in table]]


def csv(panels: Panels) -> str:
    """`numbers` as text (RFC 4180), with enough digits to restore every float64 exactly."""
    table = numbers(panels)
    for name in ("panel", "trace", "text"):
        if name in table:
            table[name] = table[name].map(inert, na_action="ignore")
    return table.to_csv(index=False, lineterminator="\r\n")


def inert(text: str) -> str:
    """Text that no spreadsheet takes for a formula: an apostrophe precedes a leading operator."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def html(panels: Panels, *, title: str, rows: int = 1) -> str:
    """A page with all panels, with zoom and hover, that needs no other file or host.

    `rows` panels are stacked in each column, as on the screen.
    """
    figures = [figure(spec) for spec in panels.values()]
    columns = "".join(
        f"<div>{''.join(map(_body, figures[i : i + rows]))}</div>"
        for i in range(0, len(figures), rows)
    )
    return _PAGE.format(title=escape(title), plotly=get_plotlyjs(), columns=columns)


def write(panels: Panels, name: str, *, rows: int = 1) -> None:
    """Write the files `name`.csv and `name`.html to the current folder."""
    Path(f"{name}.csv").write_text(csv(panels), encoding="utf-8", newline="")
    Path(f"{name}.html").write_text(html(panels, title=name, rows=rows), encoding="utf-8")


def _traces(spec: Spec) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and columns of everything with numbers: traces, and marks drawn as shapes."""
    found = [(trace.get("name", "data"), _columns(trace)) for trace in spec["data"]]
    found += spec.get("numbers", {}).items()
    found = [(name, columns) for name, columns in found if columns]
    often = Counter(name for name, _ in found)
    seen: Counter[str] = Counter()
    for name, columns in found:
        seen[name] += 1
        yield (f"{name} {seen[name]}" if often[name] > 1 else name), columns


def _columns(trace: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of one trace; empty if it only carries a colour scale."""
    if trace.get("z") is not None:
        z = _floats(trace["z"])
        x, y = (
            _coordinates(trace.get(key), n) for key, n in (("x", z.shape[1]), ("y", z.shape[0]))
        )
        columns = {"x": np.tile(x, len(y)), "y": np.repeat(y, len(x)), "z": z.ravel()}
    else:
        columns = {"x": _floats(trace["x"]), "y": _floats(trace["y"])}
        if list(trace["x"]) == [None]:
            return {}
    text = np.ravel(np.array(trace.get("text", ()), dtype=object))
    return columns | ({"text": text} if text.size == columns["x"].size > 0 else {})


def _coordinates(values: Any, n: int) -> Any:
    return np.arange(n) if values is None else np.asarray(values)


def _floats(values: Any) -> Array:
    return np.asarray(values, dtype=float)


def figure(spec: Spec) -> go.Figure:
    """The panel as a figure, in the light theme, sized for the aspect of its plot area."""
    layout = {key: value for key, value in spec["layout"].items() if key != "meta"}
    meta, margin = spec["layout"].get("meta", {}), layout["margin"]
    inside = WIDTH - margin["l"] - margin["r"]
    height = round(inside * meta.get("aspect", 1) + margin["t"] + margin["b"])
    traces = [trace for trace in spec["data"] if not is_names(trace)]
    for names in filter(is_names, spec["data"]):
        layout["margin"] = margin | {"r": margin_for(names, WIDTH)}
        layout["annotations"] = annotations(names, layout, WIDTH, height)
    figure = go.Figure({"data": traces, "layout": layout})
    return figure.update_layout(
        width=WIDTH,
        height=height,
        paper_bgcolor=GROUND,
        plot_bgcolor=GROUND,
        font_family="Source Sans, Helvetica, Arial, sans-serif",
    )


def _body(figure: go.Figure) -> str:
    config = {"displaylogo": False, "showSendToCloud": False, "scrollZoom": False}
    return str(figure.to_html(full_html=False, include_plotlyjs=False, config=config))


_PAGE = (
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 1rem; background: """
    + GROUND
    + "; color: "
    + INK
    + """; }}
main {{ display: flex; flex-wrap: wrap; gap: 8px; }}
</style>
<script>{plotly}</script>
</head>
<body>
<main>{columns}</main>
</body>
</html>
"""
)

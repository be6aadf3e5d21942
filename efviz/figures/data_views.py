"""The data panel: what was fitted and the fit of the minimum. DATA_VIEWS lists the views."""

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import numpy as np
from plotly.colors import sample_colorscale

from efviz.data import Array, Dataset, Rows, input_columns
from efviz.figures import marks
from efviz.figures.marks import Limits
from efviz.figures.theme import CONTOUR, GROUND, INK, MUTED, POINT, SEQUENTIAL, Spec, axis, layout
from efviz.problems import Problem

SHOWN = 1000
"""At most so many examples are drawn, the first ones; the panel says so."""

ROOM = 0.5
"""While examples are edited so much of the plane's width is added on each side."""

LEVELS = 10
"""The target as colour is shown in so many levels."""


def data_panel(
    dataset: Dataset,
    problem: Problem,
    *,
    title: str = "Data",
    aspect: float = 1.0,
    editing: bool = False,
) -> Spec:
    """The view that suits the data: one input as a curve or curves, two inputs as a plane.

    Examples that were edited are always drawn, in rings. `editing`: points are handles, their
    `index` the numbers of `Edited.numbers`; clicks are reported; there is room for outliers.
    """
    inputs = input_columns(dataset)
    curve = "curve" if problem.model.n_outputs == 1 else "strips"
    kind = curve if len(inputs) == 1 else dataset.task
    panel, shown = DATA_VIEWS[kind](dataset, problem, inputs, ROOM if editing else 0.0)
    N, drawn = len(dataset.y), sum(map(len, shown.values()))
    subtitle = f"N = {N:,}" + (f", {drawn:,} shown" if drawn < N else "")
    frame = panel["layout"]
    meta = {"aspect": aspect, "label": f"{title}: {frame['meta']['label']}; {subtitle}"}
    if editing:
        meta |= {"click": True, "handles": _handles(dataset, shown)}
    panel["layout"] = frame | layout(title, subtitle) | {"meta": meta}
    return panel


Shown = dict[str, Rows]
"""The rows of the data set that a trace shows, by its name."""


def _handles(dataset: Dataset, shown: Shown) -> list[dict[str, Any]]:
    """The points as what can be moved and removed, with the numbers of their examples."""
    edited = dataset.edited
    return [
        {"trace": name, "noun": "example", "index": edited.numbers[rows] if edited else rows}
        for name, rows in shown.items()
    ]


def _drawn(dataset: Dataset, among: Rows | None = None, most: int = SHOWN) -> Rows:
    """The first rows (of `among`), and those that were edited wherever they are."""
    rows = np.arange(len(dataset.y)) if among is None else among
    if dataset.edited is None or len(rows) <= most:
        return rows[:most]
    late = np.intersect1d(rows[most:], dataset.edited.rows)
    return np.concatenate([rows[:most], late])


def _rings(dataset: Dataset, xy: Array, rows: Rows, symbol: str = "circle") -> list[dict[str, Any]]:
    """Rings around those of the points xy, which show `rows`, that were edited."""
    if dataset.edited is None:
        return []
    at = xy[np.isin(rows, dataset.edited.rows)]
    sizes = ((INK, 11), (GROUND, 8), (INK, 4))
    return [
        marks.points(at, colour, symbol, size) | {"name": f"edited {size}", "opacity": 1}
        for colour, size in sizes
    ]


def _panel(
    traces: list[dict[str, Any]],
    titles: tuple[str, str],
    limits: tuple[Limits, Limits],
    label: str,
) -> Spec:
    x, y = (axis(escape(t, quote=False), r) for t, r in zip(titles, limits, strict=True))
    return {"data": traces, "layout": {"xaxis": x, "yaxis": y, "meta": {"label": label}}}


def _line(x: Array, y: Array, name: str) -> dict[str, Any]:
    line = {"name": name, "line": {"color": INK, "width": 2.5}}
    return marks.lines_with_gaps([np.stack([x, y], axis=-1)]) | line


def _limits(values: Array, now: Array | None = None, room: float = 0.0) -> Limits:
    """The central 99.5 % and a margin: one outlier must not flatten the rest.

    `values` are those before any edit, so that the axes stay while a point is dragged; for edited
    ones outside, `now`, half widths are added until all are in.
    """
    low, high = (float(v) for v in np.quantile(values[:SHOWN], [0.0025, 0.9975]))
    margin = 0.06 * (high - low) or 1.0
    half = (high - low + 2 * margin) / 2
    low, high = low - margin - 2 * room * half, high + margin + 2 * room * half
    if now is not None and now.size:
        slack = 1e-9 * half
        low -= half * max(0.0, np.ceil((low - now.min() - slack) / half))
        high += half * max(0.0, np.ceil((now.max() - high - slack) / half))
    return low, high


def _ranges(
    dataset: Dataset, columns: Sequence[Callable[[Dataset], Array]], room: float
) -> tuple[Limits, ...]:
    """The limits of the axes along which these columns of the data set lie."""
    edited = dataset.edited
    if edited is None:
        return tuple(_limits(column(dataset), None, room) for column in columns)
    return tuple(
        _limits(column(edited.original), column(dataset)[edited.rows], room) for column in columns
    )


def _input(column: int) -> Callable[[Dataset], Array]:
    return lambda dataset: dataset.X[:, column]


def _target(dataset: Dataset) -> Array:
    return dataset.y


def _curve(dataset: Dataset, problem: Problem, inputs: list[int], room: float) -> "Drawn":
    """y against the one input, with the mean that the minimum predicts."""
    limits = _ranges(dataset, [_input(inputs[0]), _target], room)
    grid = np.linspace(*limits[0], 80)
    design = np.ones((len(grid), dataset.X.shape[1]))
    design[:, inputs[0]] = grid
    rows = _drawn(dataset)
    xy = np.stack([dataset.X[rows, inputs[0]], dataset.y[rows]], axis=-1)
    traces = [marks.points(xy, POINT), *_rings(dataset, xy, rows)]
    if problem.minimum.exists:
        f = problem.model.outputs(design, problem.theta_star)
        traces.append(_line(grid, problem.likelihood.mean(f)[:, 0], "fit of the minimum"))
    titles = dataset.feature_names[inputs[0]], dataset.target_name
    label = "Scatter plot of the data with the fit of the minimum"
    return _panel(traces, titles, (limits[0], limits[1]), label), {"data": rows}


def _strips(dataset: Dataset, problem: Problem, inputs: list[int], room: float) -> "Drawn":
    """One strip a class: its examples along the one input, and its probability above them.

    The probability, that of the minimum, takes _HIGH of a strip; the examples are spread over the
    rest so that they do not hide each other.
    """
    C = problem.model.n_outputs
    rows = _drawn(dataset)
    x, y = dataset.X[rows, inputs[0]], dataset.y[rows]
    (across,) = _ranges(dataset, [_input(inputs[0])], room)
    limits = across, (-0.45, C - 1 + 1.12 * _HIGH)
    numbers = dataset.edited.numbers[rows] if dataset.edited else rows
    spread = (numbers * 0.618 % 1 - 1) * 0.8 * (1 - _HIGH) - 0.07
    xy = np.stack([x, y + spread], axis=-1)
    traces = [marks.points(xy, POINT), *_rings(dataset, xy, rows)]
    grid = np.linspace(*limits[0], 80)
    ends = np.array(limits[0])
    floors = [np.stack([ends, np.full(2, c)], axis=-1) for c in range(C)]
    thin = {"name": "zero", "line": {"color": CONTOUR, "width": 1}}
    traces.append(marks.lines_with_gaps(floors) | thin)
    if problem.minimum.exists:
        design = np.ones((len(grid), dataset.X.shape[1]))
        design[:, inputs[0]] = grid
        p = problem.likelihood.mean(problem.model.outputs(design, problem.theta_star))
        curves = [np.stack([grid, c + _HIGH * p[:, c]], axis=-1) for c in range(C)]
        fit = {"name": "fit of the minimum", "line": {"color": INK, "width": 2.5}}
        traces.append(marks.lines_with_gaps(curves) | fit)
    name, target = dataset.feature_names[inputs[0]], dataset.target_name
    titles = name, f"{target} and p({target} | {name})"
    label = f"{C} classes along {titles[0]}, each with its probability at the minimum"
    panel = _panel(traces, titles, limits, label)
    ticks = {"tickvals": list(range(C)), "ticktext": [f"{c}" for c in range(C)]}
    panel["layout"]["yaxis"] |= {"tickmode": "array"} | ticks
    return panel, {"data": rows}


_HIGH = 0.62


def place_of(dataset: Dataset, problem: Problem, x: float, y: float) -> tuple[float, float]:
    """Where an example lies that the reader puts at (x, y) of the panel: of strips, its class."""
    if problem.model.n_outputs == 1:
        return x, y
    return x, float(np.floor(y + 1 - _HIGH))


def _plane_of(
    dataset: Dataset, inputs: list[int], room: float
) -> tuple[tuple[Limits, Limits], tuple[str, str]]:
    limits = _ranges(dataset, [_input(i) for i in inputs[:2]], room)
    names = [dataset.feature_names[i] for i in inputs[:2]]
    return (limits[0], limits[1]), (names[0], names[1])


def _classes(dataset: Dataset, problem: Problem, inputs: list[int], room: float) -> "Drawn":
    """Both inputs, class 0 as grey discs, class 1 as black squares, and the line p = 1/2."""
    limits, titles = _plane_of(dataset, inputs, room)
    # The first of each class, so that neither hides behind the other's number.
    styles = {0: (POINT, "circle", 4.0), 1: (INK, "square", 3.0)}
    shown, traces, rings = {}, [], []
    for k, style in styles.items():
        name = f"class {k}"
        rows = _drawn(dataset, np.flatnonzero(dataset.y == k), SHOWN // 2)
        xy = dataset.X[rows][:, inputs]
        shown[name] = rows
        traces.append(marks.points(xy, *style) | {"name": name})
        rings += _rings(dataset, xy, rows, style[1])
    traces += rings
    if problem.minimum.exists:
        traces.append(_boundary(problem.theta_star, limits))
    label = f"Two classes in {titles[0]} and {titles[1]} with the line p = 1/2"
    return _panel(traces, titles, limits, label), shown


def _boundary(theta: Array, limits: tuple[Limits, Limits]) -> dict[str, Any]:
    """The line theta . x = 0, long enough to leave the panel."""
    reach = 2 * float(np.abs(limits).max())
    along = np.array([-theta[1], theta[0]]) / (np.linalg.norm(theta) or 1.0)
    ends = np.array([-reach, reach])[:, None] * along
    return _line(ends[:, 0], ends[:, 1], "p = 1/2")


def _coloured(dataset: Dataset, problem: Problem, inputs: list[int], room: float) -> "Drawn":
    """Both inputs, the target as colour, and lines of equal fitted value."""
    limits, titles = _plane_of(dataset, inputs, room)
    rows = _drawn(dataset)
    X, y = dataset.X[rows][:, inputs], dataset.y[rows]
    low, high = float(y.min()), float(y.max())
    level = np.minimum((y - low) / ((high - low) or 1.0) * LEVELS, LEVELS - 1).astype(int)
    colours = sample_colorscale(SEQUENTIAL, np.linspace(0, 1, LEVELS))
    shown, traces = {}, []
    for k in np.unique(level):
        name = f"level {k}"
        shown[name] = rows[level == k]
        style = {"name": name, "opacity": 0.9}
        traces.append(marks.points(X[level == k], colours[k], size=5) | style)
    traces += _rings(dataset, X, rows)
    traces.append(_colour_bar(low, high))
    if problem.minimum.exists:
        x, vertical = (np.linspace(*r, 12) for r in limits)
        f = np.stack(np.meshgrid(x, vertical), axis=-1) @ problem.theta_star
        fitted = problem.likelihood.mean(f[..., None])[..., 0]
        traces.append(
            {
                "type": "contour",
                "name": "fit of the minimum",
                "x": x,
                "y": vertical,
                "z": fitted,
                "ncontours": 7,
                "contours": {
                    "coloring": "none",
                    "showlabels": True,
                    "labelfont": {"size": 11, "color": INK},
                },
                "line": {"color": CONTOUR, "width": 1.5},
                "showscale": False,
                "hoverinfo": "skip",
            }
        )
    label = f"{titles[0]} and {titles[1]}, coloured by {dataset.target_name}, with lines of the fit"
    return _panel(traces, titles, limits, label), shown


def _colour_bar(low: float, high: float) -> dict[str, Any]:
    """A trace that shows nothing but the scale of the target."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [None],
        "y": [None],
        "hoverinfo": "skip",
        "marker": {
            "color": [low],
            "cmin": low,
            "cmax": high,
            "colorscale": SEQUENTIAL,
            "showscale": True,
            "colorbar": SMALL_BAR | {"nticks": 3},
        },
    }


SMALL_BAR: dict[str, Any] = {
    "orientation": "h",
    "thickness": 6,
    "len": 0.46,
    "ticklabeloverflow": "allow",
    "x": 0.99,
    "xanchor": "right",
    "y": 0.985,
    "yanchor": "top",
    "xpad": 8,
    "ypad": 3,
    "bgcolor": GROUND,
    "outlinewidth": 0,
    "ticks": "",
    "tickfont": {"size": 10, "color": MUTED},
}
"""A scale inside the plot area, at its upper right: outside it would move the axes."""

Drawn = tuple[Spec, Shown]
View = Callable[[Dataset, Problem, list[int], float], Drawn]

DATA_VIEWS: dict[str, View] = {
    "curve": _curve,
    "strips": _strips,
    "classification": _classes,
    "regression": _coloured,
    "count": _coloured,
}

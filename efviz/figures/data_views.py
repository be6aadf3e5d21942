"""The data panel: the data and the model at one theta. DATA_VIEWS lists the views."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from plotly.colors import sample_colorscale

from efviz.arrays import Array
from efviz.datasets.dataset import Dataset, number_of
from efviz.figures import marks
from efviz.figures.data_points import (
    HIGH,
    Shown,
    drawn,
    handles,
    kind_of,
    limits_of,
    marked,
    of_classes,
    places,
    rings,
)
from efviz.figures.marks import Limits
from efviz.figures.theme import (
    CONTOUR,
    GROUND,
    INK,
    MUTED,
    POINT,
    SEQUENTIAL,
    Spec,
    axis,
    hint,
    layout,
)
from efviz.problems import Problem

ROOM = 0.5
"""Share of the width of the plane that is added on each side while examples are edited."""

LEVELS = 10
"""The number of colours for the levels of the target."""


@dataclass(frozen=True, eq=False)
class Fit:
    """The parameters of the model drawn with the data, None for no model, and its name."""

    theta: Array | None
    name: str


def data_panel(
    dataset: Dataset,
    problem: Problem,
    *,
    title: str = "Data",
    aspect: float = 1.0,
    theta: Array | None = None,
    example: int | None = None,
    editing: bool = False,
) -> Spec:
    """The view that suits the data: curves for one input, a plane for two.

    It shows the model at `theta`, by default at the minimum if there is one. `example` (a row) is
    marked, and clicks are reported so that another can be chosen: see `nearest_example`.

    Edited examples are always drawn, in rings. With `editing`, points are handles whose `index` are
    the `Edited.numbers`, clicks are reported, and there is room for outliers.
    """
    inputs, kind = kind_of(dataset, problem)
    if theta is None:
        fit = Fit(problem.theta_star if problem.minimum.exists else None, "fit of the minimum")
    else:
        fit = Fit(theta, "model at θ")
    panel, shown = DATA_VIEWS[kind](dataset, problem, inputs, fit, ROOM if editing else 0.0)
    N, count = len(dataset.y), sum(map(len, shown.values()))
    subtitle = f"N = {N:,}" + (f", {count:,} shown" if count < N else "")
    frame = panel["layout"]
    meta = {"aspect": aspect, "label": f"{title}: {frame['meta']['label']}; {subtitle}"}
    meta["shared"] = " ".join([kind, *(frame[xy]["title"]["text"] for xy in ("xaxis", "yaxis"))])
    if example is not None:
        number = number_of(dataset, example)
        panel["data"].append(marked(places(dataset, problem)[example], number))
        meta |= {"click": True, "label": f"{meta['label']}; example {number} is marked"}
        meta |= {"legend": [{"trace": "example", "words": f"example {number}"}]}
        meta |= {} if editing else hint("click to choose one")
    if editing:
        meta |= {"click": True, "handles": handles(dataset, shown)}
    panel["layout"] = frame | layout(title, subtitle) | {"meta": meta}
    return panel


def _panel(
    traces: list[dict[str, Any]],
    titles: tuple[str, str],
    limits: tuple[Limits, Limits],
    label: str,
) -> Spec:
    x, y = (axis(escape(t, quote=False), r) for t, r in zip(titles, limits, strict=True))
    return {"data": traces, "layout": {"xaxis": x, "yaxis": y, "meta": {"label": label}}}


def _curve(dataset: Dataset, problem: Problem, inputs: list[int], fit: Fit, room: float) -> "Drawn":
    """y against the single input, with the mean predicted by the model."""
    limits = limits_of(dataset, problem, room)
    traces, shown = _examples(dataset, problem)
    if fit.theta is not None:
        grid, means = _means_along(dataset, problem, inputs[0], limits[0], fit.theta)
        traces.append(marks.line(np.stack([grid, means[:, 0]], axis=-1), fit.name, INK))
    titles = dataset.feature_names[inputs[0]], dataset.target_name
    label = f"Scatter plot of the data with the {fit.name}"
    return _panel(traces, titles, limits, label), shown


def _examples(dataset: Dataset, problem: Problem) -> tuple[list[dict[str, Any]], Shown]:
    """The examples as points, with rings around edited ones."""
    rows = drawn(dataset)
    xy = places(dataset, problem)[rows]
    return [marks.points(xy, POINT), *rings(dataset, xy, rows)], {"data": rows}


def _means_along(
    dataset: Dataset, problem: Problem, column: int, limits: Limits, theta: Array
) -> tuple[Array, Array]:
    """Inputs (80,) across the panel, and the means (80, C) of the model there."""
    grid = np.linspace(*limits, 80)
    design = np.ones((len(grid), dataset.X.shape[1]))
    design[:, column] = grid
    return grid, _means(problem, design, theta)


def _means(problem: Problem, X: Array, theta: Array) -> Array:
    """The means (n, C) of the model for inputs X (n, P); nan where they overflow."""
    with np.errstate(all="ignore"):
        mean = problem.likelihood.mean(problem.model.outputs(X, theta))
    return np.asarray(np.where(np.isfinite(mean), mean, np.nan))


def _strips(
    dataset: Dataset, problem: Problem, inputs: list[int], fit: Fit, room: float
) -> "Drawn":
    """One strip per class: its examples along the single input, and its probability above them.

    The probability takes the share HIGH of a strip; the examples are spread over the rest so that
    they do not hide each other.
    """
    C = problem.model.n_outputs
    limits = limits_of(dataset, problem, room)
    traces, shown = _examples(dataset, problem)
    ends = np.array(limits[0])
    floors = [np.stack([ends, np.full(2, c)], axis=-1) for c in range(C)]
    traces.append(marks.line(floors, "zero", CONTOUR, 1))
    if fit.theta is not None:
        grid, p = _means_along(dataset, problem, inputs[0], limits[0], fit.theta)
        curves = [np.stack([grid, c + HIGH * p[:, c]], axis=-1) for c in range(C)]
        traces.append(marks.line(curves, fit.name, INK))
    name, target = dataset.feature_names[inputs[0]], dataset.target_name
    titles = name, f"{target} and p({target} | {name})"
    label = f"{C} classes along {titles[0]}, each with its probability under the {fit.name}"
    panel = _panel(traces, titles, limits, label)
    ticks = {"tickvals": list(range(C)), "ticktext": [f"{c}" for c in range(C)]}
    panel["layout"]["yaxis"] |= {"tickmode": "array"} | ticks
    return panel, shown


def _names(dataset: Dataset, inputs: list[int]) -> tuple[str, str]:
    first, second = (dataset.feature_names[i] for i in inputs)
    return first, second


def _classes(
    dataset: Dataset, problem: Problem, inputs: list[int], fit: Fit, room: float
) -> "Drawn":
    """Both inputs, class 0 as grey discs, class 1 as black squares, and the line p = 1/2."""
    limits, titles = limits_of(dataset, problem, room), _names(dataset, inputs)
    styles = {0: (POINT, "circle", 4.0), 1: (INK, "square", 3.0)}
    shown: Shown = {}
    traces: list[dict[str, Any]] = []
    around: list[dict[str, Any]] = []
    for k, rows in of_classes(dataset).items():
        name, xy = f"class {k}", dataset.X[rows][:, inputs]
        shown[name] = rows
        traces.append(marks.points(xy, *styles[k]) | {"name": name})
        around += rings(dataset, xy, rows, styles[k][1])
    traces += around
    if fit.theta is not None and fit.theta.any():
        traces.append(marks.line(_boundary(problem, fit.theta, limits), fit.name, INK))
    label = f"Two classes in {titles[0]} and {titles[1]} with the line p = 1/2 of the {fit.name}"
    return _panel(traces, titles, limits, label), shown


def _boundary(problem: Problem, theta: Array, limits: tuple[Limits, Limits]) -> Array:
    """The ends (2, 2) of the line on which the mean is 1/2, long enough to leave the panel.

    The output there is theta . x + offset = `even`, which is 0 for logistic regression.
    """
    even = _output_of_mean(problem, 0.5)
    offset = float(problem.model.outputs(np.zeros((1, 2)), theta)[0, 0]) - even
    normal = theta / np.linalg.norm(theta)
    nearest = -offset / np.linalg.norm(theta) * normal
    reach = 2 * float(np.abs(limits).max() + np.abs(nearest).max())
    return np.asarray(nearest + np.array([-reach, reach])[:, None] * [-normal[1], normal[0]])


def _output_of_mean(problem: Problem, mean: float) -> float:
    """The output f at which a likelihood with a monotone mean has this one, by bisection."""

    def mean_at(f: float) -> float:
        with np.errstate(all="ignore"):
            return float(problem.likelihood.mean(np.array([[f]]))[0, 0])

    low, high = -1e3, 1e3
    rising = mean_at(high) > mean_at(low)
    for _ in range(100):
        middle = (low + high) / 2
        if mean_at(middle) == mean:
            return middle
        below = (mean_at(middle) < mean) == rising
        low, high = (middle, high) if below else (low, middle)
    return (low + high) / 2


def _coloured(
    dataset: Dataset, problem: Problem, inputs: list[int], fit: Fit, room: float
) -> "Drawn":
    """Both inputs, the target as colour, and contours of the fitted value."""
    limits, titles = limits_of(dataset, problem, room), _names(dataset, inputs)
    rows = drawn(dataset)
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
    traces += rings(dataset, X, rows)
    traces.append(_colour_bar(low, high))
    if fit.theta is not None:
        x, vertical = (np.linspace(*r, 12) for r in limits)
        flat = np.stack(np.meshgrid(x, vertical), axis=-1).reshape(-1, 2)
        fitted = _means(problem, flat, fit.theta)[:, 0].reshape(12, 12)
        traces.append(
            {
                "type": "contour",
                "name": fit.name,
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
    label = (
        f"{' and '.join(titles)}, coloured by {dataset.target_name}, with lines of the {fit.name}"
    )
    return _panel(traces, titles, limits, label), shown


def _colour_bar(low: float, high: float) -> dict[str, Any]:
    """A trace that shows only the colour scale of the target."""
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
    "separatethousands": True,
    "tickangle": 0,
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
"""A colour scale inside the plot area, at the upper right; outside, it would move the axes."""

Drawn = tuple[Spec, Shown]
View = Callable[[Dataset, Problem, list[int], Fit, float], Drawn]
"""A view: its last argument is the room on each side of the data."""

DATA_VIEWS: dict[str, View] = {
    "curve": _curve,
    "strips": _strips,
    "classification": _classes,
    "regression": _coloured,
    "count": _coloured,
}

"""The data panel: what was fitted and the fit of the minimum. DATA_VIEWS lists the views."""

from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np
from plotly.colors import sample_colorscale

from efviz.data import Array, Dataset
from efviz.figures import marks
from efviz.figures.marks import Limits
from efviz.figures.theme import CONTOUR, GROUND, INK, MUTED, POINT, SEQUENTIAL, Spec, axis, layout
from efviz.problems import Problem

SHOWN = 1000
"""At most so many examples are drawn, the first ones; the panel says so."""

LEVELS = 10
"""The target as colour is shown in so many levels."""


def data_panel(
    dataset: Dataset, problem: Problem, *, title: str = "Data", aspect: float = 1.0
) -> Spec:
    """The view that suits the data: one input as a curve or curves, two inputs as a plane."""
    inputs = [i for i, name in enumerate(dataset.feature_names) if name != "1"]
    curve = "curve" if problem.model.n_outputs == 1 else "strips"
    kind = curve if len(inputs) == 1 else dataset.task
    panel = DATA_VIEWS[kind](dataset, problem, inputs)
    N = len(dataset.y)
    subtitle = f"N = {N:,}" + (f", {SHOWN:,} shown" if N > SHOWN else "")
    frame = panel["layout"]
    meta = {"aspect": aspect, "label": f"{title}: {frame['meta']['label']}; {subtitle}"}
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


def _line(x: Array, y: Array, name: str) -> dict[str, Any]:
    line = {"name": name, "line": {"color": INK, "width": 2.5}}
    return marks.lines_with_gaps([np.stack([x, y], axis=-1)]) | line


def _limits(values: Array) -> Limits:
    """The central 99.5 % and a margin: one outlier must not flatten the rest."""
    low, high = (float(v) for v in np.quantile(values[:SHOWN], [0.0025, 0.9975]))
    margin = 0.06 * (high - low) or 1.0
    return low - margin, high + margin


def _curve(dataset: Dataset, problem: Problem, inputs: list[int]) -> Spec:
    """y against the one input, with the mean that the minimum predicts."""
    x = dataset.X[:, inputs[0]]
    limits = _limits(x), _limits(dataset.y)
    grid = np.linspace(*limits[0], 80)
    design = np.ones((len(grid), dataset.X.shape[1]))
    design[:, inputs[0]] = grid
    xy = np.stack([x, dataset.y], axis=-1)[:SHOWN]
    traces = [marks.points(xy, POINT)]
    if problem.minimum.exists:
        f = problem.model.outputs(design, problem.theta_star)
        traces.append(_line(grid, problem.likelihood.mean(f)[:, 0], "fit of the minimum"))
    titles = dataset.feature_names[inputs[0]], dataset.target_name
    label = "Scatter plot of the data with the fit of the minimum"
    return _panel(traces, titles, limits, label)


def _strips(dataset: Dataset, problem: Problem, inputs: list[int]) -> Spec:
    """One strip a class: its examples along the one input, and its probability above them.

    The probability, that of the minimum, takes _HIGH of a strip; the examples are spread over the
    rest so that they do not hide each other.
    """
    C = problem.model.n_outputs
    x, y = dataset.X[:SHOWN, inputs[0]], dataset.y[:SHOWN]
    limits = _limits(x), (-0.45, C - 1 + 1.12 * _HIGH)
    spread = (np.arange(len(x)) * 0.618 % 1 - 1) * 0.8 * (1 - _HIGH) - 0.07
    traces = [marks.points(np.stack([x, y + spread], axis=-1), POINT)]
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
    return panel


_HIGH = 0.62


def _plane_of(dataset: Dataset, inputs: list[int]) -> tuple[Array, tuple[Limits, Limits], Any]:
    X = dataset.X[:, inputs]
    return X, (_limits(X[:, 0]), _limits(X[:, 1])), tuple(dataset.feature_names[i] for i in inputs)


def _classes(dataset: Dataset, problem: Problem, inputs: list[int]) -> Spec:
    """Both inputs, class 0 as grey discs, class 1 as black squares, and the line p = 1/2."""
    X, limits, titles = _plane_of(dataset, inputs)
    # The first of each class, so that neither hides behind the other's number.
    first, second = (X[dataset.y == label][: SHOWN // 2] for label in (0, 1))
    traces = [marks.points(first, POINT), marks.points(second, INK, "square", 3)]
    if problem.minimum.exists:
        traces.append(_boundary(problem.theta_star, limits))
    label = f"Two classes in {titles[0]} and {titles[1]} with the line p = 1/2"
    return _panel(traces, titles, limits, label)


def _boundary(theta: Array, limits: tuple[Limits, Limits]) -> dict[str, Any]:
    """The line theta . x = 0, long enough to leave the panel."""
    reach = 2 * float(np.abs(limits).max())
    along = np.array([-theta[1], theta[0]]) / (np.linalg.norm(theta) or 1.0)
    ends = np.array([-reach, reach])[:, None] * along
    return _line(ends[:, 0], ends[:, 1], "p = 1/2")


def _coloured(dataset: Dataset, problem: Problem, inputs: list[int]) -> Spec:
    """Both inputs, the target as colour, and lines of equal fitted value."""
    X, limits, titles = _plane_of(dataset, inputs)
    y = dataset.y[:SHOWN]
    low, high = float(y.min()), float(y.max())
    level = np.minimum((y - low) / ((high - low) or 1.0) * LEVELS, LEVELS - 1).astype(int)
    colours = sample_colorscale(SEQUENTIAL, np.linspace(0, 1, LEVELS))
    traces = [
        marks.points(X[:SHOWN][level == k], colours[k], size=5) | {"opacity": 0.9}
        for k in np.unique(level)
    ]
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
    return _panel(traces, titles, limits, label)


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

View = Callable[[Dataset, Problem, list[int]], Spec]

DATA_VIEWS: dict[str, View] = {
    "curve": _curve,
    "strips": _strips,
    "classification": _classes,
    "regression": _coloured,
    "count": _coloured,
}

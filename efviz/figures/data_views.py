"""The data panel: what was fitted, and the model at one theta. DATA_VIEWS lists the views."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from plotly.colors import sample_colorscale

from efviz.data import Array, Dataset
from efviz.figures import marks
from efviz.figures.marks import Limits
from efviz.figures.theme import (
    CONTOUR,
    GROUND,
    INK,
    MUTED,
    POINT,
    SEQUENTIAL,
    STYLES,
    Spec,
    axis,
    layout,
)
from efviz.problems import Problem

SHOWN = 1000
"""At most so many examples are drawn, the first ones; the panel says so."""

LEVELS = 10
"""The target as colour is shown in so many levels."""


@dataclass(frozen=True, eq=False)
class Fit:
    """The model that is drawn with the data, None for none, and what it is called."""

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
) -> Spec:
    """The view that suits the data: one input as a curve or curves, two inputs as a plane.

    It shows the model at `theta`, by default the fit of the minimum if there is one. An `example`
    (from 0) is marked, and clicks are reported to choose another: see `nearest_example`.
    """
    inputs, kind = _kind(dataset, problem)
    if theta is None:
        fit = Fit(problem.theta_star if problem.minimum.exists else None, "fit of the minimum")
    else:
        fit = Fit(theta, "model at θ")
    panel = DATA_VIEWS[kind](dataset, problem, inputs, fit)
    N = len(dataset.y)
    subtitle = f"N = {N:,}" + (f", {SHOWN:,} shown" if N > SHOWN else "")
    frame = panel["layout"]
    meta = {"aspect": aspect, "label": f"{title}: {frame['meta']['label']}; {subtitle}"}
    if example is not None:
        panel["data"].append(_marked(places(dataset, problem)[example], example))
        subtitle += ", click to choose one"
        meta |= {"click": True, "label": f"{meta['label']}; example {example + 1} is marked"}
    panel["layout"] = frame | layout(title, subtitle) | {"meta": meta}
    return panel


def _kind(dataset: Dataset, problem: Problem) -> tuple[list[int], str]:
    """The columns that are inputs, and the key of DATA_VIEWS."""
    inputs = [i for i, name in enumerate(dataset.feature_names) if name != "1"]
    curve = "curve" if problem.model.n_outputs == 1 else "strips"
    return inputs, curve if len(inputs) == 1 else dataset.task


def places(dataset: Dataset, problem: Problem) -> Array:
    """Where the data panel shows each example, (N, 2)."""
    inputs, kind = _kind(dataset, problem)
    if kind == "curve":
        return np.stack([dataset.X[:, inputs[0]], dataset.y], axis=-1)
    if kind == "strips":
        return np.stack([dataset.X[:, inputs[0]], dataset.y + _spread(len(dataset.y))], axis=-1)
    return dataset.X[:, inputs]


def nearest_example(dataset: Dataset, problem: Problem, x: float, y: float) -> int:
    """The example (from 0) drawn nearest to a point of the data panel, as the eye measures it."""
    shown = _shown(dataset, _kind(dataset, problem)[1])
    at = places(dataset, problem)[shown]
    sides = [high - low for low, high in map(_limits, at.T)]
    return int(shown[np.argmin(np.hypot(*((at - [x, y]) / sides).T))])


def _shown(dataset: Dataset, kind: str) -> NDArray[np.intp]:
    """Which examples are drawn."""
    if kind != "classification":
        return np.arange(min(SHOWN, len(dataset.y)))
    # The first of each class, so that neither hides behind the other's number.
    return np.concatenate([np.flatnonzero(dataset.y == label)[: SHOWN // 2] for label in (0, 1)])


def _marked(at: Array, example: int) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "example",
        "x": at[:1],
        "y": at[1:],
        "marker": {
            "symbol": "circle",
            "size": 13,
            "color": STYLES["EFGD"].colour,
            "line": {"width": 2, "color": GROUND},
        },
        "hovertemplate": f"example {example + 1}: (%{{x:.3g}}, %{{y:.3g}})<extra></extra>",
    }


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


def _curve(dataset: Dataset, problem: Problem, inputs: list[int], fit: Fit) -> Spec:
    """y against the one input, with the mean that the model predicts."""
    x = dataset.X[:, inputs[0]]
    limits = _limits(x), _limits(dataset.y)
    grid = np.linspace(*limits[0], 80)
    design = np.ones((len(grid), dataset.X.shape[1]))
    design[:, inputs[0]] = grid
    xy = np.stack([x, dataset.y], axis=-1)[:SHOWN]
    traces = [marks.points(xy, POINT)]
    if fit.theta is not None:
        traces.append(_line(grid, _means(problem, design, fit.theta)[:, 0], fit.name))
    titles = dataset.feature_names[inputs[0]], dataset.target_name
    label = f"Scatter plot of the data with the {fit.name}"
    return _panel(traces, titles, limits, label)


def _means(problem: Problem, X: Array, theta: Array) -> Array:
    """The model's means for inputs X (n, P), (n, C); nan where they overflow."""
    with np.errstate(all="ignore"):
        mean = problem.likelihood.mean(problem.model.outputs(X, theta))
    return np.asarray(np.where(np.isfinite(mean), mean, np.nan))


def _strips(dataset: Dataset, problem: Problem, inputs: list[int], fit: Fit) -> Spec:
    """One strip a class: its examples along the one input, and its probability above them.

    The probability takes _HIGH of a strip; the examples are spread over the
    rest so that they do not hide each other.
    """
    C = problem.model.n_outputs
    x, y = dataset.X[:SHOWN, inputs[0]], dataset.y[:SHOWN]
    limits = _limits(x), (-0.45, C - 1 + 1.12 * _HIGH)
    traces = [marks.points(np.stack([x, y + _spread(len(x))], axis=-1), POINT)]
    grid = np.linspace(*limits[0], 80)
    ends = np.array(limits[0])
    floors = [np.stack([ends, np.full(2, c)], axis=-1) for c in range(C)]
    thin = {"name": "zero", "line": {"color": CONTOUR, "width": 1}}
    traces.append(marks.lines_with_gaps(floors) | thin)
    if fit.theta is not None:
        design = np.ones((len(grid), dataset.X.shape[1]))
        design[:, inputs[0]] = grid
        p = _means(problem, design, fit.theta)
        curves = [np.stack([grid, c + _HIGH * p[:, c]], axis=-1) for c in range(C)]
        line = {"name": fit.name, "line": {"color": INK, "width": 2.5}}
        traces.append(marks.lines_with_gaps(curves) | line)
    name, target = dataset.feature_names[inputs[0]], dataset.target_name
    titles = name, f"{target} and p({target} | {name})"
    label = f"{C} classes along {titles[0]}, each with its probability by the {fit.name}"
    panel = _panel(traces, titles, limits, label)
    ticks = {"tickvals": list(range(C)), "ticktext": [f"{c}" for c in range(C)]}
    panel["layout"]["yaxis"] |= {"tickmode": "array"} | ticks
    return panel


_HIGH = 0.62


def _spread(n: int) -> Array:
    """Heights of examples below the foot of their strip."""
    return np.asarray((np.arange(n) * 0.618 % 1 - 1) * 0.8 * (1 - _HIGH) - 0.07)


def _plane_of(dataset: Dataset, inputs: list[int]) -> tuple[Array, tuple[Limits, Limits], Any]:
    X = dataset.X[:, inputs]
    return X, (_limits(X[:, 0]), _limits(X[:, 1])), tuple(dataset.feature_names[i] for i in inputs)


def _classes(dataset: Dataset, problem: Problem, inputs: list[int], fit: Fit) -> Spec:
    """Both inputs, class 0 as grey discs, class 1 as black squares, and the line p = 1/2."""
    X, limits, titles = _plane_of(dataset, inputs)
    shown = _shown(dataset, "classification")
    first, second = (X[shown[dataset.y[shown] == label]] for label in (0, 1))
    traces = [marks.points(first, POINT), marks.points(second, INK, "square", 3)]
    if fit.theta is not None and fit.theta.any():
        traces.append(_boundary(fit.theta, limits) | {"name": fit.name})
    label = f"Two classes in {titles[0]} and {titles[1]} with the line p = 1/2 of the {fit.name}"
    return _panel(traces, titles, limits, label)


def _boundary(theta: Array, limits: tuple[Limits, Limits]) -> dict[str, Any]:
    """The line theta . x = 0, long enough to leave the panel."""
    reach = 2 * float(np.abs(limits).max())
    along = np.array([-theta[1], theta[0]]) / (np.linalg.norm(theta) or 1.0)
    ends = np.array([-reach, reach])[:, None] * along
    return _line(ends[:, 0], ends[:, 1], "p = 1/2")


def _coloured(dataset: Dataset, problem: Problem, inputs: list[int], fit: Fit) -> Spec:
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

View = Callable[[Dataset, Problem, list[int], Fit], Spec]

DATA_VIEWS: dict[str, View] = {
    "curve": _curve,
    "strips": _strips,
    "classification": _classes,
    "regression": _coloured,
    "count": _coloured,
}

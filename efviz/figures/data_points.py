"""The points of the data panel: which examples are drawn, where, and within which axes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from efviz.arrays import Array, Rows
from efviz.datasets.dataset import Dataset, input_columns
from efviz.figures import marks
from efviz.figures.marks import Limits
from efviz.figures.theme import GROUND, INK, STYLES
from efviz.problems import Problem

SHOWN = 1000
"""At most so many examples are drawn, the first ones; the panel says so."""

HIGH = 0.62
"""The share of a strip that the probability of its class takes."""

Shown = dict[str, Rows]
"""The rows of the data set that a trace shows, by its name."""


def kind_of(dataset: Dataset, problem: Problem) -> tuple[list[int], str]:
    """The columns that are inputs, and the key of DATA_VIEWS."""
    inputs = input_columns(dataset)
    curve = "curve" if problem.model.n_outputs == 1 else "strips"
    return inputs, curve if len(inputs) == 1 else dataset.task


def places(dataset: Dataset, problem: Problem) -> Array:
    """Where the data panel shows each example, (N, 2)."""
    inputs, kind = kind_of(dataset, problem)
    if kind == "curve":
        return np.stack([dataset.X[:, inputs[0]], dataset.y], axis=-1)
    if kind == "strips":
        return np.stack([dataset.X[:, inputs[0]], dataset.y + _spread(dataset)], axis=-1)
    return dataset.X[:, inputs]


def _spread(dataset: Dataset) -> Array:
    """Heights of the examples below the foot of their strip; no edit moves the others."""
    numbers = dataset.edited.numbers if dataset.edited else np.arange(len(dataset.y))
    return np.asarray((numbers * 0.618 % 1 - 1) * 0.8 * (1 - HIGH) - 0.07)


def place_of(dataset: Dataset, problem: Problem, x: float, y: float) -> tuple[float, float]:
    """Where an example lies that the reader puts at (x, y) of the panel: of strips, its class."""
    if problem.model.n_outputs == 1:
        return x, y
    return x, float(np.floor(y + 1 - HIGH))


def nearest_example(dataset: Dataset, problem: Problem, x: float, y: float) -> int:
    """The example (from 0) drawn nearest to a point of the data panel, as the eye measures it."""
    if kind_of(dataset, problem)[1] == "classification":
        shown = np.concatenate([*of_classes(dataset).values()])
    else:
        shown = drawn(dataset)
    at = places(dataset, problem)[shown]
    sides = [high - low for low, high in limits_of(dataset, problem)]
    return int(shown[np.argmin(np.hypot(*((at - [x, y]) / sides).T))])


def drawn(dataset: Dataset, among: Rows | None = None, most: int = SHOWN) -> Rows:
    """The first rows (of `among`), and those that were edited wherever they are."""
    rows = np.arange(len(dataset.y)) if among is None else among
    if dataset.edited is None or len(rows) <= most:
        return rows[:most]
    late = np.intersect1d(rows[most:], dataset.edited.rows)
    return np.concatenate([rows[:most], late])


def of_classes(dataset: Dataset) -> dict[int, Rows]:
    """The first of each class, so that neither hides behind the other's number."""
    return {k: drawn(dataset, np.flatnonzero(dataset.y == k), SHOWN // 2) for k in (0, 1)}


def handles(dataset: Dataset, shown: Shown) -> list[dict[str, Any]]:
    """The points as what can be moved and removed, with the numbers of their examples."""
    edited = dataset.edited
    return [
        {"trace": name, "noun": "example", "index": edited.numbers[rows] if edited else rows}
        for name, rows in shown.items()
    ]


def rings(dataset: Dataset, xy: Array, rows: Rows, symbol: str = "circle") -> list[dict[str, Any]]:
    """Rings around those of the points xy, which show `rows`, that were edited."""
    if dataset.edited is None:
        return []
    at = xy[np.isin(rows, dataset.edited.rows)]
    sizes = ((INK, 11), (GROUND, 8), (INK, 4))
    return [
        marks.points(at, colour, symbol, size) | {"name": f"edited {size}", "opacity": 1}
        for colour, size in sizes
    ]


def marked(at: Array, number: int) -> dict[str, Any]:
    """The mark of the chosen example, with its number, at its place (2,)."""
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
        "hovertemplate": f"example {number}: (%{{x:.3g}}, %{{y:.3g}})<extra></extra>",
    }


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


def limits_of(dataset: Dataset, problem: Problem, room: float = 0.0) -> tuple[Limits, Limits]:
    """The limits of both axes, with `room` of their width more on each side of what is data."""
    inputs, kind = kind_of(dataset, problem)
    if kind == "strips":
        (across,) = _ranges(dataset, [_input(inputs[0])], room)
        return across, (-0.45, problem.model.n_outputs - 1 + 1.12 * HIGH)
    upwards = _target if kind == "curve" else _input(inputs[1])
    across, up = _ranges(dataset, [_input(inputs[0]), upwards], room)
    return across, up


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

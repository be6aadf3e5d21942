"""The points of the data panel: which examples are drawn, where, and within which axes."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from efviz.arrays import Array, Rows
from efviz.datasets.dataset import Dataset, input_columns
from efviz.figures import marks
from efviz.figures.marks import Limits
from efviz.figures.theme import GROUND, INK, style_of
from efviz.problems import Problem

SHOWN = 1000
"""The largest number of examples drawn, from the first on; the panel says so."""

HIGH = 0.62
"""The share of the height of a strip that shows the probability of its class."""

Shown = dict[str, Rows]
"""The rows of the data set shown by each trace, by its name."""


def kind_of(dataset: Dataset, problem: Problem) -> tuple[list[int], str]:
    """The columns that are inputs, and the key of DATA_VIEWS."""
    inputs = input_columns(dataset)
    curve = "curve" if problem.model.n_outputs == 1 else "strips"
    return inputs, curve if len(inputs) == 1 else dataset.task


def places(dataset: Dataset, problem: Problem) -> Array:
    """The position of each example in the data panel, (N, 2)."""
    inputs, kind = kind_of(dataset, problem)
    if kind == "curve":
        return np.stack([dataset.X[:, inputs[0]], dataset.y], axis=-1)
    if kind == "strips":
        return np.stack([dataset.X[:, inputs[0]], dataset.y + _spread(dataset)], axis=-1)
    return dataset.X[:, inputs]


def _spread(dataset: Dataset) -> Array:
    """Heights of the examples below the foot of their strip; edits do not move other examples."""
    numbers = dataset.edited.numbers if dataset.edited else np.arange(len(dataset.y))
    return np.asarray((numbers * 0.618 % 1 - 1) * 0.8 * (1 - HIGH) - 0.07)


def place_of(dataset: Dataset, problem: Problem, x: float, y: float) -> tuple[float, float]:
    """The place of an example that is put at (x, y) of the panel; in strips, y gives its class."""
    if problem.model.n_outputs == 1:
        return x, y
    return x, float(np.floor(y + 1 - HIGH))


def nearest_example(dataset: Dataset, problem: Problem, x: float, y: float) -> int:
    """The example (from 0) nearest on the screen to a point of the data panel."""
    if kind_of(dataset, problem)[1] == "classification":
        shown = np.concatenate([*of_classes(dataset).values()])
    else:
        shown = drawn(dataset)
    at = places(dataset, problem)[shown]
    sides = [high - low for low, high in limits_of(dataset, problem)]
    return int(shown[np.argmin(np.hypot(*((at - [x, y]) / sides).T))])


def drawn(dataset: Dataset, among: Rows | None = None, most: int = SHOWN) -> Rows:
    """The first rows (of `among`), plus all edited ones."""
    rows = np.arange(len(dataset.y)) if among is None else among
    if dataset.edited is None or len(rows) <= most:
        return rows[:most]
    late = np.intersect1d(rows[most:], dataset.edited.rows)
    return np.concatenate([rows[:most], late])


def of_classes(dataset: Dataset) -> dict[int, Rows]:
    """The first examples of each class, so that neither is crowded out by the other."""
    return {k: drawn(dataset, np.flatnonzero(dataset.y == k), SHOWN // 2) for k in (0, 1)}


def handles(dataset: Dataset, shown: Shown) -> list[dict[str, Any]]:
    """The points as handles to move and remove examples, with the numbers of these."""
    edited = dataset.edited
    return [
        {"trace": name, "noun": "example", "index": edited.numbers[rows] if edited else rows}
        for name, rows in shown.items()
    ]


def rings(dataset: Dataset, xy: Array, rows: Rows, symbol: str = "circle") -> list[dict[str, Any]]:
    """Rings around the edited ones of the points xy, which show `rows`."""
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
    hover = f"example {number}: (%{{x:.3g}}, %{{y:.3g}})"
    colour = style_of("EFGD").colour
    return marks.markers(at[None], "example", hover, size=13, colour=colour, width=2)


def _limits(values: Array, now: Array | None = None, room: float = 0.0) -> Limits:
    """The central 99.5 % and a margin, so that one outlier does not compress the rest.

    `values` are those before any edit, so that the axes stay while a point is dragged. If edited
    values, `now`, lie outside, half widths are added until all are inside.
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
    """The limits of both axes; `room` is the share of the width added on each side of the data."""
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
    """The limits of the axes of these columns of the data set."""
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

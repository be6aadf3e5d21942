"""Logarithmic axes: whole decades, labels of powers of ten, names at the ends of lines."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.figures.theme import axis
from efviz.numbers import number, scientific

MOST_TICKS = 6


def spread(ends: Array, span: float) -> Array:
    """Ends of lines (n, 2) moved apart in log y, so that their names do not overlap."""
    order = np.argsort(ends[:, 1])
    height = np.log(ends[order, 1])
    least = 0.075 * np.log(span)
    for i in range(1, len(height)):
        height[i] = max(height[i], height[i - 1] + least)
    moved = ends.copy()
    moved[order, 1] = np.exp(height)
    return moved


def above(placed: Array, top: float) -> float:
    """The top of an axis, a decade higher if names at `placed` (n, 2) would be cut off."""
    return 10 * top if len(placed) and placed[:, 1].max() > 0.8 * top else top


def decades(values: Iterable[float]) -> tuple[float, float]:
    """Whole decades around all positive values, so that the axis seldom changes."""
    finite = [v for v in values if np.isfinite(v) and v > 0] or [0.1]
    low, high = np.floor(np.log10(0.9 * min(finite))), np.ceil(np.log10(1.1 * max(finite)))
    return float(10**low), float(10 ** max(high, low + 1))


def log_axis(title: str, limits: tuple[float, float], room: float = 0.0) -> dict[str, Any]:
    low, high = np.log10(limits)
    powers = np.arange(np.ceil(low - 1e-9), np.floor(high + 1e-9) + 1)
    ticks = {float(10**p): tick(10.0**p) for p in powers}
    if len(ticks) > MOST_TICKS:
        every = -(-len(ticks) // MOST_TICKS)
        ticks = dict(list(ticks.items())[::every])
    if len(ticks) < 2:
        ticks = {float(value): number(value) for value in limits}
    return axis(
        title,
        (float(low), float(high + room * (high - low))),
        type="log",
        tickvals=list(ticks),
        ticktext=list(ticks.values()),
        nticks=0,
    )


def tick(value: float) -> str:
    """A number beside a logarithmic axis, where room is short: plain from 0.01 to 100,000."""
    return number(value) if value == 0 or 0.01 <= value < 1e5 else scientific(value)

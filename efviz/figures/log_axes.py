"""Logarithmic axes: whole decades, labels of powers of ten."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.figures.marks import Limits
from efviz.figures.theme import axis
from efviz.numbers import number, scientific

MOST_TICKS = 6


def points_above(x: Array, y: Array, least: float = 0.0) -> Array:
    """Points (n, 2) of a curve for a logarithmic axis: those that are finite and above `least`."""
    return np.stack([x, y], axis=-1)[np.isfinite(y) & (y > least)]


def decades(values: Iterable[float]) -> Limits:
    """Whole decades around all positive values, so that the axis seldom changes."""
    finite = [v for v in values if np.isfinite(v) and v > 0] or [0.1]
    low, high = np.floor(np.log10(0.9 * min(finite))), np.ceil(np.log10(1.1 * max(finite)))
    return float(10**low), float(10 ** max(high, low + 1))


def log_axis(title: str, limits: Limits) -> dict[str, Any]:
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
        (float(low), float(high)),
        type="log",
        tickvals=list(ticks),
        ticktext=list(ticks.values()),
        nticks=0,
    )


def tick(value: float) -> str:
    """A number beside a logarithmic axis, where room is short: plain from 0.01 to 100,000."""
    return number(value) if value == 0 or 0.01 <= value < 1e5 else scientific(value)

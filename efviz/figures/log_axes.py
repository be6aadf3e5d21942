"""Logarithmic axes: whole decades, plain words for powers of ten, names at the ends of lines."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.figures.theme import axis

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
    """The top of an axis, a decade higher where names at `placed` (n, 2) would be cut off."""
    return 10 * top if len(placed) and placed[:, 1].max() > 0.8 * top else top


def decades(values: Iterable[float]) -> tuple[float, float]:
    """Whole decades around all positive values, so that the axis seldom changes."""
    finite = [v for v in values if np.isfinite(v) and v > 0] or [0.1]
    low, high = np.floor(np.log10(0.9 * min(finite))), np.ceil(np.log10(1.1 * max(finite)))
    return float(10**low), float(10 ** max(high, low + 1))


def log_axis(title: str, limits: tuple[float, float], room: float = 0.0) -> dict[str, Any]:
    low, high = np.log10(limits)
    powers = np.arange(np.ceil(low - 1e-9), np.floor(high + 1e-9) + 1)
    ticks = {float(10**p): power(10.0**p) for p in powers}
    if len(ticks) > MOST_TICKS:
        every = -(-len(ticks) // MOST_TICKS)
        ticks = dict(list(ticks.items())[::every])
    if len(ticks) < 2:
        ticks = {float(value): f"{value:,.3g}" for value in limits}
    return axis(
        title,
        (float(low), float(high + room * (high - low))),
        type="log",
        tickvals=list(ticks),
        ticktext=list(ticks.values()),
        nticks=0,
    )


def power(value: float) -> str:
    """A power of ten, or another number, in words of an axis: plain where short."""
    if value == 0:
        return "0"
    p = int(np.floor(np.log10(value) + 1e-9))
    mantissa = value / 10.0**p
    lead = "" if abs(mantissa - 1) < 1e-6 else f"{mantissa:.3g}·"
    if -2 <= p <= 4:
        return (
            f"{value:,.{max(0, -p) + (2 if lead else 0)}f}" if lead else f"{value:,.{max(0, -p)}f}"
        )
    return f"{lead}10" + str(p).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))

"""Panels: traces with a title, two axes, and what the chart component must know about them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.fields import Plane
from efviz.figures import marks
from efviz.figures.theme import Spec, axis, layout

THETA = {"trace": "theta", "noun": "θ", "least": 1}
"""The handle of the mark at theta, which stays: see `pack_figures`."""

STARTS_KEY = {"trace": "starts", "words": "start"}
MINIMUM_KEY = {"trace": "minimum", "words": "minimum"}
THETA_KEY = {"trace": "theta", "words": "θ"}
"""Entries of the legend: the name of a trace and what its marks mean, see `pack_figures`."""


def panel(
    traces: Sequence[dict[str, Any]],
    title: str,
    x: dict[str, Any],
    y: dict[str, Any],
    *,
    label: str,
    subtitle: str = "",
    left: int | None = None,
    **meta: Any,
) -> Spec:
    """A panel with the axes x and y; `label` describes it to those who do not see it.

    `left` is the width in pixels for the numbers of the vertical axis, and `meta` what else the
    chart component reads: the aspect (height over width), and whether clicks are reported.
    """
    frame = layout(title, subtitle, xaxis=x, yaxis=y, meta=meta | {"label": label})
    if left is not None:
        frame["margin"]["l"] = left
    return {"data": list(traces), "layout": frame}


def plane_panel(
    traces: Sequence[dict[str, Any]],
    title: str,
    names: Sequence[str],
    plane: Plane,
    **more: Any,
) -> Spec:
    """A `panel` over the plane of two parameters with these names, which reports clicks."""
    x, y = (axis(name, limits) for name, limits in zip(names, (plane.x, plane.y), strict=True))
    width, height = plane.half_widths
    aspect = float(np.clip(height / width, 0.4, 2.5))
    return panel(traces, title, x, y, aspect=aspect, click=True, **more)


def loss_contours(
    plane: Plane, loss: Array | None, lowest: float | None = None
) -> list[dict[str, Any]]:
    """Contours of the loss (n, n) on the plane, none while it is not known.

    `lowest` is the loss at the minimum, or else the smallest on the plane.
    """
    if loss is None:
        return []
    bottom = float(np.nanmin(loss, initial=np.inf)) if lowest is None else lowest
    return [marks.contours(*plane.axes(len(loss)), loss, bottom)]


def round_up(size: float) -> float:
    """The next larger round number, so that an axis of this size seldom changes."""
    scale = 10.0 ** np.floor(np.log10(size))
    steps = np.array([1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10])
    return float(scale * steps[np.searchsorted(steps, size / scale * (1 - 1e-9))])

"""The marks of panels, each one trace or shape."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from contourpy import LineType, contour_generator

from efviz.arrays import Array
from efviz.figures.theme import ARROW, CONTOUR, GROUND, INK, Style

Limits = tuple[float, float]

GROUND_SHAPE = "ground"
"""The name of path shapes that the chart component may draw below the traces."""


def arrows(tails: Array, vectors: Array) -> dict[str, Any]:
    """Arrows (n, 2) as ONE path shape: hundreds of them cost the browser a single node.

    Arrows that are not finite or have no length are left out.
    """
    length = np.linalg.norm(vectors, axis=-1)
    keep = np.isfinite(length) & (length > 0)
    tails, vectors, length = tails[keep], vectors[keep], length[keep]
    tips = tails + vectors
    # A head is 0.32 of its arrow, but at most about that of an arrow of median length.
    typical = np.median(length) if len(length) else 0.0
    head = vectors * (0.32 * np.minimum(1, 1.3 * typical / length))[:, None]
    across = 0.45 * np.stack([-head[:, 1], head[:, 0]], axis=-1)
    points = np.concatenate([tails, tips, tips - head + across, tips, tips - head - across], axis=1)
    form = _ARROW.replace("g", f"{_digits(tails)}g")
    path = "".join(map(form.__mod__, map(tuple, points.tolist())))
    return {
        "type": "path",
        "name": GROUND_SHAPE,
        "path": path or "M0,0",
        "line": {"width": 1.1, "color": ARROW},
        "layer": "between",
    }


def arrow_numbers(tails: Array, vectors: Array) -> dict[str, Array]:
    """Columns of a table of arrows (n, 2): the path of a shape is rounded to visible digits."""
    return {"x": tails[:, 0], "y": tails[:, 1], "u": vectors[:, 0], "v": vectors[:, 1]}


_ARROW = "M%.g,%.gL%.g,%.gM%.g,%.gL%.g,%.gL%.g,%.g"


def _digits(points: Array) -> int:
    """Significant digits that tell points apart to 1/10,000 of their spread, wherever they lie."""
    size = np.abs(points).max(axis=0, initial=0)
    spread = points.max(axis=0, initial=-np.inf) - points.min(axis=0, initial=np.inf)
    wide = spread > 0
    far = (size[wide] / spread[wide]).max(initial=1)
    return 4 + int(np.ceil(np.log10(max(far, 2))))


def contours(x: Array, y: Array, loss: Array, lowest: float) -> dict[str, Any]:
    """Contours of the loss, spaced evenly in the square root of the excess over the minimum.

    For a quadratic loss of any scale these contours are equally far apart.
    """
    with np.errstate(invalid="ignore"):
        height = np.sqrt(np.maximum(loss - lowest, 0))
    finite = height[np.isfinite(height)]
    top = float(np.quantile(finite, 0.95)) if finite.size else 0.0
    levels = top * np.arange(1, 17) / 8 if top > 0 else np.zeros(0)
    generator = contour_generator(x, y, np.ma.masked_invalid(height), line_type=LineType.Separate)
    # The result of lines() depends on the line type.
    lines = [line for level in levels for line in cast("list[Array]", generator.lines(level))]
    return lines_with_gaps(lines) | {"name": "loss", "line": {"width": 1, "color": CONTOUR}}


def lines_with_gaps(lines: Sequence[Array]) -> dict[str, Any]:
    """Several lines (n, 2) as one trace, nan between them, without hover.

    The chart component draws such traces below all others.
    """
    gap = np.full((1, 2), np.nan)
    parts = [part for line in lines for part in (line, gap)]
    points = np.concatenate(parts) if parts else gap
    return {
        "type": "scatter",
        "mode": "lines",
        "x": points[:, 0],
        "y": points[:, 1],
        "hoverinfo": "skip",
    }


def trajectories(thetas: Array, style: Style, name: str) -> dict[str, Any]:
    """Paths (R, T, 2) as one line with gaps."""
    return lines_with_gaps(list(thetas)) | {
        "name": name,
        "line": {"width": 3, "color": style.colour, "dash": style.dash},
    }


def points(xy: Array, colour: str, symbol: str = "circle", size: float = 4) -> dict[str, Any]:
    """Points (n, 2) without hover, which the chart component draws as one path."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "data",
        "x": xy[:, 0],
        "y": xy[:, 1],
        "hoverinfo": "skip",
        "marker": {"symbol": symbol, "size": size, "color": colour, "line": {"width": 0}},
        "opacity": 0.65,
    }


def starts(points: Array) -> dict[str, Any]:
    """Starts (R, 2) as numbered hexagons."""
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "starts",
        "x": points[:, 0],
        "y": points[:, 1],
        "text": [str(i + 1) for i in range(len(points))],
        "textfont": {"size": 10, "color": GROUND},
        "marker": {
            "symbol": "hexagon",
            "size": 16,
            "color": INK,
            "line": {"width": 1.5, "color": GROUND},
        },
        "hovertemplate": "start %{text}: (%{x:.3g}, %{y:.3g})<extra></extra>",
        "cliponaxis": False,
    }


def minimum(theta: Array) -> dict[str, Any]:
    """The minimum as a star."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "minimum",
        "x": theta[:1],
        "y": theta[1:],
        "marker": {
            "symbol": "star",
            "size": 13,
            "color": INK,
            "line": {"width": 1.5, "color": GROUND},
        },
        "hovertemplate": "minimum: (%{x:.4g}, %{y:.4g})<extra></extra>",
    }


def labels(points: Array, texts: Sequence[str], position: str = "center") -> dict[str, Any]:
    """Texts at points (n, 2): names beside lines instead of a legend."""
    return {
        "type": "scatter",
        "mode": "text",
        "name": "labels",
        "x": points[:, 0],
        "y": points[:, 1],
        "text": list(texts),
        "textposition": f"middle {position}",
        "textfont": {"size": 12, "color": INK},
        "hoverinfo": "skip",
    }


def band(x: Array, low: Array, high: Array, colour: str) -> dict[str, Any]:
    """The area between two curves over x (n,)."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": np.concatenate([x, x[::-1]]),
        "y": np.concatenate([low, high[::-1]]),
        "fill": "toself",
        "fillcolor": colour,
        "line": {"width": 0, "color": colour},
        "hoverinfo": "skip",
    }


def dots(xy: Array, texts: Sequence[str], *, strong: bool) -> dict[str, Any]:
    """Named points (n, 2) on a curve; `strong` marks the reader's own."""
    return {
        "type": "scatter",
        "mode": "markers",
        "name": "shown",
        "x": xy[:, 0],
        "y": xy[:, 1],
        "text": list(texts),
        "marker": {
            "symbol": "hexagon" if strong else "circle",
            "size": 13 if strong else 9,
            "color": INK,
            "line": {"width": 1.5, "color": GROUND},
        },
        "hovertemplate": "%{text}: %{y:.3g} at N = %{x}<extra></extra>",
    }

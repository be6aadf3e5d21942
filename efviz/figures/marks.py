"""The marks of panels, each one trace or shape."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, cast

import numpy as np
from contourpy import LineType, contour_generator

from efviz.arrays import Array
from efviz.figures.refinement import refined, refinement
from efviz.figures.theme import ARROW, CONTOUR, GROUND, INK
from efviz.style import Style

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
    path = form * len(points) % tuple(points.ravel().tolist())
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

    For a quadratic loss of any scale these contours are equally far apart. The loss (n, m) on the
    even grid is made finer, as polygons would be visible.
    """
    sides = tuple((float(at[0]), float(at[-1]), len(at)) for at in (x, y))
    return line(
        _contours(sides, np.asarray(loss, dtype=float).tobytes(), lowest), "loss", CONTOUR, 1
    )


@lru_cache(maxsize=64)
def _contours(
    sides: tuple[tuple[float, float, int], ...], loss: bytes, lowest: float
) -> tuple[Array, ...]:
    """The lines (n, 2); kept, as most moves of a hand change something else."""
    coarse = np.frombuffer(loss).reshape([n for *_, n in sides[::-1]])
    times = refinement(min(coarse.shape))
    x, y = (np.linspace(low, high, (n - 1) * times + 1) for low, high, n in sides)
    with np.errstate(invalid="ignore"):
        height = np.sqrt(np.maximum(refined(coarse, times) - lowest, 0))
    finite = height[np.isfinite(height)]
    top = float(np.quantile(finite, 0.95)) if finite.size else 0.0
    levels = top * np.arange(1, 17) / 8 if top > 0 else np.zeros(0)
    generator = contour_generator(x, y, np.ma.masked_invalid(height), line_type=LineType.Separate)
    # The result of lines() depends on the line type.
    lines = [one for level in levels for one in cast("list[Array]", generator.lines(level))]
    return tuple(_thinned(one, times) for one in lines)


def _thinned(points: Array, times: int) -> Array:
    """Every third point (n, 2) of a contour that was made finer, and at least 24 of a short one."""
    every = min(3, times, max(1, len(points) // 24))
    return points if every == 1 else np.concatenate([points[:-1:every], points[-1:]])


def line(
    points: Array | Sequence[Array], name: str, style: Style | str, width: float = 2.5
) -> dict[str, Any]:
    """A line (n, 2), or several with gaps, as one trace; solid if `style` is only a colour.

    The chart component draws lines below all other traces. They have no hover.
    """
    lines = [points] if isinstance(points, np.ndarray) and points.ndim == 2 else points
    look = (
        {"color": style} if isinstance(style, str) else {"color": style.colour, "dash": style.dash}
    )
    gap = np.full((1, 2), np.nan)
    xy = np.concatenate([part for one in lines for part in (one, gap)] or [gap])
    return _scatter(xy, "lines", name) | {"line": {"width": width} | look, "hoverinfo": "skip"}


def _scatter(xy: Array, mode: str, name: str) -> dict[str, Any]:
    return {"type": "scatter", "mode": mode, "name": name, "x": xy[:, 0], "y": xy[:, 1]}


def points(xy: Array, colour: str, symbol: str = "circle", size: float = 4) -> dict[str, Any]:
    """Points (n, 2) without hover, which the chart component draws as one path."""
    return _scatter(xy, "markers", "data") | {
        "hoverinfo": "skip",
        "marker": {"symbol": symbol, "size": size, "color": colour, "line": {"width": 0}},
        "opacity": 0.65,
    }


def markers(
    xy: Array,
    name: str,
    hover: str,
    *,
    symbol: str = "circle",
    size: float = 9,
    colour: str = INK,
    edge: str = GROUND,
    width: float = 1.5,
) -> dict[str, Any]:
    """Large points (n, 2) with an edge of this `width`, and a template for the words on hover."""
    line = {"width": width, "color": edge}
    return _scatter(xy, "markers", name) | {
        "marker": {"symbol": symbol, "size": size, "color": colour, "line": line},
        "hovertemplate": f"{hover}<extra></extra>",
    }


def starts(xy: Array) -> dict[str, Any]:
    """Starts (R, 2) as numbered hexagons."""
    hexagons = markers(
        xy, "starts", "start %{text}: (%{x:.3g}, %{y:.3g})", symbol="hexagon", size=16
    )
    return hexagons | {
        "mode": "markers+text",
        "text": [str(i + 1) for i in range(len(xy))],
        "textfont": {"size": 10, "color": GROUND},
        "cliponaxis": False,
    }


def minimum(theta: Array) -> dict[str, Any]:
    """The minimum (2,) as a star."""
    hover = "minimum: (%{x:.4g}, %{y:.4g})"
    return markers(theta[None], "minimum", hover, symbol="star", size=13)


def labels(
    points: Array,
    texts: Sequence[str],
    colours: Sequence[str] | str = INK,
    *,
    position: str = "center",
) -> dict[str, Any]:
    """Texts at points (n, 2): names beside lines instead of a legend.

    Names at the right of the ends of lines come from `line_names`.
    """
    return _scatter(points, "text", "labels") | {
        "text": list(texts),
        "textposition": f"middle {position}",
        "textfont": {"size": 12, "color": colours},
        "hoverinfo": "skip",
    }


def band(x: Array, low: Array, high: Array, colour: str, name: str) -> dict[str, Any]:
    """The area between two curves over x (n,)."""
    xy = np.stack([np.concatenate([x, x[::-1]]), np.concatenate([low, high[::-1]])], axis=-1)
    return _scatter(xy, "lines", name) | {
        "fill": "toself",
        "fillcolor": colour,
        "line": {"width": 0, "color": colour},
        "hoverinfo": "skip",
    }


def dots(xy: Array, texts: Sequence[str], *, strong: bool) -> dict[str, Any]:
    """Named points (n, 2) on a curve; `strong` marks the reader's own."""
    symbol, size = ("hexagon", 13) if strong else ("circle", 9)
    hover = "%{text}: %{y:.3g} at N = %{x:,}"
    return markers(xy, "shown", hover, symbol=symbol, size=size) | {"text": list(texts)}

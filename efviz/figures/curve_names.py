"""Names of matrices in figures: how they are written, and where beside a curve there is room."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from efviz.arrays import Array, Mask
from efviz.fields import Plane
from efviz.figures import marks
from efviz.figures.theme import text_colour
from efviz.style import Style

MOST, MOST_TOGETHER = 14, 24
"""The most letters of a name, and of equal ones together."""

SMALL, DESK = 85.0, 120.0
"""Half of a panel on a phone or a small window, and of others, in pixels."""

_LETTER, _LINE, _PAD = 6.5, 14.0, 4.0
"""The width of a letter, the height of a line, and what is free around a text, in pixels."""

_POINTS, _EVERY = 96, 3
"""So many points stand for a line, and at each of so many a text may stand."""

Placed = list[tuple[Array, str]]
"""Texts and their middles (2,), in half-widths from the middle of the panel."""


def written(name: str, most: int = MOST) -> str:
    """A name from anywhere, on one line and not too long.

    The chart takes texts as they are, files have them from Plotly, for which "<b>" is a tag and
    "%{x}" a number: here they look the same in both.
    """
    text = " ".join(name.split()).replace("<", "‹").replace(">", "›").replace("%{", "% {")
    return text if len(text) <= most else f"{text[: most - 1]}…"


def together(names: Sequence[str], most: int = MOST_TOGETHER) -> str:
    """The names of equal matrices beside their curve, as many as there is room for: F = G."""
    text = written(names[0], min(MOST, most))
    for name in names[1:]:
        longer = f"{text} = {written(name)}"
        if len(longer) > most:
            return f"{text} = …"
        text = longer
    return text


def names_beside(
    named: Sequence[tuple[str, Style, Sequence[Array]]], plane: Plane, avoid: Array
) -> dict[str, Any]:
    """A trace of names in the colours of their curves, lines (n, 2), on a panel of this plane.

    The names keep away from the points (n, 2) to `avoid`, see `beside`.
    """

    def relative(points: Array) -> Array:
        return (points - plane.center) / plane.half_widths

    curves = tuple((t, tuple(relative(one).tobytes() for one in lines)) for t, _, lines in named)
    places = _kept(curves, relative(avoid).tobytes())
    seen = [(one, place) for one, place in zip(named, places, strict=True) if place is not None]
    at = plane.center + np.array([p for _, p in seen]).reshape(-1, 2) * plane.half_widths
    return marks.labels(
        at, [text for (text, *_), _ in seen], [text_colour(style) for (_, style, _), _ in seen]
    )


@lru_cache(maxsize=128)
def _kept(curves: tuple[tuple[str, tuple[bytes, ...]], ...], avoid: bytes) -> list[Array | None]:
    """`beside` of the bytes of arrays; kept, as many panels stay while a hand moves."""
    read = [(text, [*map(_points, lines)]) for text, lines in curves]
    return beside(read, _points(avoid))


def _points(data: bytes) -> Array:
    return np.frombuffer(data).reshape(-1, 2)


def beside(
    curves: Sequence[tuple[str, Sequence[Array]]],
    avoid: Array,
    halves: Sequence[float] = (SMALL, DESK),
) -> list[Array | None]:
    """The middles (2,) of texts beside their curves, lines (n, 2), where they touch nothing.

    All places are in half-widths from the middle of the panel. Of the places on either side of its
    curve a text takes the one that is farthest from the other curves, from the texts before it and
    from the points (n, 2) to `avoid`. `halves` are the half-widths of the panel in pixels that are
    thought of: the first that leaves a text free of everything, else the last. There it covers
    curves rather than texts. None stands for a text whose curve is not seen.
    """
    dense = [[_resampled(line) for line in lines] for _, lines in curves]
    points = [np.concatenate([np.zeros((0, 2)), *lines]) for lines in dense]
    placed: Placed = []
    middles: list[Array | None] = []
    for k, (text, _) in enumerate(curves):
        others = [*points[:k], *points[k + 1 :], avoid, *(middle[None] for middle, _ in placed)]
        middle = None
        for half in halves:
            spot, free = _best(text, dense[k], np.concatenate(others), placed, half)
            middle = middle if spot is None else spot
            if free:
                break
        middles.append(middle)
        if middle is not None:
            placed.append((middle, text))
    return middles


def _best(
    text: str, lines: Sequence[Array], others: Array, placed: Placed, half: float
) -> tuple[Array | None, bool]:
    """The best place of a text on a panel of this half-width, and whether it touches nothing."""
    size, pad = _extent(text, half), _PAD / half
    spots = np.concatenate([np.zeros((0, 2)), *(_sides(line, size + pad) for line in lines)])
    spots = spots[(np.abs(spots) + size <= 1).all(-1)]
    if not len(spots):
        return None, False
    (w, h), (x, y) = size + pad / 2, np.concatenate([others, *lines]).T
    across, down = np.abs(spots[:, :1] - x), np.abs(spots[:, 1:] - y)
    covers = ((across < w) & (down < h)).any(-1)
    n = len(others)
    gaps = (across[:, :n] ** 2 + down[:, :n] ** 2).min(-1, initial=0.16)
    score = np.sqrt(gaps) - covers - 2.0 * ~_room(text, spots, placed, half)
    best = int(np.argmax(score))
    return spots[best], bool(score[best] > 0)


def _resampled(line: Array) -> Array:
    """Points of a line (n, 2) in view, close to each other."""
    if len(line) < _POINTS // 2:
        at = np.linspace(0, len(line) - 1, _POINTS)
        line = np.stack([np.interp(at, np.arange(len(line)), line[:, k]) for k in range(2)], -1)
    steps = np.hypot(*np.diff(line, axis=0).T)
    inside = np.asarray((np.abs(line) <= 1).all(-1))
    way = np.r_[0, np.cumsum(steps * (inside[1:] | inside[:-1]))]
    at = np.linspace(0, way[-1], _POINTS)
    points = np.stack([np.interp(at, way, line[:, k]) for k in range(2)], axis=-1)
    return points[(np.abs(points) <= 1).all(-1)]


def _sides(points: Array, size: Array) -> Array:
    """Middles (m, 2) of boxes of this half-size that touch the line from either side."""
    if len(points) < 2:
        return np.zeros((0, 2))
    along = np.gradient(points, axis=0)[::_EVERY]
    normal = np.stack([-along[:, 1], along[:, 0]], axis=-1)
    reach = np.maximum(np.abs(normal / size).max(-1, keepdims=True), 1e-300)
    at, offset = points[::_EVERY], normal / reach
    return np.concatenate([at + offset, at - offset])


def _room(text: str, spots: Array, placed: Placed, half: float) -> Mask:
    """At which spots (n, 2) the text covers no other."""
    size, free = _extent(text, half), np.ones(len(spots), dtype=bool)
    for middle, other in placed:
        free &= (np.abs(spots - middle) >= size + _extent(other, half)).any(-1)
    return free


def _extent(text: str, half: float) -> Array:
    """Half of the width and height of a text, in half-widths of the panel."""
    return np.array([_LETTER * len(text), _LINE]) / 2 / half

"""Names of matrices in figures: how they are written, and where beside a curve there is room."""

from collections.abc import Sequence

import numpy as np

from efviz.arrays import Array, Mask

MOST, MOST_TOGETHER = 14, 24
"""The most letters of a name, and of equal ones together."""

PHONE, DESK = 65.0, 120.0
"""Half of a panel that has another one beside it on a phone, and of others, in pixels."""

_LETTER, _LINE = 6.5, 14.0
"""The width of a letter and the height of a line, in pixels."""

Placed = list[tuple[Array, str]]
"""Texts and their middles (2,), in half-widths from the middle of the panel."""


def written(name: str, most: int = MOST) -> str:
    """A name from anywhere, on one line and not too long.

    The chart takes texts as they are, files have them from Plotly, for which "<b>" is a tag and
    "%{x}" a number: here they look the same in both.
    """
    text = " ".join(name.split()).replace("<", "‹").replace(">", "›").replace("%{", "% {")
    return text if len(text) <= most else f"{text[: most - 1]}…"


def together(names: Sequence[str]) -> str:
    """The names of equal matrices beside their curve, as many as there is room for: F = G."""
    text = written(names[0])
    for name in names[1:]:
        longer = f"{text} = {written(name)}"
        if len(longer) > MOST_TOGETHER:
            return f"{text} = …"
        text = longer
    return text


def place(
    text: str, spots: Array, score: Array, placed: Placed, *, halves: Sequence[float] = (DESK,)
) -> int:
    """Which of the spots (n, 2), in half-widths, has the highest score (n,); the text is `placed`.

    Spots where the text would leave the panel or cover one placed before are taken only if there
    are no others, those with a score of -inf never. `halves` are the half-widths of the panel that
    are thought of, the narrowest first.
    """
    for half in halves:
        free = _room(text, spots, placed, half) & np.isfinite(score)
        if free.any():
            score = np.where(free, score, -np.inf)
            break
    best = int(np.argmax(score))
    placed.append((spots[best], text))
    return best


def _room(text: str, spots: Array, placed: Placed, half: float) -> Mask:
    """At which spots the text fits on a panel of this half-width in pixels and covers no other."""
    size = _extent(text, half)
    free = (np.abs(spots) + size <= 1).all(-1)
    for middle, other in placed:
        free &= (np.abs(spots - middle) >= size + _extent(other, half)).any(-1)
    return np.asarray(free)


def _extent(text: str, half: float) -> Array:
    """Half of the width and height of a text, in half-widths of the panel."""
    return np.array([_LETTER * len(text), _LINE]) / 2 / half

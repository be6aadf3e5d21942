"""The setting that says which matrices a page shows, and words that pages share on them."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from efviz.curvature import CURVATURES
from efviz.dashboard.pages.method_settings import shown_setting
from efviz.numbers import listed
from efviz.studies.four_matrices import short_of

ELLIPSES = "The larger a matrix, the smaller its ellipse."
"""On level sets, where that may surprise."""
MOST_LETTERS = 300
"""The most of a sentence from elsewhere."""


def matrices_setting(usual: Sequence[str]) -> Any:
    """Which of CURVATURES are shown, at most four; `usual` has keys in the order of the table."""
    return shown_setting("Matrices", lambda: CURVATURES, usual, called=short_of)


def refused(reason: str) -> str:
    """The sentence of a matrix that refuses the problem, as HTML."""
    words = " ".join(reason.split())
    words = words[:MOST_LETTERS] + "…" if len(words) > MOST_LETTERS else words
    return f"{escape(words.rstrip('.'))}."


def not_finite(names: Iterable[str]) -> str:
    """Which matrices, by their short names, are not shown because of their numbers, as HTML."""
    found = [escape(name) for name in names]
    if not found:
        return ""
    matrices = "The matrix {} has" if len(found) == 1 else "The matrices {} have"
    return f"{matrices.format(listed(found))} entries that are not finite numbers."

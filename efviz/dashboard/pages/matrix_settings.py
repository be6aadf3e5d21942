"""The setting that says which matrices a page shows, and words on those that it cannot show."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from efviz.curvature import CURVATURES
from efviz.dashboard.session.foreign import plain
from efviz.dashboard.session.kinds import Several
from efviz.dashboard.session.settings import setting
from efviz.dashboard.session.widgets import MultiSelect
from efviz.numbers import listed
from efviz.studies.four_matrices import short_of

MOST_MATRICES = 4
MOST_LETTERS = 300
"""The most of a sentence from elsewhere."""


def matrices_setting(usual: Sequence[str]) -> Any:
    """Which of CURVATURES are shown, at most four; `usual` has keys in the order of the table."""
    return setting(
        "Matrices",
        Several(lambda: tuple(CURVATURES), MOST_MATRICES),
        tuple(usual),
        shown=MultiSelect(short_of),
        help=lambda _: f"At most {MOST_MATRICES}.\n{''.join(map(_titled, CURVATURES))}",
        kept=True,
    )


def _titled(key: str) -> str:
    """Name and title as an item of a list in Markdown."""
    return f"\n- {plain(short_of(key))}: {plain(CURVATURES[key].title)}"


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

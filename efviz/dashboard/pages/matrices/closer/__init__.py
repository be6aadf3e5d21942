"""A closer look: the sections below the four matrices, of which the page draws the chosen one."""

from efviz.dashboard.pages.matrices.closer import bound, descent, residuals, splits, words
from efviz.dashboard.pages.matrices.closer.base import Section

SECTIONS: dict[str, Section] = {
    "splits": splits.SECTION,
    "residuals": residuals.SECTION,
    "bound": bound.SECTION,
    "words": words.SECTION,
    "descent": descent.SECTION,
}

__all__ = ["SECTIONS", "Section"]

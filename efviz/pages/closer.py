"""A closer look: the sections below the four matrices, of which the page draws the chosen one."""

from efviz.pages import (
    closer_bound,
    closer_descent,
    closer_residuals,
    closer_splits,
    closer_words,
)
from efviz.pages.closer_base import Here, Section
from efviz.pages.params import Param

SECTIONS: dict[str, Section] = {
    "splits": closer_splits.SECTION,
    "residuals": closer_residuals.SECTION,
    "bound": closer_bound.SECTION,
    "words": closer_words.SECTION,
    "descent": closer_descent.SECTION,
}

PARAMS: tuple[Param, ...] = tuple(
    param for section in SECTIONS.values() for param in section.params
)

__all__ = ["PARAMS", "SECTIONS", "Here", "Section"]

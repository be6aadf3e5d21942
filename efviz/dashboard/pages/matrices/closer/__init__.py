"""A closer look: the sections below the four matrices, of which the page draws the chosen one."""

from efviz.dashboard.pages.matrices.closer import (
    bound as closer_bound,
)
from efviz.dashboard.pages.matrices.closer import (
    descent as closer_descent,
)
from efviz.dashboard.pages.matrices.closer import (
    residuals as closer_residuals,
)
from efviz.dashboard.pages.matrices.closer import (
    splits as closer_splits,
)
from efviz.dashboard.pages.matrices.closer import (
    words as closer_words,
)
from efviz.dashboard.pages.matrices.closer.base import Section

SECTIONS: dict[str, Section] = {
    "splits": closer_splits.SECTION,
    "residuals": closer_residuals.SECTION,
    "bound": closer_bound.SECTION,
    "words": closer_words.SECTION,
    "descent": closer_descent.SECTION,
}

__all__ = ["SECTIONS", "Section"]

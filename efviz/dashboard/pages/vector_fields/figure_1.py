"""Figure 1 of the paper, the default state of the page Vector fields."""

from functools import cache
from types import SimpleNamespace

from efviz.dashboard.pages.vector_fields.page import STUDIES
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings


@cache
def figure_1() -> SimpleNamespace:
    """All its results, computed once."""
    return STUDIES.everything(VectorFieldsSettings.of())

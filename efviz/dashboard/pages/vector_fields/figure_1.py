"""Figure 1 of the paper, as the page Vector fields opens with it."""

from functools import cache
from types import SimpleNamespace

from efviz.dashboard.pages.vector_fields.page import STUDIES
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings


@cache
def figure_1() -> SimpleNamespace:
    """All of it, computed once."""
    return STUDIES.everything(VectorFieldsSettings.of())

"""Figure 1 of the paper, the default state of the page Vector fields."""

from functools import cache
from types import SimpleNamespace

import numpy as np

from efviz.arrays import Array
from efviz.dashboard.pages.vector_fields.page import STUDIES
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.figures.contrast import length


@cache
def figure_1() -> SimpleNamespace:
    """All its results, computed once."""
    return STUDIES.everything(VectorFieldsSettings.of())


def detour(path: Array) -> float:
    """The length of a path (T, D), nan after its end, relative to the line from start to end."""
    kept = path[np.isfinite(path).all(-1)]
    return length(kept) / float(np.linalg.norm(kept[-1] - kept[0]))


@cache
def detours() -> dict[str, float]:
    """The largest `detour` of each method in Figure 1."""
    return {method: max(map(detour, run.thetas)) for method, run in figure_1().paths.items()}

"""H, G, F and EF, all (problem, theta) -> mean over examples, and how they relate to each other."""

from efviz.curvature.label_sources import LABEL_SOURCES
from efviz.curvature.matrices import (
    CURVATURES,
    LABEL_BY_LABEL,
    Curvature,
    Matrix,
    empirical_fisher,
    fisher,
    ggn,
    hessian,
    improved_empirical_fisher,
    mc_fisher,
    sampled_sum,
)

__all__ = [
    "CURVATURES",
    "LABEL_BY_LABEL",
    "LABEL_SOURCES",
    "Curvature",
    "Matrix",
    "empirical_fisher",
    "fisher",
    "ggn",
    "hessian",
    "improved_empirical_fisher",
    "mc_fisher",
    "sampled_sum",
]

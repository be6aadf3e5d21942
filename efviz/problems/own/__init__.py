"""Problems from somebody's own table: regression, columns, intercept."""

from efviz.problems.own.dataset import needs_intercept, own_dataset, whole_dataset
from efviz.problems.own.regressions import REGRESSIONS, Regression, inputs_of
from efviz.problems.own.suggestions import INTERCEPTS, Suggestion, suggest

__all__ = [
    "INTERCEPTS",
    "REGRESSIONS",
    "Regression",
    "Suggestion",
    "inputs_of",
    "needs_intercept",
    "own_dataset",
    "suggest",
    "whole_dataset",
]

"""Problems from a visitor's own table: regression, columns, intercept."""

from efviz.problems.own.dataset import needs_intercept, own_dataset, whole_dataset
from efviz.problems.own.entry import KNOBS, own_entry
from efviz.problems.own.regressions import REGRESSIONS, Regression, inputs_of, key_of
from efviz.problems.own.suggestions import INTERCEPTS, Suggestion, suggest

__all__ = [
    "INTERCEPTS",
    "KNOBS",
    "REGRESSIONS",
    "Regression",
    "Suggestion",
    "inputs_of",
    "key_of",
    "needs_intercept",
    "own_dataset",
    "own_entry",
    "suggest",
    "whole_dataset",
]

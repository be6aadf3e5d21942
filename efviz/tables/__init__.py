"""Anybody's own table: reading it, saying what was wrong, and what to fit to it."""

from efviz.tables.columns import Column
from efviz.tables.errors import TableError
from efviz.tables.layout import SEPARATORS
from efviz.tables.own import needs_intercept, own_dataset, whole_dataset
from efviz.tables.reading import MAX_BYTES, MAX_COLUMNS, Table, read_table
from efviz.tables.regressions import REGRESSIONS, Regression, inputs_of
from efviz.tables.suggestions import INTERCEPTS, Suggestion, suggest

__all__ = [
    "INTERCEPTS",
    "MAX_BYTES",
    "MAX_COLUMNS",
    "REGRESSIONS",
    "SEPARATORS",
    "Column",
    "Regression",
    "Suggestion",
    "Table",
    "TableError",
    "inputs_of",
    "needs_intercept",
    "own_dataset",
    "read_table",
    "suggest",
    "whole_dataset",
]

"""Sensible initial settings for a Table, which do not depend on the last bit of any number."""

from dataclasses import dataclass

import numpy as np

from efviz.arrays import Array
from efviz.datasets.dataset import BIAS
from efviz.datasets.tables.columns import Column
from efviz.datasets.tables.errors import TableError
from efviz.datasets.tables.reading import Table
from efviz.numerics.columns import rank
from efviz.problems.own.regressions import (
    MIN_ROWS,
    REGRESSIONS,
    chosen_regression,
    counts_rows,
    inputs_of,
    is_index,
    no_classes,
    no_numbers,
    target_of,
)

COLUMNS = "columns"
HELD, ABSENT = "held", "none"
INTERCEPTS = (HELD, ABSENT)
"""What happens to the intercept if it is not one of the parameters."""

TARGETS = ("y", "target", "class", "label", "outcome", "response", "diagnosis")
LAST_RESORT = "linear"
"""The regression of a target for which none is suggested."""

# Correlations err by about N eps in their last digits: smaller differences are ties.
_TIE = 1e-9
# From this correlation on, two inputs are taken to be redundant.
_SAME = 0.999


@dataclass(frozen=True)
class Suggestion:
    """The settings of `own_dataset`, and `regression`, a key of REGRESSIONS."""

    target: str
    regression: str
    positive: str
    first: str
    second: str
    inputs: str = COLUMNS
    standardised: bool = True
    intercept: str = HELD


def suggest(table: Table, target: str = "", regression: str = "") -> Suggestion:
    """Initial settings, for `target` and `regression` where they are given.

    Otherwise the target is the first column with a name usual for targets, or else the last column
    that varies and neither counts the rows nor has a separate class for each of them. The
    regression is the last of REGRESSIONS whose likelihood suggests it and accepts the target, so
    that declarations from outside come first, and otherwise a linear one; of several classes, the
    last is held against the rest. The first input is the column of numbers most correlated with the
    target; an index of the rows is the last resort. For least squares, the second is the next one
    that is not redundant, and otherwise the column of ones.
    """
    usable = [name for name, column in table.columns.items() if _suits(table, column)]
    usual = [name for name in usable if name.casefold() in TARGETS]
    for name in [target] if target else [*usual, *reversed(usable)]:
        key, positive = _regression_for(table, table.columns[name], regression)
        if not positive and table.columns[name].numbers is None:
            continue
        y = target_of(table.columns[name], positive)
        squares = chosen_regression(key).likelihood.least_squares
        if inputs := _most_correlated(table, name, y, two=squares):
            return Suggestion(name, key, positive, *inputs)
    problems = [column.problem for column in table.columns.values() if column.problem]
    raise TableError(
        "A regression needs a target and an input that are not the same everywhere, but the table "
        f"has none; look at the columns{': ' + problems[0] if problems else '.'}"
    )


def _suits(table: Table, column: Column) -> bool:
    """Whether a column is suitable as the suggested target: no counter, index or row names."""
    if column.numbers is not None:
        return _varies(table, column) and not (counts_rows(column) or is_index(table, column))
    classes = len(column.classes or ())
    # A class of its own for every row predicts nothing about the next row.
    return not no_classes(table, column) and (classes == 2 or 2 * classes <= table.N)


def _varies(table: Table, column: Column) -> bool:
    return not no_numbers(table, column) and not column.constant


def _regression_for(table: Table, column: Column, key: str) -> tuple[str, str]:
    """The regression that suits a target, or `key` if it is given, and the class that is 1."""
    if not key:
        suggested = (
            name
            for name, one in reversed(list(REGRESSIONS.items()))
            if one.likelihood.suggested(column) and not one.objection(table, column)
        )
        key = next(suggested, LAST_RESORT)
    classes = column.classes if chosen_regression(key).likelihood.classes else None
    return key, classes[-1] if classes else ""


def _most_correlated(table: Table, target: str, y: Array, *, two: bool) -> tuple[str, str] | None:
    """The first inputs: two columns, or one and the column of ones."""
    columns = {
        name: column.numbers
        for name in inputs_of(table, target)
        if (column := table.columns[name]).numbers is not None and _varies(table, column)
    }
    strength = {name: _correlation(x, y) for name, x in columns.items()}
    strength = {name: r for name, r in strength.items() if r >= 0}
    indices = {name for name in strength if is_index(table, table.columns[name])}
    ranked = _by_strength({name: r for name, r in strength.items() if name not in indices})
    ranked += _by_strength({name: r for name, r in strength.items() if name in indices})
    if not ranked:
        return None
    first = ranked[0]
    if two:
        present = ~np.isnan(y)
        for second in ranked[1:]:
            a, b = columns[first][present], columns[second][present]
            if second not in indices and not _say_the_same(a, b):
                return first, second
    return first, BIAS


def _by_strength(strength: dict[str, float]) -> list[str]:
    """The names, strongest first; columns that are equal up to rounding stay in their order."""
    left, ranked = dict(strength), []
    while left:
        best = max(left.values())
        ranked.append(next(name for name, r in left.items() if r >= best - _TIE))
        del left[ranked[-1]]
    return ranked


def _say_the_same(a: Array, b: Array) -> bool:
    """Whether two columns (N,) nearly determine each other in the rows that have both."""
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < MIN_ROWS:
        return True
    correlation = _correlation(a, b)
    return (
        not 0 <= correlation < _SAME - _TIE
        or rank(np.column_stack([a[both], b[both], np.ones(both.sum())])) < 3
    )


def _correlation(x: Array, y: Array) -> float:
    """|r| over the rows that have both, -1 where there is none."""
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < MIN_ROWS:
        return -1.0
    x, y = (_scaled(v[both]) for v in (x, y))
    norm = np.linalg.norm(x) * np.linalg.norm(y)
    return float(abs(x @ y) / norm) if norm > 0 else -1.0


def _scaled(x: Array) -> Array:
    """Centred and scaled to size 1, so that no product of two overflows."""
    size = np.abs(x).max()
    x = x / size if size > 0 else x
    x = x - x.mean()
    size = np.abs(x).max()
    return x / size if size > 1e-12 else np.zeros_like(x)

"""The available regressions, and the role of each column of a Table in them."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.datasets.dataset import Task
from efviz.datasets.tables.columns import Column
from efviz.datasets.tables.errors import quoted
from efviz.datasets.tables.reading import Table
from efviz.numbers import number
from efviz.problems.problem import Problem
from efviz.problems.regressions import linear_regression, logistic_regression, poisson_regression

MIN_ROWS = 3
# The empirical Fisher sums fourth powers, which must not overflow.
LIMIT = 1e70

INDICES = ("id", "index", "idx", "key", "nr", "no", "no.", "#", "row", "rows", "row names", "obs")
_INDEX = re.compile(r"(?:.*[\W_])?(?:id|index)|.*[a-z](?:Id|ID)|unnamed.*", re.DOTALL)


@dataclass(frozen=True)
class Regression:
    """An available regression: its problem, and `objection(table, column)`.

    The objection is a sentence that explains why the column cannot be the target, or "".
    """

    title: str
    task: Task
    build: Callable[[ArrayLike, ArrayLike], Problem]
    objection: Callable[[Table, Column], str]

    def targets(self, table: Table) -> list[str]:
        """The columns that can be the target."""
        return [name for name, c in table.columns.items() if not self.objection(table, c)]


def no_numbers(table: Table, column: Column) -> str:
    if column.numbers is None:
        return column.problem
    size = np.abs(column.numbers)
    huge = np.flatnonzero(size > LIMIT)
    if len(huge):
        return (
            f"Row {table.rows[huge[0]]:,} of {quoted(column.name)} is "
            f"{number(column.numbers[huge[0]])}, whose fourth power overflows; use a larger unit."
        )
    return ""


def no_classes(table: Table, column: Column) -> str:
    name = quoted(column.name)
    if column.classes is None:
        return (
            f"{name} has too many different values to be classes; choose another target or a "
            "linear regression."
        )
    if len(column.classes) < 2:
        only = f"only the class {quoted(*column.classes)}" if column.classes else "no classes"
        return f"{name} has {only}, but a classification needs two; choose another target."
    return ""


def no_counts(table: Table, column: Column) -> str:
    if column.numbers is None:
        return column.problem
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero((column.numbers < 0) | (column.numbers % 1 != 0))
    wrong = wrong[~np.isnan(column.numbers[wrong])]
    if len(wrong):
        return (
            f"Row {table.rows[wrong[0]]:,} of {quoted(column.name)} is "
            f"{number(column.numbers[wrong[0]], 6)}, but a count is a whole number from 0 up; "
            "choose another target or a linear regression."
        )
    return no_numbers(table, column)


REGRESSIONS: dict[str, Regression] = {
    "linear": Regression("Linear regression", "regression", linear_regression, no_numbers),
    "logistic": Regression(
        "Logistic regression", "classification", logistic_regression, no_classes
    ),
    "poisson": Regression("Poisson regression", "count", poisson_regression, no_counts),
}


def chosen_regression(key: str) -> Regression:
    """The entry of REGRESSIONS. Raises ValueError, which lists them, for an unknown key."""
    if key not in REGRESSIONS:
        raise ValueError(f"no regression {key!r}; there are {', '.join(REGRESSIONS)}")
    return REGRESSIONS[key]


def inputs_of(table: Table, target: str = "") -> list[str]:
    """The columns that can be inputs: those of numbers, except the target."""
    return [
        name
        for name, column in table.columns.items()
        if name != target and not no_numbers(table, column)
    ]


def target_of(column: Column, positive: str) -> Array:
    """y (N,), nan where it is missing; with a positive class, 1 for it and 0 for the others."""
    if not positive:
        assert column.numbers is not None
        return column.numbers
    assert column.classes
    y = (column.codes == column.classes.index(positive)).astype(float)
    return np.where(column.codes < 0, np.nan, y)


def counts_rows(column: Column) -> bool:
    """Whether it is 0, 1, 2, ... or 1, 2, 3, ..., like row numbers."""
    x = column.numbers
    return (
        x is not None
        and len(x) >= MIN_ROWS
        and x[0] in (0, 1)
        and bool((x == x[0] + np.arange(len(x))).all())
    )


def is_index(table: Table, column: Column) -> bool:
    """Whether it numbers the rows: it has no name or that of an index, and no whole number repeats.

    Rows that were left out or moved leave gaps and another order. Where no column has a name, only
    a counter is an index.
    """
    x = column.numbers
    if x is None or column.missing or (x % 1 != 0).any() or len(np.unique(x)) < len(x):
        return False
    unnamed = bool(re.fullmatch(r"column [0-9]+(?: \([0-9]+\))?", column.name))
    if unnamed and not table.header:
        return counts_rows(column)
    named = column.name.casefold() in INDICES or _INDEX.fullmatch(column.name)
    return unnamed or bool(named or _INDEX.fullmatch(column.name.casefold()))

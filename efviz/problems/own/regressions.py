"""The available regressions, and the role of each column of a Table in them."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.datasets.dataset import Task
from efviz.datasets.tables.columns import Column
from efviz.datasets.tables.errors import quoted
from efviz.datasets.tables.reading import Table
from efviz.numbers import number
from efviz.problems.likelihoods import LIKELIHOODS
from efviz.problems.likelihoods.base import Likelihood
from efviz.problems.problem import Problem
from efviz.problems.regressions import regression

MIN_ROWS = 3
# The empirical Fisher sums fourth powers, which must not overflow.
LIMIT = 1e70

INDICES = ("id", "index", "idx", "key", "nr", "no", "no.", "#", "row", "rows", "row names", "obs")
_INDEX = re.compile(r"(?:.*[\W_])?(?:id|index)|.*[a-z](?:Id|ID)|unnamed.*", re.DOTALL)


@dataclass(frozen=True)
class Regression:
    """The regression of one target with a likelihood, which declares all that differs."""

    likelihood: Likelihood

    @property
    def title(self) -> str:
        return self.likelihood.title

    @property
    def task(self) -> Task:
        return self.likelihood.task

    def build(self, X: ArrayLike, y: ArrayLike) -> Problem:
        return regression(X, y, self.likelihood)

    def objection(self, table: Table, column: Column) -> str:
        """A sentence that explains why the column cannot be the target, or ""."""
        if self.likelihood.classes:
            return no_classes(table, column) or self._no_labels()
        return no_targets(table, column, self.likelihood) or no_numbers(table, column)

    def _no_labels(self) -> str:
        why = _refusal(self.likelihood, np.array([0.0, 1.0]))
        return f"The labels 0 and 1 do not suit this regression: {why.rstrip('.')}." if why else ""

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


def no_targets(table: Table, column: Column, likelihood: Likelihood) -> str:
    """A sentence about the first number that the likelihood refuses, or ""."""
    if column.numbers is None:
        return column.problem
    present = np.flatnonzero(~np.isnan(column.numbers))
    y = column.numbers[present]
    if not _refusal(likelihood, y):
        return ""
    # Bisection: the first `good` numbers are accepted, the first `bad` are not.
    good, bad = 0, len(y)
    while bad - good > 1:
        middle = (good + bad) // 2
        good, bad = (good, middle) if _refusal(likelihood, y[:middle]) else (middle, bad)
    # The message of a check may name the value, which is said already.
    why = _refusal(likelihood, y[:bad]).partition(", got ")[0].rstrip(".")
    row, value = table.rows[present[bad - 1]], y[bad - 1]
    return (
        f"Row {row:,} of {quoted(column.name)} is {number(value, 6)}, but {why}; "
        "choose another target or a linear regression."
    )


def _refusal(likelihood: Likelihood, y: Array) -> str:
    try:
        likelihood.check(y)
    except ValueError as error:
        return str(error) or "it is refused"
    return ""


KEYS = {"gaussian": "linear", "bernoulli": "logistic"}
"""Regressions that have a name of their own, by that of their likelihood."""


class Regressions(Mapping[str, Regression]):
    """The likelihoods in LIKELIHOODS at the time of asking that have a single output.

    Their keys are the names of the likelihoods except for KEYS. Likelihoods of several outputs are
    left out: a table has one target, of whose classes one is held against the rest.
    """

    def _kinds(self) -> dict[str, type[Likelihood]]:
        kinds = LIKELIHOODS.items()
        return {KEYS.get(name, name): kind for name, kind in kinds if not kind.shift_invariant}

    def __getitem__(self, key: str) -> Regression:
        return Regression(self._kinds()[key]())

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds())

    def __len__(self) -> int:
        return len(self._kinds())


REGRESSIONS = Regressions()


def chosen_regression(key: str) -> Regression:
    """The entry of REGRESSIONS. Raises ValueError, which lists them, for an unknown key."""
    if key not in REGRESSIONS:
        raise ValueError(f"no regression {key!r}; there are {', '.join(REGRESSIONS)}")
    return REGRESSIONS[key]


def key_of(likelihood: Likelihood) -> str:
    """Its key in REGRESSIONS."""
    return KEYS.get(likelihood.name, likelihood.name)


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

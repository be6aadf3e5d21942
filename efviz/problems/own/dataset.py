"""The data set to which a regression is fitted, from two inputs or from all columns of a Table.

Every regression has an intercept. One of two inputs may be the column of ones, BIAS: its parameter
is the intercept. Otherwise the intercept is held at its value in the best fit of all three
parameters: as the `offset` of the data set or, in least squares, by subtracting it from the target.
For standardised columns that is the same as centring the target.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from efviz.arrays import Array, Mask
from efviz.datasets.dataset import BIAS, Dataset
from efviz.datasets.inputs import COMPONENTS, principal_components, two_inputs
from efviz.datasets.tables.columns import Column
from efviz.datasets.tables.errors import TableError, quoted
from efviz.datasets.tables.reading import Table
from efviz.numbers import counted, number
from efviz.problems.own.regressions import (
    MIN_ROWS,
    REGRESSIONS,
    Regression,
    chosen_regression,
    counts_rows,
    inputs_of,
    is_index,
    no_numbers,
    target_of,
)
from efviz.problems.own.suggestions import ABSENT, COLUMNS, HELD, INTERCEPTS, suggest

MOST = 10
"""At most this many broken columns are listed."""


def own_dataset(
    table: Table,
    *,
    target: str,
    regression: str,
    positive: str = "",
    first: str = BIAS,
    second: str = BIAS,
    inputs: str = COLUMNS,
    standardised: bool = True,
    intercept: str = HELD,
) -> tuple[Dataset, tuple[str, ...]]:
    """The data set of two inputs and a target, and the notes on how it was prepared.

    `first` or `second` may be BIAS, the column of ones; if neither is, `intercept` is one of
    INTERCEPTS. `positive` is the class that counts as 1, by default the last. Only rows without
    missing values are used. Raises TableError, with a message for the visitor, if the table has no
    such data set, and ValueError for unknown settings.
    """
    chosen = chosen_regression(regression)
    if inputs not in (COLUMNS, COMPONENTS):
        raise ValueError(f"inputs must be {COLUMNS!r} or {COMPONENTS!r}, got {inputs!r}")
    if intercept not in INTERCEPTS:
        raise ValueError(f"intercept must be one of {INTERCEPTS}, got {intercept!r}")
    _check_target(table, target, chosen)
    notes: list[str] = []
    if inputs == COLUMNS:
        names = _two_names(table, target, first, second)
        notes += _counters(table, names)
    else:
        names = _names_for_components(table, target, standardised, notes)
    data = _complete_cases(table, target, chosen, positive, names, notes)
    y = data.y
    if standardised:
        _check_spread(data)
    if inputs == COMPONENTS:
        data = principal_components(data, standardised=standardised)
    else:
        data = two_inputs(data, first, second, standardised=standardised)
    if needs_intercept(regression, data.feature_names, standardised):
        data = _with_intercept(data, chosen, intercept, notes)
    if chosen.likelihood.additive and (y == y[0]).all():
        notes.append(f"{quoted(target)} is {number(y[0], 6)} in all rows, so there is no residual.")
    return replace(data, notes=(*table.notes, *notes)), tuple(notes)


def whole_dataset(
    table: Table,
    *,
    target: str = "",
    regression: str = "",
    positive: str = "",
    inputs: Sequence[str] = (),
) -> tuple[Dataset, tuple[str, ...]]:
    """The data set of a target and all other columns of numbers, and the notes on its preparation.

    An index of the rows is left out unless it is listed in `inputs`, and rows with missing values
    are left out. Arguments that are not given are chosen by `suggest`. Raises TableError, with a
    message for the visitor, if there is no such data set.
    """
    if target:
        _get(table, target)
    if not (target and regression):
        begin = suggest(table, target, regression)
        target, regression = target or begin.target, regression or begin.regression
    chosen = chosen_regression(regression)
    _check_target(table, target, chosen)
    notes: list[str] = []
    if inputs:
        names = _columns(table, target, list(dict.fromkeys(inputs)))
        notes += _counters(table, names)
    else:
        names = _all_inputs(table, target, notes)
    if not names:
        raise TableError(
            f"The table has no column of numbers besides {quoted(target)}; a regression needs one."
        )
    data = _complete_cases(table, target, chosen, positive, names, notes)
    return replace(data, notes=(*table.notes, *notes)), tuple(notes)


def _get(table: Table, name: str) -> Column:
    if name not in table.columns:
        raise TableError(f"The table has no column {quoted(name)}; choose one of its columns.")
    return table.columns[name]


def _check_target(table: Table, target: str, chosen: Regression) -> None:
    if objection := chosen.objection(table, _get(table, target)):
        raise TableError(objection)


def _complete_cases(
    table: Table,
    target: str,
    chosen: Regression,
    positive: str,
    names: list[str],
    notes: list[str],
) -> Dataset:
    """The inputs and the target in the rows that have a value in all of them."""
    column, classes = table.columns[target], chosen.likelihood.classes
    positive = _positive(column, positive) if classes else ""
    y = target_of(column, positive)
    X = np.array([table.columns[name].numbers for name in names], dtype=float).T
    keep = _complete(table, [*names, target], np.column_stack([X, y]), notes)
    X, y = np.ascontiguousarray(X[keep]), y[keep]
    title = _classes(column, positive, y, notes) if classes else target
    return Dataset(
        X,
        y,
        tuple(names),
        title,
        chosen.task,
        table.name,
        "your table",
        positive=positive,
        likelihood=chosen.likelihood,
    )


def _two_names(table: Table, target: str, first: str, second: str) -> list[str]:
    names = [name for name in (first, second) if name != BIAS]
    if not names or first == second:
        raise TableError("The two inputs are the same; choose two different ones.")
    return _columns(table, target, names)


def _columns(table: Table, target: str, names: list[str]) -> list[str]:
    """The names, provided that all of them can be inputs."""
    if target in names:
        raise TableError(f"{quoted(target)} is the target; choose another column as the input.")
    for name in names:
        if problem := no_numbers(table, _get(table, name)):
            raise TableError(problem)
    return names


def _names_for_components(
    table: Table, target: str, standardised: bool, notes: list[str]
) -> list[str]:
    names = _all_inputs(table, target, notes)
    constant = [name for name in names if standardised and table.columns[name].constant]
    notes += _left_out(constant, "is the same in all rows", "are the same in all rows")
    names = [name for name in names if name not in constant]
    if len(names) < 2:
        raise TableError(
            "Principal components need two columns of numbers besides the target, and the table "
            f"has {counted(len(names), 'such column') if names else 'none'}; use columns."
        )
    return names


def _positive(column: Column, positive: str) -> str:
    assert column.classes
    if positive and positive not in column.classes:
        raise TableError(
            f"{quoted(column.name)} has no class {quoted(positive)}; its classes are "
            f"{quoted(*column.classes)}."
        )
    return positive or column.classes[-1]


def _complete(table: Table, names: list[str], values: Array, notes: list[str]) -> Mask:
    """The rows without a missing value."""
    missing: Mask = np.isnan(values)
    keep: Mask = ~np.any(missing, axis=1)
    left_out = int((~keep).sum())
    incomplete = [name for name, some in zip(names, missing.T, strict=True) if some.any()]
    if keep.sum() < MIN_ROWS:
        emptiest = quoted(names[int(np.argmax(missing.sum(axis=0)))])
        raise TableError(
            f"Only {counted(int(keep.sum()), 'row has', 'rows have')} a value in all columns that "
            f"are used, but at least {MIN_ROWS} are needed; "
            + (f"most are missing in {emptiest}." if left_out else "add rows.")
        )
    if left_out:
        has, are = ("has", "is") if left_out == 1 else ("have", "are")
        notes.append(
            f"{left_out:,} of {table.N:,} rows {has} no value in {quoted(*incomplete)} and {are} "
            "left out (complete cases)."
        )
    return keep


def _classes(column: Column, positive: str, y: Array, notes: list[str]) -> str:
    assert column.classes
    if (y == y[0]).all():
        only = "only" if y[0] == 1 else "never"
        raise TableError(
            f"In the rows that are complete {quoted(column.name)} is {only} {quoted(positive)}, "
            "but a classification needs two classes; choose another target or other inputs."
        )
    if len(column.classes) > 2:
        notes.append(
            f"{quoted(column.name)} has {len(column.classes)} classes: {quoted(positive)} counts "
            "as 1 and all others as 0."
        )
    elif column.numbers is None or not np.array_equal(
        column.numbers, target_of(column, positive), equal_nan=True
    ):
        other = next(name for name in column.classes if name != positive)
        notes.append(
            f"{quoted(positive)} counts as 1 and {quoted(other)} as 0 in {quoted(column.name)}."
        )
    return f"{column.name} = {positive}"


def _check_spread(data: Dataset) -> None:
    for name, x in zip(data.feature_names, data.X.T, strict=True):
        # Relative to the precision with which its mean is stored: less is only rounding.
        spread = np.ptp(x)
        if spread <= 1e-10 * np.abs(x).max() or not spread > 1e-140:
            same = "the same" if spread == 0 else "almost the same"
            raise TableError(
                f"{quoted(name)} is {same} in all rows, so it cannot be standardised; choose "
                "another column, or use the columns as they are."
            )


def needs_intercept(regression: str, names: Sequence[str], standardised: bool) -> bool:
    """Whether to offer `intercept`: not with a column of ones, nor where means are subtracted."""
    chosen = REGRESSIONS.get(regression)
    centred = chosen is not None and chosen.likelihood.least_squares and standardised
    return BIAS not in names and not centred


def _with_intercept(data: Dataset, chosen: Regression, intercept: str, notes: list[str]) -> Dataset:
    """The two inputs of `data`, with the intercept at its value in the best fit of all three."""
    if intercept == ABSENT:
        notes.append("The model has no intercept: where both inputs are 0, so is its output.")
        return data
    best = chosen.build(np.column_stack([data.X, np.ones(len(data.y))]), data.y).minimum
    if not best.exists:
        raise TableError(
            "With an intercept these two inputs have no best fit at which to hold it: choose one "
            f"column and the intercept, or no intercept. {best.reason}"
        )
    b = float(best.theta[-1])
    shown = number(b, 4)
    notes.append(
        f"The intercept is held at its best value, {shown}: all matrices are those of the other "
        "two parameters."
    )
    if data.least_squares:
        return replace(data, y=data.y - b)
    return replace(data, offset=b)


def _all_inputs(table: Table, target: str, notes: list[str]) -> list[str]:
    """All columns that can be inputs except an index of the rows; notes mention counters."""
    names = inputs_of(table, target)
    indices = [name for name in names if is_index(table, table.columns[name])]
    if len(indices) < len(names):
        notes += _left_out(indices, "numbers the rows", "number the rows")
        names = [name for name in names if name not in indices]
    notes += _counters(table, names)
    others = [c for c in table.columns.values() if c.numbers is None and c.name != target]
    words = [column.name for column in others if not column.broken]
    notes += _left_out(words, "holds no numbers", "hold no numbers")
    notes += [f"{c.problem} The column is left out." for c in others if c.broken][:MOST]
    return names


def _left_out(names: Sequence[str], one: str, many: str) -> list[str]:
    if not names:
        return []
    why = f"{one} and is" if len(names) == 1 else f"{many} and are"
    return [f"{quoted(*names)} {why} left out."]


def _counters(table: Table, names: Sequence[str]) -> list[str]:
    """A message for each input that counts the rows but is used as a number."""
    return [
        f"{quoted(name)} counts the rows, {column.numbers[0]:.0f}, {column.numbers[1]:.0f}, "
        f"{column.numbers[2]:.0f}, and so on."
        for name in names
        if name != BIAS
        and (column := table.columns[name]).numbers is not None
        and counts_rows(column)
    ]

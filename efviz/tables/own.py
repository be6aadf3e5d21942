"""What a regression can be made of in a Table: sensible first settings, and the data set itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from efviz.catalogue import COMPONENTS
from efviz.data import BIAS, Array, Dataset, Mask, Task, principal_components, two_inputs
from efviz.problems import Problem, linear_regression, logistic_regression, poisson_regression
from efviz.tables.columns import Column
from efviz.tables.errors import TableError, counted, quoted
from efviz.tables.reading import Table

COLUMNS = "columns"
MIN_ROWS = 3
# The empirical Fisher sums fourth powers, and these must not overflow.
LIMIT = 1e70

TARGETS = ("y", "target", "class", "label", "outcome", "response", "diagnosis")
LABELS = ("class", "label", "species", "category", "diagnosis")
COUNTS = ("count", "counts", "number", "visits", "events")


@dataclass(frozen=True)
class Regression:
    """A regression on offer: its problem, and `objection(table, column)`.

    The objection is the sentence that says why the column cannot be the target, or "".
    """

    title: str
    task: Task
    build: Callable[[ArrayLike, ArrayLike], Problem]
    objection: Callable[[Table, Column], str]

    def targets(self, table: Table) -> list[str]:
        """The columns that can be the target."""
        return [name for name, c in table.columns.items() if not self.objection(table, c)]


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


def _no_numbers(table: Table, column: Column) -> str:
    if column.numbers is None:
        return column.problem
    size = np.abs(column.numbers)
    huge = np.flatnonzero(size > LIMIT)
    if len(huge):
        return (
            f"Row {table.rows[huge[0]]:,} of {quoted(column.name)} is "
            f"{column.numbers[huge[0]]:.3g}, whose fourth power overflows; use a larger unit."
        )
    return ""


def _no_classes(table: Table, column: Column) -> str:
    name = quoted(column.name)
    if column.classes is None:
        return (
            f"{name} has too many different values to be classes; choose another target or a "
            "linear regression."
        )
    if len(column.classes) < 2:
        only = f"only the class {quoted(*column.classes)}" if column.classes else "no classes"
        return f"{name} has {only}, and a classification needs two; choose another target."
    return ""


def _no_counts(table: Table, column: Column) -> str:
    if column.numbers is None:
        return column.problem
    with np.errstate(invalid="ignore"):
        wrong = np.flatnonzero((column.numbers < 0) | (column.numbers % 1 != 0))
    wrong = wrong[~np.isnan(column.numbers[wrong])]
    if len(wrong):
        return (
            f"Row {table.rows[wrong[0]]:,} of {quoted(column.name)} is "
            f"{column.numbers[wrong[0]]:.6g}, and a count is a whole number from 0 up; choose "
            "another target or a linear regression."
        )
    return _no_numbers(table, column)


REGRESSIONS: dict[str, Regression] = {
    "linear": Regression("Linear regression", "regression", linear_regression, _no_numbers),
    "logistic": Regression(
        "Logistic regression", "classification", logistic_regression, _no_classes
    ),
    "poisson": Regression("Poisson regression", "count", poisson_regression, _no_counts),
}


def inputs_of(table: Table, target: str = "") -> list[str]:
    """The columns that can be inputs: those of numbers, but for the target."""
    return [
        name
        for name, column in table.columns.items()
        if name != target and not _no_numbers(table, column)
    ]


def suggest(table: Table, target: str = "") -> Suggestion:
    """Settings to begin with, for `target` if one is named.

    Else the target is the first column of a name usual for targets, else the last that varies. Two
    classes, text and names like "class" make it a logistic regression (the last class against the
    rest), counts called so a Poisson regression, all else a linear one. The inputs are the columns
    of numbers most correlated with the target, but no two that say the same, and the column of
    ones if there is only one.
    """
    usable = [name for name, column in table.columns.items() if _varies(table, column)]
    usual = [name for name in usable if name.casefold() in TARGETS]
    for name in [target] if target else [*usual, *reversed(usable)]:
        key, positive = _regression_for(table, table.columns[name])
        if not positive and table.columns[name].numbers is None:
            continue
        if inputs := _most_correlated(table, name, _target(table.columns[name], positive)):
            return Suggestion(name, key, positive, *inputs)
    problems = [column.problem for column in table.columns.values() if column.problem]
    raise TableError(
        "A regression needs a target and an input that are not the same everywhere, and the table "
        f"has none; look at the columns{': ' + problems[0] if problems else '.'}"
    )


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
) -> tuple[Dataset, tuple[str, ...]]:
    """The data set of two inputs and a target, and notes on what was done for it.

    `first` or `second` may be BIAS, the column of ones. `positive` is the class that counts as 1,
    by default the last. Only rows without missing values are used. Raises TableError, a sentence
    for the visitor, if the table has no such data set, and ValueError for unknown settings.
    """
    if regression not in REGRESSIONS:
        raise ValueError(f"no regression {regression!r}; there are {', '.join(REGRESSIONS)}")
    if inputs not in (COLUMNS, COMPONENTS):
        raise ValueError(f"inputs must be {COLUMNS!r} or {COMPONENTS!r}, got {inputs!r}")
    chosen = REGRESSIONS[regression]
    column = _get(table, target)
    if objection := chosen.objection(table, column):
        raise TableError(objection)
    notes: list[str] = []
    if inputs == COLUMNS:
        names = _two_names(table, target, first, second)
    else:
        names = _names_for_components(table, target, standardised, notes)
    y = _target(column, _positive(column, positive) if chosen.task == "classification" else "")
    X = np.column_stack([_numbers(table, name) for name in names])
    keep = _complete(table, [*names, target], np.column_stack([X, y]), notes)
    X, y = X[keep], y[keep]
    target_name = target
    if chosen.task == "classification":
        positive = _positive(column, positive)
        target_name = _classes(column, positive, y, notes)
    else:
        positive = ""
    if standardised:
        _check_spread(X, names)
    data = Dataset(
        X,
        y,
        tuple(names),
        target_name,
        chosen.task,
        table.name,
        "your table",
        positive=positive,
    )
    if inputs == COMPONENTS:
        data = principal_components(data, standardised=standardised)
    else:
        data = two_inputs(data, first, second, standardised=standardised)
    if chosen.task == "regression" and (y == y[0]).all():
        notes.append(f"{quoted(target)} is {y[0]:.6g} in all rows, so that there is no residual.")
    return replace(data, notes=" ".join(notes)), tuple(notes)


def whole_dataset(
    table: Table,
    *,
    target: str = "",
    regression: str = "",
    positive: str = "",
    inputs: Sequence[str] = (),
) -> tuple[Dataset, tuple[str, ...]]:
    """The data set of a target and all columns of numbers besides it, and notes on what was done.

    Or of the `inputs` that are named. Columns that count the rows are left out if they are not, and
    rows with missing values. What is not given is as `suggest` has it. Raises TableError, a
    sentence for the visitor, if there is no such data set.
    """
    if target:
        _get(table, target)
    if not (target and regression):
        begin = suggest(table, target)
        target, regression = target or begin.target, regression or begin.regression
    if regression not in REGRESSIONS:
        raise ValueError(f"no regression {regression!r}; there are {', '.join(REGRESSIONS)}")
    column, chosen = _get(table, target), REGRESSIONS[regression]
    if objection := chosen.objection(table, column):
        raise TableError(objection)
    classes = chosen.task == "classification"
    if positive and not classes:
        raise TableError(
            f"{quoted(positive)} is to count as 1, and a {chosen.title.lower()} has no classes; "
            "leave the class out or choose a logistic regression."
        )
    notes: list[str] = []
    names = _named(table, target, inputs) if inputs else _all_inputs(table, target, notes)
    positive = _positive(column, positive) if classes else ""
    y = _target(column, positive)
    X = np.column_stack([_numbers(table, name) for name in names])
    keep = _complete(table, [*names, target], np.column_stack([X, y]), notes)
    X, y = X[keep], y[keep]
    title = _classes(column, positive, y, notes) if classes else target
    data = Dataset(
        X, y, tuple(names), title, chosen.task, table.name, "your table", positive=positive
    )
    return replace(data, notes=" ".join(notes)), tuple(notes)


def _all_inputs(table: Table, target: str, notes: list[str]) -> list[str]:
    names = inputs_of(table, target)
    counters = [name for name in names if _counts_rows(table.columns[name])]
    notes += [f"{quoted(name)} counts the rows and is left out." for name in counters]
    return [name for name in names if name not in counters]


def _named(table: Table, target: str, inputs: Sequence[str]) -> list[str]:
    """The names, each once, if all are columns of numbers besides the target."""
    names = list(dict.fromkeys(inputs))
    for name in names:
        if problem := _no_numbers(table, _get(table, name)):
            raise TableError(problem)
        if name == target:
            raise TableError(f"{quoted(target)} is the target; choose another column as the input.")
    return names


def _get(table: Table, name: str) -> Column:
    if name not in table.columns:
        raise TableError(f"The table has no column {quoted(name)}; choose one that it has.")
    return table.columns[name]


def _numbers(table: Table, name: str) -> Array:
    numbers = _get(table, name).numbers
    assert numbers is not None
    return numbers


def _two_names(table: Table, target: str, first: str, second: str) -> list[str]:
    names = [name for name in (first, second) if name != BIAS]
    if not names or first == second:
        raise TableError("The two inputs are the same; choose two different ones.")
    if target in names:
        raise TableError(f"{quoted(target)} is the target; choose another column as the input.")
    for name in names:
        if problem := _no_numbers(table, _get(table, name)):
            raise TableError(problem)
    return names


def _names_for_components(
    table: Table, target: str, standardised: bool, notes: list[str]
) -> list[str]:
    names = inputs_of(table, target)
    counters = [name for name in names if _counts_rows(table.columns[name])]
    constant = [name for name in names if standardised and table.columns[name].constant]
    for left_out, why in ((counters, "counts the rows"), (constant, "is the same in all rows")):
        notes += [f"{quoted(name)} {why} and is left out." for name in left_out[:3]]
    names = [name for name in names if name not in counters and name not in constant]
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


def _target(column: Column, positive: str) -> Array:
    """y (N,), nan where it is missing; with a positive class 1 for it and 0 for the others."""
    if not positive:
        assert column.numbers is not None
        return column.numbers
    assert column.classes
    y = (column.codes == column.classes.index(positive)).astype(float)
    return np.where(column.codes < 0, np.nan, y)


def _complete(table: Table, names: list[str], values: Array, notes: list[str]) -> Mask:
    """The rows without a missing value."""
    missing: Mask = np.isnan(values)
    keep: Mask = ~np.any(missing, axis=1)
    left_out = int((~keep).sum())
    incomplete = [name for name, some in zip(names, missing.T, strict=True) if some.any()]
    if keep.sum() < MIN_ROWS:
        raise TableError(
            f"Only {counted(int(keep.sum()), 'row has', 'rows have')} a value in all columns that "
            f"are used, and at least {MIN_ROWS} are needed; "
            + (f"most are missing in {_emptiest(names, missing)}." if left_out else "add rows.")
        )
    if left_out:
        notes.append(
            f"{left_out:,} of {table.N:,} rows {'has' if left_out == 1 else 'have'} no value in "
            f"{quoted(*incomplete)} and {'is' if left_out == 1 else 'are'} left out (complete "
            "cases)."
        )
    return keep


def _emptiest(names: list[str], missing: Mask) -> str:
    return quoted(names[int(np.argmax(missing.sum(axis=0)))])


def _classes(column: Column, positive: str, y: Array, notes: list[str]) -> str:
    assert column.classes
    if (y == y[0]).all():
        only = "only" if y[0] == 1 else "never"
        raise TableError(
            f"In the rows that are complete {quoted(column.name)} is {only} {quoted(positive)}, "
            "and a classification needs two classes; choose another target or other inputs."
        )
    if len(column.classes) > 2:
        notes.append(
            f"{quoted(column.name)} has {len(column.classes)} classes: {quoted(positive)} counts "
            "as 1 and all others as 0."
        )
    return f"{column.name} = {positive}"


def _check_spread(X: Array, names: list[str]) -> None:
    for name, x in zip(names, X.T, strict=True):
        # As precise as its mean is stored: what is left of such a column is rounding.
        spread = np.ptp(x)
        if spread <= 1e-10 * np.abs(x).max() or not spread > 1e-140:
            same = "the same" if spread == 0 else "almost the same"
            raise TableError(
                f"{quoted(name)} is {same} in all rows, so it cannot be standardised; choose "
                "another column, or use the columns as they are."
            )


def _varies(table: Table, column: Column) -> bool:
    if column.numbers is not None:
        if _no_numbers(table, column) or column.constant:
            return False
        return not _counts_rows(column)
    return not _no_classes(table, column)


def _counts_rows(column: Column) -> bool:
    """Is it 0, 1, 2, ... or 1, 2, 3, ..., as row numbers are?"""
    x = column.numbers
    return (
        x is not None
        and len(x) >= MIN_ROWS
        and x[0] in (0, 1)
        and bool((x == x[0] + np.arange(len(x))).all())
    )


def _regression_for(table: Table, column: Column) -> tuple[str, str]:
    classes, name = column.classes, column.name.casefold()
    names_one = column.numbers is None or name in LABELS
    if classes and (len(classes) == 2 or (names_one and len(classes) > 2)):
        return "logistic", classes[-1]
    called_count = not {*name.replace("_", " ").split()}.isdisjoint(COUNTS)
    if called_count and not _no_counts(table, column):
        return "poisson", ""
    return "linear", ""


def _most_correlated(table: Table, target: str, y: Array) -> tuple[str, str] | None:
    columns = {
        name: column.numbers
        for name in inputs_of(table, target)
        if (column := table.columns[name]).numbers is not None and _varies(table, column)
    }
    strength = {name: _correlation(x, y) for name, x in columns.items()}
    ranked = sorted((n for n in strength if strength[n] >= 0), key=lambda n: -strength[n])
    if not ranked:
        return None
    first = ranked[0]
    with_target = np.where(np.isnan(y), np.nan, columns[first])
    for second in ranked[1:]:
        if 0 <= _correlation(with_target, columns[second]) < 0.999:
            return first, second
    return first, BIAS


def _correlation(x: Array, y: Array) -> float:
    """|r| over the rows that have both, -1 where there is none."""
    both = np.isfinite(x) & np.isfinite(y)
    if both.sum() < MIN_ROWS:
        return -1.0
    x, y = (_scaled(v[both]) for v in (x, y))
    norm = np.linalg.norm(x) * np.linalg.norm(y)
    return float(abs(x @ y) / norm) if norm > 0 else -1.0


def _scaled(x: Array) -> Array:
    """Centred and of size 1, so that no product of two overflows."""
    size = np.abs(x).max()
    x = x / size if size > 0 else x
    x = x - x.mean()
    size = np.abs(x).max()
    return x / size if size > 1e-12 else np.zeros_like(x)

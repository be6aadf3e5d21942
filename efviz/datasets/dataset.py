"""What a data set is, and which of its examples were moved, added or removed by hand."""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from efviz.arrays import Array, Rows
from efviz.shown import Shown

Task = Literal["regression", "classification", "count"]

# The name of the column of ones: an input that no table holds as a column.
BIAS = "1"


class Targets(Protocol):
    """What a likelihood says of targets: see `efviz.problems.likelihoods.base`."""

    @property
    def least_squares(self) -> bool: ...

    def nearest(self, y: Array) -> Array: ...


@dataclass(frozen=True, eq=False, repr=False)
class Dataset(Shown):
    """Inputs X (N, P), used as they are (a bias is a column of ones), and targets y (N,).

    `task` determines which likelihoods suit y, and `likelihood` is the one chosen among them, None
    for least squares, logistic or Poisson regression according to the task; `notes` are sentences
    about the data set that a reader of any result has to know; `edited` records what was changed by
    hand, if anything (see `edits`). `offset` is added to all outputs of a linear model: a fixed
    intercept. `positive` is the class encoded as 1 in y, "" unless y holds two classes.
    """

    X: Array
    y: Array
    feature_names: tuple[str, ...]
    target_name: str
    task: Task
    name: str = ""
    source: str = ""
    citation: str = ""
    licence: str = ""
    notes: tuple[str, ...] = ()
    edited: "Edited | None" = None
    offset: float = 0.0
    positive: str = ""
    likelihood: Targets | None = None

    def __post_init__(self) -> None:
        if self.X.ndim != 2 or len(self.X) != len(self.y):
            raise ValueError(
                f"X must be (N, P) with one row for each target, got X {self.X.shape} "
                f"and y {self.y.shape}"
            )
        if len(self.feature_names) != self.X.shape[1]:
            raise ValueError(
                f"{self.X.shape[1]} columns need as many names, got {len(self.feature_names)}"
            )

    @property
    def least_squares(self) -> bool:
        if self.likelihood is None:
            return self.task == "regression"
        return self.likelihood.least_squares

    def facts(self) -> dict[str, str]:
        N, P = self.X.shape
        name = {"name": self.name} if self.name else {}
        edited = {"edited": "by hand"} if self.edited else {}
        columns = ", ".join(self.feature_names[:6]) + (", …" if P > 6 else "")
        size = f"{N:,} × {P:,}"
        return {**name, "size": size, "target": self.target_name, "inputs": columns, **edited}


@dataclass(frozen=True, eq=False)
class Edited:
    """What was done to a data set by hand: the original, and the number of the example in each row.

    `numbers` (N,) are rows of `original`, or len(original) + k for the k-th added example; `rows`
    are the rows of the edited set that were moved or added, `removed` the numbers of the removed
    examples.
    """

    original: Dataset
    numbers: Rows
    rows: Rows
    removed: tuple[int, ...]


def number_of(dataset: Dataset, row: int) -> int:
    """The number of the example in a row: its row before any edit, or that of `Edited.numbers`."""
    return int(dataset.edited.numbers[row]) if dataset.edited else row


def row_of(dataset: Dataset, number: int) -> int:
    """The row of an example. For a removed one it is the row of the next example, or the last."""
    if dataset.edited is None:
        return min(number, len(dataset.y) - 1)
    return min(int(np.searchsorted(dataset.edited.numbers, number)), len(dataset.y) - 1)


def input_columns(dataset: Dataset) -> list[int]:
    """The columns that are inputs: all except columns of ones."""
    return [i for i, name in enumerate(dataset.feature_names) if name != BIAS]

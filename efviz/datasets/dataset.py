"""What a data set is, and which of its examples a hand has moved, added or removed."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from efviz.arrays import Array, Rows

Task = Literal["regression", "classification", "count"]

# The name of the column of ones, an input without a column of its own in a table.
BIAS = "1"


@dataclass(frozen=True, eq=False)
class Dataset:
    """Inputs X (N, P), used as they are (a bias is a column of ones), and targets y (N,).

    `task` says which likelihood suits y; `notes` are sentences that a reader of any result has to
    know about the set; `edited` says what a reader has changed in it, if anything (see `edits`).
    `offset` is added to all outputs of a linear model: an intercept that is held. `positive` is
    the class that y calls 1, "" where y is no class.
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


@dataclass(frozen=True, eq=False)
class Edited:
    """What was done to a data set by hand: the set as it was, and whose example each row is now.

    `numbers` (N,) are rows of `original`, or len(original) + k for the k-th added example; `rows`
    are those of the edited set that were moved or added, `removed` the numbers taken away.
    """

    original: Dataset
    numbers: Rows
    rows: Rows
    removed: tuple[int, ...]


def number_of(dataset: Dataset, row: int) -> int:
    """The number of the example in a row: its row before any edit, or that of `Edited.numbers`."""
    return int(dataset.edited.numbers[row]) if dataset.edited else row


def row_of(dataset: Dataset, number: int) -> int:
    """The row of an example; of one that was taken away, that of the next one, or of the last."""
    if dataset.edited is None:
        return min(number, len(dataset.y) - 1)
    return min(int(np.searchsorted(dataset.edited.numbers, number)), len(dataset.y) - 1)


def input_columns(dataset: Dataset) -> list[int]:
    """The columns that are inputs: all but those of ones."""
    return [i for i, name in enumerate(dataset.feature_names) if name != BIAS]

"""What a data set is, and the two ways of taking two columns out of a wide one."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]
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


def two_inputs(dataset: Dataset, first: str, second: str, *, standardised: bool = True) -> Dataset:
    """Two named columns of a data set as the inputs of a two-parameter problem.

    Standardised: columns to mean 0 and standard deviation 1, and a numeric target to mean 0, so
    that the least-squares intercept is exactly 0 and can be left out. Raw: used as they are.
    The name BIAS, "1", means a column of ones: the intercept. It is never standardised, and a
    target is not centred for it, as there is an intercept to be found.
    """
    names = (first, second)
    given = [name for name in names if name != BIAS]
    X = dataset.X[:, [_column(dataset, name) for name in given]]
    X, y = _prepare(dataset, X, standardised, centred=BIAS not in names)
    columns = dict(zip(given, X.T, strict=True)) | {BIAS: np.ones(len(X))}
    X = np.column_stack([columns[name] for name in names])
    return replace(dataset, X=X, y=y, feature_names=names)


def principal_components(dataset: Dataset, *, standardised: bool = True) -> Dataset:
    """The first two principal components of all columns (of the standardised or raw columns)."""
    from sklearn.decomposition import PCA

    X = _standardise(dataset.X) if standardised else dataset.X
    scores = PCA(n_components=2, svd_solver="full").fit_transform(X)
    X, y = _prepare(dataset, scores, standardised)
    return replace(dataset, X=X, y=y, feature_names=("PC 1", "PC 2"))


def with_bias(dataset: Dataset, *, standardised: bool = False) -> Dataset:
    """All columns and, last, one of ones: the inputs of the paper's optimization experiments.

    Used as they are, as there, or `standardised`: columns to mean 0 and standard deviation 1 (a
    constant one to 0). The targets stay, because the bias takes their mean.
    """
    X = _standardise(dataset.X) if standardised else dataset.X
    names = (*dataset.feature_names, BIAS)
    return replace(dataset, X=np.column_stack([X, np.ones(len(X))]), feature_names=names)


def _column(dataset: Dataset, name: str) -> int:
    if name not in dataset.feature_names:
        raise ValueError(
            f"{dataset.name} has no column {name!r}; its columns are "
            f"{', '.join(dataset.feature_names)}"
        )
    return dataset.feature_names.index(name)


def _standardise(X: Array) -> Array:
    from sklearn.preprocessing import StandardScaler

    return np.asarray(StandardScaler().fit_transform(X), dtype=float)


def _prepare(
    dataset: Dataset, X: Array, standardised: bool, *, centred: bool = True
) -> tuple[Array, Array]:
    y = dataset.y
    if standardised and X.shape[1]:
        X = _standardise(X)
    if standardised and centred and dataset.task == "regression":
        y = y - y.mean()
    return np.ascontiguousarray(X), y

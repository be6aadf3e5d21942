"""A Table as a problem of the catalogue, with everything needed to draw and to fit it."""

from dataclasses import replace
from typing import Any

from efviz.datasets.dataset import BIAS, Dataset
from efviz.datasets.tables.reading import Table
from efviz.problems.catalogue import PROBLEMS, Entry, Settings
from efviz.problems.likelihoods.base import Likelihood
from efviz.problems.own.dataset import own_dataset
from efviz.problems.own.regressions import chosen_regression, inputs_of
from efviz.problems.own.suggestions import COLUMNS

KNOBS = ("target", "regression", "positive", "first", "second", "inputs", "scaling", "intercept")
"""The settings of the data set of a table."""


def _settings(likelihood: Likelihood) -> Settings:
    """Those of a problem of the catalogue that is like it."""
    if likelihood.least_squares:
        return PROBLEMS["diabetes"].settings
    if likelihood.classes:
        return PROBLEMS["breast-cancer"].settings
    return replace(PROBLEMS["poisson"].settings, plane=None)


def own_entry(
    table: Table,
    *,
    target: str,
    regression: str,
    first: str = BIAS,
    second: str = BIAS,
    inputs: str = COLUMNS,
) -> Entry:
    """The regression of `target` on two inputs of the table, as an entry like those of PROBLEMS.

    The arguments, and those of `Entry.dataset` that may replace them, are those of `own_dataset`;
    `scaling` is "standardised" or "raw". ValueError for an unknown regression; `Entry.dataset`
    raises TableError, with a message for the visitor, if the table has no such data set.
    """
    chosen = chosen_regression(regression)
    given = {
        "target": target,
        "regression": regression,
        "first": first,
        "second": second,
        "inputs": inputs,
    }

    def dataset(scaling: str = "standardised", **changed: str) -> Dataset:
        settings: dict[str, Any] = given | changed
        made, _ = own_dataset(table, **settings, standardised=scaling == "standardised")
        return made

    return Entry(
        title=table.name or "Your table",
        group="Your table",
        build=chosen.build,
        dataset=dataset,
        knobs=KNOBS,
        parameter_names=_names(first, second) if inputs == COLUMNS else ("θ₁", "θ₂"),
        settings=_settings(chosen.likelihood),
        columns=lambda: [*inputs_of(table, target), BIAS],
        first_columns=(first, second),
    )


def _names(first: str, second: str) -> tuple[str, str]:
    if BIAS not in (first, second):
        return "θ₁", "θ₂"
    return ("w", "b") if second == BIAS else ("b", "w")

"""Choosing a problem: the parameters and widgets that every page shares, and the problem itself."""

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from efviz.catalogue import COMPONENTS, PROBLEMS, Entry
from efviz.data import Dataset
from efviz.datasets import DATASETS, Path
from efviz.pages.params import Choice, Number, Param, Values
from efviz.pages.store import Store
from efviz.problems import Problem


def entry(values: Values) -> Entry:
    return PROBLEMS[values["problem"]]


def path(values: Values) -> Path | None:
    """The misspecification path chosen, None for a real table."""
    family = entry(values).family
    return family.paths[values["path"]] if family else None


def _paths(values: Values) -> list[str]:
    family = entry(values).family
    return list(family.paths) if family else []


def _columns(values: Values) -> list[str]:
    return list(entry(values).columns())


def _if_real(*options: str) -> Choice:
    return Choice(lambda values: [] if entry(values).family else options)


PROBLEM_PARAMS: tuple[Param, ...] = (
    Param("problem", "problem", "Problem", Choice(lambda _: list(PROBLEMS)), lambda _: "fig1"),
    Param("path", "path", "Misspecification", Choice(_paths), lambda v: next(iter(_paths(v)), "")),
    Param(
        "strength",
        "s",
        "Strength s",
        Number(lambda v: getattr(path(v), "low", 0.0), lambda v: getattr(path(v), "high", 0.0)),
        lambda _: 0.0,
    ),
    Param("N", "n", "Examples N", Number(10, 1_000_000, integer=True), lambda _: 1000),
    Param("seed", "seed", "Seed", Number(0, 2**32 - 1, integer=True), lambda _: 0),
    Param("first", "x1", "First column", Choice(_columns), lambda v: entry(v).first_columns[0]),
    Param("second", "x2", "Second column", Choice(_columns), lambda v: entry(v).first_columns[1]),
    Param(
        "inputs",
        "inputs",
        "Inputs",
        _if_real("columns", COMPONENTS),
        lambda v: "" if entry(v).family else "columns",
    ),
    Param(
        "scaling",
        "scaling",
        "Scaling",
        _if_real("standardised", "raw"),
        lambda v: "" if entry(v).family else "standardised",
    ),
)

KNOBS = tuple(param.name for param in PROBLEM_PARAMS)


def problem_widget(store: Store, on_problem: Callable[[Any], None]) -> None:
    store.choice(
        "problem",
        titles={key: e.title for key, e in PROBLEMS.items()},
        on_change=on_problem,
        help=problem_notes(store.values),
    )


def path_widgets(store: Store, left: DeltaGenerator, right: DeltaGenerator) -> None:
    """Where the data leave the model, path and strength; of a real table its two columns."""
    values = store.values
    family = entry(values).family
    with left:
        if family:
            titles = {key: p.title for key, p in family.paths.items()}
            store.choice("path", titles=titles, on_change=lambda key: _choose_path(store, key))
        elif values["inputs"] == "columns":
            store.choice("first")
        else:
            st.markdown("Inputs: the first two principal components of all columns.")
    with right:
        if family:
            store.slider("strength", step=0.05, help="0: the model is correct; 1: the paper's case")
        elif values["inputs"] == "columns":
            store.choice("second")


def _choose_path(store: Store, key: str) -> None:
    family = entry(store.values).family
    assert family is not None
    path = family.paths[key]
    store.set(path=key, strength=min(max(store.values["strength"], path.low), path.high))


def problem_notes(values: Values) -> str:
    """The model in a formula, or where a table comes from."""
    family = entry(values).family
    if family:
        path = family.paths[values["path"]]
        words = f"${family.formula}$\n\n{path.title}: ${path.formula}$"
        return f"{words}\n\n{family.citation}" if family.citation else words
    source = DATASETS[values["problem"]]
    return f"{source.notes}\n\n{source.source}. {source.citation}; {source.licence}."


@st.cache_resource(max_entries=8, show_spinner=False)
def problem_of(
    problem: str,
    path: str,
    strength: float,
    N: int,
    seed: int,
    first: str,
    second: str,
    inputs: str,
    scaling: str,
) -> tuple[Dataset, Problem]:
    """The data and the problem that these values name; shared by all sessions, never changed."""
    given = locals()
    chosen = PROBLEMS[problem]
    dataset = chosen.dataset(**{knob: given[knob] for knob in chosen.knobs})
    return dataset, chosen.problem(dataset)

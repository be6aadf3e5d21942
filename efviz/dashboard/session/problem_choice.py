"""Choosing a problem: the parameters and widgets that every page shares, and the problem itself."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any, Self

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from efviz.dashboard.session import own_table
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.own_table import OWN
from efviz.dashboard.session.params import Choice, EditList, Flag, Number, Param, Values
from efviz.dashboard.session.store import Store
from efviz.datasets import DATASETS, Draws, Path
from efviz.datasets.dataset import BIAS, Dataset, number_of
from efviz.datasets.edits import Edits, edited
from efviz.datasets.inputs import COMPONENTS
from efviz.problems import PROBLEMS, Problem
from efviz.problems.catalogue import Entry
from efviz.problems.own import REGRESSIONS


def entry(values: Values) -> Entry:
    if values["problem"] == OWN:
        return own_table.entry(values)
    return PROBLEMS[values["problem"]]


def path(values: Values) -> Path | None:
    """The misspecification path chosen, None for a real table."""
    family = entry(values).family
    return family.paths[values["path"]] if family else None


def _paths(values: Values) -> list[str]:
    family = entry(values).family
    return list(family.paths) if family else []


def _columns(values: Values) -> list[str] | None:
    """None while nobody knows: the table of a link has to be loaded again."""
    if values["problem"] == OWN and own_table.loaded() is None:
        return None
    return list(entry(values).columns())


def _if_real(*options: str) -> Choice:
    return Choice(lambda values: [] if entry(values).family else options)


def _problems(values: Values) -> list[str]:
    return [*PROBLEMS, OWN]


def problem_params(first: str, strength: float = 0.0) -> tuple[Param, ...]:
    """The parameters of a page that opens with the problem `first`, off the model by `strength`."""
    return (
        Param("problem", "problem", "Problem", Choice(_problems), lambda _: first),
        *own_table.PARAMS,
        Param("path", "path", "Misspecification", Choice(_paths), _first_path),
        Param("strength", "s", "Strength s", Number(_lowest, _highest), _strength(strength)),
        Param("N", "n", "Examples N", Number(10, 1_000_000, integer=True), lambda _: 1000),
        Param("seed", "seed", "Seed", Number(0, 2**32 - 1, integer=True), lambda _: 0),
        Param("first", "x1", "First column", Choice(_columns), lambda v: entry(v).first_columns[0]),
        Param(
            "second", "x2", "Second column", Choice(_columns), lambda v: entry(v).first_columns[1]
        ),
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
        own_table.INTERCEPT,
        Param("edits", "edits", "Edited examples", EditList(), lambda _: ()),
        Param("editing", "editing", "Edit data points", Flag(), lambda _: False),
    )


def _first_path(values: Values) -> str:
    return next(iter(_paths(values)), "")


def _lowest(values: Values) -> float:
    return getattr(path(values), "low", 0.0)


def _highest(values: Values) -> float:
    return getattr(path(values), "high", 0.0)


def _strength(chosen: float) -> Callable[[Values], float]:
    return lambda values: chosen if entry(values).family else 0.0


@dataclass(frozen=True)
class Knobs:
    """What a problem is made from: the parameters, and which own table they speak of.

    Controls of pages inherit them: keys of caches are quickest to compare when they are flat.
    """

    problem: str
    path: str
    strength: float
    N: int
    seed: int
    first: str
    second: str
    inputs: str
    scaling: str
    target: str
    regression: str
    positive: str
    intercept: str
    table: str
    edits: Edits

    @classmethod
    def of(cls, values: Values) -> Self:
        """Those of a page's values that are fields; any other field keeps its default."""
        values = values | {"table": own_table.digest(values)}
        names = [field.name for field in fields(cls)]
        return cls(**{name: values[name] for name in names if name in values})

    @property
    def values(self) -> Values:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @property
    def knobs(self) -> "Knobs":
        """These alone, without what a subclass adds: the key of the problem."""
        return Knobs(**{field.name: getattr(self, field.name) for field in fields(Knobs)})


def unedited(knobs: Knobs) -> Knobs:
    """The same data as they were drawn."""
    return replace(knobs.knobs, edits=())


def problem_widget(store: Store, on_problem: Callable[[Any], None]) -> None:
    store.choice(
        "problem",
        titles={key: e.title for key, e in PROBLEMS.items()} | {OWN: own_table.TITLE},
        on_change=on_problem,
        help=problem_notes(store.values),
    )


BIAS_TITLE = {BIAS: "1 (intercept)"}
INTERCEPT_TITLES = {"held": "held at its best", "none": "none"}


def table_widgets(store: Store) -> None:
    """What to make of a table: the target of an own one, and how the inputs are taken."""
    values = store.values
    own = values["problem"] == OWN
    if entry(values).family or (own and own_table.loaded() is None):
        return
    names = ["target", "regression"] if own else []
    names += ["positive"] if own_table.classes(values) else []
    names += ["intercept"] if own_table.intercepts(values) else []
    boxes = st.columns([1] * len(names) + [1.6, 1.2])
    titles = {key: r.title for key, r in REGRESSIONS.items()} | INTERCEPT_TITLES
    for name, box in zip(names, boxes, strict=False):
        with box:
            store.choice(name, titles=titles, on_change=partial(_choose, store, name))
    kinds = {"columns": "two columns"}
    with boxes[-2]:
        choice = partial(_choose, store, "inputs")
        store.choice("inputs", segmented=True, titles=kinds, on_change=choice)
    with boxes[-1]:
        store.choice("scaling", segmented=True, on_change=partial(_choose, store, "scaling"))


def _choose(store: Store, name: str, value: str) -> None:
    """What follows from the target, or from the regression, follows again.

    Edits say where examples lie among the inputs and targets there were: they go.
    """
    columns = ("positive", "first", "second", "intercept")
    follow = {"target": ("regression", *columns), "regression": columns}
    values = store.values | {name: value, "edits": ()}
    for param in store.params:
        if param.name in follow.get(name, ()):
            values[param.name] = param.default(values)
    # Other inputs may make the intercept a question, or none.
    if values["intercept"] not in (own_table.intercepts(values) or ("",)):
        values["intercept"] = own_table.INTERCEPT.default(values)
    store.set(**values)


def path_widgets(store: Store, left: DeltaGenerator, right: DeltaGenerator) -> None:
    """Where the data leave the model, path and strength; of a real table its two columns."""
    values = store.values
    family = entry(values).family
    if values["problem"] == OWN and own_table.loaded() is None:
        return
    with left:
        if family:
            titles = {key: p.title for key, p in family.paths.items()}
            store.choice("path", titles=titles, on_change=lambda key: _choose_path(store, key))
        elif values["inputs"] == "columns":
            choice = partial(_choose, store, "first")
            store.choice("first", titles=BIAS_TITLE, on_change=choice)
        else:
            st.markdown("Inputs: the first two principal components of all columns.")
    with right:
        if family:
            store.slider("strength", step=0.05, help="0: the model is correct; 1: the paper's case")
        elif values["inputs"] == "columns":
            choice = partial(_choose, store, "second")
            store.choice("second", titles=BIAS_TITLE, on_change=choice)


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
    if values["problem"] == OWN:
        return "A file of yours. It stays in the memory of this session and is forgotten with it."
    source = DATASETS[values["problem"]]
    return f"{source.notes}\n\n{source.source}. {source.citation}; {source.licence}."


@cached
def _draws(problem: str, N: int, seed: int) -> Draws:
    """The standard draws that all paths and strengths share."""
    family = PROBLEMS[problem].family
    assert family is not None
    return family.draws(N, seed)


def build(values: Values) -> tuple[Dataset, Problem]:
    """The data and the problem that these values name, made anew."""
    chosen = entry(values)
    given = {knob: values[knob] for knob in chosen.knobs}
    if chosen.family:
        given["draws"] = _draws(values["problem"], values["N"], values["seed"])
    dataset = edited(chosen.dataset(**given), values.get("edits", ()))
    return dataset, chosen.problem(dataset)


@cached
def problem_of(knobs: Knobs) -> tuple[Dataset, Problem]:
    """The same, shared by all sessions and never changed."""
    return build(knobs.values)


MOST = 1_000_000


def examples(values: Values) -> int:
    """N. A table that nobody has loaded yet sets no limit."""
    if entry(values).family and not values["edits"]:
        return int(values["N"])
    try:
        return problem_of(Knobs.of(values))[1].N
    except (ValueError, KeyError):
        return MOST


def last_example(values: Values) -> int:
    """The number of the last example. A table that nobody has loaded yet sets no limit."""
    if entry(values).family and not values["edits"]:
        return int(values["N"]) - 1
    try:
        dataset, problem = problem_of(Knobs.of(values))
        return number_of(dataset, problem.N - 1)
    except (ValueError, KeyError):
        return MOST

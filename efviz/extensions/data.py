"""Whether a data set, or a problem of the pages, gives what its declaration says."""

from collections.abc import Iterator
from inspect import Parameter, signature
from typing import Any, get_args

import numpy as np

from efviz.datasets.dataset import Dataset, Task
from efviz.datasets.real import Source
from efviz.problems.catalogue import PROBLEMS, Entry

KNOBS = frozenset(knob for entry in PROBLEMS.values() for knob in entry.knobs)
"""The arguments of data that pages have settings for: those of the problems that ship."""


def check_source(source: Source) -> Iterator[str]:
    """A table that is not on this machine is not fetched, and so not checked."""
    if source.task not in get_args(Task):
        yield f"`task` is {source.task!r} instead of one of {', '.join(get_args(Task))}."
    if not source.found():
        return
    try:
        table = source.read()
        X, y = (np.asarray(part, dtype=float) for part in (table.data, table.target))
        names = list(table.feature_names)
    except Exception as error:  # what somebody else's code may raise is anybody's guess
        yield f"`read` gives no table: {type(error).__name__}: {error}"
        return
    if X.ndim != 2 or y.shape != X.shape[:1] or not len(X):
        yield (
            "The table must have data (N, P) and a target (N,) with N >= 1, got "
            f"{X.shape} and {y.shape}."
        )
    elif len(names) != X.shape[1]:
        yield f"The table has {X.shape[1]} columns and {len(names)} names for them."
    for what, values in (("data", X), ("targets", y)):
        if not np.isfinite(values).all():
            yield f"The {what} of the table hold numbers that are not finite."


def check_entry(entry: Entry) -> Iterator[str]:
    names = entry.parameter_names
    named = isinstance(names, tuple) and [type(one) for one in names] == [str, str]
    if not named:
        yield f"`parameter_names` is {names!r} instead of the names of two parameters."
    yield from _knobs(entry)
    try:
        dataset: Any = entry.dataset()
    except Exception as error:  # what somebody else's code may raise is anybody's guess
        yield f"`dataset` called without arguments raises {type(error).__name__}: {error}"
        return
    if not isinstance(dataset, Dataset):
        yield f"`dataset` returns a {type(dataset).__name__} instead of a Dataset."
        return
    try:
        problem = entry.build(dataset.X, dataset.y)
        if problem.D != 2:
            yield f"The pages show a plane of two parameters, and this problem has {problem.D}."
        elif named and not np.isfinite(entry.problem(dataset).loss(problem.start)):
            yield "The loss at its start is not a finite number."
    except Exception as error:  # what somebody else's code may raise is anybody's guess
        yield f"`build` gives no problem on the data: {type(error).__name__}: {error}"


def _knobs(entry: Entry) -> Iterator[str]:
    knobs: Any = entry.knobs
    if not isinstance(knobs, tuple):
        yield f"`knobs` is {knobs!r} instead of a tuple of names."
        return
    taken = signature(entry.dataset).parameters.values()
    anything = any(one.kind is Parameter.VAR_KEYWORD for one in taken)
    for knob in knobs:
        if knob not in KNOBS:
            known = ", ".join(sorted(KNOBS))
            yield f"`knobs` names {knob!r}, which no page has a setting for; there are {known}."
        elif not anything and knob not in {one.name for one in taken}:
            yield f"`knobs` names {knob!r}, which `dataset` does not take."

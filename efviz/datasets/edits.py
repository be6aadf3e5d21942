"""Single examples moved, added and removed: how a data set is edited by hand.

An edit is a tuple, and edits are a tuple of edits, so that they can be cache keys and part of a
link:

    ("m", n, u, v)     example n now lies at (u, v)
    ("a", u, v)        a new example at (u, v)
    ("r", n)           example n is removed

A place (u, v) is a point of the data panel: (x, y) for a data set with one input, (x1, x2) for one
with two. In the latter case the target may follow as a third number, and has to when an example is
added. Columns of ones stay ones. n counts from 0 in the original data, so removing an example
renumbers no others. The k-th added example has the number N + k.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np

from efviz.arrays import Array, frozen
from efviz.datasets.dataset import Dataset, Edited, Task, input_columns

Edit = tuple[Any, ...]
Edits = tuple[Edit, ...]
Kind = Literal["m", "a", "r"]
MOVED, ADDED, REMOVED = "m", "a", "r"

MOST = 40
"""The largest number of edits in a link."""


def normal(edits: Sequence[Edit]) -> Edits:
    """The same edits, without those superseded by later ones of the same example."""
    last = {edit[1]: k for k, edit in enumerate(edits) if edit[0] != ADDED}
    return tuple(e for k, e in enumerate(edits) if e[0] == ADDED or last[e[1]] == k)


def put(edits: Edits, N: int, number: int, place: Sequence[float]) -> Edits:
    """Move example `number` of N to `place`. An added one keeps its target if none is given."""
    where = tuple(map(float, place))
    if number < N:
        before = next((e for e in edits if e[0] == MOVED and e[1] == number), ())
        target = where[2:] or before[4:]
        return normal((*edits, (MOVED, number, *where[:2], *target)))
    k = _added(edits)[number - N]
    return (*edits[:k], (ADDED, *where, *edits[k][1 + len(where) :]), *edits[k + 1 :])


def add(edits: Edits, place: Sequence[float]) -> Edits:
    """Add an example at `place`."""
    return (*edits, (ADDED, *map(float, place)))


def take_away(edits: Edits, N: int, number: int) -> Edits:
    """Remove example `number` of N. An added one disappears from the edits."""
    if number < N:
        return normal((*edits, (REMOVED, number)))
    k = _added(edits)[number - N]
    return edits[:k] + edits[k + 1 :]


def _added(edits: Edits) -> list[int]:
    return [k for k, edit in enumerate(edits) if edit[0] == ADDED]


def edited(dataset: Dataset, edits: Edits) -> Dataset:
    """The data set with these edits applied, except those that are impossible: see `refused`.

    A target becomes the nearest valid one: a class that occurs, or what the likelihood accepts.
    Nothing else changes. For standardised columns or principal components, u and v are in their
    units, and the means and standard deviations remain those of the original table.
    """
    edits = tuple(edit for edit in normal(edits) if not _objection(dataset, edit))
    edits = tuple(e for e in edits if e[0] != REMOVED or not _empties(dataset, edits))
    if not edits:
        return dataset
    N = len(dataset.y)
    removed = tuple(edit[1] for edit in edits if edit[0] == REMOVED)
    added = [edit for edit in edits if edit[0] == ADDED]
    X = np.concatenate([dataset.X, np.ones((len(added), dataset.X.shape[1]))])
    y = np.concatenate([dataset.y, np.zeros(len(added))])
    places = [(edit[1], edit[2:]) for edit in edits if edit[0] == MOVED]
    places += [(N + k, edit[1:]) for k, edit in enumerate(added)]
    for number, place in places:
        _place(dataset, X, y, number, place)
    numbers = np.arange(len(y))
    if removed:
        numbers = np.delete(numbers, removed)
        X, y = X[numbers], y[numbers]
    touched = np.array(sorted(number for number, _ in places), dtype=np.int64)
    rows = np.searchsorted(numbers, touched)
    X, y = frozen(X), frozen(y)
    return replace(dataset, X=X, y=y, edited=Edited(dataset, numbers, rows, removed))


def _place(dataset: Dataset, X: Array, y: Array, number: int, place: Sequence[float]) -> None:
    columns = input_columns(dataset)
    X[number, columns] = place[: len(columns)]
    for target in place[len(columns) :]:
        y[number] = nearest_target(dataset, target)


def refused(dataset: Dataset, edits: Edits) -> list[str]:
    """A sentence for each edit that `edited` leaves out."""
    edits = normal(edits)
    sentences = [words for edit in edits if (words := _objection(dataset, edit))]
    able = tuple(edit for edit in edits if not _objection(dataset, edit))
    if _empties(dataset, able):
        sentences.append("Not all examples can be removed, so none is.")
    return sentences


def _empties(dataset: Dataset, edits: Edits) -> bool:
    lost = sum(edit[0] == REMOVED for edit in edits)
    return lost >= len(dataset.y) + len(_added(edits))


def _objection(dataset: Dataset, edit: Edit) -> str:
    """A sentence on why this edit is impossible; empty if it is possible."""
    kind, N = edit[0], len(dataset.y)
    if kind != ADDED and not 0 <= edit[1] < N:
        return f"There is no example {edit[1]:,} among {N:,} (0 to {N - 1:,}): its edit is ignored."
    if kind == REMOVED:
        return ""
    given, inputs = len(edit) - (1 if kind == ADDED else 2), len(input_columns(dataset))
    who = "An added example" if kind == ADDED else f"Example {edit[1]:,}"
    if inputs == 2:
        least = 3 if kind == ADDED else 2
        if least <= given <= 3:
            return ""
        return f"{who} needs two inputs and its target, not {given} numbers: its edit is ignored."
    if inputs == 1 and given == 2:
        return ""
    wants = f"{inputs + 1} numbers" if inputs != 1 else "one input and its target"
    return f"{who} needs {wants}, not {given} numbers: its edit is ignored."


def nearest_target(dataset: Dataset, target: float) -> float:
    """The valid target nearest to this number: see `NEAREST` and `Dataset.likelihood`."""
    if dataset.likelihood is not None and dataset.task != "classification":
        return float(dataset.likelihood.nearest(np.array([float(target)]))[0])
    return NEAREST[dataset.task](dataset, float(target))


def _class(dataset: Dataset, target: float) -> float:
    known = classes(dataset)
    return float(known[np.argmin(np.abs(known - target))])


def classes(dataset: Dataset) -> Array:
    """The classes that occurred before any edit, ascending."""
    return np.unique(dataset.edited.original.y if dataset.edited else dataset.y)


NEAREST: dict[Task, Callable[[Dataset, float], float]] = {
    "regression": lambda dataset, target: target,
    "classification": _class,
    "count": lambda dataset, target: float(max(round(target), 0)),
}

"""Functions of many thetas, evaluated some thetas at a time."""

from collections.abc import Callable, Generator
from typing import Never, TypeVar

from efviz.arrays import Array
from efviz.problems import Problem
from efviz.work import Progress

T = TypeVar("T")

SLICE = 1_000_000
"""Examples times thetas between two yields: a few hundredths of a second for a loss or a direction
in two parameters, so that a page can redraw and react in between."""


def in_slices(
    problem: Problem, thetas: Array, compute: Callable[[Array], T], *, cost: int | None = None
) -> Generator[Progress[Never], None, list[T]]:
    """The results of `compute` for consecutive slices of thetas (T, D); at least one slice.

    `cost` is the number of examples that one theta takes: by default all, or none where the problem
    has `moments`, which stand for all examples; all thetas are then one slice.
    """
    if cost is None:
        cost = 0 if problem.moments else problem.N
    total = max(1, len(thetas))
    step = max(1, SLICE // cost) if cost else total
    results = []
    for i in range(0, total, step):
        results.append(compute(thetas[i : i + step]))
        yield Progress(min(1.0, (i + step) / total))
    return results

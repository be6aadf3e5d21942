"""Data sets at the minimum of their losses, side by side: the paper's Figures 2 and 4.

A family has fixed cases, namely its correct model and the ends of its paths, A and B, and one that
can be anywhere along a path. For a table, the cases are the table itself, and the same inputs with
targets drawn from the model at the minimum, which makes the model correct.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from efviz.arrays import Array, frozen
from efviz.datasets import Draws, Family
from efviz.datasets.dataset import Dataset
from efviz.problems import Problem
from efviz.problems.catalogue import Entry
from efviz.studies.comparison import Comparison, compare, redraw, smooth_loss_grid
from efviz.studies.convergence import Convergence, Sample, converge, shared_workers, sizes
from efviz.studies.runaway import Runaway, run_off
from efviz.work import Progress, Work, part

CORRECT = "correct model"
POINTS = 41
"""The number of points per side of the grid on which loss contours are drawn."""

Data = tuple[Dataset, Problem]
Draw = Callable[["Name", Dataset, Problem], Any]


@dataclass(frozen=True)
class Name:
    """The name of a case: `short` in charts and sentences, where `rest` would be too long."""

    short: str
    rest: str = ""

    @property
    def full(self) -> str:
        return f"{self.short}: {self.rest}" if self.rest else self.short

    @property
    def title(self) -> str:
        sign = len(self.short) == 1 or "=" in self.short
        return self.full if sign else self.full.capitalize()


@dataclass(frozen=True, eq=False)
class Case:
    """One data set of N examples at its minimum, without the data, which may be a million examples.

    `comparison` has its matrices at the minimum. If there is no minimum, it is None, `reason`
    explains why, and `runaway` has the path of theta instead. `data` is the drawing of the data.
    `equals` is the fixed case that has the same data, if there is one.
    """

    name: Name
    N: int
    parameter_names: tuple[str, ...]
    reason: str
    comparison: Comparison | None
    runaway: Runaway | None
    data: Any = None
    equals: Name | None = None


def case_of(
    name: Name,
    dataset: Dataset,
    problem: Problem,
    draw: Draw | None = None,
    others: Sequence[str] = (),
) -> Case:
    """A data set at its minimum, with the result of `draw` on it and `others` of CURVATURES."""
    minimum = problem.minimum
    comparison = compare(problem, minimum.theta, others) if minimum.exists else None
    return Case(
        name,
        problem.N,
        problem.parameter_names,
        minimum.reason,
        comparison,
        None if comparison else run_off(problem),
        draw(name, dataset, problem) if draw else None,
    )


def ends(family: Family) -> dict[Name, tuple[str, float]]:
    """The fixed cases of a family: path and strength."""
    first, *_ = family.paths
    found = {Name(CORRECT): (first, 0.0)}
    for letter, (key, path) in zip("AB", family.paths.items(), strict=False):
        found[Name(letter, path.title.lower())] = key, 1.0
    return found


def _makers(
    entry: Entry, table: Data | None, N: int, seed: int, draws: Draws | None
) -> dict[Name, Callable[[], Data]]:
    """Functions that make the data of the fixed cases, so only one is in memory at a time."""
    family = entry.family
    if family:

        def made(path: str, strength: float) -> Data:
            dataset = family.sample(N, seed, path, strength, draws=draws)
            return dataset, entry.problem(dataset)

        return {name: partial(made, *where) for name, where in ends(family).items()}
    if table is None:
        raise ValueError(f"{entry.title} is a table: its data set and its problem are needed")
    dataset, problem = table

    def redrawn() -> Data:
        y = redraw(problem, np.random.default_rng(seed))
        return replace(dataset, y=y, edited=None), replace(problem, y=y)

    found: dict[Name, Callable[[], Data]] = {Name("the table"): lambda: table}
    # A table without a minimum has no model from which to draw targets.
    if problem.minimum.exists:
        found[Name("redrawn", "targets drawn from the model")] = redrawn
    return found


def standing_cases(
    entry: Entry,
    table: Data | None = None,
    N: int = 1000,
    seed: int = 0,
    draws: Draws | None = None,
    draw: Draw | None = None,
    others: Sequence[str] = (),
) -> Work[list[Case]]:
    """The fixed cases, of a family with N examples each or of a `table`.

    `table` is the data set and the problem of an entry without a family. `draws` are those of the
    family for this N and seed, if the caller already has them; targets of a table are redrawn with
    `seed`. `draw` converts the data to the form kept as `Case.data`; `others` are the keys of
    further matrices to compare.
    """
    makers = _makers(entry, table, N, seed, draws)
    found: list[Case] = []
    for name, make in makers.items():
        found.append(case_of(name, *make(), draw, others))
        yield Progress(len(found) / len(makers))
    return found


def moving_case(
    entry: Entry,
    dataset: Dataset,
    problem: Problem,
    path: str,
    strength: float,
    draw: Draw | None = None,
    others: Sequence[str] = (),
) -> list[Case]:
    """The case of this data set, drawn at `strength` along a path; none for a table."""
    if entry.family is None:
        return []
    short = f"s = {strength:.3g}".replace("-", "−")
    name = Name(short, entry.family.paths[path].title.lower())
    case = case_of(name, dataset, problem, draw, others)
    return [replace(case, equals=None if dataset.edited else fixed(entry.family, path, strength))]


def fixed(family: Family, path: str, strength: float) -> Name | None:
    """The fixed case of a family at this strength along a path, None if there is none."""
    for name, (key, end) in ends(family).items():
        if strength == end and (key == path or end == 0):
            return name
    return None


def distinct(cases: Sequence[Case], moved: Sequence[Case]) -> list[Case]:
    """All cases, without one that equals a fixed case."""
    return [*cases, *(case for case in moved if not case.equals)]


def standing_losses(
    entry: Entry,
    cases: Sequence[Case],
    half: float,
    table: Data | None = None,
    N: int = 1000,
    seed: int = 0,
    draws: Draws | None = None,
) -> Work[list[Array | None]]:
    """L around the minimum of each of the `standing_cases`: see `losses_around`."""
    makers = _makers(entry, table, N, seed, draws)
    problems = (make()[1] for make in makers.values())
    return (yield from losses_around(problems, cases, half))


def moving_loss(problem: Problem, moved: Sequence[Case], half: float) -> Work[list[Array | None]]:
    """L around the minimum of the `moving_case`: see `losses_around`."""
    return (yield from losses_around([problem] * len(moved), moved, half))


def losses_around(
    problems: Iterable[Problem], cases: Sequence[Case], half: float
) -> Work[list[Array | None]]:
    """L on the points of theta* +- `half`, (POINTS, POINTS) like `Plane.grid`, case by case.

    None for a case without a minimum, and for one that is not computed yet.
    """
    found: list[Array | None] = [None] * len(cases)

    def so_far() -> list[Array | None]:
        return list(found)

    yield Progress(0.0, so_far)
    for k, (case, problem) in enumerate(zip(cases, problems, strict=True)):
        if case.comparison:
            grid = smooth_loss_grid(problem, case.comparison.theta, half, POINTS)
            begin, end = k / len(cases), (k + 1) / len(cases)
            found[k] = yield from part(grid, begin, end, meanwhile=so_far)
    return so_far()


def distances_over_sizes(
    entry: Entry, table: Data | None = None, *, seeds: int, largest: int
) -> Work[Convergence]:
    """|EF - F| / |F| at the minimum of the fixed cases, against N.

    For a family, fresh samples of up to `largest` examples; for a table, random subsets of its
    rows, up to all of them. Kunstner et al. (2019), Eq. 17.
    """
    if entry.family:
        cases = [*ends(entry.family).values()]
        sample = _fresh(entry, entry.family, cases)
        n_cases = len(cases)
    else:
        assert table, "the data set and the problem of a table are needed"
        _, problem = table
        n_cases = 2 if problem.minimum.exists else 1
        sample, largest = _subsets(problem, n_cases), problem.N
    shape = n_cases, range(seeds), sizes(min(10, largest), largest)
    return (yield from converge(sample, *shape, shared_workers()))


def _fresh(entry: Entry, family: Family, cases: Sequence[tuple[str, float]]) -> Sample:
    """The problems of `standing_cases` for every N and seed."""

    def sample(N: int, seed: int) -> Iterator[Problem]:
        draws = family.draws(N, seed)
        for path, strength in cases:
            yield entry.problem(family.sample(N, seed, path, strength, draws=draws))

    return sample


def _subsets(problem: Problem, n_cases: int) -> Sample:
    """Rows of a table, chosen without replacement; their targets unchanged, and redrawn."""

    def sample(N: int, seed: int) -> Iterator[Problem]:
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.choice(problem.N, N, replace=False))
        X = frozen(np.ascontiguousarray(problem.X[rows]))
        yield replace(problem, X=X, y=problem.y[rows].copy())
        if n_cases > 1:
            yield replace(problem, X=X, y=redraw(problem, rng)[rows].copy())

    return sample

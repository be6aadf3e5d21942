"""What the At the minimum page shows: its views, their numbers, and the curves over N."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from efviz.arrays import Array
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.jobs import Job
from efviz.dashboard.session.problem_choice import Knobs, build, problem_of
from efviz.dashboard.session.problem_settings import entry
from efviz.datasets.dataset import Dataset
from efviz.figures.at_minimum import half_width
from efviz.figures.data_views import data_panel
from efviz.figures.theme import Spec
from efviz.numbers import number
from efviz.problems import Problem
from efviz.studies.comparison import Comparison, compare, redraw, smooth_loss_grid
from efviz.studies.convergence import Convergence, Sample, converge, sizes
from efviz.studies.runaway import Runaway, run_off
from efviz.work import Progress, Work, part

POINTS = 41
"""Loss contours are drawn from so many points a side."""
SEEDS = 8
LARGEST = 1_000_000
"""Of the curves: seeds, and the largest sample."""
CORRECT = "correct model"


@dataclass(frozen=True)
class Controls(Knobs):
    """All that the numbers of one view depend on: the key of the caches.

    `redrawn`: the targets are drawn from the model at the minimum, which makes it correct.
    `editing`: the points of its data can be moved.
    """

    redrawn: bool = False
    editing: bool = False


@dataclass(frozen=True)
class Name:
    """What a view is called: `short` in charts and sentences, where `rest` would be in the way."""

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
class View:
    """One column of the page: what is drawn, without the data, which may be a million examples."""

    name: Name
    controls: Controls
    N: int
    names: tuple[str, ...]
    data: Spec
    reason: str
    comparison: Comparison | None
    runaway: Runaway | None


@dataclass(frozen=True, eq=False)
class Picture:
    """The views that are ready, the plane they share, and the loss grids that are ready."""

    views: list[View]
    half: float
    losses: list[Array | None]


def cases(c: Controls) -> dict[Name, Controls]:
    """The views that stand still: correct, A, B; of a table itself, and with redrawn targets."""
    family = entry(c).family
    if family is None:
        views = {Name("the table"): c}
        # Where the table has no minimum there is no model to draw targets from.
        if has_minimum(c):
            redrawn = replace(c, redrawn=True, editing=False)
            views[Name("redrawn", "targets of the model")] = redrawn
        return views
    first, *_ = family.paths
    c = replace(c, edits=(), editing=False)
    views = {Name(CORRECT): replace(c, path=first, strength=0.0)}
    for letter, (key, path) in zip("AB", family.paths.items(), strict=False):
        views[Name(letter, path.title.lower())] = replace(c, path=key, strength=1.0)
    return views


def correct_case(c: Controls) -> int:
    """Which of the cases is correct by construction."""
    return 0 if entry(c).family else 1


def all_views(c: Controls) -> dict[Name, Controls]:
    """The cases, and what the sliders say."""
    family = entry(c).family
    if family is None:
        return cases(c)
    strength = f"s = {number(c.strength)}"
    return cases(c) | {Name(strength, family.paths[c.path].title.lower()): c}


def problem_for(c: Controls) -> tuple[Dataset, Problem]:
    shared = c.edits or c.editing
    dataset, problem = problem_of(c.knobs) if shared else build(c)
    if not c.redrawn:
        return dataset, problem
    y = redraw(problem, np.random.default_rng(c.seed))
    return replace(dataset, y=y, edited=None), replace(problem, y=y)


@cached
def has_minimum(c: Controls) -> bool:
    return build(c)[1].minimum.exists


@cached
def view_of(name: Name, c: Controls) -> View:
    dataset, problem = problem_for(c)
    minimum = problem.minimum
    comparison = compare(problem, minimum.theta) if minimum.exists else None
    panel = data_panel(dataset, problem, title=name.title, aspect=aspect(c), editing=c.editing)
    return View(
        name,
        c,
        problem.N,
        problem.parameter_names,
        panel,
        minimum.reason,
        comparison,
        None if comparison else run_off(problem),
    )


def aspect(c: Controls) -> float:
    return 0.72 if entry(c).family else 1.0


@cached
def _loss_around(c: Controls, half: float, _theta: Array) -> list[Array]:
    """One list that is filled when somebody has computed the grid."""
    return []


def work(c: Controls) -> Work[Picture]:
    """All numbers first, then the contours, view by view."""
    named = all_views(c)
    views: list[View] = []
    for name, controls in named.items():
        views.append(view_of(name, controls))
        yield Progress(0.5 * len(views) / len(named))
    compared = [view.comparison for view in views if view.comparison]
    half = half_width(compared) if compared else 1.0
    losses: list[Array | None] = [None] * len(views)

    def so_far() -> Picture:
        return Picture(views, half, list(losses))

    for k, view in enumerate(views):
        if view.comparison is None:
            continue
        known = _loss_around(view.controls, half, view.comparison.theta)
        if not known:
            _, problem = problem_for(view.controls)
            grid = smooth_loss_grid(problem, view.comparison.theta, half, POINTS)
            begin, end = 0.5 + 0.5 * k / len(views), 0.5 + 0.5 * (k + 1) / len(views)
            known.append((yield from part(grid, begin, end, meanwhile=so_far)))
        losses[k] = known[0]
    return so_far()


# A job under way holds its data; what is finished lies in the caches of views and losses.
@cached
def job_for(c: Controls) -> Job[Picture]:
    return Job(work(c))


def of_curves(c: Controls) -> Controls:
    """What the curves depend on: neither on the strength nor on N and seed of the views.

    Nor on edits, as they are of fresh samples; of a table they are of its edited rows.
    """
    family = entry(c).family
    c = replace(c, N=1000, seed=0, strength=0.0, editing=False)
    return replace(c, path=next(iter(family.paths)), edits=()) if family else replace(c, path="")


@st.cache_resource(max_entries=1, show_spinner=False)
def workers() -> ThreadPoolExecutor:
    """For samples of all sessions: as many as a small machine has processors."""
    return ThreadPoolExecutor(2, thread_name_prefix="convergence")


@cached
def curves_for(c: Controls) -> Job[Convergence]:
    named = list(cases(c).values())
    family = entry(c).family
    if family is None:
        sample, largest = subsets(named), build(c)[1].N
    else:
        sample, largest = fresh_samples(named), LARGEST
    found = converge(sample, len(named), range(SEEDS), sizes(min(10, largest), largest), workers())
    return Job(found)


def fresh_samples(named: Sequence[Controls]) -> Sample:
    """What the page shows at every N and seed."""
    chosen = entry(named[0])
    family = chosen.family
    assert family is not None

    def sample(N: int, seed: int) -> Iterator[Problem]:
        draws = family.draws(N, seed)
        for c in named:
            yield chosen.problem(family.sample(N, seed, c.path, c.strength, draws=draws))

    return sample


def subsets(named: Sequence[Controls]) -> Sample:
    """Rows of a table, chosen without replacement; their targets as they are, and redrawn."""
    _, problem = build(named[0])

    def sample(N: int, seed: int) -> Iterator[Problem]:
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.choice(problem.N, N, replace=False))
        X = np.ascontiguousarray(problem.X[rows])
        for c in named:
            y = redraw(problem, rng) if c.redrawn else problem.y
            yield replace(problem, X=X, y=y[rows].copy())

    return sample

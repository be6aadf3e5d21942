"""At the minimum: the paper's Figures 2 and 4, live, and Eq. 17 as a chart."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
import streamlit as st

from efviz.comparison import Comparison, compare, smooth_loss_grid
from efviz.components import Click, chart, pack_figures
from efviz.convergence import Convergence, converge, sizes
from efviz.data import Array
from efviz.figures import DARK
from efviz.figures.at_minimum import (
    Mark,
    convergence_panel,
    ellipse_panel,
    half_width,
    runaway_panel,
)
from efviz.figures.data_views import data_panel
from efviz.figures.theme import Spec
from efviz.optimizers import Trajectory, run
from efviz.pages import at_minimum_text as text
from efviz.pages.caches import cached
from efviz.pages.jobs import Job, Progress
from efviz.pages.own_table_widgets import ready
from efviz.pages.params import Param, Values
from efviz.pages.problem_choice import (
    build,
    entry,
    knobs,
    path_widgets,
    problem_params,
    problem_widget,
    table_widgets,
)
from efviz.pages.store import Store, run_again
from efviz.problems import Problem

TITLE, SLUG = "At the minimum", "at-the-minimum"
POINTS = 41
"""Loss contours are drawn from so many points a side."""
SEEDS = 8
SLICE = 0.1
RUNAWAY_STEPS = 12

PARAMS: tuple[Param, ...] = problem_params("fig2", strength=0.5)
KEPT = ("N", "seed")


@dataclass(frozen=True)
class Controls:
    """All that the numbers of one view depend on: the key of the caches.

    `redrawn`: the targets are drawn from the model at the minimum, which makes it correct.
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
    target: str = ""
    regression: str = ""
    positive: str = ""
    table: str = ""
    redrawn: bool = False

    @classmethod
    def of(cls, values: Values) -> "Controls":
        return cls(**knobs(values))

    @property
    def values(self) -> Values:
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class Name:
    """What a view is called: `short` in charts and sentences, where `rest` would be in the way."""

    short: str
    rest: str = ""

    @property
    def full(self) -> str:
        return f"{self.short}: {self.rest}" if self.rest else self.short


@dataclass(frozen=True, eq=False)
class View:
    """One column of the page: what is drawn, without the data, which may be a million examples."""

    name: Name
    controls: Controls
    names: tuple[str, ...]
    data: Spec
    reason: str
    comparison: Comparison | None
    runaway: "Runaway | None"


@dataclass(frozen=True, eq=False)
class Runaway:
    """Where there is no minimum: iterates, the matrices on the way, and the loss around."""

    path: Trajectory
    comparisons: list[Comparison]
    axes: tuple[Array, Array]
    loss: Array


@dataclass(frozen=True, eq=False)
class Picture:
    """The views that are ready, the plane they share, and the loss grids that are ready."""

    views: list[View]
    half: float
    losses: list[Array | None]


def main() -> None:
    store = Store(SLUG, PARAMS)
    header(store)
    for sentence in store.sentences:
        st.warning(sentence)
    live()
    text.equations(store.values["problem"])


def header(store: Store) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="header"):
        st.title(TITLE, anchor=False)
        for figure, problem in (("Fig. 2", "fig2"), ("Fig. 4", "fig4")):
            st.button(
                f"Paper {figure}, as made",
                on_click=store.reset,
                kwargs={"problem": problem},
                type="tertiary",
            )


@st.fragment
def live() -> None:
    """Sliders and pictures: a fragment, so that a moved slider sends nothing but these."""
    store = Store(SLUG, PARAMS)
    controls(store)
    if not ready(store):
        return
    c = Controls.of(store.values)
    job, curves = job_for(c), curves_for(of_curves(c))
    picture = (job.progress if job.progress.result else job.advance(SLICE)).result
    if picture is not None:
        draw(store, c, picture, curves.progress.result)
    wait(c, job, curves)


def controls(store: Store) -> None:
    problem, path, strength, N, seed = st.columns([1.25, 1, 1, 1, 0.6])
    with problem:
        problem_widget(store, lambda key: store.reset(KEPT, problem=key))
    path_widgets(store, path, strength)
    with N:
        if entry(store.values).family:
            store.slider("N", step=0.25, log=True, help=text.N)
    with seed:
        store.number("seed", step=1, help=text.SEED)
    table_widgets(store)


def cases(c: Controls) -> dict[Name, Controls]:
    """The views that stand still: correct, A, B; of a table itself, and with redrawn targets."""
    family = entry(c.values).family
    if family is None:
        return {
            Name("the table"): c,
            Name("redrawn", "targets of the model"): replace(c, redrawn=True),
        }
    first, *_ = family.paths
    views = {Name("correct model"): replace(c, path=first, strength=0.0)}
    for letter, (key, path) in zip("AB", family.paths.items(), strict=False):
        views[Name(letter, path.title.lower())] = replace(c, path=key, strength=1.0)
    return views


def correct_case(c: Controls) -> int:
    """Which of the cases is correct by construction."""
    return 0 if entry(c.values).family else 1


def all_views(c: Controls) -> dict[Name, Controls]:
    """The cases, and what the sliders say."""
    family = entry(c.values).family
    if family is None:
        return cases(c)
    strength = f"s = {c.strength:.3g}".replace("-", "−")
    return cases(c) | {Name(strength, family.paths[c.path].title.lower()): c}


def problem_for(c: Controls) -> tuple[Any, Problem]:
    dataset, problem = build(c.values)
    if not c.redrawn:
        return dataset, problem
    y = redraw(problem, np.random.default_rng(c.seed))
    return replace(dataset, y=y), replace(problem, y=y)


def redraw(problem: Problem, rng: np.random.Generator) -> Array:
    """Targets that the model itself would give at its minimum; where there is none, as they are.

    Least squares takes its noise from the residuals: the model says nothing of its size.
    """
    if not problem.minimum.exists:
        return problem.y
    f = problem.model.outputs(problem.X, problem.theta_star)
    return np.asarray(problem.likelihood.sample(f, rng, 1)[0])


@cached(max_entries=128)
def view_of(name: Name, c: Controls) -> View:
    dataset, problem = problem_for(c)
    minimum = problem.minimum
    comparison = compare(problem, minimum.theta) if minimum.exists else None
    title = name.full[0].upper() + name.full[1:] if name.rest == "" else name.full
    panel = data_panel(dataset, problem, title=title, aspect=_aspect(c))
    return View(
        name,
        c,
        problem.parameter_names,
        panel,
        minimum.reason,
        comparison,
        None if comparison else run_off(problem),
    )


def _aspect(c: Controls) -> float:
    return 0.72 if entry(c.values).family else 1.0


def run_off(problem: Problem) -> Runaway:
    """Natural gradient steps of size 1, which for logistic regression are Newton's."""
    path = run(problem, "NGD", problem.start[None], step_size=1.0, n_steps=RUNAWAY_STEPS)
    thetas = path.thetas[0][np.isfinite(path.thetas[0]).all(axis=-1)]
    steps = [compare(problem, theta) for theta in thetas]
    low, high = thetas.min(axis=0), thetas.max(axis=0)
    half = 0.6 * float((high - low).max()) or 1.0
    axes = [np.linspace(m - half, m + half, POINTS) for m in (low + high) / 2]
    grid = np.stack(np.meshgrid(*axes), axis=-1)
    return Runaway(path, steps, (axes[0], axes[1]), problem.loss(grid))


@cached(max_entries=256)
def _loss_around(c: Controls, half: float, _theta: Array) -> list[Array]:
    """One list that is filled when somebody has computed the grid."""
    return []


def work(c: Controls) -> Iterator[Progress[Picture]]:
    """All numbers first, then the contours, view by view."""
    named = all_views(c)
    views: list[View] = []
    for name, controls in named.items():
        views.append(view_of(name, controls))
        yield Progress(0.5 * len(views) / len(named), None)
    compared = [view.comparison for view in views if view.comparison]
    half = half_width(compared) if compared else 1.0
    losses: list[Array | None] = [None] * len(views)
    for k, view in enumerate(views):
        if view.comparison is None:
            continue
        known = _loss_around(view.controls, half, view.comparison.theta)
        if not known:
            _, problem = problem_for(view.controls)
            grid = smooth_loss_grid(problem, view.comparison.theta, half, POINTS)
            while True:
                try:
                    share = next(grid)
                except StopIteration as stop:
                    known.append(stop.value)
                    break
                yield Progress(0.5 + 0.5 * (k + share) / len(views), Picture(views, half, losses))
        losses = [*losses[:k], known[0], *losses[k + 1 :]]
    yield Progress(1.0, Picture(views, half, losses))


@cached(max_entries=64)
def job_for(c: Controls) -> Job[Picture]:
    return Job(work(c))


def of_curves(c: Controls) -> Controls:
    """What the curves depend on: neither on the strength nor on N and seed of the views."""
    family = entry(c.values).family
    return replace(c, N=1000, seed=0, strength=0.0, path=next(iter(family.paths)) if family else "")


@st.cache_resource(max_entries=1, show_spinner=False)
def workers() -> ThreadPoolExecutor:
    """For samples of all sessions: as many as a small machine has processors."""
    return ThreadPoolExecutor(2, thread_name_prefix="convergence")


@cached(max_entries=16)
def curves_for(c: Controls) -> Job[Convergence]:
    named = list(cases(c).values())
    family = entry(c.values).family
    if family is None:
        sample, largest = subsets(c), build(c.values)[1].N
    else:
        sample, largest = fresh_samples(named), 1_000_000
    found = converge(sample, len(named), range(SEEDS), sizes(min(10, largest), largest), workers())
    return Job(Progress(convergence.fraction, convergence) for convergence in found)


def fresh_samples(named: Sequence[Controls]) -> Any:
    """What the page shows at every N and seed."""
    chosen = entry(named[0].values)
    family = chosen.family
    assert family is not None

    def sample(N: int, seed: int) -> Iterator[Problem]:
        draws = family.draws(N, seed)
        for c in named:
            yield chosen.problem(family.sample(N, seed, c.path, c.strength, draws=draws))

    return sample


def subsets(c: Controls) -> Any:
    """Rows of a table, chosen without replacement; their targets as they are, and redrawn."""
    _, problem = build(c.values)

    def sample(N: int, seed: int) -> Iterator[Problem]:
        rng = np.random.default_rng(seed)
        rows = np.sort(rng.choice(problem.N, N, replace=False))
        X = np.ascontiguousarray(problem.X[rows])
        yield replace(problem, X=X, y=problem.y[rows].copy())
        yield replace(problem, X=X, y=redraw(problem, rng)[rows])

    return sample


def wait(c: Controls, job: Job[Picture], curves: Job[Convergence]) -> None:
    """Work on what is not finished, and show it with the next run."""
    if job.done and curves.done:
        return
    stopped = st.session_state.get(f"{SLUG}.stopped") == c
    now = job if not job.done else curves
    what = "the picture" if now is job else "the chart of distances"
    fraction = now.progress.fraction
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(fraction, 1.0), text=f"{fraction:.0%} of {what} is computed")
        label = "Go on" if stopped else "Stop here"
        target = None if stopped else c
        st.button(label, on_click=st.session_state.update, args=({f"{SLUG}.stopped": target},))
    if not stopped:
        now.advance(SLICE)
        run_again()


@cached(max_entries=64)
def packed_views(c: Controls, ready: tuple[bool, ...], _p: Picture) -> bytes:
    panels: dict[str, Spec] = {}
    for k, (view, loss) in enumerate(zip(_p.views, _p.losses, strict=True)):
        panels[f"data {k}"] = view.data
        panels[f"minimum {k}"] = lower_panel(view, _p.half, loss)
    rows = 2 if len(_p.views) > 2 else 1
    return pack_figures(panels, dark=DARK, rows=rows, min_width=230, max_width=460)


def lower_panel(view: View, half: float, loss: Array | None) -> Spec:
    if view.comparison:
        return ellipse_panel(view.comparison, view.names, half, loss)
    assert view.runaway
    return runaway_panel(view.runaway.path, view.names, view.runaway.axes, view.runaway.loss)


def draw(store: Store, c: Controls, p: Picture, curves: Convergence | None) -> None:
    ready = tuple(loss is not None for loss in p.losses)
    chart(packed_views(c, ready, p), key=f"{SLUG}.views", query=store.query)
    st.html(text.sentence(p.views))
    left, right = st.columns([1, 1.15])
    with left:
        st.html(text.table(p.views))
        _say(text.caption(c.problem, p.views))
    with right:
        marks = [
            Mark(view.name.short, view.comparison.N, view.comparison.distance, view.controls == c)
            for view in p.views
            if view.comparison
        ]
        names = [name.short for name in cases(c)]
        panel = convergence_panel(curves, names, marks, correct=correct_case(c))
        chart(
            pack_figures({"distance": panel}, dark=DARK),
            key=f"{SLUG}.curves",
            query=store.query,
            on_click=lambda click: choose_size(store, click),
        )
        _say(text.convergence(curves, names))


def _say(words: str) -> None:
    if words:
        st.html(words)


def choose_size(store: Store, click: Click) -> None:
    """A click in the chart of distances chooses N."""
    if entry(store.values).family:
        low, high = 10, 1_000_000
        store.set(N=round(min(max(click.x, low), high)))

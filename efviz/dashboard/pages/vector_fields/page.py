"""Vector fields: the paper's Figure 1, live."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from efviz.arrays import Array
from efviz.dashboard.components import Frame, chart, pack_figures
from efviz.dashboard.pages.registry import PAGES
from efviz.dashboard.pages.vector_fields import words as text
from efviz.dashboard.pages.vector_fields.script import vector_fields_script
from efviz.dashboard.pages.vector_fields.starts import (
    MOST_STARTS,
    clicked,
    present,
    starts_table,
    touched,
)
from efviz.dashboard.session import data_edits
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.jobs import Job, Progress
from efviz.dashboard.session.own_table_widgets import ready
from efviz.dashboard.session.params import Choice, Flag, Number, Param, Points, Values
from efviz.dashboard.session.pins import Beside, beside, pinnable
from efviz.dashboard.session.problem_choice import (
    Knobs,
    entry,
    path_widgets,
    problem_of,
    problem_params,
    problem_widget,
    table_widgets,
)
from efviz.dashboard.session.share import share
from efviz.dashboard.session.store import Store, run_again
from efviz.dashboard.session.take_along import take_along
from efviz.dashboard.session.working import working
from efviz.datasets.dataset import Dataset
from efviz.fields import Plane, plane_around
from efviz.figures import DARK
from efviz.figures.player import Directions, with_player
from efviz.figures.theme import Spec
from efviz.figures.vector_fields import vector_field_panels
from efviz.optimizers import Runs, Trajectory
from efviz.problems import Problem
from efviz.studies.alignment import path_directions
from efviz.studies.field_comparison import FieldComparison, compare_fields

SLUG = "vector-fields"
TITLE = PAGES[SLUG].title
METHODS = ("GD", "NGD", "EFGD")
RECORDED = 160
FINE = 31
SLICE = 0.4
"""Recorded steps of a trajectory, the grid of contours and cosines, seconds of work between two
pictures."""


def _drawable(rows: tuple[tuple[float, ...], ...]) -> str:
    (x0, x1, y0, y1) = rows[0]
    if not (x0 < x1 and y0 < y1):
        return "needs lower limits below upper ones"
    # Browsers draw with float32: a narrower plane would show its steps.
    if any(high - low < 1e-4 * max(abs(low), abs(high)) for low, high in ((x0, x1), (y0, y1))):
        return "is narrower than 1/10,000 of its distance from 0, too fine to be drawn"
    return ""


def _setting(name: str, index: int | None = None) -> Callable[[Values], Any]:
    """The default that the chosen problem brings along."""

    def default(values: Values) -> Any:
        value = getattr(entry(values).settings, name)
        return value if index is None else value[index]

    return default


def _scale(method: str, query: str) -> Param:
    kind = Number(1e-9, 1e9, zero=True)
    default = _setting("scales", METHODS.index(method))
    return Param(f"scale_{method}", query, f"Scale of {method}", kind, default)


def _lengths(values: Values) -> str:
    return "unit" if entry(values).settings.unit_length else "true"


def _n_starts(values: Values) -> int:
    return len(values["starts"] or entry(values).settings.starts)


_STEPS = Number(10, 50_000, integer=True)
_PER_SIDE = Number(5, 31, integer=True)
_LENGTHS = Choice(lambda _: ("true", "unit"))

PARAMS: tuple[Param, ...] = pinnable(
    *problem_params("fig1"),
    Param("damping", "damping", "Damping λ", Number(1e-10, 1e10, zero=True), _setting("damping")),
    Param("step_size", "step", "Step size γ", Number(1e-10, 1e10), _setting("step_size")),
    Param("n_steps", "steps", "Steps", _STEPS, _setting("n_steps")),
    Param("starts", "starts", "Starts", Points(2, MOST_STARTS), lambda _: ()),
    Param("density", "grid", "Arrows per side", _PER_SIDE, lambda _: 15),
    _scale("GD", "gd"),
    _scale("NGD", "ngd"),
    _scale("EFGD", "ef"),
    Param("lengths", "arrows", "Arrow lengths", _LENGTHS, _lengths),
    Param("cosines", "cos", "Colour by cos(NGD, EFGD)", Flag(), lambda _: False),
    Param("limits", "plane", "Plane limits", Points(4, 1, _drawable), lambda _: ()),
    Param("play", "play", "Player", Flag(), lambda _: False),
    Param("at", "at", "Iteration", Number(0, lambda v: v["n_steps"], integer=True), lambda _: 0),
    Param("of", "of", "Start followed", Number(1, _n_starts, integer=True), lambda _: 1),
)

KEPT = ("N", "seed", "density", "cosines", "play", "editing")
"""What a change of the problem leaves as it is."""


@dataclass(frozen=True)
class Controls(Knobs):
    """All that the numbers of the picture depend on: the key of the cache."""

    damping: float
    step_size: float
    n_steps: int
    starts: tuple[tuple[float, float], ...]
    density: int
    scale_GD: float
    scale_NGD: float
    scale_EFGD: float
    limits: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, eq=False)
class Picture:
    """What is drawn: everything but how."""

    controls: Controls
    dataset: Dataset
    problem: Problem
    fields: FieldComparison
    scales: dict[str, float]
    starts: Array
    trajectories: dict[str, Trajectory]


def main() -> None:
    store = Store(SLUG, PARAMS)
    header(store)
    store.show_remarks()
    live()
    text.equations(store.values["problem"])


def header(store: Store) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="header"):
        st.title(TITLE, anchor=False)
        st.button("Paper Fig. 1, as made", on_click=_preset, args=(store, 1e-3), type="tertiary")
        st.button("as printed", on_click=_preset, args=(store, 1e-4), type="tertiary")
        share(store)


def _preset(store: Store, step_size: float) -> None:
    store.reset(problem="fig1", step_size=step_size)


@st.fragment
def live() -> None:
    """Sliders and picture: a fragment, so that a moved slider sends nothing but these."""
    store = Store(SLUG, PARAMS)
    controls(store)
    if not ready(store):
        return
    c = Controls.of(store.values)
    job = job_for(c)
    progress = job.progress if job.progress.result else job.advance(SLICE)
    directions = None
    waits: Job[Any] = job
    seen: Progress[Any] = progress
    pinned = Beside()
    if store.values["play"] and progress.complete and progress.result is not None:
        waits = directions_job(c, followed(store, progress.result), progress.result)
        seen = waits.progress if waits.done else waits.advance(SLICE)
        directions = seen.result
    if progress.result is not None:
        pinned = draw(store, progress, directions)
    # Asked of what was drawn: another session may have finished the work meanwhile.
    if not seen.complete:
        wait(waits, c)
    else:
        pinned.go_on()


def controls(store: Store) -> None:
    problem, path, strength, damping, step_size = st.columns([1.25, 1, 1, 1, 1])
    with problem:
        problem_widget(store, lambda key: store.reset(KEPT, problem=key))
    path_widgets(store, path, strength)
    with damping:
        store.slider("damping", step=0.25, log=True, help=text.DAMPING)
    with step_size:
        store.slider("step_size", step=0.125, log=True, bounds=(1e-6, 1e2), help=text.STEP_SIZE)
    table_widgets(store)


@cached
def job_for(c: Controls) -> Job[Picture]:
    return Job(work(c))


Fields = tuple[Dataset, Problem, FieldComparison]


def fields_job(c: Controls) -> Job[Fields]:
    """The fields, which are the same wherever the starts are dragged to."""
    same = replace(c, starts=(), step_size=0.0, n_steps=0)
    return _fields_job(replace(same, scale_GD=0.0, scale_NGD=0.0, scale_EFGD=0.0))


@cached
def _fields_job(c: Controls) -> Job[Fields]:
    return Job(fields_work(c))


def fields_work(c: Controls) -> Iterator[Progress[Fields]]:
    dataset, problem = problem_of(c.knobs)
    comparison = compare_fields(
        problem, METHODS, plane_of(c, problem), density=c.density, fine=FINE, damping=c.damping
    )
    try:
        while True:
            yield Progress(next(comparison), None)
    except StopIteration as stop:
        yield Progress(1.0, (dataset, problem, stop.value))


def work(c: Controls) -> Iterator[Progress[Picture]]:
    """Fields first, then the trajectories as far as they have come."""
    before = fields_job(c)
    # Both halves of the work in evaluations of all examples.
    for_fields = 3 * (c.density**2 + FINE**2)
    share = for_fields / (for_fields + len(METHODS) * _n_starts(c.values) * c.n_steps)
    while before.progress.result is None:
        yield Progress(share * before.advance(0.05).fraction, None)
    dataset, problem, found = before.progress.result
    starts = np.array(c.starts) if c.starts else found.plane.place(entry(c.values).settings.starts)
    scales = scales_of(c, found)
    runs = {
        name: Runs(
            problem, name, starts, step_size=c.step_size * scales[name], damping=c.damping,
            n_steps=c.n_steps, record=RECORDED,
        )
        for name in METHODS
    }  # fmt: skip

    def picture() -> Picture:
        paths = {name: run.trajectory() for name, run in runs.items()}
        return Picture(c, dataset, problem, found, scales, starts, paths)

    while any(run.fraction < 1 for run in runs.values()):
        for run in runs.values():
            run.advance(0.05)
        done = sum(run.fraction for run in runs.values()) / len(runs)
        yield Progress(share + (1 - share) * done, picture())
    yield Progress(1.0, picture())


def scales_of(c: Controls, fields: FieldComparison) -> dict[str, float]:
    """The relative scales; where 0, the one digit that makes typical updates as long as NGD's."""
    scales = {}
    for name in METHODS:
        scale = getattr(c, f"scale_{name}")
        if not scale:
            scale = fields.typical_length("NGD") / fields.typical_length(name)
            scale = float(f"{scale:.0e}") if 0 < scale < np.inf else 1.0
        scales[name] = scale
    return scales


def plane_of(c: Controls, problem: Problem) -> Plane:
    if c.limits:
        x0, x1, y0, y1 = c.limits[0]
        return Plane((x0, x1), (y0, y1))
    settings = entry(c.values).settings
    home = Plane(*settings.plane) if settings.plane else None
    return plane_around(problem, home, settings.reach)


def followed(store: Store, p: Picture) -> int:
    """The number of the start whose steps the player takes apart."""
    return min(int(store.values["of"]), len(p.starts))


@cached
def directions_job(c: Controls, start: int, _p: Picture) -> Job[Directions]:
    return Job(directions_work(c, start, _p))


def directions_work(c: Controls, start: int, p: Picture) -> Iterator[Progress[Directions]]:
    """The directions of all methods along the path of each from one start."""
    paths = np.stack([t.thetas[start - 1] for t in p.trajectories.values()])
    along = path_directions(p.problem, METHODS, paths, damping=c.damping)
    try:
        while True:
            yield Progress(next(along), None)
    except StopIteration as stop:
        found = stop.value
    rows = {
        path: {name: values[i] for name, values in found.items()}
        for i, path in enumerate(p.trajectories)
    }
    yield Progress(1.0, rows)


def wait(job: Job[Any], c: Controls) -> None:
    """Work on, and show it with the next run; who has enough of it keeps what there is.

    The work comes after the drawing: what a run sends is lost if the next one begins at once.
    """
    if working(f"{SLUG}.work", c, job.progress.fraction, "of the work is done"):
        job.advance(SLICE)
        run_again()


@cached
def packed(
    c: Controls,
    fraction: float,
    unit_length: bool,
    show_cosines: bool,
    editing: bool,
    followed: int,
    apart: bool,
    _p: Picture,
    _directions: Directions | None,
) -> bytes:
    """The panels as bytes; `followed` is 0 without a player, `apart` tells of directions."""
    panels = panels_of(_p, unit_length, show_cosines, editing, followed, _directions)
    return pack_figures(panels, dark=DARK, min_width=230)


def panels_of(
    p: Picture,
    unit_length: bool,
    show_cosines: bool,
    editing: bool,
    followed: int = 0,
    directions: Directions | None = None,
) -> dict[str, Spec]:
    panels = vector_field_panels(
        p.dataset,
        p.problem,
        p.fields,
        p.trajectories,
        p.starts,
        scales=p.scales,
        unit_length=unit_length,
        show_cosines=show_cosines,
        editing=editing,
    )
    if not followed:
        return panels
    return with_player(
        panels,
        p.problem,
        p.trajectories,
        scales=p.scales,
        start=followed,
        directions=directions,
    )


def draw(store: Store, progress: Progress[Picture], directions: Directions | None) -> Beside:
    p, values = progress.result, store.values
    assert p is not None
    style = values["lengths"] == "unit", values["cosines"], values["editing"]
    of = followed(store, p)
    player = (of, directions is not None) if values["play"] else (0, False)
    with beside(store, pinned_picture) as pinned:
        chart(
            packed(p.controls, steps_done(p), *style, *player, p, directions),
            key=f"{SLUG}.chart",
            query=store.query,
            on_click=lambda click: clicked(store, p, click),
            on_touch=lambda touch: touched(store, p, touch),
            frame=Frame(values["at"], of),
            on_frame=lambda frame: keep_frame(store, p, frame),
        )
    st.html(
        text.sentence(p.problem, p.fields, p.trajectories, p.controls.n_steps)
        + text.table(p.starts, p.trajectories, p.problem)
    )
    take_along(
        f"{SLUG}.chart",
        SLUG,
        lambda: panels_of(p, *style),
        lambda: code(values, p),
        complete=progress.complete,
    )
    with st.container(horizontal=True, gap="large"):
        store.toggle("play", help=text.PLAY, on_change=lambda on: store.set(play=on, at=0, of=1))
        store.toggle("cosines", help=text.COSINES)
        data_edits.toggle(store)
    data_edits.editor(store)
    more(store, p)
    return pinned


def pinned_picture(values: Values) -> tuple[bytes | None, bool]:
    c = Controls.of(values)
    job = job_for(c)
    progress = job.progress if job.done else job.advance(SLICE)
    p = progress.result
    if p is None:
        return None, False
    style = values["lengths"] == "unit", values["cosines"]
    drawn = packed(c, steps_done(p), *style, False, 0, False, p, None)
    return drawn, progress.complete


def steps_done(p: Picture) -> float:
    return float(min(t.steps_done.min(initial=0) for t in p.trajectories.values()))


def code(values: Values, p: Picture) -> str:
    return vector_fields_script(
        TITLE, SLUG, values, methods=METHODS, plane=p.fields.plane, starts=p.starts,
        scales=p.scales, fine=FINE, record=RECORDED,
    )  # fmt: skip


def keep_frame(store: Store, p: Picture, frame: Frame) -> None:
    """Where the player came to rest belongs into the link."""
    at = min(frame.at, int(store.values["n_steps"]))
    store.set(at=at, of=min(frame.of, len(present(store, p))))


def more(store: Store, p: Picture) -> None:
    with st.expander(
        "More settings: data, starts, arrows, plane", on_change="rerun", key=f"{SLUG}.more"
    ) as box:
        if not box.open:
            return
        left, middle, right = st.columns(3)
        with left:
            if entry(store.values).family:
                store.slider("N", step=0.25, log=True)
                store.number("seed", step=1)
            store.slider("n_steps", step=0.25, log=True)
        with middle:
            store.slider("density", step=1)
            store.choice("lengths", segmented=True)
            for name, column in zip(METHODS, st.columns(3), strict=True):
                with column:
                    used = (
                        f"In use: {p.scales[name]:.3g}. 0 makes typical updates as long as NGD's."
                    )
                    store.number(f"scale_{name}", format="%.4g", help=used)
        with right:
            starts_table(store, p)
            limits(store, p)


def limits(store: Store, p: Picture) -> None:
    """The plane: automatic, or four numbers."""
    first, second = p.problem.parameter_names
    given = bool(store.values["limits"])
    plane = p.fields.plane
    corners = (*plane.x, *plane.y)
    if st.toggle("Plane limits of my own", value=given) != given:
        store.set(limits=() if given else (corners,))
        run_again()
    if not given:
        return
    names = (f"{first} from", f"{first} to", f"{second} from", f"{second} to")
    columns = st.columns(2)
    numbers = [
        columns[i % 2].number_input(name, value=float(value), format="%.4g", key=f"{SLUG}.limit{i}")
        for i, (name, value) in enumerate(zip(names, corners, strict=True))
    ]
    wrong = _drawable((tuple(numbers),))
    if wrong:
        st.warning(f"The plane {wrong}; the last valid plane is shown.")
    elif tuple(numbers) != corners:
        store.set(limits=(tuple(numbers),))
        run_again()

"""Vector fields: the paper's Figure 1, live."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from efviz.dashboard.components import Frame, chart
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
from efviz.dashboard.pages.vector_fields.views import (
    FINE,
    METHODS,
    RECORDED,
    SLICE,
    Controls,
    Picture,
    directions_job,
    job_for,
    n_starts,
    packed,
    panels_of,
    steps_done,
)
from efviz.dashboard.session import data_edits
from efviz.dashboard.session.jobs import Job, Snapshot
from efviz.dashboard.session.own_table_widgets import ready
from efviz.dashboard.session.params import Choice, Flag, Number, Param, Points, Values
from efviz.dashboard.session.pins import Beside, beside, pinnable
from efviz.dashboard.session.problem_choice import (
    entry,
    path_widgets,
    problem_params,
    problem_widget,
    table_widgets,
)
from efviz.dashboard.session.share import share
from efviz.dashboard.session.store import Store, run_again
from efviz.dashboard.session.take_along import take_along
from efviz.dashboard.session.working import working
from efviz.figures.player import Directions
from efviz.numbers import number

SLUG = "vector-fields"
TITLE = PAGES[SLUG].title


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
    Param("of", "of", "Start followed", Number(1, n_starts, integer=True), lambda _: 1),
)

KEPT = ("N", "seed", "density", "cosines", "play", "editing")
"""What a change of the problem leaves as it is."""


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
    seen: Snapshot[Any] = progress
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


def followed(store: Store, p: Picture) -> int:
    """The number of the start whose steps the player takes apart."""
    return min(int(store.values["of"]), len(p.starts))


def wait(job: Job[Any], c: Controls) -> None:
    """Work on, and show it with the next run; who has enough of it keeps what there is.

    The work comes after the drawing: what a run sends is lost if the next one begins at once.
    """
    if working(f"{SLUG}.work", c, job.progress.fraction, "of the work is done"):
        job.advance(SLICE)
        run_again()


def draw(store: Store, progress: Snapshot[Picture], directions: Directions | None) -> Beside:
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
                    used = number(p.scales[name])
                    store.number(
                        f"scale_{name}",
                        format="%.4g",
                        help=f"In use: {used}. 0 makes typical updates as long as NGD's.",
                    )
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

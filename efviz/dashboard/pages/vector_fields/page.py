"""Vector fields: the paper's Figure 1, live."""

from typing import Any

import streamlit as st

from efviz.dashboard.components import Frame, chart
from efviz.dashboard.pages.registry import PAGES
from efviz.dashboard.pages.vector_fields import words as text
from efviz.dashboard.pages.vector_fields.script import vector_fields_script
from efviz.dashboard.pages.vector_fields.settings import METHODS, VectorFieldsSettings, undrawable
from efviz.dashboard.pages.vector_fields.starts import (
    clicked,
    present,
    starts_table,
    touched,
)
from efviz.dashboard.pages.vector_fields.views import (
    FINE,
    RECORDED,
    SLICE,
    Controls,
    Picture,
    directions_job,
    job_for,
    packed,
    panels_of,
    steps_done,
)
from efviz.dashboard.session import data_edits
from efviz.dashboard.session.jobs import Job, Progress
from efviz.dashboard.session.own_table_widgets import ready
from efviz.dashboard.session.pins import Beside, beside
from efviz.dashboard.session.problem_settings import entry
from efviz.dashboard.session.problem_widgets import path_widgets, table_widgets
from efviz.dashboard.session.share import share
from efviz.dashboard.session.store import Store, run_again
from efviz.dashboard.session.take_along import take_along
from efviz.dashboard.session.widgets import show
from efviz.dashboard.session.working import working
from efviz.figures.player import Directions

SLUG = "vector-fields"
TITLE = PAGES[SLUG].title
SETTINGS = VectorFieldsSettings


def main() -> None:
    store = Store(SLUG, SETTINGS)
    header(store)
    store.show_remarks()
    live()
    text.equations(store.settings.problem)


def header(store: Store[VectorFieldsSettings]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="header"):
        st.title(TITLE, anchor=False)
        st.button("Paper Fig. 1, as made", on_click=_preset, args=(store, 1e-3), type="tertiary")
        st.button("as printed", on_click=_preset, args=(store, 1e-4), type="tertiary")
        share(store)


def _preset(store: Store[VectorFieldsSettings], step_size: float) -> None:
    store.reset(problem="fig1", step_size=step_size)


@st.fragment
def live() -> None:
    """Sliders and picture: a fragment, so that a moved slider sends nothing but these."""
    store = Store(SLUG, SETTINGS)
    controls(store)
    if not ready(store):
        return
    c = Controls.of(store.settings)
    job = job_for(c)
    progress = job.progress if job.progress.result else job.advance(SLICE)
    directions = None
    waits: Job[Any] = job
    seen: Progress[Any] = progress
    pinned = Beside()
    if store.settings.play and progress.complete and progress.result is not None:
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


def controls(store: Store[VectorFieldsSettings]) -> None:
    problem, path, strength, damping, step_size = st.columns([1.25, 1, 1, 1, 1])
    with problem:
        show(store, "problem")
    path_widgets(store, path, strength)
    with damping:
        show(store, "damping")
    with step_size:
        show(store, "step_size")
    table_widgets(store)


def followed(store: Store[VectorFieldsSettings], p: Picture) -> int:
    """The number of the start whose steps the player takes apart."""
    return min(int(store.settings.followed), len(p.starts))


def wait(job: Job[Any], c: Controls) -> None:
    """Work on, and show it with the next run; who has enough of it keeps what there is.

    The work comes after the drawing: what a run sends is lost if the next one begins at once.
    """
    if working(f"{SLUG}.work", c, job.progress.fraction, "of the work is done"):
        job.advance(SLICE)
        run_again()


def draw(
    store: Store[VectorFieldsSettings], progress: Progress[Picture], directions: Directions | None
) -> Beside:
    p, settings = progress.result, store.settings
    assert p is not None
    style = settings.lengths == "unit", settings.cosines, settings.editing
    of = followed(store, p)
    player = (of, directions is not None) if settings.play else (0, False)
    with beside(store, pinned_picture) as pinned:
        chart(
            packed(p.controls, steps_done(p), *style, *player, p, directions),
            key=f"{SLUG}.chart",
            query=store.query,
            on_click=lambda click: clicked(store, p, click),
            on_touch=lambda touch: touched(store, p, touch),
            frame=Frame(settings.at, of),
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
        lambda: code(settings, p),
        complete=progress.complete,
    )
    with st.container(horizontal=True, gap="large"):
        show(store, "play")
        show(store, "cosines")
        show(store, "editing")
    data_edits.editor(store)
    more(store, p)
    return pinned


def pinned_picture(settings: VectorFieldsSettings) -> tuple[bytes | None, bool]:
    c = Controls.of(settings)
    job = job_for(c)
    progress = job.progress if job.done else job.advance(SLICE)
    p = progress.result
    if p is None:
        return None, False
    style = settings.lengths == "unit", settings.cosines
    drawn = packed(c, steps_done(p), *style, False, 0, False, p, None)
    return drawn, progress.complete


def code(settings: VectorFieldsSettings, p: Picture) -> str:
    return vector_fields_script(
        TITLE, SLUG, settings, methods=METHODS, plane=p.fields.plane, starts=p.starts,
        scales=p.scales, fine=FINE, record=RECORDED,
    )  # fmt: skip


def keep_frame(store: Store[VectorFieldsSettings], p: Picture, frame: Frame) -> None:
    """Where the player came to rest belongs into the link."""
    at = min(frame.at, int(store.settings.n_steps))
    store.set(at=at, followed=min(frame.of, len(present(store, p))))


def more(store: Store[VectorFieldsSettings], p: Picture) -> None:
    with st.expander(
        "More settings: data, starts, arrows, plane", on_change="rerun", key=f"{SLUG}.more"
    ) as box:
        if not box.open:
            return
        left, middle, right = st.columns(3)
        with left:
            if entry(store.settings).family:
                show(store, "N", "seed")
            show(store, "n_steps")
        with middle:
            show(store, "density", "lengths")
            for name, column in zip(METHODS, st.columns(3), strict=True):
                with column:
                    show(store, f"scale_{name}")
            used = (f"{name} {scale:.3g}" for name, scale in p.scales.items())
            st.caption(f"In use: {', '.join(used)}.")
        with right:
            starts_table(store, p)
            limits(store, p)


def limits(store: Store[VectorFieldsSettings], p: Picture) -> None:
    """The plane: automatic, or four numbers."""
    first, second = p.problem.parameter_names
    given = bool(store.settings.limits)
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
    wrong = undrawable((tuple(numbers),))
    if wrong:
        st.warning(f"The plane {wrong}; the last valid plane is shown.")
    elif tuple(numbers) != corners:
        store.set(limits=(tuple(numbers),))
        run_again()

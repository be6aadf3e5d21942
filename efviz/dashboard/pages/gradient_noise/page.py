"""Gradient noise: section 5 of the paper, Eqs. 18 and 19, live."""

from typing import Any

import numpy as np
import streamlit as st

from efviz.dashboard.components import Click, chart, pack_figures
from efviz.dashboard.pages.gradient_noise import words as text
from efviz.dashboard.pages.gradient_noise.script import gradient_noise_script
from efviz.dashboard.pages.gradient_noise.settings import GradientNoiseSettings
from efviz.dashboard.pages.gradient_noise.views import (
    Controls,
    Picture,
    Runs,
    picture_job,
    runs_job,
)
from efviz.dashboard.pages.registry import PAGES
from efviz.dashboard.session import data_edits
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.jobs import Job, Snapshot
from efviz.dashboard.session.own_table_widgets import ready
from efviz.dashboard.session.pins import Beside, beside
from efviz.dashboard.session.problem_choice import examples, problem_of
from efviz.dashboard.session.problem_settings import entry
from efviz.dashboard.session.problem_widgets import path_widgets, table_widgets
from efviz.dashboard.session.share import share
from efviz.dashboard.session.store import Store, run_again
from efviz.dashboard.session.take_along import take_along
from efviz.dashboard.session.theta_choice import choose_theta, theta_sliders
from efviz.dashboard.session.widgets import show
from efviz.dashboard.session.working import let_paint, stopped, work, working
from efviz.figures import DARK
from efviz.figures.data_views import data_panel
from efviz.figures.gradient_noise import cloud_panel, error_panel, runs_panel, theta_panel
from efviz.figures.theme import Spec
from efviz.numbers import number

SLUG = "gradient-noise"
TITLE = PAGES[SLUG].title
SETTINGS = GradientNoiseSettings
SLICE, FIRST = 0.15, 0.02
"""Seconds of work between two pictures, and on the runs before the first one."""
DATA = 4
"""The panel of the data, there while they are edited."""
HELD, WORK = f"{SLUG}.runs", f"{SLUG}.work"
"""In the session: the last runs that were shown, and whether the work goes on."""


def main() -> None:
    store = Store(SLUG, SETTINGS)
    with st.container(horizontal=True, vertical_alignment="bottom", key="header"):
        st.title(TITLE, anchor=False)
        for label, B in (("B = 1 (Eq. 19)", 1), ("B = 16", 16), ("B = 256", 256)):
            st.button(label, on_click=choose_batch, args=(store, B), type="tertiary")
        share(store)
    store.show_remarks()
    live()
    text.equations()


@st.fragment
def live() -> None:
    """Sliders and picture: a fragment, so that a moved slider sends nothing but these."""
    store = Store(SLUG, SETTINGS)
    controls(store)
    if not ready(store):
        return
    c = Controls.of(store.settings)
    job, runs = picture_job(c.at_theta), runs_job(c)
    at_theta = job.progress if job.progress.result else job.advance(SLICE)
    picture = at_theta.result
    assert picture
    with st.container(key=f"{SLUG}-theta"):
        theta_sliders(
            store, picture.plane, picture.theta, picture.problem.parameter_names, help=text.THETA
        )
    if runs.progress.result is None and HELD not in st.session_state:
        runs.advance(FIRST)
    so_far = runs.progress
    pinned = draw(store, c, picture, so_far)
    # Asked of what was drawn: another session may have finished the work meanwhile.
    if not (at_theta.complete and so_far.complete):
        wait(c, job, runs)
    else:
        pinned.go_on()


def controls(store: Store[GradientNoiseSettings]) -> None:
    problem, path, strength, batch, step = st.columns([1.25, 1, 1, 1, 1])
    with problem:
        show(store, "problem")
    path_widgets(store, path, strength)
    with batch:
        show(store, "batch_size")
    with step:
        show(store, "step_size")
    table_widgets(store)


def choose_batch(store: Store[GradientNoiseSettings], batch_size: float) -> None:
    store.set(batch_size=round(min(max(batch_size, 1), examples(store.settings))))


def draw(
    store: Store[GradientNoiseSettings], c: Controls, p: Picture, so_far: Snapshot[Runs]
) -> Beside:
    """The picture at once; runs that have hardly begun give way to those that were there before."""
    runs, fraction, of = so_far.result, so_far.fraction, c
    before = st.session_state.get(HELD)
    early = fraction < 0.25 and not stopped(WORK, c)
    if early and before and before[0].problem == c.problem:
        of, fraction, runs = before
    elif runs:
        st.session_state[HELD] = (c, fraction, runs)
    editing = store.settings.editing
    with beside(store, pinned_picture) as pinned:
        chart(
            packed(c.at_theta, p.loss is not None, of, fraction, editing, p, runs),
            key=f"{SLUG}.chart",
            query=store.query,
            on_click=lambda click: clicked(store, p, click),
            on_touch=lambda touch: data_edits.touched(store, touch),
        )
    let_paint(f"{SLUG}.painted", (c, editing))
    st.html(text.sentence(p, c, runs if of == c else None))
    take_along(
        f"{SLUG}.chart",
        SLUG,
        lambda: panels_of(c.at_theta, p, runs, editing=editing),
        lambda: gradient_noise_script(TITLE, SLUG, c, p, editing=editing),
        complete=of == c and fraction == 1 and p.loss is not None,
    )
    show(store, "editing")
    data_edits.editor(store)
    more(store, c, runs)
    for table, box in zip(
        text.tables(p, runs if of == c else None), st.columns([1, 1.4]), strict=True
    ):
        if table:
            box.html(table)
    return pinned


def pinned_picture(settings: GradientNoiseSettings) -> tuple[bytes | None, bool]:
    c = Controls.of(settings)
    job, runs = picture_job(c.at_theta), runs_job(c)
    at_theta = job.progress if job.done else job.advance(SLICE)
    found = runs.progress if runs.done else runs.advance(SLICE)
    p = at_theta.result
    if p is None:
        return None, False
    drawn = packed(c.at_theta, p.loss is not None, c, found.fraction, False, p, found.result)
    return drawn, at_theta.complete and found.complete


@cached
def packed(
    c: Controls,
    contours: bool,
    of: Controls,
    fraction: float,
    editing: bool,
    _p: Picture,
    _runs: Runs | None,
) -> bytes:
    """`of` and `fraction` say which runs are drawn, and how far they have come."""
    panels = panels_of(c, _p, _runs, editing=editing)
    width = 230 if len(panels) == DATA else 290
    return pack_figures(panels, dark=DARK, min_width=width, smallest=220)


def panels_of(
    c: Controls, p: Picture, runs: Runs | None, *, editing: bool = False
) -> dict[str, Spec]:
    """Edited data are seen in a panel of their own, the last."""
    names = p.problem.parameter_names
    minimum = p.problem.minimum
    lowest = minimum.loss if minimum.exists else None
    panels = {
        "theta": theta_panel(
            p.plane, p.loss, lowest, p.theta, minimum.theta if minimum.exists else None,
            p.directions, names,
        ),
        "gradients": cloud_panel(
            p.noise, p.gradients, p.minibatches, p.factor, c.batch_size, names
        ),
        "errors": error_panel(
            p.sizes, p.errors, c.batch_size, float(p.noise.gradient @ p.noise.gradient)
        ),
        "runs": runs_panel(
            runs.result if runs else None,
            runs.lowest if runs else 0.0,
            runs.n_examples if runs else c.n_steps * c.batch_size,
            title=f"Loss {runs.above}" if runs else "Loss",
        ),
    }  # fmt: skip
    if editing or c.edits:
        panels["data"] = data_panel(*problem_of(c.knobs), editing=editing)
    return panels


def clicked(store: Store[GradientNoiseSettings], p: Picture, click: Click) -> None:
    """In the contours a click moves theta, in the chart of errors it chooses the batch size.

    In the data it is a new example.
    """
    if click.panel == 0:
        choose_theta(store, p.plane, np.array([click.x, click.y]))
    elif click.panel == 2:
        choose_batch(store, click.x)
    elif click.panel == DATA:
        data_edits.clicked(store, click)


def more(store: Store[GradientNoiseSettings], c: Controls, runs: Runs | None) -> None:
    with st.expander(
        "More settings: data, runs, scales", on_change="rerun", key=f"{SLUG}.more"
    ) as box:
        if not box.open:
            return
        left, middle, right = st.columns(3)
        with left:
            if entry(store.settings).family:
                show(store, "N", "seed")
            show(store, "sampling")
        with middle:
            show(store, "n_steps", "seeds", "damping")
        with right:
            show(store, "scale_EFSGD", "scale_RMS")
            if runs:
                used = (f"{name} {number(runs.scales[name])}" for name in ("EFSGD", "RMS"))
                st.caption(f"In use: {', '.join(used)}.")
            if c.theta:
                st.button("θ of the start", on_click=store.set, kwargs={"theta": ()})


def wait(c: Controls, job: Job[Picture], runs: Job[Runs]) -> None:
    """Work on what is not finished, and show it with the next run."""
    now: Job[Any] = job if not job.done else runs
    what = "the contours" if now is job else "the runs"
    if working(WORK, c, now.progress.fraction, f"of {what} is computed"):
        work(WORK, c, now, SLICE)
        run_again()

"""Four matrices at one theta: H, G, F and EF, sections 1, 3 and 4.1 of the paper, live."""

from typing import Any

import numpy as np
import streamlit as st

from efviz.dashboard.components import Click, Touch, chart, pack_figures
from efviz.dashboard.pages.matrices import closer
from efviz.dashboard.pages.matrices import words as text
from efviz.dashboard.pages.matrices.labels import Drawn, draw_labels, pack_cells
from efviz.dashboard.pages.matrices.script import cells_script, terms_script, views_script
from efviz.dashboard.pages.matrices.settings import MatricesSettings, PictureSettings
from efviz.dashboard.pages.matrices.views import (
    Controls,
    Example,
    Picture,
    example_at,
    picture_job,
)
from efviz.dashboard.pages.registry import PAGES
from efviz.dashboard.session import data_edits
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.jobs import Job
from efviz.dashboard.session.own_table_widgets import ready
from efviz.dashboard.session.pins import Beside, beside
from efviz.dashboard.session.problem_choice import Knobs, last_example, problem_of
from efviz.dashboard.session.problem_widgets import path_widgets, table_widgets
from efviz.dashboard.session.share import share
from efviz.dashboard.session.store import Store, run_again
from efviz.dashboard.session.take_along import take_along
from efviz.dashboard.session.theta_choice import choose_theta, theta_sliders
from efviz.dashboard.session.widgets import show
from efviz.dashboard.session.working import let_paint, work, working
from efviz.datasets.dataset import number_of, row_of
from efviz.figures import DARK
from efviz.figures.data_points import nearest_example
from efviz.figures.data_views import data_panel
from efviz.figures.matrices import cell_panels, level_sets_panel, spectra_panel
from efviz.figures.theme import Spec

SLUG = "four-matrices"
TITLE = PAGES[SLUG].title
SETTINGS = MatricesSettings
WORK = f"{SLUG}.work"
SLICE, FIRST, PINNED = 0.25, 0.15, 0.06
"""Seconds of work between two pictures, for the first one, and for one that is pinned: the page
waits for these."""

PRESETS: dict[str, dict[str, Any]] = {
    "All probabilities 1/2": {"problem": "fig2", "theta": ((0.0, 0.0),)},
    "Nonlinear: G is not H": {"problem": "saturation"},
    "Three classes": {"problem": "softmax"},
}


def main() -> None:
    store = Store(SLUG, SETTINGS)
    header(store)
    store.show_remarks()
    live()
    text.equations()


def header(store: Store[MatricesSettings]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="header"):
        st.title(TITLE, anchor=False)
        st.button("At the minimum", on_click=to_minimum, args=(store,), type="tertiary")
        for label, values in PRESETS.items():
            st.button(label, on_click=keep, args=(store, values), type="tertiary")
        share(store)


def keep(store: Store[MatricesSettings], values: dict[str, Any]) -> None:
    """Another problem: what it leaves as it is stays."""
    store.put(store.settings.kept(**values))


def to_minimum(store: Store[MatricesSettings]) -> None:
    """θ* of the problem at hand; without one a sentence says why θ stays."""
    try:
        _, problem = problem_of(Knobs.of(store.settings))
    except (ValueError, KeyError):
        store.say("There is no table yet, and so no minimum.")
        return
    if problem.minimum.exists:
        store.set(theta=(tuple(float(value) for value in problem.theta_star),))
    else:
        store.say(problem.minimum.reason)


@st.fragment
def live() -> None:
    """Sliders and pictures: a fragment, so that a moved slider sends nothing but these."""
    store = Store(SLUG, SETTINGS)
    controls(store)
    if not ready(store):
        return
    c = Controls.of(store.settings)
    job = picture_job(c)
    at_theta = job.progress if job.progress.result else job.advance(FIRST)
    picture = at_theta.result
    assert picture
    settings = store.settings
    row = row_of(picture.dataset, settings.example)
    e = example_at(c, row, settings.step_size, settings.damping)
    with st.container(key=f"{SLUG}-theta"):
        (box,) = theta_sliders(
            store,
            picture.plane,
            picture.theta,
            picture.problem.parameter_names,
            help=text.THETA,
            columns=(1, 1, 1),
        )
        with box:
            show(store, "example")
    pinned = draw(store, c, picture, row)
    draw_example(store, c, picture, e)
    labels = draw_labels(store, c, picture, TITLE)
    unfinished = wait(c, [("the contours", job, at_theta), *labels])
    draw_closer(store, c, picture)
    if unfinished:
        work(WORK, c, unfinished, SLICE)
        run_again()
    pinned.go_on()


def controls(store: Store[MatricesSettings]) -> None:
    problem, path, strength = st.columns(3)
    with problem:
        show(store, "problem")
    path_widgets(store, path, strength)
    table_widgets(store)


def draw(store: Store[MatricesSettings], c: Controls, p: Picture, row: int) -> Beside:
    """Data, level sets and spectra; the matrices with their numbers; what they say."""
    editing = store.settings.editing
    with beside(store, pinned_picture) as pinned:
        chart(
            packed(c, row, editing, p.loss is not None, p),
            key=f"{SLUG}.chart",
            query=store.query,
            on_click=lambda click: clicked(store, p, click),
            on_touch=lambda touch: touched(store, touch),
        )
    let_paint(f"{SLUG}.painted", (c, row, editing))
    take_along(
        f"{SLUG}.chart",
        SLUG,
        lambda: panels_of(row, editing, p),
        lambda: views_script(TITLE, SLUG, c, p, row, editing=editing),
        complete=p.loss is not None,
    )
    show(store, "editing")
    data_edits.editor(store)
    chart(packed_matrices(c, p), key=f"{SLUG}.cells", query=store.query)
    st.html(text.sentence(p))
    name = f"{SLUG}-cells"
    take_along(
        f"{SLUG}.cells", name, lambda: matrix_panels(p), lambda: cells_script(TITLE, name, c, p)
    )
    st.html(text.table(p))
    return pinned


def pinned_picture(settings: PictureSettings) -> tuple[bytes | None, bool]:
    c = Controls.of(settings)
    job = picture_job(c)
    progress = job.progress if job.done else job.advance(PINNED)
    p = progress.result
    if p is None:
        return None, False
    row = row_of(p.dataset, settings.example)
    return packed(c, row, False, p.loss is not None, p), progress.complete


@cached
def packed(c: Controls, row: int, editing: bool, contours: bool, _p: Picture) -> bytes:
    panels = panels_of(row, editing, _p)
    return pack_figures(panels, dark=DARK, min_width=300, max_width=460, smallest=220)


def panels_of(row: int, editing: bool, p: Picture) -> dict[str, Spec]:
    minimum = p.problem.minimum
    return {
        "data": data_panel(p.dataset, p.problem, theta=p.theta, example=row, editing=editing),
        "level sets": level_sets_panel(
            p.drawn,
            p.theta,
            p.problem.parameter_names,
            p.plane,
            p.loss,
            minimum.theta if minimum.exists else None,
        ),
        "eigenvalues": spectra_panel(p.spectra),
    }


@cached
def packed_matrices(c: Controls, _p: Picture) -> bytes:
    return pack_cells(matrix_panels(_p))


def matrix_panels(p: Picture) -> dict[str, Spec]:
    shown = [(symbol, text.TITLES[symbol], matrix) for symbol, matrix in p.matrices.items()]
    return cell_panels(shown, p.problem.parameter_names)


def clicked(store: Store[MatricesSettings], p: Picture, click: Click) -> None:
    """In the data a click chooses the nearest example, in the contours it moves theta.

    While data are edited a click among them is a new example.
    """
    if click.panel == 1:
        choose_theta(store, p.plane, np.array([click.x, click.y]))
    elif click.panel == 0 and store.settings.editing:
        data_edits.clicked(store, click)
    elif click.panel == 0:
        row = nearest_example(p.dataset, p.problem, click.x, click.y)
        store.set(example=number_of(p.dataset, row))


def touched(store: Store[MatricesSettings], touch: Touch) -> None:
    """An example is edited; the one that was moved is then the one looked at."""
    data_edits.touched(store, touch)
    if store.settings.editing and touch.action == "drop" and touch.number is not None:
        store.set(example=min(touch.number, last_example(store.settings)))


def draw_example(store: Store[MatricesSettings], c: Controls, p: Picture, e: Example) -> None:
    st.subheader("How EF and F are built", anchor=False)
    left, right = st.columns([1, 1.25])
    with left:
        st.html(text.example(p, e, store.settings.example))
        chart(packed_example(c, e.row, p, e), key=f"{SLUG}.terms", query=store.query)
        name = f"{SLUG}-terms"
        take_along(
            f"{SLUG}.terms",
            name,
            lambda: term_panels(p, e),
            lambda: terms_script(TITLE, name, c, p, e.row),
        )
    with right:
        st.html(text.steps(e) + text.step_words(e))
        with st.expander("Step size and damping of these steps"):
            first, second = st.columns(2)
            with first:
                show(store, "step_size")
            with second:
                show(store, "damping")


@cached
def packed_example(c: Controls, row: int, _p: Picture, _e: Example) -> bytes:
    return pack_cells(term_panels(_p, _e))


def term_panels(p: Picture, e: Example) -> dict[str, Spec]:
    terms = [
        ("g gᵀ / N", "into EF", e.terms.empirical_fisher),
        ("E[g gᵀ] / N", "into F", e.terms.fisher),
    ]
    return cell_panels(terms, p.problem.parameter_names)


def draw_closer(store: Store[MatricesSettings], c: Controls, p: Picture) -> None:
    """Only the chosen section is drawn."""
    st.subheader("A closer look", anchor=False)
    show(store, "closer")
    here = closer.Here(c, p.dataset, p.problem, p.theta, p.plane, p.matrices, TITLE)
    closer.SECTIONS[store.settings.closer].draw(store, here)


def wait(c: Controls, drawn: list[Drawn]) -> Job[Any] | None:
    """The first job of which not all is drawn, if it shall go on."""
    # Asked of what was drawn: another session may have finished the work meanwhile.
    pending = [(what, job) for what, job, progress in drawn if not progress.complete]
    if not pending:
        return None
    what, job = pending[0]
    going = working(WORK, c, job.progress.fraction, f"of {what} is computed")
    return job if going else None

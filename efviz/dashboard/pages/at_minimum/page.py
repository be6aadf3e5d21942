"""At the minimum: the paper's Figures 2 and 4, live, and Eq. 17 as a chart."""

from dataclasses import replace

import streamlit as st

from efviz.arrays import Array
from efviz.dashboard.components import Click, chart, pack_figures
from efviz.dashboard.pages.at_minimum import words as text
from efviz.dashboard.pages.at_minimum.script import curves_script, views_script
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.pages.at_minimum.views import (
    Controls,
    Picture,
    View,
    cases,
    correct_case,
    curves_for,
    job_for,
    of_curves,
)
from efviz.dashboard.pages.registry import PAGES
from efviz.dashboard.session import data_edits
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.jobs import Job
from efviz.dashboard.session.own_table_widgets import ready
from efviz.dashboard.session.pins import Beside, beside
from efviz.dashboard.session.problem_settings import entry
from efviz.dashboard.session.problem_widgets import path_widgets, table_widgets
from efviz.dashboard.session.share import share
from efviz.dashboard.session.store import Store, run_again
from efviz.dashboard.session.take_along import take_along
from efviz.dashboard.session.widgets import show
from efviz.dashboard.session.working import working
from efviz.figures import DARK
from efviz.figures.at_minimum import (
    Mark,
    convergence_panel,
    ellipse_panel,
    runaway_panel,
    vanishing_panel,
)
from efviz.figures.theme import Spec
from efviz.studies.convergence import Convergence

SLUG = "at-the-minimum"
TITLE = PAGES[SLUG].title
SETTINGS = AtMinimumSettings
SLICE = 0.15
"""Seconds of work between two pictures: a slider never waits longer."""


def main() -> None:
    store = Store(SLUG, SETTINGS)
    header(store)
    store.show_remarks()
    live()
    text.equations(store.settings.problem)


def header(store: Store[AtMinimumSettings]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="header"):
        st.title(TITLE, anchor=False)
        for figure, problem in (("Fig. 2", "fig2"), ("Fig. 4", "fig4")):
            st.button(
                f"Paper {figure}, as made",
                on_click=store.reset,
                kwargs={"problem": problem},
                type="tertiary",
            )
        share(store)


@st.fragment
def live() -> None:
    """Sliders and pictures: a fragment, so that a moved slider sends nothing but these."""
    store = Store(SLUG, SETTINGS)
    controls(store)
    if not ready(store):
        return
    c = Controls.of(store.settings)
    job, curves = job_for(c), curves_for(of_curves(c))
    picture = job.progress if job.progress.result else job.advance(SLICE)
    distances = curves.progress
    pinned = Beside()
    if picture.result is not None:
        pinned = draw(store, c, picture.result, distances.result)
    # Asked of what was drawn: another session may have finished the work meanwhile.
    if not (picture.complete and distances.complete):
        wait(c, job, curves)
    else:
        pinned.go_on()


def controls(store: Store[AtMinimumSettings]) -> None:
    problem, path, strength, N, seed = st.columns([1.25, 1, 1, 1, 0.6])
    with problem:
        show(store, "problem")
    path_widgets(store, path, strength)
    with N:
        if entry(store.settings).family:
            show(store, "N")
    with seed:
        show(store, "seed")
    table_widgets(store)


def wait(c: Controls, job: Job[Picture], curves: Job[Convergence]) -> None:
    """Work on what is not finished, and show it with the next run."""
    now = job if not job.done else curves
    what = "the picture" if now is job else "the chart of distances"
    if working(f"{SLUG}.work", c, now.progress.fraction, f"of {what} is computed"):
        now.advance(SLICE)
        run_again()


@cached
def packed_views(c: Controls, ready: tuple[bool, ...], _p: Picture) -> bytes:
    return pack_figures(all_panels(_p), dark=DARK, rows=rows_of(_p), min_width=230, max_width=460)


def rows_of(p: Picture) -> int:
    return 2 if len(p.views) > 2 else 1


def all_panels(p: Picture) -> dict[str, Spec]:
    columns = [panels_of(view, p.half, loss) for view, loss in zip(p.views, p.losses, strict=True)]
    return {
        f"{SLUG} {k} {i}": panel
        for k, column in enumerate(columns)
        # Below each other only two go well together.
        for i, panel in enumerate(column[:2] if rows_of(p) == 2 else column)
    }


def panels_of(view: View, half: float, loss: Array | None) -> list[Spec]:
    """The data, and what is seen at the minimum, or where there is none."""
    if view.comparison:
        return [view.data, ellipse_panel(view.comparison, view.names, half, loss)]
    assert view.runaway
    r = view.runaway
    return [
        view.data,
        runaway_panel(r.path, view.names, r.axes, r.loss),
        vanishing_panel(r.comparisons),
    ]


def draw(
    store: Store[AtMinimumSettings], c: Controls, p: Picture, curves: Convergence | None
) -> Beside:
    ready = tuple(loss is not None for loss in p.losses)
    drawn = entry(c).family is not None
    with beside(store, pinned_picture, (len(p.views), 1) if drawn else (1, 1)) as pinned:
        chart(
            packed_views(c, ready, p),
            key=f"{SLUG}.chart",
            query=store.query,
            on_click=lambda click: data_edits.clicked(store, click),
            on_touch=lambda touch: data_edits.touched(store, touch),
        )
    st.html(text.sentence(p.views))
    take_along(
        f"{SLUG}.chart",
        SLUG,
        lambda: all_panels(p),
        lambda: views_script(TITLE, SLUG, p, rows_of(p)),
        rows=lambda: rows_of(p),
        complete=all(ready),
    )
    show(store, "editing")
    data_edits.editor(store)
    if c.edits and drawn:
        st.html(text.EDITED)
    if any(view.comparison for view in p.views):
        left, right = st.columns([1, 1.15])
        with left:
            st.html(text.table(p.views))
            _say(text.caption(c.problem, p.views))
        with right:
            draw_curves(store, c, p, curves)
    return pinned


def pinned_picture(settings: AtMinimumSettings) -> tuple[bytes | None, bool]:
    c = replace(Controls.of(settings), editing=False)
    job = job_for(c)
    progress = job.progress if job.done else job.advance(SLICE)
    if progress.result is None:
        return None, False
    ready = tuple(loss is not None for loss in progress.result.losses)
    return packed_pin(c, ready, progress.result), progress.complete


@cached
def packed_pin(c: Controls, ready: tuple[bool, ...], _p: Picture) -> bytes:
    """What the sliders said: the cases that stand still are in the live picture."""
    if entry(c).family is None:
        return packed_views(c, ready, _p)
    column = panels_of(_p.views[-1], _p.half, _p.losses[-1])[:2]
    panels = {f"{SLUG} pinned {i}": panel for i, panel in enumerate(column)}
    return pack_figures(panels, dark=DARK, rows=2, min_width=230, max_width=460)


def draw_curves(
    store: Store[AtMinimumSettings], c: Controls, p: Picture, curves: Convergence | None
) -> None:
    marks = [
        Mark(view.name.short, view.N, view.comparison.distance, view.controls == c)
        for view in p.views
        if view.comparison
    ]
    names = [name.short for name in cases(c)]
    panels = {
        "distance": convergence_panel(curves, names, marks, N=p.views[0].N, correct=correct_case(c))
    }
    chart(
        pack_figures(panels, dark=DARK),
        key=f"{SLUG}.curves",
        query=store.query,
        on_click=lambda click: choose_size(store, click),
    )
    name = f"{SLUG}-against-N"
    take_along(
        f"{SLUG}.curves",
        name,
        lambda: panels,
        lambda: curves_script(TITLE, name, c, p),
        complete=curves is not None and curves.fraction == 1,
    )
    drawn = entry(c).family is not None
    _say(text.convergence(curves, names, drawn=drawn))


def _say(words: str) -> None:
    if words:
        st.html(words)


def choose_size(store: Store[AtMinimumSettings], click: Click) -> None:
    """A click in the chart of distances chooses N."""
    if entry(store.settings).family:
        low, high = 10, 1_000_000
        store.set(N=round(min(max(click.x, low), high)))

"""Optimization on real data: the paper's Figures 3, 5 and 6, and the grids behind Table 6."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import streamlit as st

from efviz.dashboard.components import Click, chart, pack_figures
from efviz.dashboard.pages.optimization import words as text
from efviz.dashboard.pages.optimization.runs import (
    METHODS,
    RunKey,
    Source,
    alignment_job,
    far_job,
    has_minimum,
    known_sweep,
    path_job,
    printed,
    problem_of,
    rounding_job,
    run_keys,
    sweep_job,
    trouble,
)
from efviz.dashboard.pages.optimization.script import grids_script, runs_script, starts_script
from efviz.dashboard.pages.optimization.settings import OptimizationSettings
from efviz.dashboard.pages.registry import PAGES
from efviz.dashboard.session import own_table, table_choice
from efviz.dashboard.session.caches import OWN, cached
from efviz.dashboard.session.foreign import plain
from efviz.dashboard.session.jobs import Job
from efviz.dashboard.session.own_table_widgets import ready
from efviz.dashboard.session.share import share
from efviz.dashboard.session.store import Store, run_again
from efviz.dashboard.session.take_along import take_along
from efviz.dashboard.session.widgets import show
from efviz.dashboard.session.working import let_paint, progress_bar, working
from efviz.figures import DARK
from efviz.figures.optimization import (
    cosine_panel,
    lengths_panel,
    loss_panel,
    start_panels,
    sweep_panel,
)
from efviz.figures.theme import Spec
from efviz.studies.alignment import Alignment
from efviz.sweeps import DAMPINGS, STEP_SIZES

SLUG = "optimization"
TITLE = PAGES[SLUG].title
SETTINGS = OptimizationSettings
SLICE = 0.15
LARGEST_GRID = 2e8
"""Examples times squared parameters: a grid keeps half of it as numbers in memory."""


def main() -> None:
    store = Store(SLUG, SETTINGS)
    with st.container(horizontal=True, vertical_alignment="bottom", key="header"):
        st.title(TITLE, anchor=False)
        for name, label in (
            ("boston", "Boston"),
            ("breast-cancer", "BreastCancer"),
            ("a1a", "a1a"),
        ):
            st.button(
                f"Paper Fig. 3: {label}",
                on_click=store.reset,
                kwargs={"problem": name},
                type="tertiary",
            )
        share(store)
    store.show_remarks()
    live()
    st.html(text.table_6())
    text.equations()


@st.fragment
def live() -> None:
    store = Store(SLUG, SETTINGS)
    source_widgets(store)
    if not ready(store, whole=True):
        return
    source = Source.of(store.settings)
    words = trouble(source)
    if words:
        st.warning(plain(words))
    else:
        method_sliders(store)
        complete = draw_runs(store)
    grids_complete = draw_grids(store, source)
    if not words:
        complete &= draw_far(store, source)
        if not complete:
            settle(all_jobs(store, source), SLICE)
            run_again()
        if not grids_complete:
            sweep_controls(source)


def source_widgets(store: Store[OptimizationSettings]) -> None:
    names, scaling, multiple = st.columns([1.6, 1.2, 1.4])
    with names:
        show(store, "problem")
    with scaling:
        show(store, "scaling")
    with multiple:
        if has_minimum(store.settings):
            show(store, "multiple")
    if store.settings.problem == OWN and own_table.loaded():
        wanted = ["target", "regression"]
        wanted += ["positive"] * bool(table_choice.classes(store.settings))
        for name, box in zip(wanted, st.columns(len(wanted)), strict=True):
            with box:
                show(store, name)


def method_sliders(store: Store[OptimizationSettings]) -> None:
    names = ("step_GD", "step_NGD", "damping_NGD", "step_EFGD", "damping_EFGD")
    for name, box in zip(names, st.columns(5), strict=True):
        with box:
            show(store, name)


def draw_runs(store: Store[OptimizationSettings]) -> bool:
    """What is known of the runs; is it all? The rest comes with the next runs of the page."""
    keys = run_keys(store.settings)
    settle(run_jobs(keys), SLICE)
    paths = {method: path_job(key).progress for method, key in keys.items()}
    cosines = known_cosines(keys["EFGD"])
    progress = tuple(path.fraction for path in paths.values())
    chart(
        packed_runs(keys["GD"], keys["NGD"], keys["EFGD"], progress, cosines is not None),
        key=f"{SLUG}.chart",
        query=store.query,
    )
    let_paint(f"{SLUG}.painted", tuple(keys.values()))
    finished = {m: path.result for m, path in paths.items() if path.result and path.complete}
    changes = {m: rounding_job(key).progress.result for m, key in keys.items()}
    complete = cosines is not None and len(finished) == len(keys)
    take_along(
        f"{SLUG}.chart",
        f"{SLUG}-runs",
        lambda: run_panels(keys["GD"], keys["NGD"], keys["EFGD"], cosines is not None),
        lambda: runs_script(TITLE, f"{SLUG}-runs", keys),
        complete=complete,
    )
    problem = problem_of(keys["GD"].source)
    st.html(text.sentence(problem, finished, cosines, store.settings.multiple, changes))
    return complete and all(change is not None for change in changes.values())


def run_jobs(keys: dict[str, RunKey]) -> Iterator[Job[Any]]:
    """The runs, when they are finished the cosines along the last, and what rounding does."""
    yield from (path_job(key) for key in keys.values())
    yield alignment_job(keys["EFGD"])
    yield from (rounding_job(key) for key in keys.values())


def settle(jobs: Iterator[Job[Any]], seconds: float) -> bool:
    """Work on the jobs in their order for so long; is all done?"""
    deadline = time.perf_counter() + seconds
    for job in jobs:
        while not job.done:
            left = deadline - time.perf_counter()
            if left <= 0:
                return False
            job.advance(left)
    return True


def known_cosines(key: RunKey) -> Alignment | None:
    return alignment_job(key).progress.result if path_job(key).done else None


@cached
def packed_runs(
    gd: RunKey, ngd: RunKey, efgd: RunKey, progress: tuple[float, ...], known: bool
) -> bytes:
    """`progress` and `known` say how far the jobs of these keys have come."""
    return pack_figures(run_panels(gd, ngd, efgd, known), dark=DARK, min_width=340, smallest=260)


def run_panels(gd: RunKey, ngd: RunKey, efgd: RunKey, known: bool) -> dict[str, Spec]:
    jobs = {key.method: path_job(key).progress.result for key in (gd, ngd, efgd)}
    paths = {method: path for method, path in jobs.items() if path is not None}
    problem = problem_of(gd.source)
    minimum = problem.minimum
    lowest = minimum.loss
    return {
        "loss": loss_panel(paths, lowest=lowest),
        "cosine": cosine_panel(known_cosines(efgd) if known else None, efgd.damping),
    }


def draw_grids(store: Store[OptimizationSettings], source: Source) -> bool:
    """What is known of the grids; is it all?"""
    found = {method: known_sweep(source, method) for method in METHODS}
    grids = {method: grid for method, grid in found.items() if grid is not None}
    st.subheader("Every step size and damping", anchor=False)
    known = tuple((m, float(np.mean(grid.status != "missing"))) for m, grid in grids.items())
    if grids:
        current = tuple(
            (getattr(store.settings, f"step_{m}"), getattr(store.settings, f"damping_{m}", 0.0))
            for m in grids
        )
        chart(
            packed_grids(source, known, current),
            key=f"{SLUG}.grids",
            query=store.query,
            on_click=lambda click: choose_cell(store, list(grids), click),
        )
        take_along(
            f"{SLUG}.grids",
            f"{SLUG}-grids",
            lambda: grid_panels(source, known, current),
            lambda: grids_script(
                TITLE,
                f"{SLUG}-grids",
                source,
                dict(zip(grids, current, strict=True)),
                {method: printed(source, method) for method in grids},
            ),
            complete=all(share == 1 for _, share in known),
        )
        st.html(text.grids(grids, source.shipped))
    elif not trouble(source):
        st.markdown(text.NO_GRID)
    return len(grids) == len(METHODS) and all(share == 1 for _, share in known)


@cached
def packed_grids(
    source: Source, known: tuple[tuple[str, float], ...], current: tuple[tuple[float, float], ...]
) -> bytes:
    """`known` says how far the grid of each method has come."""
    panels = grid_panels(source, known, current)
    return pack_figures(panels, dark=DARK, min_width=300, smallest=260)


def grid_panels(
    source: Source, known: tuple[tuple[str, float], ...], current: tuple[tuple[float, float], ...]
) -> dict[str, Spec]:
    panels = {}
    for (method, part), cell in zip(known, current, strict=True):
        grid = known_sweep(source, method)
        assert grid is not None
        panels[method] = sweep_panel(
            method, grid, current=cell, printed=printed(source, method), still=f"{source} {part}"
        )
    return panels


def choose_cell(store: Store[OptimizationSettings], methods: Sequence[str], click: Click) -> None:
    """The nearest cell of the grid runs above; a click on GD's curve chooses its step size."""
    if click.panel >= len(methods):
        return
    method = methods[click.panel]
    step = STEP_SIZES[np.argmin(np.abs(np.log10(STEP_SIZES) - click.x))]
    change = {f"step_{method}": float(f"{step:.12g}")}
    if method != "GD":
        damping = DAMPINGS[np.argmin(np.abs(np.log10(DAMPINGS) - click.y))]
        change[f"damping_{method}"] = float(f"{damping:.12g}")
    store.set(**change)


def draw_far(store: Store[OptimizationSettings], source: Source) -> bool:
    """Starts near and far if they are asked for; is there no more of them to come?"""
    show(store, "far")
    if not store.settings.far:
        return True
    if not problem_of(source).minimum.exists:
        st.markdown(problem_of(source).minimum.reason)
        return True
    progress = far(store, source).progress
    found = progress.result
    if found is None:
        progress_bar(progress.fraction, "of the runs from other starts is done")
        return False
    panels = start_panels(found.runs, found.lowest) | {"lengths": lengths_panel(found.lengths)}
    chart(
        pack_figures(panels, dark=DARK, min_width=210, smallest=220),
        key=f"{SLUG}.starts",
        query=store.query,
    )
    take_along(
        f"{SLUG}.starts",
        f"{SLUG}-starts",
        lambda: panels,
        lambda: starts_script(TITLE, f"{SLUG}-starts", source, *far_settings(store)),
        complete=progress.complete,
    )
    st.html(text.far(found.lengths))
    return True


def far(store: Store[OptimizationSettings], source: Source) -> Job[Any]:
    return far_job(source, *far_settings(store))


def far_settings(store: Store[OptimizationSettings]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Step sizes and dampings of METHODS."""
    steps = tuple(getattr(store.settings, f"step_{method}") for method in METHODS)
    return steps, tuple(getattr(store.settings, f"damping_{method}", 0.0) for method in METHODS)


def all_jobs(store: Store[OptimizationSettings], source: Source) -> Iterator[Job[Any]]:
    yield from run_jobs(run_keys(store.settings))
    if store.settings.far and problem_of(source).minimum.exists:
        yield far(store, source)


def sweep_controls(source: Source) -> None:
    """Run the whole grid: on demand, with progress, until stopped."""
    problem = problem_of(source)
    if problem.N * problem.D**2 > LARGEST_GRID:
        st.markdown(text.too_large(problem))
        return
    jobs = [sweep_job(source, method) for method in METHODS]
    fraction = sum(job.progress.fraction for job in jobs) / len(jobs)
    ask = "Run all 19,000 cells"
    if working(f"{SLUG}.sweep", source, fraction, "of the 3 grids is done", ask=ask):
        settle(iter(jobs), SLICE)
        run_again()

"""Optimization on real data: the paper's Figures 3, 5 and 6, and the grids behind Table 6."""

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np
import streamlit as st

from efviz import results
from efviz.dashboard.components import Click
from efviz.dashboard.pages.method_settings import inputs_of_methods, of_method
from efviz.dashboard.pages.optimization import words
from efviz.dashboard.pages.optimization.settings import OptimizationSettings
from efviz.dashboard.pages.registry import PAGES
from efviz.dashboard.session import own_table, table_choice
from efviz.dashboard.session.all_columns import ALL_COLUMNS, is_there
from efviz.dashboard.session.blocks import Ask, Chart, More, Row, Words, ahead, place
from efviz.dashboard.session.page import Page, Preset, Shown
from efviz.dashboard.session.store import Store
from efviz.dashboard.session.studies import Call, Each, Studies
from efviz.dashboard.session.widgets import show
from efviz.figures.optimization import grid_panels, near_and_far_panels, run_panels
from efviz.optimizers import METHODS
from efviz.optimizers.methods import varied, varied_method
from efviz.studies.optimization import (
    end_by_rounding,
    in_reverse,
    near_and_far,
    path_cosines,
    run_from,
    whole_grid,
)
from efviz.sweeps import DAMPINGS, STEP_SIZES, Sweep

SLUG = "optimization"
SETS = {"boston": "Boston", "breast-cancer": "BreastCancer", "a1a": "a1a"}
"""The data sets of Fig. 3."""


def _each(kind: str, over: str = "methods") -> Each:
    """The results of one kind, by method."""
    return Each({method: of_method(kind, method) for method in METHODS}, over)


def _of(method: str) -> Iterator[tuple[str, Call]]:
    """What is computed of a method. A method without a damping keeps the default, 0."""
    fixed, run, used = {"method": method}, of_method("run", method), of_method("used", method)
    named = {
        "method": used,
        "step_size": of_method("step", method),
        "damping": of_method("damping", method),
    }
    yield used, Call(varied_method, fixed=fixed)
    yield run, Call(run_from, named)
    yield of_method("rounding", method), Call(end_by_rounding, named | {"run": run})
    yield of_method("cosines", method), Call(path_cosines, named | {"run": run})
    yield of_method("shipped", method), Call(results.sweep, {"name": "shipped"}, fixed)
    yield of_method("grid", method), Call(whole_grid, fixed=fixed)


def _preset(name: str, title: str) -> Preset:
    return Preset(f"Paper Fig. 3: {title}", lambda now: now.reset(problem=name))


STUDIES = Studies(
    OptimizationSettings,
    ALL_COLUMNS,
    {
        "reverse": in_reverse,
        **dict(chain.from_iterable(map(_of, METHODS))),
        "used": varied,
        "far_runs": Call(near_and_far, {"methods": "used"}),
    },
    asked=_each("grid").results.values(),
)

RUNS = Chart(
    Call(run_panels, each={"paths": _each("run"), "cosines": _each("cosines", "compared")}),
    look=lambda panels: {"min_width": 340, "smallest": 260},
    paint=True,
    title="Runs",
    file=f"{SLUG}-runs",
)
SENTENCE = Words(
    Call(
        words.sentence,
        each={
            "paths": _each("run"),
            "cosines": _each("cosines", "compared"),
            "changes": _each("rounding"),
        },
    ),
    complete=True,
)
FAR = Chart(
    Call(near_and_far_panels, {"found": "far_runs"}),
    key="starts",
    title="Starts near and far",
    look=lambda panels: {"min_width": 210, "smallest": 220},
)


def start(shown: Shown) -> None:
    """The choice of a multiple of theta_star as start, if there is a theta_star."""
    view = shown.view
    if is_there(shown.settings) and not view.trouble and view.given["problem"].minimum.exists:
        show(shown.store, "multiple")


def own_columns(shown: Shown) -> None:
    """The choice of target and regression for an own table."""
    if shown.settings.own and own_table.loaded():
        names = ["target", "regression"]
        names += ["positive"] * bool(table_choice.classes(shown.settings))
        Row(names)(shown)


def sliders(shown: Shown) -> None:
    if not shown.view.trouble:
        inputs_of_methods("step", "damping")(shown)


def runs_first(shown: Shown) -> None:
    """What the chart of runs shows, in the order in which it is worked on."""
    names = [*_names(shown, "shipped", "with_grid"), *_names(shown, "run")]
    ahead(*names, *_names(shown, "cosines", "compared"))(shown)


def _names(shown: Shown, kind: str, over: str = "methods") -> list[str]:
    return [of_method(kind, method) for method in getattr(shown.settings, over)]


def grids(shown: Shown) -> None:
    """The shipped grids, and of the others what has been computed so far."""
    st.header("Every step size and damping", anchor=False)
    if shown.settings.varied:
        st.caption(words.GRIDS_AS_PUBLISHED)
    known = known_grids(shown)
    if known:
        place(GRIDS, shown)
        st.html(words.grids(known))
    if shown.settings.without_grid:
        if not (known or shown.view.trouble):
            st.markdown(words.NO_GRID)
        ASK(shown)


def known_grids(shown: Shown) -> dict[str, Sweep]:
    """The grids that are shipped or have been begun, in the order of the panels."""
    names = {
        method: of_method("shipped" if method in shown.settings.with_grid else "grid", method)
        for method in shown.settings.methods
    }
    found = {method: shown.view.result(name) for method, name in names.items()}
    return {method: grid for method, grid in found.items() if grid is not None}


def clicked(shown: Shown, click: Click) -> None:
    choose_cell(shown.store, list(known_grids(shown)), click)


def choose_cell(store: Store[OptimizationSettings], methods: Sequence[str], click: Click) -> None:
    """Run the nearest cell of the grid; a click on a curve chooses a step size alone."""
    if click.panel >= len(methods):
        return
    method = methods[click.panel]
    step = STEP_SIZES[np.argmin(np.abs(np.log10(STEP_SIZES) - click.x))]
    change = {of_method("step", method): float(f"{step:.12g}")}
    if METHODS[method].damped:
        damping = DAMPINGS[np.argmin(np.abs(np.log10(DAMPINGS) - click.y))]
        change[of_method("damping", method)] = float(f"{damping:.12g}")
    store.set(**change)


GRIDS = Chart(
    Call(
        grid_panels,
        {"shipped_as": "shipped"},
        each={"shipped": _each("shipped", "with_grid"), "grids": _each("grid", "without_grid")},
    ),
    key="grids",
    title="Every step size and damping",
    look=lambda panels: {"min_width": 300, "smallest": 260},
    click=clicked,
)
ASK = Ask(
    "sweep",
    lambda settings: [of_method("grid", method) for method in settings.without_grid],
    lambda settings: f"Run all {cells(settings.without_grid):,} cells",
    "of the grids is done",
    words.too_large,
)


def cells(methods: Sequence[str]) -> int:
    """How many runs the grids of these methods take."""
    return sum(
        len(STEP_SIZES) * (len(DAMPINGS) if METHODS[method].damped else 1) for method in methods
    )


def far(shown: Shown) -> None:
    """Starts near and far, if switched on."""
    if shown.view.trouble:
        return
    show(shown.store, "far")
    if not shown.settings.far:
        return
    minimum = shown.view.given["problem"].minimum
    if minimum.exists:
        place((FAR, Words(Call(words.far, {"found": "far_runs"}))), shown)
    else:
        st.markdown(minimum.reason)


PAGE = Page(
    PAGES[SLUG].title,
    SLUG,
    OptimizationSettings,
    STUDIES,
    presets=[_preset(name, title) for name, title in SETS.items()],
    controls=(Row(("problem", "scaling", start, "methods"), (1.4, 1.1, 1.2, 1.8)), own_columns),
    body=(
        sliders,
        runs_first,
        RUNS,
        SENTENCE,
        More(
            "Preconditioner: exponent, structure, damping",
            (("exponent",), ("structure",), ("relative",)),
        ),
        grids,
        far,
    ),
    foot=(words.table_6, words.equations),
    waits={
        **{of_method("run", method): f"the run of {method}" for method in METHODS},
        **dict.fromkeys(_each("rounding").results.values(), "the effect of rounding on the runs"),
        **dict.fromkeys(_each("cosines").results.values(), "the cosines"),
        "far_runs": "the runs from other starts",
    },
    follow=(RUNS, SENTENCE),
    parts={"grids": GRIDS},
)

"""Optimization on real data: the paper's Figures 3, 5 and 6, and the grids behind Table 6."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain

import numpy as np
import streamlit as st

from efviz import results
from efviz.dashboard.components import Click
from efviz.dashboard.pages.optimization import words
from efviz.dashboard.pages.optimization.settings import OptimizationSettings
from efviz.dashboard.pages.registry import PAGES
from efviz.dashboard.session import own_table, table_choice
from efviz.dashboard.session.all_columns import ALL_COLUMNS, is_there
from efviz.dashboard.session.blocks import Ask, Chart, Export, Row, Words, ahead, place
from efviz.dashboard.session.page import Page, Preset, Shown
from efviz.dashboard.session.store import Store
from efviz.dashboard.session.studies import Call, Studies
from efviz.dashboard.session.widgets import show
from efviz.figures.optimization import grid_panels, near_and_far_panels, run_panels
from efviz.studies.alignment import METHODS
from efviz.studies.optimization import (
    end_by_rounding,
    in_reverse,
    near_and_far,
    path_cosines,
    run_from,
    whole_grid,
)
from efviz.sweeps import DAMPINGS, STEP_SIZES

SLUG = "optimization"
SETS = {"boston": "Boston", "breast-cancer": "BreastCancer", "a1a": "a1a"}
"""The data sets of Fig. 3."""


def _of_methods(kind: str) -> dict[str, str]:
    """The names of the results of one kind."""
    return {method: f"{kind}_{method}" for method in METHODS}


def _sliders(method: str) -> dict[str, str]:
    """The step size and damping of a method; GD has no damping."""
    named = {"step_size": f"step_{method}", "damping": f"damping_{method}"}
    return {argument: name for argument, name in named.items() if name != "damping_GD"}


def _runs(method: str) -> Iterator[tuple[str, Call]]:
    fixed, named = {"method": method}, _sliders(method)
    yield f"run_{method}", Call(run_from, named, fixed)
    yield f"rounding_{method}", Call(end_by_rounding, named | {"run": f"run_{method}"}, fixed)
    yield f"shipped_{method}", Call(results.sweep, {"name": "shipped"}, fixed)
    yield f"grid_{method}", Call(whole_grid, fixed=fixed)


def _preset(name: str, title: str) -> Preset:
    return Preset(f"Paper Fig. 3: {title}", lambda now: now.reset(problem=name))


STUDIES = Studies(
    OptimizationSettings,
    ALL_COLUMNS,
    {
        "reverse": in_reverse,
        **dict(chain.from_iterable(map(_runs, METHODS))),
        "cosines": Call(path_cosines, {"run": "run_EFGD", "damping": "damping_EFGD"}),
        "far_runs": near_and_far,
    },
    asked=_of_methods("grid").values(),
)

RUNS = Chart(
    Call(run_panels, _of_methods("run") | {"damping": "damping_EFGD"}),
    look=lambda panels: {"min_width": 340, "smallest": 260},
    paint=True,
)
FAR = Chart(
    Call(near_and_far_panels, {"found": "far_runs"}),
    key="starts",
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
        Row(("step_GD", "step_NGD", "damping_NGD", "step_EFGD", "damping_EFGD"))(shown)


def sentence(shown: Shown) -> None:
    """A summary of the finished runs."""
    seen = {method: shown.view.see(f"run_{method}") for method in METHODS}
    paths = {m: run.result for m, run in seen.items() if run and run.snapshot.complete}
    if shown.view.trouble:
        return
    problem, cosines = shown.view.given["problem"], shown.view.result("cosines")
    changes = {method: shown.view.result(f"rounding_{method}") for method in METHODS}
    st.html(words.sentence(problem, paths, cosines, shown.settings.multiple, changes))


def grids(shown: Shown) -> None:
    """The shipped grids, or else what has been computed so far."""
    st.subheader("Every step size and damping", anchor=False)
    shipped = results.sweep(shown.settings.shipped, METHODS[0]) is not None
    kind = "shipped" if shipped else "grid"
    found = {m: shown.view.result(name) for m, name in _of_methods(kind).items()}
    known = {method: grid for method, grid in found.items() if grid is not None}
    if known:
        chart = GRIDS[kind]
        place((chart, Export(chart)), shown)
        st.html(words.grids(known))
    elif not shown.view.trouble:
        st.markdown(words.NO_GRID)
    if not shipped:
        ASK(shown)


def clicked(kind: str, shown: Shown, click: Click) -> None:
    known = [m for m, name in _of_methods(kind).items() if shown.view.result(name) is not None]
    choose_cell(shown.store, known, click)


def choose_cell(store: Store[OptimizationSettings], methods: Sequence[str], click: Click) -> None:
    """Run the nearest cell of the grid; a click on GD's curve chooses its step size."""
    if click.panel >= len(methods):
        return
    method = methods[click.panel]
    step = STEP_SIZES[np.argmin(np.abs(np.log10(STEP_SIZES) - click.x))]
    change = {f"step_{method}": float(f"{step:.12g}")}
    if method != "GD":
        damping = DAMPINGS[np.argmin(np.abs(np.log10(DAMPINGS) - click.y))]
        change[f"damping_{method}"] = float(f"{damping:.12g}")
    store.set(**change)


GRIDS = {
    kind: Chart(
        Call(grid_panels, _of_methods(kind)),
        key="grids",
        look=lambda panels: {"min_width": 300, "smallest": 260},
        click=partial(clicked, kind),
    )
    for kind in ("shipped", "grid")
}
ASK = Ask(
    "sweep",
    tuple(_of_methods("grid").values()),
    "Run all 20,003 cells",
    "of the 3 grids is done",
    words.too_large,
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
        place((FAR, Export(FAR), Words(Call(words.far, {"found": "far_runs"}))), shown)
    else:
        st.markdown(minimum.reason)


PAGE = Page(
    PAGES[SLUG].title,
    SLUG,
    OptimizationSettings,
    STUDIES,
    presets=[_preset(name, title) for name, title in SETS.items()],
    controls=(Row(("problem", "scaling", start), (1.6, 1.2, 1.4)), own_columns),
    body=(
        sliders,
        ahead(*(f"{kind}_{m}" for kind in ("shipped", "run") for m in METHODS), "cosines"),
        RUNS,
        Export(RUNS, f"{SLUG}-runs"),
        sentence,
        grids,
        far,
    ),
    foot=(words.table_6, words.equations),
    waits={
        **{f"run_{method}": f"the run of {method}" for method in METHODS},
        **{f"rounding_{method}": "the effect of rounding on the runs" for method in METHODS},
        "cosines": "the cosines",
        "far_runs": "the runs from other starts",
    },
)

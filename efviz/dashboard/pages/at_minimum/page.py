"""At the minimum: interactive versions of the paper's Figures 2 and 4, and Eq. 17 as a chart."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache, partial
from typing import Any

from efviz.dashboard.components import Click
from efviz.dashboard.pages.at_minimum import words
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.pages.registry import PAGES
from efviz.dashboard.session import data_edits
from efviz.dashboard.session.blocks import Chart, Row, Words
from efviz.dashboard.session.data_edits import edits
from efviz.dashboard.session.given import TWO_PARAMETERS
from efviz.dashboard.session.page import Page, Preset, Shown
from efviz.dashboard.session.problem_choice import build, draws_of
from efviz.dashboard.session.problem_settings import entry
from efviz.dashboard.session.problem_widgets import drawn, problem_row
from efviz.dashboard.session.studies import Call, Lazy, Studies
from efviz.figures.cases import (
    case_panels,
    common_half_width,
    distance_panels,
    drawn_cases,
    drawn_moving_case,
    moved_panels,
)
from efviz.figures.theme import Spec
from efviz.studies.at_minimum import distances_over_sizes, moving_loss, standing_losses

SLUG = "at-the-minimum"


def standing(settings: AtMinimumSettings) -> AtMinimumSettings:
    """Settings for the fixed cases of a family, which ignore path, strength and edits."""
    family = entry(settings).family
    if family is None:
        return settings
    first, *_ = family.paths
    return replace(settings, path=first, strength=0.0, edits=(), editing=False)


def of_all_sizes(settings: AtMinimumSettings) -> AtMinimumSettings:
    """Settings for the curves over N, which use their own samples or subsets of rows."""
    return replace(standing(settings), N=1000, seed=0)


def _made(settings: AtMinimumSettings) -> Mapping[str, Any]:
    two, family = TWO_PARAMETERS.make(settings), entry(settings).family
    makers: dict[str, Callable[[], Any]] = {
        **{name: partial(two.__getitem__, name) for name in two},
        "table": lambda: None if family else (two["dataset"], two["problem"]),
        "draws": lambda: draws_of(settings) if family else None,
    }
    if family and not (settings.edits or settings.editing):
        # Rebuilt for each use: a million examples in the cache would displace the results.
        made = cache(lambda: build(settings))
        makers |= {"dataset": lambda: made()[0], "problem": lambda: made()[1]}
    return Lazy(makers)


def _code(settings: AtMinimumSettings) -> str:
    table = "None" if entry(settings).family else "dataset, problem"
    return f"{TWO_PARAMETERS.code(settings)}table = {table}\n"


GIVEN = replace(
    TWO_PARAMETERS,
    names=(*TWO_PARAMETERS.names, "table", "draws"),
    make=_made,
    code=_code,
    shortcuts=("draws",),
)
"""The problem, a `table` (None for sampled data) and the `draws` that samples share."""

STUDIES = Studies(
    AtMinimumSettings,
    GIVEN,
    {
        "cases": Call(drawn_cases, at=standing),
        "moved": drawn_moving_case,
        "half": common_half_width,
        "losses": Call(standing_losses, at=standing, by_value=("half",)),
        "moved_losses": moving_loss,
        "distances": Call(
            distances_over_sizes, fixed={"seeds": 8, "largest": 1_000_000}, at=of_all_sizes
        ),
    },
)


def look(panels: Mapping[str, Spec]) -> dict[str, Any]:
    """Two rows for many columns or a single one."""
    columns = {name.rpartition(" ")[0] for name in panels}
    rows = 2 if len(columns) > 2 or len(panels) == 2 else 1
    return {"rows": rows, "min_width": 230, "max_width": 460}


def weights(shown: Shown) -> tuple[float, float]:
    """A family is pinned as a single column."""
    moved = shown.view.result("moved")
    return (len(shown.view.result("cases")) + 1, 1) if moved else (1, 1)


CHART = Chart(
    case_panels,
    look=look,
    click=lambda shown, click: data_edits.clicked(shown.store, click),
    touch=lambda view, settings, touch: data_edits.touched(settings, touch),
    after_touch=data_edits.after_touch,
    pinned=Chart(moved_panels, look=look),
    compared=words.compared,
    weights=weights,
    title="Data and matrices",
)


def choose_size(shown: Shown, click: Click) -> None:
    """Choose N by a click in the chart of distances."""
    if entry(shown.store.settings).family:
        low, high = 10, 1_000_000
        shown.store.set(N=round(min(max(click.x, low), high)))


SENTENCE, TABLE = Words(words.sentence), Words(words.table)
DISTANCES = Chart(
    distance_panels,
    key="curves",
    click=choose_size,
    title="Distance against N",
    file=f"{SLUG}-against-N",
)


def numbers(shown: Shown) -> None:
    """The table, and the distances against N, if a minimum exists."""
    cases, moved = shown.view.result("cases"), shown.view.result("moved")
    if any(case.comparison for case in (*(cases or ()), *(moved or ()))):
        right = DISTANCES, Words(words.convergence)
        Row(((TABLE, Words(words.caption)), right), [1, 1.15])(shown)


def paper(figure: str, problem: str) -> Preset:
    return Preset(f"Paper {figure}, as published", lambda settings: settings.reset(problem=problem))


PAGE = Page(
    PAGES[SLUG].title,
    SLUG,
    AtMinimumSettings,
    STUDIES,
    presets=(paper("Fig. 2", "fig2"), paper("Fig. 4", "fig4")),
    controls=(problem_row(drawn("N"), "seed", widths=(1.25, 1, 1, 1, 0.6)),),
    body=(
        CHART,
        SENTENCE,
        Row(("editing", "matrices"), (1, 2), align="bottom"),
        edits,
        Words(words.edited),
        numbers,
    ),
    foot=(words.equations,),
    waits=dict.fromkeys(("cases", "moved", "half", "losses", "moved_losses"), "the picture")
    | {"distances": "the chart of distances"},
    follow=(CHART, SENTENCE, TABLE),
    parts={"curves": DISTANCES},
)

"""The cases of `studies.at_minimum` side by side: data, ellipses, and distances against N."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from efviz.arrays import Array
from efviz.datasets import Draws
from efviz.datasets.dataset import Dataset
from efviz.figures.at_minimum import (
    Mark,
    convergence_panel,
    ellipse_panel,
    half_width,
    runaway_panel,
    vanishing_panel,
)
from efviz.figures.data_views import data_panel
from efviz.figures.theme import Spec
from efviz.problems import Problem
from efviz.problems.catalogue import Entry
from efviz.studies.at_minimum import (
    CORRECT,
    Case,
    Data,
    Draw,
    Name,
    distinct,
    moving_case,
    standing_cases,
)
from efviz.studies.comparison import COMPARED
from efviz.studies.convergence import Convergence
from efviz.work import Work

NAME = "at-the-minimum"
"""What the names of panels begin with."""

Losses = Sequence[Array | None]


def drawn_cases(
    entry: Entry,
    table: Data | None = None,
    N: int = 1000,
    seed: int = 0,
    draws: Draws | None = None,
    *,
    others: Sequence[str] = (),
    editing: bool = False,
) -> Work[list[Case]]:
    """`standing_cases` with data panels; `editing`: the examples of the table can be moved."""
    movable = table[0] if editing and table else None
    draw = _drawing(entry, lambda dataset: dataset is movable)
    return (yield from standing_cases(entry, table, N, seed, draws, draw, others))


def drawn_moving_case(
    entry: Entry,
    dataset: Dataset,
    problem: Problem,
    path: str,
    strength: float,
    *,
    others: Sequence[str] = (),
    editing: bool = False,
) -> list[Case]:
    """`moving_case` with its data panel; `editing`: its examples can be moved."""
    draw = _drawing(entry, lambda dataset: editing)
    found = moving_case(entry, dataset, problem, path, strength, draw, others)
    # What is about to be edited has to be seen.
    return [replace(case, equals=None) for case in found] if editing else found


def _drawing(entry: Entry, movable: Callable[[Dataset], bool]) -> Draw:
    """A function that draws the data panel of a case."""
    aspect = 0.72 if entry.family else 1.0

    def draw(name: Name, dataset: Dataset, problem: Problem) -> Spec:
        editing = movable(dataset)
        return data_panel(dataset, problem, title=name.title, aspect=aspect, editing=editing)

    return draw


def common_half_width(
    cases: Sequence[Case], moved: Sequence[Case], matrices: Sequence[str] = COMPARED
) -> float:
    """`half_width` of all that have a minimum, with these of CURVATURES drawn."""
    compared = [case.comparison for case in (*cases, *moved) if case.comparison]
    return half_width(compared, matrices) if compared else 1.0


def case_panels(
    cases: Sequence[Case],
    moved: Sequence[Case],
    half: float,
    losses: Losses,
    moved_losses: Losses,
    matrices: Sequence[str] = COMPARED,
) -> dict[str, Spec]:
    """By column: the data of a case, and what is seen at the minimum, or where there is none.

    `losses` are those of `standing_losses`, `moved_losses` those of `moving_loss`; `matrices` are
    the keys of those drawn. The place of a case that equals a fixed one stays empty.
    """
    shown = [*cases, *moved]
    most = 2 if len(shown) > 2 else 3  # Below each other only two go well together.
    columns = [
        _column(case, half, loss, matrices)[:most]
        for case, loss in zip(shown, [*losses, *moved_losses], strict=True)
    ]
    return {
        f"{NAME} {k} {i}": _empty(case, panel, i) if case.equals else panel
        for k, (case, column) in enumerate(zip(shown, columns, strict=True))
        for i, panel in enumerate(column)
    }


def _empty(case: Case, panel: Spec, i: int) -> Spec:
    """The panel with a note for the browser to show in its place: see `pack_figures`."""
    assert case.equals
    kind = "the" if case.equals.short == CORRECT else "case"
    words = f"{case.name.short} is {kind} {case.equals.full}" if i == 0 else " "
    layout = panel["layout"]
    return panel | {"layout": layout | {"meta": layout.get("meta", {}) | {"same": words}}}


def moved_panels(
    cases: Sequence[Case],
    moved: Sequence[Case],
    half: float,
    losses: Losses,
    moved_losses: Losses,
    matrices: Sequence[str] = COMPARED,
) -> dict[str, Spec]:
    """The column of the case that moves; all columns of a table, where none does."""
    if not moved:
        return case_panels(cases, moved, half, losses, moved_losses, matrices)
    column = _column(moved[-1], half, moved_losses[-1], matrices)[:2]
    return {f"{NAME} pinned {i}": panel for i, panel in enumerate(column)}


def _column(case: Case, half: float, loss: Array | None, matrices: Sequence[str]) -> list[Spec]:
    names = case.parameter_names
    if case.comparison:
        return [case.data, ellipse_panel(case.comparison, names, half, loss, matrices)]
    assert case.runaway
    away = case.runaway
    return [
        case.data,
        runaway_panel(away.path, names, away.axes, away.loss),
        vanishing_panel(away.comparisons),
    ]


def distance_panels(
    entry: Entry,
    cases: Sequence[Case],
    moved: Sequence[Case],
    distances: Convergence | None = None,
) -> dict[str, Spec]:
    """`convergence_panel` of the cases that stand still, with the distances of all marked."""
    own = {(case.N, case.comparison.distance) for case in moved or cases[:1] if case.comparison}
    marks = [
        Mark(case.name.short, case.N, distance, (case.N, distance) in own)
        for case in distinct(cases, moved)
        if case.comparison
        for distance in [case.comparison.distance]
    ]
    names = [case.name.short for case in cases]
    correct = 0 if entry.family else 1
    panel = convergence_panel(distances, names, marks, N=cases[0].N, correct=correct)
    return {"distance": panel}

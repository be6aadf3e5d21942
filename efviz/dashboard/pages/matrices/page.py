"""Four matrices at one theta: sections 1, 3 and 4.1 of the paper, interactive.

H, G, F and EF, or others that the reader chooses.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from efviz.dashboard.components import Click, Touch
from efviz.dashboard.pages.matrices import words
from efviz.dashboard.pages.matrices.closer import SECTIONS
from efviz.dashboard.pages.matrices.settings import MOST_LABELS, MatricesSettings
from efviz.dashboard.pages.registry import PAGES
from efviz.dashboard.session import data_edits
from efviz.dashboard.session.blocks import Chart, Row, Words, place
from efviz.dashboard.session.given import TWO_PARAMETERS
from efviz.dashboard.session.page import Block, Page, Preset, Shown, View, draw
from efviz.dashboard.session.problem_choice import known, last_example
from efviz.dashboard.session.problem_widgets import problem_row
from efviz.dashboard.session.studies import Call, Studies
from efviz.dashboard.session.theta_choice import move_theta, theta_row, theta_touched
from efviz.datasets.dataset import number_of, row_of
from efviz.fields import loss_grid
from efviz.figures.claims import distance_panels, weight_panels
from efviz.figures.data_points import nearest_example
from efviz.figures.four_matrices import label_panels, matrix_panels, term_panels, theta_panels
from efviz.studies.alignment import PAPER
from efviz.studies.bound_on_path import bound_on_path, path_through
from efviz.studies.equal_steps import (
    balls_of_all_radii,
    first_examples,
    shrinking_balls,
    window_around,
    without_balls,
)
from efviz.studies.four_matrices import (
    agreeing,
    four_matrices,
    level_sets,
    refusals,
    spectra,
    usual_matrices,
)
from efviz.studies.label_sources import BATCHES, SAMPLED, label_distances, label_matrix
from efviz.studies.label_weights import label_weights
from efviz.studies.one_example import contribution, one_step
from efviz.studies.plane import loss_on_plane, plane_shown, theta_shown
from efviz.studies.residuals import residual_path
from efviz.studies.split_parts import split_parts

SLUG = "four-matrices"
AT = {"theta": "at"}
BALLS = {"problem": "few", "theta": "at", "order": "c_order", "radius": "c_radius"}

STUDIES = Studies(
    MatricesSettings,
    TWO_PARAMETERS,
    {
        "plane": plane_shown,
        "at": theta_shown,
        "matrices": Call(four_matrices, AT),
        "refusals": Call(refusals, AT),
        "usual": Call(usual_matrices, AT),
        "spectra": spectra,
        "agreements": Call(agreeing, AT),
        "level_sets": Call(level_sets, AT),
        "loss": Call(loss_on_plane, fixed={"n": 31}),
        "row": Call(row_of, {"number": "example"}),
        "terms": Call(contribution, AT | {"n": "row"}),
        "steps": Call(one_step, AT | {"n": "row"}, {"methods": PAPER}),
        "labels": Call(label_matrix, AT),
        "weights": label_weights,
        "distances": Call(label_distances, AT),
        "split": Call(split_parts, AT | {"split": "c_split"}),
        "residuals": Call(residual_path, AT | {"path": "c_path"}),
        "straight": Call(path_through, AT),
        "bound": bound_on_path,
        "no_balls": Call(without_balls, AT),
        "few": first_examples,
        "window": Call(window_around, BALLS),
        "window_loss": Call(loss_grid, {"problem": "few", "plane": "window"}, {"n": 41}),
        "balls": Call(shrinking_balls, BALLS),
        "angles": Call(balls_of_all_radii, BALLS),
    },
)


def clicked(shown: Shown, click: Click) -> None:
    """A click in the data chooses the nearest example, a click in the contours moves theta.

    While data are being edited, a click in the data adds an example.
    """
    store, given = shown.store, shown.view.given
    if click.panel == 1:
        move_theta(shown, click.x, click.y)
    elif click.panel == 0 and store.settings.editing:
        data_edits.clicked(store, click)
    elif click.panel == 0:
        row = nearest_example(given["dataset"], given["problem"], click.x, click.y)
        store.set(example=number_of(given["dataset"], row))


def touched(view: View, settings: MatricesSettings, touch: Touch) -> MatricesSettings:
    """Drag theta, or edit an example; one that was moved becomes the chosen one."""
    if touch.panel == 1:
        moved: MatricesSettings = theta_touched(view, settings, touch)
        return moved
    edited: MatricesSettings = data_edits.touched(settings, touch)
    if not edited.editing or touch.action != "drop" or touch.number is None:
        return edited
    return replace(edited, example=min(touch.number, last_example(edited)))


def choose_M(shown: Shown, click: Click) -> None:
    shown.store.set(source=SAMPLED, M=round(min(max(click.x, 1), MOST_LABELS)))


def at_minimum(now: MatricesSettings) -> MatricesSettings | str:
    """The settings with theta at the minimum, or a sentence that says why there is none."""
    made = known(now)
    if made is None:
        return "There is no table yet, so there is no minimum."
    _, problem = made
    if not problem.minimum.exists:
        return problem.minimum.reason
    first, second = map(float, problem.theta_star)
    return replace(now, theta=((first, second),))


def step_settings(shown: Shown) -> None:
    with st.expander("Step size and damping of these steps"):
        Row(("step_size", "damping"))(shown)


def labels_drawn(shown: Shown) -> None:
    """The number that the chosen source depends on, if there is one."""
    number = {SAMPLED: "M", BATCHES: "batch_size"}.get(shown.settings.source)
    if number:
        place(number, shown)


def closer_look(shown: Shown) -> None:
    """Compute and draw only the chosen topic."""
    draw(SECTIONS[shown.settings.closer].blocks, shown)


def in_tab(tab: str) -> Callable[[MatricesSettings], bool]:
    return lambda settings: settings.tab == tab


def cells(panels: object) -> dict[str, int]:
    return {"min_width": 180, "max_width": 330, "smallest": 130}


CHART = Chart(
    Call(theta_panels, AT),
    look=lambda panels: {"min_width": 300, "max_width": 460, "smallest": 220},
    click=clicked,
    touch=touched,
    after_touch=data_edits.after_touch,
    pinned=True,
    compared=words.compared,
    paint=True,
    title="Data, ellipses, eigenvalues",
)
CELLS = Chart(
    matrix_panels, "cells", cells, title="Entries of the matrices", seen=in_tab("entries")
)
TERMS = Chart(term_panels, "terms", cells, title="Terms of one example", seen=in_tab("example"))
LABELS = Chart(
    Call(label_panels, {"matrices": "usual"}), "labels", cells, title="Matrices by labels"
)
LABELS_SAID = Words(words.source)
SENTENCE = Words(Call(words.sentence, AT))
TABLE = Words(words.table, seen=in_tab("entries"))
EXAMPLE = Words(Call(words.example, {"asked": "example"}), seen=in_tab("example"))
WEIGHTS = Chart(
    Call(weight_panels, {"found": "weights"}),
    "weights",
    title="Weights by labels",
    file=f"{SLUG}-weights",
)
CURVE = Chart(
    distance_panels,
    "curve",
    click=choose_M,
    title="Distance against labels",
    file=f"{SLUG}-distances",
)

BELOW: dict[str, Sequence[Block]] = {
    "entries": (CELLS, TABLE),
    "example": (Row(((EXAMPLE, TERMS), (Words(words.steps), step_settings)), (1, 1.25)),),
    "labels": (
        partial(place, "source"),
        Row(
            (
                (labels_drawn, LABELS_SAID, LABELS, WEIGHTS, words.weights),
                (CURVE, Words(words.other_sources)),
            ),
            (1, 1.25),
        ),
    ),
    "closer": (partial(place, "closer"), closer_look),
}
"""What each tab shows. Of the others, nothing is computed."""


def chosen_tab(shown: Shown) -> None:
    draw(BELOW[shown.settings.tab], shown)


PAGE = Page(
    PAGES[SLUG].title,
    SLUG,
    MatricesSettings,
    STUDIES,
    presets=(
        Preset("At the minimum", at_minimum),
        Preset("All probabilities 1/2", lambda now: now.kept(problem="fig2", theta=((0.0, 0.0),))),
        Preset("Nonlinear: G is not H", lambda now: now.kept(problem="saturation")),
        Preset("Three classes", lambda now: now.kept(problem="softmax")),
    ),
    controls=(problem_row(widths=(1, 1, 1)),),
    body=(
        theta_row(words.THETA, (partial(place, "example"),), (1, 1, 1)),
        CHART,
        SENTENCE,
        Row(("editing", "matrices"), (1, 2), align="bottom"),
        data_edits.edits,
        partial(place, "tab"),
        chosen_tab,
    ),
    foot=(words.equations,),
    waits={
        "loss": "the contours",
        "labels": "the matrix",
        "distances": "the chart of distances",
        "residuals": "the path",
        "bound": "the path",
        "balls": "the balls",
        "angles": "the angles",
    },
    follow=(CHART, CELLS, SENTENCE, TABLE, EXAMPLE, TERMS),
    parts={
        "theta": theta_row(words.THETA, columns=(1, 1)),
        "labels": LABELS,
        "labels_said": LABELS_SAID,
    },
)

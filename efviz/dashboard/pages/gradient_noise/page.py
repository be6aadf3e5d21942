"""Gradient noise: section 5 of the paper, Eqs. 18 and 19, interactive."""

from dataclasses import replace
from typing import Any

import streamlit as st

from efviz.curvature import fisher
from efviz.curvature.gradient_noise import gradient_noise
from efviz.dashboard.components import Click, Touch
from efviz.dashboard.pages.gradient_noise import words
from efviz.dashboard.pages.gradient_noise.settings import GradientNoiseSettings
from efviz.dashboard.pages.method_settings import inputs_of_methods
from efviz.dashboard.pages.registry import PAGES
from efviz.dashboard.session import data_edits
from efviz.dashboard.session.blocks import (
    Chart,
    Line,
    More,
    Panels,
    Row,
    Words,
    scales_in_use,
)
from efviz.dashboard.session.given import TWO_PARAMETERS
from efviz.dashboard.session.page import Page, Preset, Shown, View
from efviz.dashboard.session.problem_choice import examples
from efviz.dashboard.session.problem_widgets import drawn, problem_row
from efviz.dashboard.session.studies import Call, Studies
from efviz.dashboard.session.theta_choice import move_theta, theta_row, theta_touched
from efviz.figures.gradient_noise import noise_panels
from efviz.studies.gradient_noise import (
    descent_directions,
    error_curves,
    estimate_errors,
    example_gradients,
    minibatch_sample,
    noise_factor,
    noisy_runs,
    step_scales,
    with_replacement,
)
from efviz.studies.plane import loss_on_plane, plane_shown, theta_shown

SLUG = "gradient-noise"
DATA = 4
"""Index of the data panel, which is shown while data are edited."""
AT = {"theta": "at"}

STUDIES = Studies(
    GradientNoiseSettings,
    TWO_PARAMETERS,
    {
        "plane": plane_shown,
        "at": theta_shown,
        "replacement": with_replacement,
        "noise": Call(gradient_noise, AT),
        "fisher": Call(fisher, AT),
        "directions": Call(descent_directions, AT),
        "gradients": Call(example_gradients, AT),
        "minibatches": Call(minibatch_sample, AT),
        "factor": noise_factor,
        "curves": error_curves,
        "errors": estimate_errors,
        "scales": Call(step_scales, AT | {"given": "given_scales"}),
        "loss": Call(loss_on_plane, fixed={"n": 31}),
        "runs": Call(noisy_runs, AT),
    },
)


def look(panels: Panels) -> dict[str, Any]:
    return {"min_width": 230 if len(panels) == DATA else 290, "smallest": 220}


def clicked(shown: Shown, click: Click) -> None:
    """A click moves theta, chooses the batch size or adds an example, depending on the panel."""
    if click.panel == 0:
        move_theta(shown, click.x, click.y)
    elif click.panel == 2:
        shown.store.put(with_batch(shown.store.settings, click.x))
    elif click.panel == DATA:
        data_edits.clicked(shown.store, click)


def touched(view: View, settings: GradientNoiseSettings, touch: Touch) -> GradientNoiseSettings:
    """The settings after theta or an example was dragged, or an example removed."""
    moved: GradientNoiseSettings = (
        theta_touched(view, settings, touch)
        if touch.panel == 0
        else data_edits.touched(settings, touch)
    )
    return moved


def with_batch(settings: GradientNoiseSettings, batch_size: float) -> GradientNoiseSettings:
    """The nearest batch size for which there are enough examples."""
    return replace(settings, batch_size=round(min(max(batch_size, 1), examples(settings))))


def start_again(shown: Shown) -> None:
    if shown.settings.theta:
        st.button("Reset θ", on_click=shown.store.set, kwargs={"theta": ()})


CHART = Chart(
    Call(noise_panels, AT),
    look=look,
    click=clicked,
    touch=touched,
    after_touch=data_edits.after_touch,
    pinned=True,
    compared=words.compared,
    paint=True,
)
SENTENCE = Words(words.sentence)
ERRORS, LOSSES = Words(words.errors_table), Words(words.runs_table)

PAGE = Page(
    PAGES[SLUG].title,
    SLUG,
    GradientNoiseSettings,
    STUDIES,
    presets=(
        Preset("B = 1 (Eq. 19)", lambda now: with_batch(now, 1)),
        Preset("B = 16", lambda now: with_batch(now, 16)),
        Preset("B = 256", lambda now: with_batch(now, 256)),
    ),
    controls=(problem_row("batch_size", "step_size"),),
    body=(
        theta_row(words.THETA),
        CHART,
        SENTENCE,
        Line(("editing",)),
        data_edits.edits,
        More(
            "More settings: methods, data, runs, scales",
            (
                ("methods", drawn("N", "seed"), "sampling"),
                ("n_steps", "seeds", "damping"),
                (inputs_of_methods("scale"), scales_in_use, start_again),
            ),
        ),
        Row((ERRORS, LOSSES), (1, 1.4)),
    ),
    foot=(words.equations,),
    waits={"loss": "the contours", "runs": "the runs"},
    held={"runs": 0.25},
    follow=(CHART, SENTENCE, ERRORS, LOSSES),
    parts={"theta": theta_row(words.THETA, columns=(1, 1))},
)

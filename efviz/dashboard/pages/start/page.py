"""The first page: Figure 1 moving, what one sees, and where to go from here."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import streamlit as st

from efviz.dashboard.components import contrast
from efviz.dashboard.pages.lessons import bar as lesson_bar
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.figure_1 import figure_1
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.session import routes
from efviz.dashboard.session.store import everywhere
from efviz.fields import loss_grid
from efviz.figures import contrast as panels
from efviz.numbers import number, percent

SLUG = "start"

FINE = 121
"""Contours are drawn from so many points a side."""

HEADING = "Where the empirical Fisher stops being the Fisher"

WORDS = """
A line is fitted to the data of Figure 1, three times from the same four starts to the same minimum
★. Gradient descent (**GD**) goes down the steepest way. The natural gradient (**NGD**) multiplies
that by the inverse of the Fisher information. **EFGD** takes the empirical Fisher instead, which
looks much the same on paper: observed targets stand where the Fisher asks the model for its own.
"""

DOORS = (
    (vector_fields.SLUG, "Explore", "Move the data, the step, the starts; every picture follows."),
    ("lessons", "Lessons", "Predict first, then look: short lessons on the pages themselves."),
    ("the-paper", "The paper", "What it states, figure by figure, and what comes out here."),
)
"""Where to go: slug, title, one sentence. A door to a page that is not there is left out."""


def main() -> None:
    forward()
    shown, sentence = picture()
    st.title(HEADING, anchor=False)
    contrast(shown, key=f"{SLUG}.contrast", label=sentence)
    st.html(f"<p class='efviz-sentence'>{sentence}</p>")
    st.markdown(WORDS)
    doors()
    st.caption(
        "After Kunstner, Hennig and Balles, Limitations of the Empirical Fisher Approximation for "
        "Natural Gradient Descent, NeurIPS 2019. All panels show the same step; the clock "
        "runs faster and faster, so that both the first and the last steps are seen."
    )


def forward() -> None:
    """Links to this address once meant the page Vector fields; a lesson begins on its own page."""
    known = {one.query for one in VectorFieldsSettings.declared().values()}
    query = st.query_params.to_dict()
    if known & set(query) and routes.known(vector_fields.SLUG):
        routes.go(vector_fields.SLUG, {k: v for k, v in query.items() if k not in everywhere()})
    lesson_bar.resume()


def doors() -> None:
    there = [door for door in DOORS if routes.known(door[0])] or list(DOORS)
    with st.container(key=f"{SLUG}-doors"):
        for (slug, title, words), box in zip(there, st.columns(len(there)), strict=True):
            with box.container(border=True):
                routes.link(slug, f"**{title}**")
                st.markdown(words)


@cache
def picture() -> tuple[dict[str, Any], str]:
    """The page Vector fields as it opens: what the browser needs of it, and one sentence."""
    p = figure_1()
    lowest = p.problem.minimum.loss
    x, y = p.fields.plane.axes(FINE)
    smooth = replace(p.fields, x=x, y=y, loss=loss_grid(p.problem, p.fields.plane, FINE))
    shown = panels.contrast(
        smooth,
        p.paths,
        p.theta_0,
        p.problem.theta_star,
        lowest,
        scales=p.scales,
        names=p.problem.parameter_names,
    )
    detours = {
        name: [
            panels.length(path) / float(np.linalg.norm(path[-1] - path[0]))
            for path in trajectory.thetas
        ]
        for name, trajectory in p.paths.items()
    }
    gd, ngd, efgd = (max(detours[name]) for name in ("GD", "NGD", "EFGD"))
    sentence = (
        f"NGD goes straight: its ways are {number(ngd)} times as long as the line from start to "
        f"end. The longest of GD is {number(gd)} times as long, of EFGD {number(efgd)} times, "
        f"and on {percent(p.fields.negative_share)} of the plane a step of EFGD points over 90° "
        "away from that of NGD."
    )
    return shown, sentence

"""The first page: Figure 1 in motion, a sentence about it, and links to the other pages."""

from dataclasses import replace
from functools import cache
from typing import Any

import streamlit as st

from efviz.dashboard.components import contrast
from efviz.dashboard.pages.lessons import panel as lesson_panel
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.figure_1 import detours, figure_1
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.session import routes
from efviz.dashboard.session.glossary import in_markdown
from efviz.dashboard.session.store import everywhere
from efviz.fields import loss_grid
from efviz.figures import contrast as panels
from efviz.numbers import number, percent
from efviz.studies.alignment import PAPER

SLUG = "start"

FINE = 121
"""Grid points per side for the contours."""

HEADING = "Where the empirical Fisher departs from the Fisher"

PROMISE = (
    "Two matrices that look almost alike on paper send an optimizer along very different paths. "
    "Watch it happen, change the data, and find out why."
)

WORDS = """
Three methods fit a line with {{intercept}} b and {{slope}} w to the data of Figure 1, from the same
four starts; ★ is the {{minimum}}. Gradient descent (**GD**) follows the direction of steepest
descent. The natural gradient (**NGD**) multiplies the {{gradient}} by the inverse of the
{{Fisher|Fisher information}}. **EFGD** uses the {{empirical Fisher}} instead. On paper the two look
much the same, but the empirical Fisher uses the observed {{target|targets}}, and the Fisher
averages over the model's own predictions.
"""

DOORS = {
    vector_fields.SLUG: "Explore the vector fields",
    "lessons": "All lessons",
    "the-paper": "The paper, checked",
}
"""Links to other pages. Those to missing pages are left out."""


def main() -> None:
    forward()
    shown, sentence = picture()
    st.title(HEADING, anchor=False)
    st.html(f"<p class='efviz-promise'>{PROMISE}</p>")
    contrast(shown, key=f"{SLUG}.contrast", label=sentence)
    doors()
    st.html(f"<p class='efviz-sentence'>{sentence}</p>")
    st.markdown(in_markdown(WORDS))
    st.caption(
        "After Kunstner, Hennig and Balles, Limitations of the Empirical Fisher Approximation for "
        "Natural Gradient Descent, NeurIPS 2019. All panels show the same step; time "
        "speeds up, so that both the first steps and the last ones are visible."
    )


def forward() -> None:
    """Forward old links, which meant the page Vector fields, and links that name a lesson."""
    known = {one.query for one in VectorFieldsSettings.declared().values()}
    query = st.query_params.to_dict()
    if known & set(query) and routes.known(vector_fields.SLUG):
        routes.go(vector_fields.SLUG, {k: v for k, v in query.items() if k not in everywhere()})
    lesson_panel.resume()


def doors() -> None:
    """The first lesson, and links to other pages."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"{SLUG}-doors"):
        begun = st.button("Start lesson 1", type="primary", key=f"{SLUG}.lesson")
        # In tests of one page, the others are unknown.
        if begun and routes.known(vector_fields.SLUG):
            from efviz.dashboard.pages.lessons.registry import LESSONS  # imports all lessons

            lesson_panel.enter(next(iter(LESSONS.values())), 0)
        for slug, title in DOORS.items():
            if routes.known(slug) or not routes.known(vector_fields.SLUG):
                routes.link(slug, title)


@cache
def picture() -> tuple[dict[str, Any], str]:
    """The default state of the page Vector fields as data for the browser, and one sentence."""
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
    gd, ngd, efgd = (detours()[name] for name in PAPER)
    sentence = (
        f"NGD goes straight: its paths are {_times(ngd)} as long as the straight line from start "
        f"to end. The longest path of GD is {_times(gd)} as long as its straight line, that of "
        f"EFGD {_times(efgd)}. On {percent(p.fields.negative_share)} of the plane, a step of EFGD "
        "points more than 90° away from that of NGD."
    )
    return shown, sentence


def _times(ratio: float) -> str:
    """How many times as long, in words where the lengths are equal to working precision."""
    return "exactly" if ratio < 1 + 1e-6 else f"{number(ratio)} times"

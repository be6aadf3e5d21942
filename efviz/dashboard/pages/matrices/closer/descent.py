"""Steepest descent in two distances (Appendix A): balls, their minimisers, and the limits."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from efviz.dashboard.components import Click
from efviz.dashboard.pages.matrices.closer.base import Section, Sentence, sentence_html
from efviz.dashboard.session.blocks import Chart, Row
from efviz.dashboard.session.page import Shown, draw
from efviz.dashboard.session.studies import Call
from efviz.dashboard.session.theta_choice import move_theta
from efviz.figures.steepest_descent import LOOKS, descent_panels
from efviz.numbers import number
from efviz.optimizers.steepest_descent import DISTANCES, PRECISION, Balls
from efviz.studies.equal_steps import EXAMPLES

ORDERS: dict[str, str] = {
    "kl": r"$\mathrm{KL}(p_\theta \,\|\, p_{\theta+\delta})$",
    "kl_moved_first": r"$\mathrm{KL}(p_{\theta+\delta} \,\|\, p_\theta)$",
}


def descent(shown: Shown) -> None:
    """The balls, or a sentence that says why there are none."""
    words = shown.view.result("no_balls", wait=True)
    if words:
        st.html(sentence_html(words))
    elif words is not None:
        draw(BALLS, shown)


def clicked(shown: Shown, click: Click) -> None:
    """A click in the panel of balls moves theta."""
    if click.panel == 0:
        move_theta(shown, click.x, click.y)


def sentence(balls: Sequence[Balls]) -> str:
    """The angles of the smallest and largest ball to their limits, and between the two limits."""
    if all(some.interior.all() for some in balls):
        return (
            "All balls drawn contain the minimum, so there is no direction of descent to compare."
        )
    parts = [_angles(some) for some in balls]
    if len(balls) > 1:
        a, b = (some.limit / np.linalg.norm(some.limit) for some in balls)
        between = float(np.degrees(np.arccos(np.clip(a @ b, -1, 1))))
        if np.isfinite(between):
            parts.append(f"The two limits are <b>{number(between)}°</b> apart.")
    return " ".join(parts)


def _angles(balls: Balls) -> str:
    name = LOOKS[balls.distance][1]
    if not np.isfinite(balls.limit).all():
        return f"The {name} has no limit here."
    order = np.argsort(balls.radii)[::-1]
    largest, smallest = int(order[0]), int(order[-1])
    words = f"{DISTANCES[balls.distance].title}: {_angle(balls, largest, f' the {name} step')}"
    if smallest != largest:
        words += f"; {_angle(balls, smallest)}"
    ends = int(balls.unbounded.sum())
    if ends:
        words += f"; {ends} of the balls are unbounded"
    return f"{words}."


def _angle(balls: Balls, k: int, step: str = "") -> str:
    within = f"within radius {number(float(balls.radii[k]))}"
    if balls.interior[k]:
        return f"the ball {within} contains the minimum"
    angle = float(balls.angles[k])
    if not np.isfinite(angle):
        return f"{within} the loss has no minimiser"
    if angle <= PRECISION:
        return f"{within} the lowest loss lies <b>0°</b> off{step} (to the precision of the search)"
    return f"{within} the lowest loss lies <b>{number(angle)}°</b> off{step}"


def explain(shown: Shown) -> None:
    st.markdown(
        r"$\lim_{\varepsilon \to 0} \frac1\varepsilon \operatorname{argmin}"
        r"_{d(\theta,\theta+\delta) \le \varepsilon} L(\theta + \delta) = -\frac{M^{-1}\nabla L}"
        r"{\sqrt{\nabla L^\top M^{-1} \nabla L}}$ (Kunstner et al. 2019, Eq. 20): the gradient "
        r"for $d = \|\delta\|$, where $M = I$, and the natural gradient for "
        r"$d = \sqrt{2\,\mathrm{KL}}$ (Eq. 21), where $M = F$."
    )
    words = (
        "The balls are those of the exact divergence, not of its quadratic form δᵀFδ. The paper "
        "prints Eq. 20 with the divergence itself as d; as that is a squared length, δ/ε would "
        "grow like ε^(−1/2). With d = √(2 KL) the limit exists and has the same direction."
    )
    if shown.view.given["problem"].N > EXAMPLES:
        words += f" Balls, minimum and contours are those of the first {EXAMPLES:,} examples."
    st.caption(words)


CHART = Chart(
    Call(descent_panels, {"problem": "few"}),
    "closer.descent",
    lambda panels: {"max_width": 560, "min_width": 320, "smallest": 220},
    click=clicked,
    title="Steepest descent",
    file="four-matrices-descent",
)
BALLS = (
    Row(("c_radius", "c_order")),
    CHART,
    Sentence(sentence),
    explain,
)
SECTION = Section("Steepest descent", (descent,))

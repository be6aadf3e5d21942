"""Steepest descent in two distances (Appendix A): balls, their minimisers, and the limits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from efviz.arrays import Array
from efviz.dashboard.components import Click, chart, pack_figures
from efviz.dashboard.pages.matrices.closer.base import Here, Section, Spot, go_on, sentence_html
from efviz.dashboard.pages.matrices.closer.script import FINE, descent_script
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.jobs import Job
from efviz.dashboard.session.store import Store
from efviz.dashboard.session.take_along import take_along
from efviz.dashboard.session.theta_choice import choose_theta
from efviz.dashboard.session.widgets import show
from efviz.fields import Plane, loss_grid
from efviz.figures import DARK
from efviz.figures.steepest_descent import LOOKS, angle_panel, descent_panel
from efviz.figures.theme import Spec
from efviz.numbers import number
from efviz.optimizers.steepest_descent import DISTANCES, PRECISION, Balls
from efviz.problems import Problem
from efviz.studies.equal_steps import (
    EXAMPLES,
    first_examples,
    in_half_widths,
    one_by_one,
    window_around,
)
from efviz.work import Work, part

ORDERS: dict[str, str] = {
    "kl": r"$\mathrm{KL}(p_\theta \,\|\, p_{\theta+\delta})$",
    "kl_moved_first": r"$\mathrm{KL}(p_{\theta+\delta} \,\|\, p_\theta)$",
}
LEAST, MOST = 1e-3, 1.0

SHRINK = (1.0, 1 / 2, 1 / 4, 1 / 8)
"""Radii of the balls drawn, in units of the chosen one."""

RADII = np.geomspace(LEAST, MOST, 10)


@dataclass(frozen=True, eq=False)
class Picture:
    """Balls by distance, as far as they are known, and the loss on the window around theta."""

    problem: Problem
    window: Plane
    loss: Array
    balls: tuple[Balls, ...]


def picture_work(spot: Spot, radius: float, order: str) -> Work[Picture]:
    problem, theta = first_examples(spot.made()), np.array(spot.at)
    window = window_around(problem, theta, order, spot.shown, radius)
    loss = loss_grid(problem, window, FINE)
    found = one_by_one(problem, theta, order, spot.shown, radius * np.array(SHRINK))

    def picture(balls: list[Balls]) -> Picture:
        return Picture(problem, window, loss, tuple(balls))

    return picture((yield from part(found, 0, 1, picture)))


def angles_work(spot: Spot, order: str) -> Work[tuple[Balls, ...]]:
    problem, theta = first_examples(spot.made()), np.array(spot.at)
    found = one_by_one(problem, theta, order, spot.shown, RADII)
    return tuple((yield from part(found, 0, 1, tuple)))


@cached
def picture_job(spot: Spot, radius: float, order: str) -> Job[Picture]:
    return Job(picture_work(spot, radius, order))


@cached
def angles_job(spot: Spot, order: str) -> Job[tuple[Balls, ...]]:
    return Job(angles_work(spot, order))


@cached
def packed(
    spot: Spot, radius: float, order: str, known: tuple[int, ...], _p: Picture,
    _angles: tuple[Balls, ...] | None,
) -> bytes:  # fmt: skip
    """`known` says how many balls there are in either panel."""
    panels = panels_of(spot, _p, _angles)
    return pack_figures(panels, dark=DARK, max_width=560, min_width=320, smallest=220)


def panels_of(spot: Spot, p: Picture, angles: tuple[Balls, ...] | None) -> dict[str, Spec]:
    problem = p.problem
    star = problem.theta_star if problem.minimum.exists else None
    panels = {"balls": descent_panel(p.balls, problem.parameter_names, p.window, p.loss, star)}
    if angles:
        shown = [in_half_widths(problem, balls, spot.shown) for balls in angles]
        panels["angles"] = angle_panel(shown, over="radius r")
    return panels


def draw(store: Store[Any], here: Here) -> None:
    if here.problem.D != 2:
        words = (
            f"Balls are drawn in a plane: of {here.problem.D} parameters there is no such picture."
        )
        st.html(sentence_html(words))
        return
    words = _obstacle(here.problem, here.theta)
    if words:
        st.html(sentence_html(words))
        return
    left, right = st.columns([1, 1])
    with left:
        show(store, "c_radius")
    with right:
        show(store, "c_order")
    radius, order, spot = store.settings.c_radius, store.settings.c_order, here.spot
    job, curves = picture_job(spot, radius, order), angles_job(spot, order)
    p = job.progress.result or job.advance(0.1).result
    assert p
    angles = curves.progress.result
    known = tuple(sum(len(b.radii) for b in some) for some in (p.balls, angles or ()))
    key, name = f"{store.slug}.closer.descent", f"{store.slug}-descent"
    chart(
        packed(spot, radius, order, known, p, angles),
        key=key,
        query=store.query,
        on_click=lambda click: clicked(store, here, click),
    )
    take_along(
        key,
        name,
        lambda: panels_of(spot, p, angles),
        lambda: descent_script(name, here, order, radius * np.array(SHRINK), RADII),
        complete=job.progress.complete and curves.progress.complete,
    )
    st.html(sentence_html(sentence(p)))
    state, words = (spot, order), "of the balls is known"
    if job.progress.complete:
        go_on(store, "descent", state, curves, words)
    else:
        go_on(store, "descent", state, job, words)
    explain(here.problem)


def _obstacle(problem: Problem, theta: Array) -> str:
    """Why there are no balls to draw, if so."""
    g, F, _ = problem.gradient_and_matrices(theta)
    with np.errstate(all="ignore"):
        sizes = np.array([problem.loss(theta), g @ g, np.vdot(F, F)])
    if not np.isfinite(sizes).all():
        return "At this θ the loss or its matrices are too large for numbers of a computer."
    if not F.any():
        return "F is zero at this θ: all of the plane around it has divergence 0 to rounding."
    return ""


def clicked(store: Store[Any], here: Here, click: Click) -> None:
    """A click among the balls moves theta."""
    if click.panel == 0:
        choose_theta(store, here.plane, np.array([click.x, click.y]))


def sentence(p: Picture) -> str:
    """The angles of the smallest and largest ball to their limits, and between the two limits."""
    if all(some.interior.all() for some in p.balls):
        return "The minimum lies inside of all balls drawn: no direction of descent is left."
    parts = [_angles(some) for some in p.balls]
    if len(p.balls) > 1:
        a, b = (some.limit / np.linalg.norm(some.limit) for some in p.balls)
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
    words = (
        f"{DISTANCES[balls.distance].title}: within radius {number(float(balls.radii[largest]))}"
    )
    words += " " + _angle(balls, largest, name)
    if smallest != largest:
        words += f"; within {number(float(balls.radii[smallest]))} {_angle(balls, smallest, '')}"
    ends = int(balls.unbounded.sum())
    if ends:
        words += f"; {ends} of the balls have no end in some direction"
    return f"{words}."


def _angle(balls: Balls, k: int, name: str) -> str:
    if balls.interior[k]:
        return "lies the minimum itself"
    if not np.isfinite(balls.angles[k]):
        return "the loss is least at no end"
    angle = float(balls.angles[k])
    shown = f"<b>{number(angle)}°</b>" if angle > PRECISION else "<b>0°</b> (to the search)"
    return f"the least loss lies {shown} off the {name} step" if name else f"{shown} off"


def explain(problem: Problem) -> None:
    st.markdown(
        r"$\lim_{\varepsilon \to 0} \frac1\varepsilon \operatorname{argmin}"
        r"_{d(\theta,\theta+\delta) \le \varepsilon} L(\theta + \delta) = -\frac{M^{-1}\nabla L}"
        r"{\sqrt{\nabla L^\top M^{-1} \nabla L}}$ (Kunstner et al. 2019, Eq. 20): the gradient "
        r"for $d = \|\delta\|$, where $M = I$, and the natural gradient for "
        r"$d = \sqrt{2\,\mathrm{KL}}$ (Eq. 21), where $M = F$."
    )
    words = (
        "Balls are those of the exact divergence, not of its quadratic form δᵀFδ. Eq. 20 is "
        "printed with the divergence itself as d: it is a squared length, and δ/ε would grow "
        "like ε^(−1/2). With d = √(2 KL) the limit exists; its direction is the same."
    )
    if problem.N > EXAMPLES:
        words += f" Balls, minimum and contours are those of the first {EXAMPLES:,} examples."
    st.caption(words)


SECTION = Section("Steepest descent", draw)

"""Proposition 2: how far G is from H along a path, the proved bound, and the printed square."""

from typing import Any

import numpy as np
import streamlit as st

from efviz.arrays import Array, Mask
from efviz.curvature.remainder_bound import RemainderBound, ray, remainder_bound
from efviz.dashboard.components import chart, pack_figures
from efviz.dashboard.pages.matrices.closer.base import (
    Here,
    Section,
    Spot,
    go_on,
    sentence_html,
)
from efviz.dashboard.pages.matrices.closer.script import bound_script
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.jobs import Job
from efviz.dashboard.session.problem_settings import EditableSettings
from efviz.dashboard.session.store import Store
from efviz.dashboard.session.take_along import take_along
from efviz.figures import DARK
from efviz.figures.claims import remainder_panel
from efviz.figures.theme import Spec
from efviz.numbers import number, percent
from efviz.problems import Problem
from efviz.work import Progress, Work

NONLINEAR = "saturation"
"""The problem of the catalogue for which the proposition says something."""

POINTS = 161
_EXAMPLES = 1_000_000
"""Examples times thetas of one slice of work."""


def path_through(problem: Problem, spot: Spot) -> tuple[Array, str]:
    """Thetas (T, 2) of the path, and in words."""
    start, through, words = path_ends(problem, spot)
    low, high = (np.array(corner) for corner in zip(spot.x, spot.y, strict=True))
    return ray(start, through, low, high, POINTS), words


def path_ends(problem: Problem, spot: Spot) -> tuple[Array, Array, str]:
    """The path goes from the minimum through theta to the edge of the plane: these two, in words.

    From theta to the farthest corner where the minimum is not on the plane, or is theta itself.
    """
    plane, theta = spot.shown, np.array(spot.at)
    low, high = np.array([plane.x[0], plane.y[0]]), np.array([plane.x[1], plane.y[1]])
    inside = ((low <= theta) & (theta <= high)).all()
    if not inside:
        theta = np.clip(theta, low, high)
    star = problem.theta_star
    usable = problem.minimum.exists and bool(((low <= star) & (star <= high)).all())
    apart = usable and float(np.abs(star - theta).max()) > 1e-9 * float((high - low).max())
    if apart:
        words = "from the minimum through θ" if inside else "from the minimum towards θ"
        return star, theta, words
    corner = np.where(theta < plane.center, high, low)
    return theta, corner, "from θ to a corner"


def bound_work(spot: Spot) -> Work[RemainderBound]:
    """Both sides along the path, some thetas at a time."""
    problem, plane = spot.made(), spot.shown
    thetas, _ = path_through(problem, spot)
    low, high = np.array([plane.x[0], plane.y[0]]), np.array([plane.x[1], plane.y[1]])
    step = max(1, _EXAMPLES // problem.N)
    pieces: list[RemainderBound] = []
    for i in range(0, len(thetas), step):
        pieces.append(remainder_bound(problem, thetas[i : i + step], low, high))
        yield Progress(min(1.0, (i + step) / len(thetas)))
    return RemainderBound(
        thetas,
        problem.N,
        low,
        high,
        pieces[0].beta,
        np.concatenate([piece.norm for piece in pieces]),
        np.concatenate([piece.residual for piece in pieces]),
    )


@cached
def bound_job(spot: Spot) -> Job[RemainderBound]:
    return Job(bound_work(spot))


@cached
def packed(spot: Spot, subtitle: str, _bound: RemainderBound) -> bytes:
    return pack_figures(panels_of(subtitle, _bound), dark=DARK, max_width=760)


def panels_of(subtitle: str, bound: RemainderBound) -> dict[str, Spec]:
    return {"bound": remainder_panel(bound, subtitle=subtitle)}


def draw(store: Store[Any], here: Here) -> None:
    if here.problem.model.linear:
        linear(store)
        explain()
    else:
        nonlinear(store, here)


def explain() -> None:
    st.markdown(
        r"$\|\nabla^2 L - G\|_2 \le r(\theta)\,\beta$ with "
        r"$r = \frac1N\sum_n \|\nabla_f \log p(y_n \mid f_n)\|_1$ and "
        r"$\|\nabla^2_\theta f_{nc}\|_2 \le \beta$ over the plane (Kunstner et al. 2019, "
        "Proposition 2)."
    )
    st.caption(
        "The paper prints the square of the norm (Eqs. 13 and 45); its proof (App. C.2) shows the "
        "norm itself. With the paper's sums the printed claim is N²‖H − G‖² ≤ N r β, drawn as "
        "N‖H − G‖² against r β. β is the least bound that is valid on the whole plane shown."
    )


def linear(store: Store[Any]) -> None:
    words = (
        "Here f is linear in θ: its second derivatives are zero, so β = 0 and H = G at every θ. "
        "<b>Both sides of Proposition 2 are 0.</b>"
    )
    st.html(sentence_html(words))
    st.button("Show it on the nonlinear model", on_click=switch, args=(store,))


def switch(store: Store[Any]) -> None:
    """To the nonlinear problem; what does not belong to the problem shown stays."""
    settings, own = store.settings, {*EditableSettings.declared(), "theta"} - {"N", "seed"}
    kept = {name: getattr(settings, name) for name in settings.declared() if name not in own}
    store.put(type(settings).of(**kept | {"problem": NONLINEAR}).checked())


def nonlinear(store: Store[Any], here: Here) -> None:
    job = bound_job(here.spot)
    bound = job.progress.result or job.advance(0.1).result
    start, through, way = path_ends(here.problem, here.spot)
    name = f"{store.slug}-bound"
    picture, words = st.columns([1.5, 1])
    with picture:
        if bound:
            shown = f"{store.slug}.closer.bound"
            chart(packed(here.spot, way, bound), key=shown, query=store.query)
            take_along(
                shown,
                name,
                lambda: panels_of(way, bound),
                lambda: bound_script(name, here, start, through, POINTS, way),
            )
        go_on(store, "bound", here.spot, job, "of the path is computed")
    with words:
        if bound:
            st.html(sentence_html(sentence(bound, way)))
        explain()


def sentence(b: RemainderBound, words: str) -> str:
    """Where the printed square fails, and that the proved bound holds, with numbers."""
    return " ".join(filter(None, (f"Along the path {words}:", _proved(b), _printed(b))))


def _proved(b: RemainderBound) -> str:
    failed = int(b.proved_fails.sum())
    if failed:
        return f"the proved bound fails at <b>{failed}</b> of {len(b.norm)} points."
    positive = b.proved > 0
    if not positive.any():
        return "both sides are 0."
    ratio = b.norm[positive] / b.proved[positive]
    return (
        f"‖H − G‖ ≤ r β holds at <b>all {len(b.norm)} points</b>, with β = {number(b.beta)}; the "
        f"norm is {number(float(ratio.min()))} to {number(float(ratio.max()))} times the bound."
    )


def _printed(b: RemainderBound) -> str:
    fails, positive = b.printed_fails, b.proved > 0
    ratio = np.divide(b.printed, b.proved, where=positive, out=np.full_like(b.printed, np.inf))
    if not fails.any():
        most = float(ratio[positive].max()) if positive.any() else 0.0
        return f"The printed square holds along this path too: it is at most {number(most)} of r β."
    share = f"at {percent(fails.mean())} of the points</b>, {_where(b.length, fails)}"
    where = "everywhere</b>" if fails.all() else share
    return (
        f"The printed square N‖H − G‖² ≤ r β <b>fails {where}: there it is up to "
        f"{number(float(ratio[fails].max()))} times r β."
    )


def _where(length: Array, fails: Mask) -> str:
    """As stretches of the path."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], fails, [False]]).astype(int)))
    stretches = [(length[a], length[b - 1]) for a, b in edges.reshape(-1, 2)]
    if len(stretches) > 3:
        return f"in {len(stretches)} stretches"
    named = [f"{number(float(a))} to {number(float(b))}" for a, b in stretches]
    return f"at distances {' and '.join(named)} from its start"


SECTION = Section("Proposition 2", draw)

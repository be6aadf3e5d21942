"""Residuals going to zero: F becomes H while EF vanishes (Eq. 15), along the ways that apply."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from efviz.arrays import Array
from efviz.dashboard.components import chart, pack_figures
from efviz.dashboard.pages.matrices.closer.base import (
    Here,
    Section,
    Spot,
    go_on,
    sentence_html,
)
from efviz.dashboard.pages.matrices.closer.script import residuals_script
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.jobs import Job
from efviz.dashboard.session.kinds import Sofar
from efviz.dashboard.session.problem_choice import Knobs, problem_of
from efviz.dashboard.session.store import Store
from efviz.dashboard.session.take_along import take_along
from efviz.dashboard.session.widgets import show
from efviz.figures import DARK
from efviz.figures.claims import residual_panel
from efviz.figures.theme import Spec
from efviz.numbers import number
from efviz.problems import Problem
from efviz.problems.likelihoods.bernoulli import Bernoulli
from efviz.problems.likelihoods.categorical import Categorical
from efviz.problems.likelihoods.gaussian import Gaussian
from efviz.studies.residuals import (
    ResidualPath,
    add_parameters,
    few_examples,
    grow_margins,
    shrink_noise,
)
from efviz.work import Work

NOISE: list[float] = np.geomspace(1, 1e-3, 13).tolist()
POINTS = 20


@dataclass(frozen=True)
class Way:
    """One way to residuals of zero: why it does not apply to a problem (""), and its work.

    `code` is the call that is the work, for a script that knows `problem` and `truth`.
    """

    title: str
    knob: str
    obstacle: Callable[[Problem], str]
    work: Callable[[Problem, Array], Work[ResidualPath]]
    logarithmic: bool
    code: Callable[[Problem, Array], str]


def _truth(problem: Problem, theta: Array) -> Array:
    """The minimum, or theta where there is none."""
    return problem.theta_star if problem.minimum.exists else theta


def _scales(problem: Problem, theta: Array) -> list[float]:
    """As far as the smallest margin but rounding is large."""
    f = problem.model.outputs(problem.X, _truth(problem, theta))
    ordered = np.sort(f if f.shape[-1] > 1 else np.concatenate([f, -f], axis=-1) / 2, axis=-1)
    margin = ordered[:, -1] - ordered[:, -2]
    seen = margin[margin > 1e-9 * margin.max()]
    far = 10 / float(seen.min()) if seen.size else 1.0
    scales: list[float] = np.geomspace(0.1, max(10.0, far), 17).tolist()
    return scales


def _margins(problem: Problem, theta: Array) -> Work[ResidualPath]:
    return grow_margins(problem, _scales(problem, theta), _truth(problem, theta))


def _own_points(problem: Problem, theta: Array) -> Work[ResidualPath]:
    return add_parameters(*few_examples(POINTS))


def _no_labels(problem: Problem) -> str:
    if isinstance(problem.likelihood, Bernoulli | Categorical):
        return ""
    return "Margins grow where labels are classes; here they are numbers."


def _no_noise(problem: Problem) -> str:
    if isinstance(problem.likelihood, Gaussian):
        return ""
    kind = "Counts" if _no_labels(problem) else "Classes"
    return f"{kind} carry no noise that could be shrunk towards f(x, θ)."


WAYS: dict[str, Way] = {
    "noise": Way(
        "Shrink the noise",
        "noise",
        _no_noise,
        lambda p, t: shrink_noise(p, NOISE, _truth(p, t)),
        True,
        lambda p, t: f"shrink_noise(problem, {NOISE!r}, truth)",
    ),
    "margins": Way(
        "Grow the margins",
        "margin",
        _no_labels,
        _margins,
        True,
        lambda p, t: f"grow_margins(problem, {_scales(p, t)!r}, truth)",
    ),
    "parameters": Way(
        "Add parameters",
        "parameters",
        lambda problem: "",
        _own_points,
        False,
        lambda p, t: f"add_parameters(*few_examples({POINTS}))",
    ),
}


def ways(problem: Problem) -> list[str]:
    return [key for key, way in WAYS.items() if not way.obstacle(problem)]


def options(settings: Sofar) -> list[str]:
    """Those that apply; all while the table of a link is not there."""
    try:
        return ways(problem_of(Knobs.of(settings))[1])
    except (ValueError, KeyError):
        return list(WAYS)


@cached
def path_job(spot: Spot, key: str) -> Job[ResidualPath]:
    problem = spot.made()
    return Job(WAYS[key].work(problem, np.array(spot.at)))


@cached
def packed(spot: Spot, key: str, _path: ResidualPath) -> bytes:
    return pack_figures(panels_of(key, _path), dark=DARK, max_width=760)


def panels_of(key: str, path: ResidualPath) -> dict[str, Spec]:
    return {"residuals": residual_panel(path, logarithmic=WAYS[key].logarithmic)}


def draw(store: Store[Any], here: Here) -> None:
    possible = ways(here.problem)
    if store.settings.c_way not in possible:
        store.set(c_way=possible[0])
    show(store, "c_way")
    key, name = store.settings.c_way, f"{store.slug}-residuals"
    way = WAYS[key]
    job = path_job(here.spot, key)
    path = job.progress.result or job.advance(0.1).result
    picture, words = st.columns([1.5, 1])
    with picture:
        if path and not nothing(path):
            shown = f"{store.slug}.closer.residuals"
            chart(packed(here.spot, key, path), key=shown, query=store.query)
            take_along(
                shown,
                name,
                lambda: panels_of(key, path),
                lambda: residuals_script(
                    name, here, way.code(here.problem, here.theta), way.logarithmic
                ),
            )
        go_on(store, "residuals", (here.spot, key), job, "of the way is computed")
    with words:
        if path:
            st.html(sentence_html(nothing(path) or sentence(key, path)))
        explain(key, here.problem)


def explain(key: str, problem: Problem) -> None:
    obstacles = [way.obstacle(problem) for way in WAYS.values()]
    st.caption(" ".join(filter(None, [LEGEND[key], *obstacles])))
    st.markdown(
        r"$\nabla^2 L = F + \frac1N\sum_{n,c} r_{nc}\,\nabla^2_\theta f_{nc}$ and "
        r"$\tilde F = \frac1N\sum_n J_n^\top r_n r_n^\top J_n$ with residuals "
        r"$r_n = \nabla_f(-\log p(y_n \mid f_n))$: as they go to zero $F$ becomes $\nabla^2 L$ at "
        "their first power, and the empirical Fisher vanishes at their second (Kunstner et al. "
        "2019, Eq. 15)."
    )


LEGEND: dict[str, str] = {
    "noise": (
        "y(s) = f(x, θ) + s (y − f(x, θ)) with θ at the minimum of s = 1; F, H and EF at the "
        "minimum of each s."
    ),
    "margins": (
        "Every example gets its likeliest label at the minimum, and θ becomes t times as long: "
        "such labels are separable, and their residuals are zero only at infinite t."
    ),
    "parameters": (
        f"An example of its own, for any problem above: least squares on {POINTS} points with the "
        "first D orthogonal polynomials. F is the identity at every D."
    ),
}


def nothing(path: ResidualPath) -> str:
    """Why there is nothing to draw, if so."""
    if not np.isfinite(path.ef).any():
        return "There is no minimum to look at along this way, or F is zero everywhere."
    if path.residual[0] == 0 or not np.nanmax(path.ef) > 1e-24:
        return "The model fits every example exactly already: EF is 0, and F = H, from the start."
    return ""


def sentence(key: str, path: ResidualPath) -> str:
    """From where to where, and at which power of the residuals."""
    known = np.flatnonzero(np.isfinite(path.ef))
    first, last = known[0], known[-1]
    way = (
        f"As the largest residual goes from {number(path.residual[first])} to "
        f"{_or_zero(path.residual[last])}, ‖EF‖ goes from <b>{number(path.ef[first])}</b> to "
        f"<b>{_or_zero(path.ef[last])}</b> of ‖F‖, {_gap(path, first, last)}."
    )
    end = path.ef_minus_f[last]
    zero = ": as far from F as zero is" if abs(end - 1) < 1e-3 else ""
    parts = [way, f"In the end ‖EF − F‖ is {number(end)} of ‖F‖{zero}."]
    if key == "margins":
        parts.append(f"F = H vanishes too, to ‖F‖ = {number(path.fisher[last])}: {_later(path)}")
    if len(known) < len(path.ef):
        lost = len(path.ef) - len(known)
        parts.append(f"At {lost} of {len(path.ef)} steps there is no minimum.")
    return " ".join(parts)


def _gap(path: ResidualPath, first: int, last: int) -> str:
    before, after = path.h_minus_f[first], path.h_minus_f[last]
    if not np.nanmax(path.h_minus_f):
        return "while H = F all along, as f is linear in θ and the natural parameter"
    return f"while ‖H − F‖ goes from <b>{number(before)}</b> to <b>{_or_zero(after)}</b> of it"


def _later(path: ResidualPath) -> str:
    """EF / F need not fall at every step."""
    known = np.isfinite(path.ef)
    ef, t = path.ef[known], path.values[known]
    rise = ef - np.minimum.accumulate(ef)
    at = int(np.argmax(rise))
    if rise[at] <= 1e-9 * ef[at]:
        return "EF vanishes faster."
    return (
        "EF vanishes faster only in the end. Before, the examples with the smallest margins have "
        "most of the weight in both, and EF can rise by the measure of F, here to "
        f"{number(ef[at])} at t = {number(t[at])}."
    )


def _or_zero(value: float) -> str:
    return "0 (to rounding)" if value < 1e-18 else number(float(value))


SECTION = Section("Residuals going to zero", draw)

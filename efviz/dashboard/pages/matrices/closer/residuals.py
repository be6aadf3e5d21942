"""Residuals going to zero: F becomes H while EF vanishes (Eq. 15), along the paths that apply."""

import numpy as np
import streamlit as st

from efviz.dashboard.pages.matrices.closer.base import Section, sentence_html
from efviz.dashboard.session.blocks import Chart
from efviz.dashboard.session.kinds import Sofar
from efviz.dashboard.session.page import Shown
from efviz.dashboard.session.problem_choice import known
from efviz.dashboard.session.studies import Call
from efviz.dashboard.session.widgets import show
from efviz.figures.claims import residual_panels
from efviz.numbers import number
from efviz.problems import Problem
from efviz.studies.residuals import POINTS, RESIDUAL_PATHS, ResidualPath, residual_paths


def options(settings: Sofar) -> list[str]:
    """The paths that the problem has; all of them while the table of a link is not loaded."""
    made = known(settings)
    return residual_paths(made[1]) if made else list(RESIDUAL_PATHS)


def residuals(shown: Shown) -> None:
    """Show the chosen path, or another one if the problem does not have it."""
    store, problem = shown.store, shown.view.given["problem"]
    possible = residual_paths(problem)
    if shown.settings.c_path not in possible:
        store.set(c_path=possible[0])
        return
    show(store, "c_path")
    key, path = shown.settings.c_path, shown.view.result("residuals", wait=True)
    picture, words = st.columns([1.5, 1])
    with picture:
        if path and not nothing(path):
            CHART(shown)
    with words:
        if path:
            st.html(sentence_html(nothing(path) or sentence(key, path)))
        explain(key, problem)


def explain(key: str, problem: Problem) -> None:
    obstacles = [path.obstacle(problem) for path in RESIDUAL_PATHS.values()]
    st.caption(" ".join(filter(None, [LEGEND[key], *obstacles])))
    st.markdown(
        r"$\nabla^2 L = F + \frac1N\sum_{n,c} r_{nc}\,\nabla^2_\theta f_{nc}$ and "
        r"$\tilde F = \frac1N\sum_n J_n^\top r_n r_n^\top J_n$ with residuals "
        r"$r_n = \nabla_f(-\log p(y_n \mid f_n))$: as they go to zero, $\nabla^2 L - F$ vanishes "
        "with their first power, and the empirical Fisher with their second (Kunstner et al. 2019, "
        "Eq. 15)."
    )


LEGEND: dict[str, str] = {
    "noise": (
        "y(s) = f(x, θ) + s (y − f(x, θ)) with θ at the minimum of s = 1; F, H and EF at the "
        "minimum of each s."
    ),
    "margins": (
        "Every example gets its most likely label at the minimum, and θ is multiplied by t. Such "
        "labels are separable, and their residuals vanish only as t → ∞."
    ),
    "parameters": (
        f"A separate example, the same for all problems: least squares on {POINTS} points with the "
        "first D orthogonal polynomials. F is the identity at every D."
    ),
}


def nothing(path: ResidualPath) -> str:
    """Why there is nothing to draw, or ""."""
    if not np.isfinite(path.ef).any():
        return "Along this path there is no minimum, or F is zero everywhere."
    if path.residual[0] == 0 or not np.nanmax(path.ef) > 1e-24:
        return "The model already fits every example exactly: EF = 0 and F = H from the start."
    return ""


def sentence(key: str, path: ResidualPath) -> str:
    """The sizes of the residuals and matrices at both ends of the path."""
    known = np.flatnonzero(np.isfinite(path.ef))
    first, last = known[0], known[-1]
    whole = (
        f"As the largest residual goes from {number(path.residual[first])} to "
        f"{_or_zero(path.residual[last])}, ‖EF‖ / ‖F‖ goes from <b>{number(path.ef[first])}</b> "
        f"to <b>{_or_zero(path.ef[last])}</b>, {_gap(path, first, last)}."
    )
    end = path.ef_minus_f[last]
    zero = ", as far from F as zero is" if abs(end - 1) < 1e-3 else ""
    parts = [whole, f"At the end ‖EF − F‖ is {number(end)} times ‖F‖{zero}."]
    if key == "margins":
        parts.append(f"F = H vanishes too, to ‖F‖ = {number(path.fisher[last])}: {_later(path)}")
    if len(known) < len(path.ef):
        lost = len(path.ef) - len(known)
        parts.append(f"At {lost} of {len(path.ef)} steps there is no minimum.")
    return " ".join(parts)


def _gap(path: ResidualPath, first: int, last: int) -> str:
    before, after = path.h_minus_f[first], path.h_minus_f[last]
    if not np.nanmax(path.h_minus_f):
        return "while H = F throughout, because f is linear in θ and the natural parameter"
    return f"while ‖H − F‖ / ‖F‖ goes from <b>{number(before)}</b> to <b>{_or_zero(after)}</b>"


def _later(path: ResidualPath) -> str:
    """Whether EF / F falls at every step."""
    known = np.isfinite(path.ef)
    ef, t = path.ef[known], path.values[known]
    rise = ef - np.minimum.accumulate(ef)
    at = int(np.argmax(rise))
    if rise[at] <= 1e-9 * ef[at]:
        return "EF vanishes faster."
    return (
        "EF vanishes faster only in the end. Before that, the examples with the smallest margins "
        "dominate both matrices, and EF can grow relative to F, here to ‖EF‖ / ‖F‖ = "
        f"{number(ef[at])} at t = {number(t[at])}."
    )


def _or_zero(value: float) -> str:
    return "0 (to working precision)" if value < 1e-18 else number(float(value))


CHART = Chart(
    Call(residual_panels, {"found": "residuals", "path": "c_path"}),
    "closer.residuals",
    lambda panels: {"max_width": 760},
    title="Residuals going to zero",
    file="four-matrices-residuals",
)
SECTION = Section("Residuals going to zero", (residuals,))

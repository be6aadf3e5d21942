"""Proposition 2: the distance of G from H along a path, the proved bound, the printed square."""

from typing import Any

import numpy as np
import streamlit as st

from efviz.arrays import Array, Mask
from efviz.curvature.remainder_bound import RemainderBound
from efviz.dashboard.pages.matrices.closer.base import Section, Sentence, sentence_html
from efviz.dashboard.session.blocks import Chart, Row
from efviz.dashboard.session.page import Shown
from efviz.dashboard.session.problem_settings import EditableSettings
from efviz.dashboard.session.store import Store
from efviz.figures.claims import bound_panels
from efviz.numbers import number, percent
from efviz.studies.bound_on_path import StraightPath

NONLINEAR = "saturation"
"""A problem with a nonlinear model, for which the bound is not zero."""


def explain(shown: Shown) -> None:
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


def bound(shown: Shown) -> None:
    """The bound along the path, or a sentence if f is linear and both sides are zero."""
    if shown.view.given["problem"].model.linear:
        linear(shown.store)
        explain(shown)
    else:
        PICTURE(shown)


def linear(store: Store[Any]) -> None:
    words = (
        "Here f is linear in θ: its second derivatives are zero, so β = 0 and H = G at every θ. "
        "<b>Both sides of Proposition 2 are 0.</b>"
    )
    st.html(sentence_html(words))
    st.button("Show it on the nonlinear model", on_click=switch, args=(store,))


def switch(store: Store[Any]) -> None:
    """Choose the nonlinear problem, and keep all settings that do not belong to the problem."""
    settings, own = store.settings, {*EditableSettings.declared(), "theta"} - {"N", "seed"}
    kept = {name: getattr(settings, name) for name in settings.declared() if name not in own}
    store.put(type(settings).of(**kept | {"problem": NONLINEAR}).checked())


def sentence(bound: RemainderBound, straight: StraightPath) -> str:
    """Whether the proved bound and the printed square hold along the path."""
    return " ".join(
        filter(None, (f"Along the path {straight.words}:", _proved(bound), _printed(bound)))
    )


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
        return (
            f"The printed square holds along this path too: it is at most {number(most)} times r β."
        )
    share = f"at {percent(fails.mean())} of the points</b>, {_where(b.length, fails)}"
    where = "everywhere</b>" if fails.all() else share
    return (
        f"The printed square N‖H − G‖² ≤ r β <b>fails {where}: there it is up to "
        f"{number(float(ratio[fails].max()))} times r β."
    )


def _where(length: Array, fails: Mask) -> str:
    """Where a claim fails, as stretches of the path."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], fails, [False]]).astype(int)))
    stretches = [(length[a], length[b - 1]) for a, b in edges.reshape(-1, 2)]
    if len(stretches) > 3:
        return f"in {len(stretches)} stretches"
    named = [f"{number(float(a))} to {number(float(b))}" for a, b in stretches]
    return f"at distances {' and '.join(named)} from its start"


CHART = Chart(
    bound_panels,
    "closer.bound",
    lambda panels: {"max_width": 760},
    title="Proposition 2",
    file="four-matrices-bound",
)
PICTURE = Row((CHART, (Sentence(sentence), explain)), (1.5, 1))
SECTION = Section("Proposition 2", (bound,))

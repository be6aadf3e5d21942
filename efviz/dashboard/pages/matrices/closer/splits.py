"""Splits: the share of H in each generalised Gauss-Newton matrix, and whether the rest vanishes."""

import numpy as np
import streamlit as st

from efviz.curvature.splits import SPLITS, Reach, Sizes
from efviz.dashboard.pages.matrices.closer.base import Section, Sentence
from efviz.dashboard.session.blocks import Chart, Row
from efviz.dashboard.session.page import Shown
from efviz.dashboard.session.studies import Call
from efviz.figures.matrices import split_panels
from efviz.numbers import number, percent
from efviz.studies.split_parts import SplitParts, ratio

LAMPS: dict[Reach, str] = {
    "attained": ":green-badge[● The outer gradient can reach zero]",
    "approached": ":orange-badge[◐ The outer gradient can only approach zero]",
    "never": ":red-badge[○ The outer gradient cannot reach zero]",
}

DEFINITION: dict[Reach, str] = {
    "attained": "Definition 1 holds literally: for every example ∂a/∂b is zero at an attainable b.",
    "approached": (
        "Taken literally, Definition 1 asks for an attainable b at which ∂a/∂b is zero. Here it is "
        "zero only in the limit, which is all that the paper's argument needs."
    ),
    "never": (
        "Definition 1 does not hold: however well the model fits, the outer gradients, which "
        "weight the ignored part, stay away from zero."
    ),
}


def meaning(shown: Shown) -> None:
    """The split in formulas, and whether its outer gradient can reach zero."""
    split, parts = SPLITS[shown.settings.c_split], shown.view.result("split", wait=True)
    st.markdown(f"${split.outer}$, $\\quad {split.inner}$")
    if parts:
        reach: Reach = parts.vanishing.reach
        st.markdown(LAMPS[reach])
        st.caption(f"{parts.vanishing.reason} {DEFINITION[reach]}")


def explain(shown: Shown) -> None:
    st.markdown(
        r"$\nabla^2 L = \frac1N\sum_n J_b^\top \frac{\partial^2 a_n}{\partial b^2} J_b + "
        r"\frac1N\sum_{n,m} \frac{\partial a_n}{\partial b_m} \nabla^2_\theta b_{nm}$ "
        "(Kunstner et al. 2019, Eqs. 9 and 10): the first sum is the split's GGN, the second the "
        "remainder, in which every curvature of $b$ is weighted by an outer gradient."
    )


def sentence(parts: SplitParts) -> str:
    """The sizes of the GGN, of the remainder, and of the outer gradients."""
    found = (parts.hessian, parts.ggn, parts.remainder)
    if not all(np.isfinite(matrix).all() for matrix in found):
        return "At this θ the matrices overflow double precision."
    return " ".join(filter(None, (_shares(parts), _sum(parts), _sizes(parts.sizes))))


def _shares(p: SplitParts) -> str:
    if not p.hessian.any():
        return "H is zero at this θ."
    if not p.remainder.any():
        return "The remainder is <b>zero</b>: this split's GGN is H itself."
    if not p.ggn.any():
        return "The GGN is <b>zero</b>: this split leaves all of H to the remainder."
    larger = ", larger than H itself" if p.share > 1 else ""
    return (
        "At this θ the remainder, which this GGN ignores, has a norm of "
        f"<b>{percent(p.share, 3)}</b> of that of H{larger}; the GGN has one of "
        f"{percent(ratio(p.ggn, p.hessian), 3)} (Frobenius norms)."
    )


def _sum(p: SplitParts) -> str:
    if not np.isfinite(p.error):
        return ""
    if not p.error:
        return "Their sum is H to the last digit."
    return f"Their sum is H with a relative error of {number(p.error, 1)}."


def _sizes(sizes: Sizes) -> str:
    low, middle, high = (power(v) for v in (sizes.low, sizes.median, sizes.high))
    if low == high:
        return f"The outer gradients ‖∂a<sub>n</sub>/∂b‖ have size {low} for every example."
    return (
        f"The outer gradients ‖∂a<sub>n</sub>/∂b‖ of the examples range from {low} to {high}, "
        f"with median <b>{middle}</b>."
    )


def power(log10: float) -> str:
    """10 to this power, as a power if the number overflows double precision."""
    if abs(log10) < 300 or not np.isfinite(log10):
        return number(float(10.0**log10))
    return f"10<sup>{number(round(log10))}</sup>"


CHART = Chart(
    Call(split_panels, {"parts": "split"}),
    "closer.splits",
    lambda panels: {"max_width": 720},
    title="Splits",
    file="four-matrices-splits",
)
SECTION = Section(
    "Splits",
    (
        Row((("c_split", meaning), CHART), (1, 1.5)),
        Sentence(Call(sentence, {"parts": "split"})),
        explain,
    ),
)

"""Splits: what each generalised Gauss-Newton matrix keeps of H, and whether the rest can vanish."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from efviz.arrays import Array
from efviz.curvature import hessian
from efviz.curvature.splits import SPLITS, Reach, Sizes, Vanishing
from efviz.dashboard.components import chart, pack_figures
from efviz.dashboard.pages.matrices.closer.base import Here, Section, Spot, sentence_html
from efviz.dashboard.pages.matrices.closer.script import split_script
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.store import Store
from efviz.dashboard.session.take_along import take_along
from efviz.dashboard.session.widgets import show
from efviz.figures import DARK
from efviz.figures.matrices import sum_panel
from efviz.figures.theme import Spec
from efviz.numbers import number, percent

LAMPS: dict[Reach, str] = {
    "attained": ":green-badge[● The outer gradient can reach zero]",
    "approached": ":orange-badge[◐ The outer gradient can only approach zero]",
    "never": ":red-badge[○ The outer gradient cannot reach zero]",
}

DEFINITION: dict[Reach, str] = {
    "attained": "Definition 1 to the letter: for every example ∂a/∂b is zero at a b within reach.",
    "approached": (
        "Definition 1 to the letter asks for a b within reach at which ∂a/∂b is zero. Here it is "
        "zero only in the limit, which is all that the paper's argument needs."
    ),
    "never": (
        "Definition 1 does not hold: however well the model fits, the weight of what the matrix "
        "leaves out stays away from zero."
    ),
}


@dataclass(frozen=True, eq=False)
class Parts:
    """One split at one theta: its matrix, what it leaves out, H, sizes of the outer gradients."""

    ggn: Array
    remainder: Array
    hessian: Array
    sizes: Sizes
    vanishing: Vanishing

    @property
    def share(self) -> float:
        """|remainder| / |H|, Frobenius norms; nan where H is zero."""
        return _ratio(self.remainder, self.hessian)

    @property
    def error(self) -> float:
        """|GGN + remainder - H| by the largest of the three."""
        largest = max(
            (self.ggn, self.remainder, self.hessian), key=lambda m: float(np.linalg.norm(m))
        )
        return _ratio(self.ggn + self.remainder - self.hessian, largest)


def _ratio(a: Array, b: Array) -> float:
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(a) / np.linalg.norm(b))


@cached
def parts(spot: Spot, key: str) -> Parts:
    problem, theta, split = spot.made(), np.array(spot.at), SPLITS[key]
    return Parts(
        split.ggn(problem, theta),
        split.remainder(problem, theta),
        hessian(problem, theta),
        split.sizes(problem, theta),
        split.vanishing(problem),
    )


@cached
def packed(spot: Spot, key: str) -> bytes:
    return pack_figures(panels_of(parts(spot, key)), dark=DARK, max_width=720)


def panels_of(p: Parts) -> dict[str, Spec]:
    return {"sum": sum_panel(p.ggn, p.remainder, p.hessian, title="GGN + remainder = H")}


def draw(store: Store[Any], here: Here) -> None:
    words, picture = st.columns([1, 1.5])
    with words:
        show(store, "c_split")
    key = store.settings.c_split
    split, p = SPLITS[key], parts(here.spot, key)
    with words:
        st.markdown(f"${split.outer}$, $\\quad {split.inner}$")
        st.markdown(LAMPS[p.vanishing.reach])
        st.caption(f"{p.vanishing.reason} {DEFINITION[p.vanishing.reach]}")
    with picture:
        chart(packed(here.spot, key), key=f"{store.slug}.closer.splits", query=store.query)
        name = f"{store.slug}-splits"
        take_along(
            f"{store.slug}.closer.splits",
            name,
            lambda: panels_of(p),
            lambda: split_script(name, here, key),
        )
    st.html(sentence_html(sentence(key, p)))
    st.markdown(
        r"$\nabla^2 L = \frac1N\sum_n J_b^\top \frac{\partial^2 a_n}{\partial b^2} J_b + "
        r"\frac1N\sum_{n,m} \frac{\partial a_n}{\partial b_m} \nabla^2_\theta b_{nm}$ "
        "(Kunstner et al. 2019, Eqs. 9 and 10): the first sum is the split's GGN, the second the "
        "remainder, in which every curvature of $b$ is weighed by an outer gradient."
    )


def sentence(key: str, p: Parts) -> str:
    """What is added, what is left out, and how large the outer gradients are."""
    if not np.isfinite(p.hessian).all() or not np.isfinite(p.ggn + p.remainder).all():
        return "At this θ the matrices are too large for numbers of a computer."
    return " ".join(filter(None, (_shares(p), _sum(p), _sizes(p.sizes))))


def _shares(p: Parts) -> str:
    if not p.hessian.any():
        return "H is zero at this θ."
    if not p.remainder.any():
        return "The remainder is <b>zero</b>: this split's GGN is H itself."
    if not p.ggn.any():
        return "The GGN is <b>zero</b>: this split leaves all of H to the remainder."
    larger = ", larger than H itself" if p.share > 1 else ""
    return (
        f"At this θ the remainder, which the matrix ignores, has "
        f"<b>{percent(p.share, 3)}</b> of the size of H{larger}; the GGN has "
        f"{percent(_ratio(p.ggn, p.hessian), 3)} (Frobenius norms)."
    )


def _sum(p: Parts) -> str:
    if not np.isfinite(p.error):
        return ""
    if not p.error:
        return "Their sum is H to the last digit."
    return f"Their sum is H up to {number(p.error, 1)} of its size."


def _sizes(sizes: Sizes) -> str:
    low, middle, high = (power(v) for v in (sizes.low, sizes.median, sizes.high))
    if low == high:
        return f"The outer gradients ‖∂a<sub>n</sub>/∂b‖ have size {low} for every example."
    return (
        f"The outer gradients ‖∂a<sub>n</sub>/∂b‖ of the examples go from {low} to {high}, with "
        f"median <b>{middle}</b>."
    )


def power(log10: float) -> str:
    """10 to this power, as a number where there is one."""
    if abs(log10) < 300 or not np.isfinite(log10):
        return number(float(10.0**log10))
    return f"10<sup>{number(round(log10))}</sup>"


SECTION = Section("Splits", draw)

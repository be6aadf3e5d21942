"""The texts of the page Gradient noise: summary, tables of numbers, equations."""

from collections.abc import Mapping
from html import escape

import numpy as np
import streamlit as st

from efviz.arrays import Array, cosine
from efviz.curvature.gradient_noise import ESTIMATORS, GradientNoise
from efviz.dashboard.pages.at_minimum.words import ROUNDING
from efviz.dashboard.session.glossary import in_html
from efviz.dashboard.session.html_table import html_table
from efviz.dashboard.session.page import Shown
from efviz.numbers import number, percent
from efviz.optimizers.stochastic import on_minibatches
from efviz.problems import Problem
from efviz.studies.gradient_noise import NoisyRuns

EXACT = 1e-12
"""A relative difference below this is rounding."""

OF_EF = in_html("of the trace of {{empirical Fisher|EF}} is noise")
ELLIPSES = "Ellipses show spreads here: the larger a matrix, the larger its ellipse."
THETA = (
    "The gradients are evaluated and the runs start at this θ. Click in the contours to move it."
)


def sentence(
    problem: Problem,
    noise: GradientNoise,
    fisher: Array,
    directions: Mapping[str, Array],
    factor: float,
    errors: Mapping[str, float],
    batch_size: int,
) -> str:
    """Three numbers: how much of EF is noise, how far it helps there, and why it is not curvature.

    A number that does not exist leaves its place empty.
    """
    if nothing := _nothing(noise, fisher):
        return f"<p class='efviz-sentence'>{nothing} {problem.minimum.reason}</p>"
    share = percent(float(noise.noise_share), 3)
    told = (
        f"<b>{share}</b> {OF_EF} at this θ.",
        _adapted(noise, factor, errors, batch_size),
        _direction(directions),
    )
    numbers = "".join(f"<p>{words}</p>" for words in told)
    return (
        f"<div class='efviz-sentence efviz-headlines'>{numbers}</div>"
        f"<p class='efviz-note'>{ELLIPSES} {problem.minimum.reason}</p>"
    )


def compared(noise: GradientNoise, fisher: Array) -> tuple[str, str] | None:
    """What a pinned chart is compared by."""
    if _nothing(noise, fisher):
        return None
    return "The share of noise in the trace of EF is", percent(float(noise.noise_share), 3)


def _nothing(noise: GradientNoise, fisher: Array) -> str:
    """Why there is nothing to compare, or ""."""
    sizes = [float(np.linalg.norm(matrix)) for matrix in (noise.empirical_fisher, fisher)]
    if not np.isfinite(sizes[0]):
        return "The gradients at this θ overflow double precision."
    if sizes[0] <= ROUNDING * sizes[1]:
        return (
            "Every example is fitted exactly here: EF and all gradients are 0 to working precision."
        )
    return ""


def _adapted(
    noise: GradientNoise, factor: float, errors: Mapping[str, float], batch_size: int
) -> str:
    """The error of the adapted estimate, and that of the mini-batch gradient itself."""
    squared = float(noise.gradient @ noise.gradient)
    if squared == 0:
        return ""
    if factor == 0:
        return "A mini-batch of all examples has no noise."
    full, plain = (percent(errors[name] / squared, 3) for name in ("full", "plain"))
    examples = "1 example" if batch_size == 1 else f"{batch_size:,} examples"
    return (
        f"<b>{full}</b> of ‖∇L‖²: the expected squared error of an estimate of ∇L from "
        f"{examples} with the noise adaptation of Eq. 19. Without it, the error of the mini-batch "
        f"gradient ĝ is {plain}."
    )


def _direction(directions: Mapping[str, Array]) -> str:
    value = float(cosine(directions["EFGD"], directions["NGD"]))
    if not np.isfinite(value):
        return ""
    angle = np.degrees(np.arccos(np.clip(value, -1, 1)))
    words = f"<b>{angle:.0f}°</b> between EF⁻¹∇L and F⁻¹∇L (cosine {number(value)})"
    if value > 0.97:
        return f"{words}: here EF happens to weight directions almost as the curvature does."
    return f"{words}: EF measures the spread of gradients, not curvature."


def _verdict(noise: GradientNoise, errors: Mapping[str, float]) -> str:
    """Whether EF alone, at its best multiple, improves the mini-batch gradient."""
    squared = float(noise.gradient @ noise.gradient)
    if squared == 0 or not errors["plain"]:
        return ""
    if errors["EF"] < errors["scaled"]:
        verdict = "closer than any multiple of ĝ"
    elif errors["EF"] < errors["plain"]:
        share = percent(errors["scaled"] / squared, 3)
        verdict = (
            f"closer than ĝ, but no closer than the best multiple of ĝ ({share}): the shorter step "
            "helps, not EF"
        )
    else:
        verdict = "further off than ĝ"
    error = percent(errors["EF"] / squared, 3)
    return (
        f"<p class='efviz-note'>EF⁻¹ĝ alone, at its best multiple, errs by <b>{error}</b>, "
        f"{verdict}.</p>"
    )


def _medians(runs: NoisyRuns) -> dict[str, float]:
    """Last known median excess loss per method."""
    last = runs.result.recorded - 1
    return {name: float(runs.excess(name, (0.5,))[0, last]) for name in runs.result.losses}


def _ends(runs: NoisyRuns) -> str:
    medians = _medians(runs)
    done = int(runs.result.steps[runs.result.recorded - 1])
    finite = sorted((m, name) for name, m in medians.items() if np.isfinite(m))
    parts = [f"{name} {number(value)}" for value, name in finite]
    parts += [f"{name} diverged" for name, m in medians.items() if not np.isfinite(m)]
    steps = f"{done:,} steps" if done else "0 steps"
    height = f" {runs.above}" if runs.above else ""
    return (
        f"<p class='efviz-note'>Median losses{height} after {steps}, lowest first: "
        f"{', '.join(parts)}.</p>"
    )


def errors_table(noise: GradientNoise, errors: Mapping[str, float]) -> str:
    squared = float(noise.gradient @ noise.gradient)
    # The remaining error of an exact estimate is rounding.
    here = [
        (estimator, e if (e := errors[name]) > ROUNDING * squared else 0.0)
        for name, estimator in ESTIMATORS.items()
    ]
    rows = [
        (
            f"{estimator.symbol} <small>{estimator.title}</small>",
            number(error),
            percent(error / squared, 3) if squared else "–",
        )
        for estimator, error in here
    ]
    apart = float(noise.identity_error)
    holds = "working precision" if apart < EXACT else number(apart, 1)
    caption = (
        "Expected squared error of each estimate of ∇L, "
        f"‖∇L‖² = {number(squared)}; Eq. 18 holds to {holds}"
    )
    return html_table(caption, ("estimate", "error", "of ‖∇L‖²"), rows) + _verdict(noise, errors)


def runs_table(runs: NoisyRuns, scales: Mapping[str, float]) -> str:
    last = runs.result.recorded - 1
    rows, known = [], on_minibatches()
    for name in runs.result.losses:
        method = known[name]
        low, middle, high = (number(float(v)) for v in runs.excess(name, (0.1, 0.5, 0.9))[:, last])
        lost = int((runs.result.status[name] == "diverged").sum())
        total = runs.result.status[name].size
        rows.append(
            (
                f"{escape(name)} <small>{escape(method.title)}</small>",
                middle,
                f"{low} to {high}",
                number(scales[name]),
                f"{lost} of {total}" if lost else "–",
            )
        )
    caption = f"Loss {runs.above} after {int(runs.result.steps[last]):,} steps"
    columns = ("method", "median", f"{percent(0.8)} of seeds", "γ times", "diverged")
    return html_table(caption, columns, rows) + _ends(runs)


def equations(shown: Shown) -> None:
    """What is compared, with equation numbers of the paper, and deviations from the print."""
    st.markdown(
        r"$\tilde F = \Sigma + \nabla L\,\nabla L^\top$ with $\Sigma = \operatorname{cov}(g_n)$ "
        r"(Kunstner et al. 2019, Eq. 18, all means over the examples). A mini-batch gradient "
        r"$\hat g$ of $B$ examples has covariance $C = \Sigma / B$. Among all matrices, "
        r"$M = \nabla L\,\nabla L^\top (C + \nabla L\,\nabla L^\top)^{-1}$ (Eq. 19, where $B = 1$) "
        r"minimises the expected error $\mathbb E\|M \hat g - \nabla L\|^2$; among diagonal "
        r"matrices, $D$ with $D_{ii} = (\nabla L)_i^2 / ((\nabla L)_i^2 + C_{ii})$ does."
    )
    listed = "; ".join(f"{name} ${m.formula}$" for name, m in on_minibatches().items())
    st.markdown(rf"The updates are $\theta \leftarrow \theta - \gamma d$ with $d$: {listed}.")
    st.caption(
        "The paper uses sums: its Σ is N² times this one, and its left-hand side is N times the "
        "sum of outer products. Eq. 19 prints (Σ + ∇L ∇Lᵀ)⁻¹ ∇L ∇Lᵀ, the transpose of the matrix "
        "that minimises the error; it is drawn as Mᵀĝ. EF⁻¹ĝ has to be rescaled before it "
        "estimates ∇L, so its best multiple is drawn. At every step, all methods except SGD are "
        "given g and EF of all N examples, as in Eq. 19, “which defeats its purpose” in practice. "
        "RMS is Adam with exact averages and no momentum."
    )

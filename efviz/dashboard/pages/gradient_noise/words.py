"""What the Gradient noise page says: the sentence, the tables of numbers, the equations."""

import numpy as np
import streamlit as st

from efviz.arrays import cosine
from efviz.curvature.gradient_noise import ESTIMATORS
from efviz.dashboard.pages.at_minimum.words import ROUNDING
from efviz.dashboard.pages.gradient_noise.views import Controls, Picture, Runs
from efviz.dashboard.session.html_table import html_table
from efviz.numbers import number, percent
from efviz.optimizers.stochastic import STOCHASTIC_METHODS

THETA = "Where the gradients are taken and the runs start. A click in the contours moves it."


def sentence(p: Picture, c: Controls, runs: Runs | None) -> str:
    """Where EF helps here and why it is not curvature."""
    parts = [_noise(p)] if _nothing(p) else [_noise(p), _estimate(p, c), _direction(p)]
    if runs:
        parts.append(_ends(runs))
    if p.problem.minimum.reason:
        parts.append(p.problem.minimum.reason)
    return f"<p class='efviz-sentence'>{' '.join(filter(None, parts))}</p>"


def _nothing(p: Picture) -> str:
    """Why there is nothing to compare, if so."""
    sizes = [float(np.linalg.norm(matrix)) for matrix in (p.noise.empirical_fisher, p.fisher)]
    if not np.isfinite(sizes[0]):
        return "The gradients at this θ are too large for numbers of a computer."
    if sizes[0] <= ROUNDING * sizes[1]:
        return "Every example is fitted exactly here: EF and all gradients are 0 to rounding."
    return ""


def _noise(p: Picture) -> str:
    share = percent(float(p.noise.noise_share), 3)
    return _nothing(p) or f"At this θ <b>{share}</b> of the trace of EF is noise."


def _estimate(p: Picture, c: Controls) -> str:
    squared, e = float(p.noise.gradient @ p.noise.gradient), p.error_here
    if squared == 0:
        return ""
    if p.factor == 0:
        return "A mini-batch of all examples has no noise to adapt to."
    if e["EF"] < e["scaled"]:
        verdict = "nearer than any multiple of ĝ"
    elif e["EF"] < e["plain"]:
        share = percent(e["scaled"] / squared, 3)
        verdict = (
            f"nearer than ĝ, but not than the best multiple of ĝ ({share}): the shorter step "
            "helps, not EF"
        )
    else:
        verdict = "farther off than ĝ"
    shares = {name: percent(error / squared, 3) for name, error in e.items()}
    examples = "1 example" if c.batch_size == 1 else f"{c.batch_size:,} examples"
    return (
        f"As an estimate of ∇L from {examples} ĝ errs by {shares['plain']} of ‖∇L‖² (expected "
        "square); where the second moment adapts to that noise by Eq. 19, Mĝ errs by "
        f"<b>{shares['full']}</b> and Dĝ by {shares['diagonal']}. EF⁻¹ĝ alone, at its best "
        f"multiple, errs by <b>{shares['EF']}</b>, {verdict}."
    )


def _direction(p: Picture) -> str:
    value = float(cosine(p.directions["EFGD"], p.directions["NGD"]))
    if not np.isfinite(value):
        return ""
    words = f"cos(EF⁻¹∇L, F⁻¹∇L) = <b>{number(value)}</b>"
    if value > 0.97:
        return f"{words}: here EF's weights happen to be nearly those of the curvature."
    angle = np.degrees(np.arccos(np.clip(value, -1, 1)))
    return f"{words}, {angle:.0f}° apart: what EF weighs is the spread of gradients, not curvature."


def _medians(runs: Runs) -> dict[str, float]:
    """Last known median excess loss per method."""
    last = runs.result.recorded - 1
    return {
        name: float(runs.result.quantiles(name, (0.5,))[0, last]) - runs.lowest
        for name in runs.result.losses
    }


def _ends(runs: Runs) -> str:
    medians = _medians(runs)
    done = int(runs.result.steps[runs.result.recorded - 1])
    finite = sorted((m, name) for name, m in medians.items() if np.isfinite(m))
    parts = [f"{name} at {number(value)}" for value, name in finite]
    parts += [f"{name} diverged" for name, m in medians.items() if not np.isfinite(m)]
    steps = f"{done:,} steps" if done else "no step"
    height = f" {runs.above}" if runs.above else ""
    return f"After {steps} the median losses{height}, lowest first: {', '.join(parts)}."


def tables(p: Picture, runs: Runs | None) -> tuple[str, str]:
    return errors_table(p), runs_table(runs) if runs else ""


def errors_table(p: Picture) -> str:
    squared = float(p.noise.gradient @ p.noise.gradient)
    # What is left where an estimate is exact is rounding.
    here = [
        (estimator, e if (e := p.error_here[name]) > ROUNDING * squared else 0.0)
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
    caption = (
        "Expected squared error as an estimate of ∇L, "
        f"‖∇L‖² = {number(squared)}; Eq. 18 holds to {number(float(p.noise.identity_error), 1)}"
    )
    return html_table(caption, ("estimate", "error", "of ‖∇L‖²"), rows)


def runs_table(runs: Runs) -> str:
    last = runs.result.recorded - 1
    rows = []
    for name, method in STOCHASTIC_METHODS.items():
        low, middle, high = (
            number(float(v) - runs.lowest)
            for v in runs.result.quantiles(name, (0.1, 0.5, 0.9))[:, last]
        )
        lost = int((runs.result.status[name] == "diverged").sum())
        total = runs.result.status[name].size
        rows.append(
            (
                f"{name} <small>{method.title}</small>",
                middle,
                f"{low} to {high}",
                number(runs.scales[name]),
                f"{lost} of {total}" if lost else "–",
            )
        )
    caption = f"Loss {runs.above} after {int(runs.result.steps[last]):,} steps"
    columns = ("method", "median", f"{percent(0.8)} of seeds", "γ times", "diverged")
    return html_table(caption, columns, rows)


def equations() -> None:
    """What is compared, with its numbers in the paper, and what differs from the print."""
    st.markdown(
        r"$\tilde F = \Sigma + \nabla L\,\nabla L^\top$ with $\Sigma = \operatorname{cov}(g_n)$ "
        r"(Kunstner et al. 2019, Eq. 18, all means over the examples). A mini-batch gradient "
        r"$\hat g$ of $B$ examples has covariance $C = \Sigma / B$. Least expected error "
        r"$\mathbb E\|M \hat g - \nabla L\|^2$ have, of all matrices, "
        r"$M = \nabla L\,\nabla L^\top (C + \nabla L\,\nabla L^\top)^{-1}$ (Eq. 19, where $B = 1$) "
        r"and, of diagonal ones, $D_{ii} = (\nabla L)_i^2 / ((\nabla L)_i^2 + C_{ii})$."
    )
    listed = "; ".join(f"{name} ${m.formula}$" for name, m in STOCHASTIC_METHODS.items())
    st.markdown(rf"Steps $\theta \leftarrow \theta - \gamma d$ with $d$: {listed}.")
    st.caption(
        "The paper writes sums: its Σ is N² times this one, and its left side is N times the sum "
        "of outer products. Eq. 19 prints (Σ + ∇L ∇Lᵀ)⁻¹ ∇L ∇Lᵀ, the transpose of the matrix that "
        "minimises the error; drawn as Mᵀĝ. EF⁻¹ĝ estimates nothing until it is rescaled: its "
        "best multiple is drawn. All but SGD are told g and EF of all N examples at every step, "
        "as Eq. 19 is, “which defeats its purpose” outside a laboratory. RMS is Adam with exact "
        "averages and no momentum."
    )

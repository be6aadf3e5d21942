"""What the At the minimum page says: the sentence, the table of numbers, the paper's caption."""

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from efviz.curvature.distance import roundness
from efviz.dashboard.session.html_table import html_table
from efviz.numbers import number, percent
from efviz.numerics.linalg import eigenvalues
from efviz.studies.comparison import Comparison
from efviz.studies.convergence import Convergence

if TYPE_CHECKING:
    from efviz.dashboard.pages.at_minimum.views import View


def sentence(views: "Sequence[View]") -> str:
    """What is seen now."""
    shown = [(view.name.short, view.comparison) for view in views if view.comparison]
    parts = []
    if shown:
        distances = ", ".join(f"<b>{number(c.distance)}</b> ({escape(t)})" for t, c in shown)
        parts.append(f"Relative distance of EF to F at the minimum: {distances}.")
        parts += [f"{escape(t)}: {note}" for t, c in shown for note in notes(c)]
        parts.append(_better_but_wrong(shown))
    for view in views:
        named = f"{escape(view.name.short)}: " if len(views) > 1 else ""
        if view.reason:
            parts.append(f"{named}{view.reason}")
        if view.runaway:
            parts.append(_runs_off(view))
    return f"<p class='efviz-sentence'>{' '.join(map(_capital, filter(None, parts)))}</p>"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:] if not words.startswith("s =") else words


# Squares of residuals that are rounding errors.
EDITED = (
    "<p class='efviz-sentence'>Only the data of the sliders are edited: the other columns, and the "
    "chart of distances, show data as they were drawn.</p>"
)
ROUNDING = 1e-24


def notes(c: Comparison) -> list[str]:
    """What has to be said of these matrices."""
    if np.linalg.norm(c.empirical_fisher) < ROUNDING * np.linalg.norm(c.fisher):
        return ["EF is zero to rounding, because the model fits every example exactly."]
    least = [eigenvalues(matrix, c.N)[0] for matrix in (c.fisher, c.empirical_fisher)]
    singular = [name for name, w in zip(("F", "EF"), least, strict=True) if w <= 0]
    if singular:
        names, verb = " and ".join(singular), "is" if len(singular) == 1 else "are"
        ellipse = f"{names} {verb} singular to working precision: along one direction it is zero"
        return [f"{ellipse}, and the ellipse has no end there."]
    longer = float(np.sqrt(least[0] / least[1]))
    if longer > 6:
        return [f"the ellipse of EF is {number(longer)} times as long as F's and leaves its panel."]
    return []


def _better_but_wrong(shown: Sequence[tuple[str, Comparison]]) -> str:
    """The caption's point, where these data make it."""
    name, first = shown[0]
    if first.quality.name != "accuracy" or name != "correct model":
        return ""
    wrong = [
        (t, c)
        for t, c in shown[1:]
        if c.quality.value > first.quality.value and c.distance > 2 * first.distance
    ]
    if not wrong:
        return ""
    named = [f"{escape(t)} ({percent(c.quality.value, 3)})" for t, c in wrong]
    titles = " and ".join([", ".join(named[:-1]), named[-1]] if len(named) > 1 else named)
    return (
        f"{titles} classify better than the {escape(name)} ({percent(first.quality.value, 3)}), "
        f"and {'their' if len(named) > 1 else 'its'} EF is further off: a good classifier is not a "
        "well-specified model."
    )


def _runs_off(view: "View") -> str:
    """The matrices along iterates that have no end."""
    assert view.runaway
    path, steps = view.runaway.path, view.runaway.comparisons
    first, last = steps[0], steps[-1]
    length = float(np.linalg.norm(last.theta))
    vanish = (
        ": both vanish" if np.linalg.norm(last.fisher) < np.linalg.norm(first.fisher) / 50 else ""
    )
    sizes = [float(np.linalg.norm(m)) for m in (last.fisher, last.empirical_fisher)]
    return (
        f"After {int(path.steps_done[0])} steps of size 1 of natural gradient descent from "
        f"{'0' if not first.theta.any() else 'the first guess'}, "
        f"‖θ‖ = {number(length)}, the loss is {number(last.loss)}, ‖F‖ = {number(sizes[0])} and "
        f"‖EF‖ = {number(sizes[1])}{vanish}; their relative distance, "
        f"{number(first.distance)} at the start, is {number(last.distance)}."
    )


Row = tuple[str, Callable[[Comparison], str]]

ROWS: tuple[Row, ...] = (
    ("‖EF − F‖ / ‖F‖ <small>Frobenius</small>", lambda c: number(c.distance)),
    (
        "eigenvalues of (EF, F)",
        lambda c: ", ".join(number(float(mu)) for mu in c.eigenvalues),
    ),
    ("angle between the long axes", lambda c: _angle(c)),
    ("minimum θ*", lambda c: f"({', '.join(number(float(t), 4) for t in c.theta)})"),
    ("loss at θ*", lambda c: number(c.loss, 4)),
)


def _angle(c: Comparison) -> str:
    """A circle has no axis: where F is nearly one the angle means little, and that is said."""
    if not c.empirical_fisher.any():
        return "–"
    angle = f"{number(c.angle)}°"
    rounder = max(roundness(c.fisher), roundness(c.empirical_fisher))
    return f"{angle} <small>nearly a circle</small>" if rounder > 0.9 else angle


def quality(c: Comparison) -> str:
    if c.quality.name == "accuracy":
        return percent(c.quality.value, 3)
    expected = c.quality.expected
    model = "" if expected is None else f" <small>model: {number(expected)}</small>"
    return f"{number(c.quality.value)}{model}"


def table(views: "Sequence[View]") -> str:
    """One row a view, one column a number."""
    compared = [view.comparison for view in views if view.comparison]
    name = compared[0].quality.name if compared else "fit"
    rows = [*ROWS[:3], (name, quality), *ROWS[3:]]
    if compared and compared[0].quality.expected is not None:
        fitted = f"distance with the {name} fitted"
        rows.insert(4, (fitted, lambda c: number(c.rescaled_distance)))
    cells = [
        [title, *(cell(v.comparison) if v.comparison else "no minimum" for v in views)]
        for title, cell in rows
    ]
    caption = "EF against F at each minimum; all matrices are means over the examples"
    return html_table(caption, ["", *(escape(view.name.full) for view in views)], cells)


def caption(problem: str, views: "Sequence[View]") -> str:
    """The caption of Fig. 2, held against these data."""
    if problem != "fig2" or any(view.comparison is None for view in views[:3]):
        return ""
    shares = [view.comparison.quality.value for view in views[:3] if view.comparison]
    holds = [round(100 * shares[0]) == 73, *(round(100 * share) >= 85 for share in shares[1:])]
    found = ", ".join(percent(share, 3) for share in shares)
    verdict = "and so it is" if all(holds) else "which these data do not repeat"
    return (
        f"<p class='efviz-note'>The caption of Fig. 2 says {percent(0.73)} accuracy for the "
        f"correct model and at least {percent(0.85)} for A and B, {verdict}: {found}.</p>"
    )


def convergence(found: Convergence | None, cases: Sequence[str], *, drawn: bool) -> str:
    """How each curve goes on, as a power of N fitted from N = 100."""
    if found is None:
        return ""
    middle = found.quantiles((0.5,))[0]
    N = np.array(found.sizes, dtype=float)
    parts = []
    for name, curve in zip(cases, middle, strict=True):
        known = np.flatnonzero((curve > 0) & (N >= 100))
        if len(known) < 2:
            continue
        power = float(np.polyfit(np.log(N[known]), np.log(curve[known]), 1)[0])
        if abs(power) > 0.25:
            way = f"{'falls' if power < 0 else 'grows'} like N<sup>{number(power, 2)}</sup>"
        else:
            way = f"stalls at {number(float(curve[known[-1]]))}"
        parts.append(f"{escape(name)} {way}")
    lost = int(sum(found.without_minimum(k).sum() for k in range(len(cases))))
    words = (
        f" {lost} of the small samples have no minimum (separable classes) and are left out."
        if lost
        else ""
    )
    seeds = len(found.computed)
    curves = f" {'; '.join(parts)}." if parts else ""
    source = (
        "each point is what this page shows at that N and seed; click to choose N"
        if drawn
        else "below the full N, random subsets of the rows"
    )
    return f"<p class='efviz-note'>{seeds} seeds, {source}.{curves}{words}</p>"


def equations(problem: str) -> None:
    """What is compared, with its numbers in the paper, and what differs from the print."""
    st.markdown(
        r"$F = \frac1N \sum_n \mathbb E_{y \sim p(\cdot|x_n)}[g\,g^\top]$ takes the model's own "
        r"targets, $\tilde F = \frac1N \sum_n g_n g_n^\top$ the observed ones (Kunstner et al. "
        r"2019, Eqs. 2 and 3, divided by N). Only if the model can express the truth and there is "
        r"enough data, $\tilde F(\theta^\star_N) \to F(\theta^\star_N)$ for $N \to \infty$ "
        "(Eq. 17)."
    )
    st.caption(
        "Ellipses: (θ − θ*)ᵀ M (θ − θ*) = 9/1000, M a mean. With N = 1,000 these are the published "
        "ones, drawn as θ* + 3 (N M)^(−½) u with |u| = 1." + PRINT.get(problem, "")
    )


PRINT = {
    "fig2": " Table 2 prints the mixing matrices as covariances: x = μ + M z, z ~ N(0, I), made "
    "the figure, and gives the caption's accuracies. It also swaps the two classes of B.",
    "fig4": " Table 3 prints y = x + ε with ε ~ N(0, 2) for A; the figure was made with "
    "y = 1 + x + ε, standard deviation 2, and a ridge of 0.01 that is left out here.",
}

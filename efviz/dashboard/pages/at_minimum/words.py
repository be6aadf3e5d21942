"""The texts of the page At the minimum: summary, table of numbers, the paper's caption."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from html import escape

import numpy as np
import streamlit as st

from efviz.curvature.agreement import TOLERANCE
from efviz.curvature.conics import conic
from efviz.curvature.distance import relative_distance, roundness
from efviz.dashboard.pages.matrix_settings import ELLIPSES, not_finite, refused
from efviz.dashboard.session.glossary import in_html
from efviz.dashboard.session.html_table import html_table
from efviz.dashboard.session.page import Shown
from efviz.datasets.edits import Edits
from efviz.figures.at_minimum import semi_axes
from efviz.figures.matrices import notes as curve_notes
from efviz.numbers import listed, number, percent
from efviz.numerics.linalg import eigenvalues
from efviz.problems import PROBLEMS
from efviz.problems.catalogue import Entry
from efviz.studies.at_minimum import CORRECT, Case, distinct
from efviz.studies.comparison import COMPARED, Comparison
from efviz.studies.convergence import Convergence
from efviz.studies.four_matrices import short_of

DIFFERS = in_html("At the {{minimum}}, {{empirical Fisher|EF}} differs from {{Fisher|F}} by")


def sentence(
    cases: Sequence[Case], moved: Sequence[Case], matrices: Sequence[str] = COMPARED
) -> str:
    """A summary of the matrices at the minima, with what must be said of those drawn."""
    views = distinct(cases, moved)
    shown = [(view.name.short, view.comparison) for view in views if view.comparison]
    parts = []
    if shown:
        distances = ", ".join(f"<b>{percent(c.distance)}</b> ({escape(t)})" for t, c in shown)
        parts.append(f"{DIFFERS} {distances}. {ELLIPSES}")
        parts += [f"{escape(t)}: {note}" for t, c in shown for note in notes(c, matrices)]
        parts += _grouped({t: notes_on_others(c, matrices) for t, c in shown})
        parts.append(_better_but_wrong(shown))
        parts += dict.fromkeys(words for _, c in shown for words in refusals(c))
    for view in views:
        named = f"{escape(view.name.short)}: " if len(views) > 1 else ""
        if view.reason:
            parts.append(f"{named}{view.reason}")
        if view.runaway:
            parts.append(_runs_off(view))
    return f"<p class='efviz-sentence'>{' '.join(map(_capital, filter(None, parts)))}</p>"


def compared(cases: Sequence[Case], moved: Sequence[Case]) -> tuple[str, str] | None:
    """What a pinned chart is compared by: the case that moves, or the table itself."""
    found = [case.comparison for case in moved or cases[:1] if case.comparison]
    return ("EF differs from F by", percent(found[0].distance)) if found else None


def _capital(words: str) -> str:
    return words[0].upper() + words[1:] if not words.startswith("s =") else words


def edited(entry: Entry, edits: Edits) -> str:
    """A note on the charts that edits of sampled data leave alone."""
    if not (entry.family and edits):
        return ""
    return (
        "<p class='efviz-sentence'>Edits apply only to the data chosen by the sliders: the other "
        "columns and the chart of distances use data without edits.</p>"
    )


# A ratio of squared residuals below which they are rounding errors.
ROUNDING = 1e-24
# The axes have at most this many times the size of the first ellipse.
LONG = 6


def notes(c: Comparison, matrices: Sequence[str] = COMPARED) -> list[str]:
    """Remarks on F and EF, where they vanish, are singular or leave the chart."""
    if _exact(c):
        return ["EF is zero to working precision because the model fits every example exactly."]
    drawn = [key for key in ("fisher", "empirical_fisher") if key in matrices]
    least = [eigenvalues(c.matrix(key), c.N)[0] for key in drawn]
    singular = [short_of(key) for key, w in zip(drawn, least, strict=True) if w <= 0]
    if singular:
        one = len(singular) == 1
        names = f"{' and '.join(singular)} {'is' if one else 'are'} singular to working precision"
        ellipse = "the ellipse is" if one else "each ellipse is"
        return [f"{names}: along one direction {ellipse} unbounded."]
    longer = float(np.sqrt(least[0] / least[-1])) if drawn else 1.0
    return [_exceeds("EF", longer, "F")] if longer > LONG else []


def _exact(c: Comparison) -> bool:
    """Whether the residuals are rounding."""
    return bool(np.linalg.norm(c.empirical_fisher) < ROUNDING * np.linalg.norm(c.fisher))


def _without_rounding(c: Comparison) -> Comparison:
    """The numbers as they are told: 0 where nothing but the rounding of residuals is left."""
    if not _exact(c):
        return c
    value = c.quality.value if c.quality.expected is None else 0.0
    return replace(
        c,
        empirical_fisher=np.zeros_like(c.empirical_fisher),
        eigenvalues=np.zeros_like(c.eigenvalues),
        quality=replace(c.quality, value=value),
        loss=0.0 if c.quality.name == "residual variance" else c.loss,
    )


def _grouped(notes: Mapping[str, Iterable[str]]) -> list[str]:
    """The notes on several views, each once, after the names of the views."""
    views: dict[str, list[str]] = {}
    for view, words in notes.items():
        for note in words:
            views.setdefault(note, []).append(escape(view))
    return [f"{listed(named)}: {note}" for note, named in views.items()]


def notes_on_others(c: Comparison, matrices: Sequence[str] = COMPARED) -> Iterator[str]:
    """Remarks on curves that are neither that of F nor that of EF, as HTML."""
    lost = [key for key in c.others if not np.isfinite(c.matrix(key)).all()]
    yield from filter(None, [not_finite(short_of(key) for key in lost if key not in c.refused)])
    drawn = c.distinct(matrices)
    first = next(iter(drawn), ())
    for equal, matrix in drawn.items():
        if {"F", "EF"} & {*equal}:
            continue
        curve = conic(matrix, np.zeros(len(matrix)), 1.0, 1.0, terms=c.N)
        yield from map(escape, curve_notes({equal: curve}))
        if curve.kind == "ellipse":
            longer = semi_axes(matrix, c.N).max() / semi_axes(drawn[first], c.N).max()
            if longer > LONG:
                yield _exceeds(escape(" = ".join(equal)), longer, escape(" = ".join(first)))


def _exceeds(name: str, longer: float, first: str) -> str:
    times = f"{number(longer)} times as long as {first}'s"
    return f"the ellipse of {name} is {times} and exceeds its panel."


def refusals(c: Comparison) -> list[str]:
    """Why some of the matrices are not shown, as HTML."""
    return [refused(reason) for reason in c.refused.values()]


def _better_but_wrong(shown: Sequence[tuple[str, Comparison]]) -> str:
    """The point of the paper's caption, where these data show it."""
    name, first = shown[0]
    if first.quality.name != "accuracy" or name != CORRECT:
        return ""
    wrong = [
        (t, c)
        for t, c in shown[1:]
        if c.quality.value > first.quality.value and c.distance > 2 * first.distance
    ]
    if not wrong:
        return ""
    named = [f"{escape(t)} ({percent(c.quality.value, 3)})" for t, c in wrong]
    verb, whose = ("classify", "their") if len(named) > 1 else ("classifies", "its")
    return (
        f"{listed(named)} {verb} better than the {escape(name)} "
        f"({percent(first.quality.value, 3)}), yet {whose} EF is further from F: "
        "a good classifier need not be well specified."
    )


def _runs_off(view: Case) -> str:
    """The matrices along iterates that diverge because there is no minimum."""
    assert view.runaway
    path, steps = view.runaway.path, view.runaway.comparisons
    first, last = steps[0], steps[-1]
    length = float(np.linalg.norm(last.theta))
    vanish = (
        ": both tend to 0"
        if np.linalg.norm(last.fisher) < np.linalg.norm(first.fisher) / 50
        else ""
    )
    sizes = [float(np.linalg.norm(m)) for m in (last.fisher, last.empirical_fisher)]
    return (
        f"After {int(path.steps_done[0])} steps of natural gradient descent with step size 1 from "
        f"{'0' if not first.theta.any() else 'the first guess'}, "
        f"‖θ‖ = {number(length)}, the loss is {number(last.loss)}, ‖F‖ = {number(sizes[0])} and "
        f"‖EF‖ = {number(sizes[1])}{vanish}. Their relative distance was "
        f"{number(first.distance)} at the start and is now {number(last.distance)}."
    )


Row = tuple[str, Callable[[Comparison], str]]

ROWS: tuple[Row, ...] = (
    ("‖EF − F‖ / ‖F‖ <small>Frobenius</small>", lambda c: number(c.distance)),
    (
        "smallest and largest ratio of EF to F",
        lambda c: ", ".join(number(float(mu)) for mu in c.eigenvalues),
    ),
    ("angle between the major axes", lambda c: _angle(c)),
    ("minimum θ*", lambda c: f"({', '.join(number(float(t), 4) for t in c.theta)})"),
    ("loss at θ*", lambda c: number(c.loss, 4)),
)


def _angle(c: Comparison) -> str:
    """The angle, with a remark if an ellipse is nearly a circle and its axes mean little."""
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


def table(cases: Sequence[Case], moved: Sequence[Case], matrices: Sequence[str] = COMPARED) -> str:
    """One row per number, one column per case."""
    views = distinct(cases, moved)
    compared = [view.comparison for view in views if view.comparison]
    name = compared[0].quality.name if compared else "fit"
    rows = [*ROWS[:3], (name, quality), *ROWS[3:]]
    if compared and compared[0].quality.expected is not None:
        fitted = f"distance with the {name} fitted"
        rows.insert(4, (fitted, lambda c: "–" if _exact(c) else number(c.rescaled_distance)))
    rows[1:1] = _further_distances(matrices)
    told = [view.comparison and _without_rounding(view.comparison) for view in views]
    cells = [[title, *(cell(c) if c else "no minimum" for c in told)] for title, cell in rows]
    caption = "EF and F compared at each minimum; all matrices are means over the examples"
    return html_table(caption, ["", *(escape(view.name.full) for view in views)], cells)


def _further_distances(matrices: Sequence[str]) -> list[Row]:
    """Distances from F of a choice of matrices other than the usual one, except that of EF."""
    if set(matrices) == {*COMPARED}:
        return []
    return [
        (f"‖{escape(short_of(key))} − F‖ / ‖F‖", partial(_distance, key))
        for key in matrices
        if key not in ("fisher", "empirical_fisher")
    ]


def _distance(key: str, c: Comparison) -> str:
    distance = float(relative_distance(c.matrix(key), c.fisher))
    if np.isnan(distance):
        return "–"
    return number(distance if distance > TOLERANCE else 0)


def caption(entry: Entry, cases: Sequence[Case]) -> str:
    """The caption of Fig. 2, compared with these data."""
    shares = [case.comparison.quality.value for case in cases if case.comparison]
    if entry is not PROBLEMS["fig2"] or len(shares) < 3:
        return ""
    holds = [round(100 * shares[0]) == 73, *(round(100 * share) >= 85 for share in shares[1:])]
    found = ", ".join(percent(share, 3) for share in shares)
    verdict = "which these data confirm" if all(holds) else "which these data do not reproduce"
    return (
        f"<p class='efviz-note'>The caption of Fig. 2 gives {percent(0.73)} accuracy for the "
        f"correct model and at least {percent(0.85)} for A and B, {verdict}: {found}.</p>"
    )


def convergence(entry: Entry, cases: Sequence[Case], distances: Convergence | None = None) -> str:
    """How each curve depends on N: a power of N, fitted from N = 100 on."""
    if distances is None:
        return ""
    middle = distances.quantiles((0.5,))[0]
    N = np.array(distances.sizes, dtype=float)
    parts = []
    for case, curve in zip(cases, middle, strict=True):
        known = np.flatnonzero((curve > 0) & (N >= 100))
        if len(known) < 2:
            continue
        power = float(np.polyfit(np.log(N[known]), np.log(curve[known]), 1)[0])
        if abs(power) > 0.25:
            trend = f"{'falls' if power < 0 else 'grows'} like N<sup>{number(power, 2)}</sup>"
        else:
            trend = f"levels off at {number(float(curve[known[-1]]))}"
        parts.append(f"{trend} ({escape(case.name.short)})")
    lost = int(sum(distances.without_minimum(k).sum() for k in range(len(cases))))
    words = (
        f" {lost} of the small samples have no minimum (separable classes) and are left out."
        if lost
        else ""
    )
    seeds = len(distances.computed)
    curves = f" The distance {', '.join(parts)}." if parts else ""
    source = (
        "Each point is what this page shows for that N and seed. Click to choose N"
        if entry.family
        else "Below the full N, random subsets of the rows are used"
    )
    return f"<p class='efviz-note'>{seeds} seeds. {source}.{curves}{words}</p>"


def equations(shown: Shown) -> None:
    """What is compared, with equation numbers of the paper, and deviations from the print."""
    st.markdown(
        r"$F = \frac1N \sum_n \mathbb E_{y \sim p(\cdot|x_n)}[g\,g^\top]$ averages over the "
        r"model's own predictions; $\tilde F = \frac1N \sum_n g_n g_n^\top$ uses the observed "
        r"targets (Kunstner et al. 2019, Eqs. 2 and 3, divided by N). If the model can express the "
        r"true distribution, $\tilde F(\theta^\star_N) \to F(\theta^\star_N)$ for $N \to \infty$ "
        "(Eq. 17)."
    )
    st.caption(
        "Ellipses: (θ − θ*)ᵀ M (θ − θ*) = 9/1000, where M is a mean over the examples. For "
        "N = 1,000 these are the published ellipses, θ* + 3 (N M)^(−½) u with |u| = 1."
        + PRINT.get(shown.settings.problem, "")
    )


PRINT = {
    "fig2": " Table 2 prints the mixing matrices as covariances; the figure was made with "
    "x = μ + M z, z ~ N(0, I), which also gives the caption's accuracies. The table swaps the two "
    "classes of B.",
    "fig4": " Table 3 prints y = x + ε with ε ~ N(0, 2) for A; the figure was made with "
    "y = 1 + x + ε, standard deviation 2, and with an L2 penalty of 0.01, which is omitted here.",
}

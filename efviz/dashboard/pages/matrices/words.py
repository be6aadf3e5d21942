"""The texts of the page Four matrices: summary, tables, notes, equations."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import streamlit as st

from efviz.arrays import Array
from efviz.curvature import LABEL_SOURCES
from efviz.curvature.agreement import Agreement
from efviz.curvature.conics import Conic
from efviz.curvature.distance import angle_between_axes, relative_distance, roundness
from efviz.curvature.matrices import keys_by_short
from efviz.dashboard.pages.matrix_settings import ELLIPSES, not_finite, refused
from efviz.dashboard.session.html_table import html_table
from efviz.dashboard.session.page import Shown
from efviz.datasets.dataset import Dataset, number_of
from efviz.fields import Plane
from efviz.figures.matrices import notes
from efviz.figures.theme import style_of
from efviz.numbers import listed, number
from efviz.problems import Problem
from efviz.studies.four_matrices import Names, finite, short_of, spectra
from efviz.studies.label_sources import LabelDistances, LabelMatrix
from efviz.studies.one_example import Contribution, OneStep

THETA = "The matrices are evaluated at this θ. Click in the contours to move it."
ALL = {2: "both agree", 3: "all three agree", 4: "all four agree"}


def sentence(
    matrices: Mapping[str, Array],
    agreements: Sequence[Agreement],
    level_sets: Mapping[Names, Conic],
    plane: Plane,
    theta: Array,
    refusals: Mapping[str, str],
) -> str:
    """A summary: which matrices agree, how far EF is from F, and which have no ellipse."""
    shown = finite(matrices)
    parts = [*map(refused, refusals.values()), _overflow(matrices, refusals)]
    if shown:
        parts = [
            _equal(shown, agreements, theta),
            _ef(shown, agreements),
            ELLIPSES if sum(c.kind == "ellipse" for c in level_sets.values()) > 1 else "",
            *map(escape, notes(level_sets)),
            *parts,
            _off_plane(plane, theta),
        ]
    return f"<p class='efviz-sentence'>{' '.join(filter(None, parts))}</p>"


def _overflow(matrices: Mapping[str, Array], refusals: Mapping[str, str]) -> str:
    """Matrices that are defined at this θ, but are not finite."""
    lost = matrices.keys() - finite(matrices).keys() - refusals.keys()
    if len(lost) == len(matrices):
        return "The matrices at this θ overflow double precision."
    return not_finite(name for name in matrices if name in lost)


def _equal(shown: Mapping[str, Array], agreements: Sequence[Agreement], theta: Array) -> str:
    """The groups of matrices that agree; the eigenvalues of one alone."""
    groups: list[list[str]] = []
    for name in shown:
        home = next((g for g in groups if _agree(agreements, g[0], name)), None)
        if home:
            home.append(name)
        else:
            groups.append([name])
    names = [escape(" = ".join(group)) for group in groups]
    where = f"At θ = ({', '.join(number(float(t), 4) for t in theta)})"
    if len(shown) == 1:
        values = listed([number(float(w)) for w in next(iter(spectra(shown).values()))])
        return f"{where} <b>{names[0]}</b> has the eigenvalues {values}."
    if len(names) == 1:
        return f"{where} {ALL[len(shown)]}: <b>{names[0]}</b>."
    if len(names) == len(shown):
        pair = len(names) == 2
        return (
            f"{where} {f'{listed(names)} differ' if pair else f'no two of {listed(names)} agree'}."
        )
    several = [name for group, name in zip(groups, names, strict=True) if len(group) > 1]
    return f"{where} <b>{' and '.join(several)}</b>."


def _agree(found: Sequence[Agreement], first: str, second: str) -> bool:
    keys = keys_by_short()
    pair = {keys[first], keys[second]}
    return next(a.agree for a in found if {a.first, a.second} == pair)


def _ef(shown: Mapping[str, Array], agreements: Sequence[Agreement]) -> str:
    """EF compared with F: distance, ratio of the traces, angle between the major axes."""
    if not {"F", "EF"} <= shown.keys():
        return ""
    F, EF = shown["F"], shown["EF"]
    if _agree(agreements, "F", "EF") or not F.any():
        return ""
    ratio = float(np.trace(EF) / np.trace(F))
    words = f"‖EF − F‖ / ‖F‖ = <b>{number(float(relative_distance(EF, F)))}</b>"
    if not EF.any():
        return f"{words}: EF is zero."
    words += f": measured by the trace, EF is {number(ratio)} times as large as F"
    if max(roundness(F), roundness(EF)) > 0.9:
        return f"{words}."
    return f"{words}, and its major axis is rotated by {number(angle_between_axes(EF, F), 2)}°."


def compared(matrices: Mapping[str, Array]) -> tuple[str, str] | None:
    """What a pinned chart is compared by, if both matrices are shown."""
    if not {"F", "EF"} <= finite(matrices).keys() or not matrices["F"].any():
        return None
    distance = float(relative_distance(matrices["EF"], matrices["F"]))
    return "‖EF − F‖ / ‖F‖ is", number(distance)


def _off_plane(plane: Plane, theta: Array) -> str:
    """A remark on a θ that the chart does not show."""
    beyond = np.abs(theta - plane.center) > plane.half_widths * (1 + 1e-9)
    return "θ lies outside the plane shown." if beyond.any() else ""


def table(agreements: Sequence[Agreement]) -> str:
    """The distance of every pair, and the reason if they agree and it is known."""
    if not agreements:
        return ""
    rows = [
        (
            "&nbsp;and&nbsp;".join(escape(short_of(key)) for key in (a.first, a.second)),
            _distance(a),
            escape(a.reason) or "–",
        )
        for a in agreements
    ]
    caption = (
        "Relative distances ‖A − B‖ / max(‖A‖, ‖B‖), Frobenius norms. The cells of each "
        "matrix are coloured relative to its largest entry."
    )
    return html_table(caption, ("pair", "distance", "why they agree"), rows)


def _distance(a: Agreement) -> str:
    if np.isnan(a.distance):
        return "–"
    rounding = a.agree and a.distance
    return "0 <small>to working precision</small>" if rounding else number(a.distance)


def example(dataset: Dataset, problem: Problem, row: int, terms: Contribution, asked: int) -> str:
    """The example, its prediction, and how its terms in EF and F compare.

    The number `asked` for differs from the one shown if that example was removed.
    """
    number_shown = number_of(dataset, row)
    gone = f"Example {asked:,} has been removed. " if asked != number_shown else ""
    inputs = ", ".join(
        f"{escape(name)} = {number(float(value))}"
        for name, value in zip(dataset.feature_names, dataset.X[row], strict=True)
        if name != "1"
    )
    with np.errstate(all="ignore"):
        mean = problem.likelihood.mean(terms.f[None])[0]
    g = ", ".join(number(float(v)) for v in terms.gradient)
    return (
        f"<p class='efviz-note'>{gone}Example <b>{number_shown:,}</b> of {problem.N:,}: {inputs}, "
        f"{escape(dataset.target_name)} = {number(float(dataset.y[row]))}; {_model(mean)}. Its "
        f"gradient is g<sub>n</sub> = <b>({g})</b>. {_weight(terms, len(mean))}</p>"
    )


def _model(mean: Array) -> str:
    if len(mean) > 1:
        probabilities = ", ".join(number(float(v)) for v in mean)
        return f"the model gives the classes the probabilities {probabilities}"
    return f"the model predicts a mean of {number(float(mean[0]))}"


def _weight(terms: Contribution, outputs: int) -> str:
    """The ratio of the traces of its terms in EF and F: how surprising its label is."""
    ef, f = (float(np.trace(m)) for m in (terms.empirical_fisher, terms.fisher))
    if not np.isfinite([ef, f]).all():
        return "Its terms overflow double precision."
    if f <= 0:
        return "It contributes to neither matrix." if ef <= 0 else "It contributes only to EF."
    times = f"<b>{number(ef / f)}</b> times"
    if outputs > 1:
        return f"Measured by the trace, its observed label adds {times} as much to EF as F expects."
    return (
        "Its terms in EF and F are multiples of the same matrix: the factor in EF is the squared "
        "residual of the observed label, that in F the expectation of this square under the model. "
        f"The first is {times} the second."
    )


def steps(dataset: Dataset, row: int, steps: Mapping[str, OneStep]) -> str:
    """The effect of one step of each method, as a table and in words."""
    return steps_table(number_of(dataset, row), steps) + step_words(steps)


def steps_table(example: int, steps: Mapping[str, OneStep]) -> str:
    """The effect of one step of each method on the loss of the example and on the mean loss."""
    first = next(iter(steps.values()))
    before = ("before the step", number(first.own[0], 4), "–", number(first.mean[0], 4), "–")
    rows = [
        (
            f"{name} <small>{style_of(name).name}</small>",
            number(step.own[1], 4),
            _change(step.own),
            number(step.mean[1], 4),
            _change(step.mean),
        )
        for name, step in steps.items()
    ]
    columns = ("", f"loss of example {example:,}", "change", "mean loss L", "change")
    return html_table("One step of each method from θ", columns, [before, *rows])


def _change(loss: tuple[float, float]) -> str:
    change = loss[1] - loss[0]
    return f"+{number(change)}" if change > 0 else number(change)


def step_words(steps: Mapping[str, OneStep]) -> str:
    """Steps that lower the mean loss but not that of the example, and steps that are too long."""
    against = [
        name
        for name, step in steps.items()
        if step.own[1] > step.own[0] and step.mean[1] < step.mean[0]
    ]
    overshoot = [name for name, step in steps.items() if not step.mean[1] <= step.mean[0]]
    words = []
    if against:
        lower = "lowers" if len(against) == 1 else "lower"
        words.append(f"{listed(against)} {lower} L at the cost of this example.")
    if overshoot:
        raises = "raises" if len(overshoot) == 1 else "raise"
        words.append(f"With this γ {listed(overshoot)} {raises} L: the step is too long.")
    deficient = [name for name, step in steps.items() if step.rank_deficient]
    if deficient:
        words.append(
            f"The matrix of {listed(deficient)} is singular: the step of minimum norm is taken."
        )
    return f"<p class='efviz-note'>{' '.join(words)}</p>" if words else ""


def source(source: str, labels: LabelMatrix | None = None) -> str:
    """The source, the distance of its matrix from F, and its cost."""
    chosen = LABEL_SOURCES[source]
    parts = [escape(chosen.words)]
    if labels:
        parts.append(
            f"‖· − F‖ / ‖F‖ = <b>{number(labels.distance)}</b>, "
            f"{'unbiased' if chosen.unbiased else 'biased'}."
        )
        fewer = (
            f" ({labels.least:,} if the Jacobian of every example is kept)"
            if labels.least < labels.cost
            else ""
        )
        parts.append(f"It takes <b>{labels.cost:,}</b> gradient evaluations{fewer}.")
    return f"<p class='efviz-note'>{' '.join(parts)}</p>"


def other_sources(distances: LabelDistances | None = None) -> str:
    """The distances that do not depend on M."""
    others = distances.others if distances else {}
    if not others:
        return ""
    sizes = ", ".join(f"{escape(name)} {number(value)}" for name, value in others.items())
    return (
        "<p class='efviz-note'>More labels improve only the sampled matrix. Distances of the "
        f"others, relative to ‖F‖: {sizes}.</p>"
    )


def weights(shown: Shown) -> None:
    """What the chart of weights says."""
    st.caption(
        "With one output, linear in θ, all these matrices are means of w x xᵀ; they differ in how "
        "w depends on how well the observed label is predicted."
    )


def equations(shown: Shown) -> None:
    """The four matrices with their equation numbers in the paper, and deviations from the print."""
    with st.expander("Equations, with their numbers in the paper"):
        st.markdown(
            r"With $\ell_n = -\log p(y_n \mid f_n)$, $f_n = f(x_n, \theta)$, "
            r"$J_n = \partial f_n / \partial\theta$, $g_n = \nabla_\theta \ell_n$, all means over "
            r"the examples (Kunstner et al. 2019):"
        )
        st.markdown(
            r"""
| matrix | | equation |
|---|---|---|
| $H$ | $\frac1N \sum_n J_n^\top \nabla_f^2 \ell_n\, J_n + \frac1N \sum_{n,c} [\nabla_f \ell_n]_c \nabla_\theta^2 f_{nc}$ | 9 |
| $G$ | $\frac1N \sum_n J_n^\top \nabla_f^2 \ell_n\, J_n$ | 10, 12 |
| $F$ | $\frac1N \sum_n \mathbb E_{y \sim p(\cdot \mid f_n)} [g_n(y)\, g_n(y)^\top]$ | 2, 6 |
| $\tilde F$ | $\frac1N \sum_n g_n(y_n)\, g_n(y_n)^\top$ | 3 |
"""  # noqa: E501  # a row of a table is one line
        )
        sources = "".join(
            f"\n| {entry.title} | ${entry.formula}$ |" for entry in LABEL_SOURCES.values()
        )
        st.markdown(f"| labels | matrix |\n|---|---|{sources}")
        st.caption(
            "The paper writes sums: its matrices are N times these. G = F where the likelihood is "
            "an exponential family with f as its natural parameter (Proposition 1). Sampled labels "
            "are Eq. 38. Eq. 53, which states that EF = F at probabilities 1/2, is printed without "
            "the y. δᵀ M δ has the same value on all level sets."
        )

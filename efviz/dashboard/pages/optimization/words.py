"""The texts of the page Optimization: sentences from the numbers, and Table 6."""

from collections.abc import Mapping
from html import escape

import numpy as np
import streamlit as st

from efviz import results
from efviz.dashboard.session.glossary import in_html
from efviz.dashboard.session.html_table import html_table
from efviz.dashboard.session.page import Shown
from efviz.numbers import number, percent
from efviz.optimizers import METHODS, Trajectory
from efviz.problems import Problem
from efviz.results import CONTESTED, SEEN
from efviz.studies.alignment import Alignment
from efviz.studies.optimization import NearAndFar
from efviz.sweeps import Sweep
from efviz.sweeps.rounding import CHAOS, TIE

LOWEST = in_html("The {{loss}} at the {{minimum}}")

GRIDS_AS_PUBLISHED = (
    "The grids are those of the inverse of the full matrix with damping λ; the runs above use the "
    "matrices as chosen under Preconditioner."
)

NO_GRID = (
    "No grid has been computed for these settings: the button below runs every step size and "
    "damping of Table 5 for these methods."
)


LARGEST_GRID = 2e8
"""Largest N D^2 of a grid: half as many numbers are kept in memory."""


def too_large(problem: Problem) -> str:
    """Why no grid of this problem can be computed here, or ""."""
    if problem.N * problem.D**2 <= LARGEST_GRID:
        return ""
    return (
        f"A full grid on {problem.N:,} examples with {problem.D:,} parameters would need more "
        "memory than this page is allowed to use; run it with `python -m efviz sweep`, or use "
        "fewer columns."
    )


def sentence(
    problem: Problem,
    paths: Mapping[str, Trajectory],
    cosines: Mapping[str, Alignment | None],
    multiple: float,
    changes: Mapping[str, float | None],
) -> str:
    """A summary; `changes` holds the relative effect of rounding on each final loss."""
    parts = []
    minimum = problem.minimum
    if minimum.exists:
        lowest = float(minimum.settled(minimum.loss))
        parts.append(f"{LOWEST} is <b>{number(lowest, 4)}</b>.")
    elif minimum.reason:
        parts.append(minimum.reason)
        if multiple and not minimum.exists:
            parts.append("Without θ* there is nothing to multiply: the runs start at 0.")
    for name, path in paths.items():
        status, last = str(path.status[0]), float(minimum.settled(path.final_loss[0]))
        if status == "diverged":
            steps = int(path.steps_done[0])
            words = f"{name} diverges at step {steps}: its loss exceeds 100 times the initial loss"
        else:
            words = f"{name} ends at {number(last, 4)}"
        parts.append(f"{words}{by_rounding(changes.get(name) or 0.0)}.")
    for name, found in cosines.items():
        if found is None:
            continue
        usable = found.damped[np.isfinite(found.damped)]
        if usable.size:
            opposed = float(np.mean(usable < 0))
            parts.append(
                f"Along the path of {name}, the cosine of its direction with that of NGD (damped) "
                f"is between {number(float(usable.min()), 2)} and {number(float(usable.max()), 2)}"
                + (f", negative in {percent(opposed)} of the steps." if opposed else ".")
            )
        if found.singular.any():
            parts.append("Where the undamped matrix is singular, the pseudo-inverse is used.")
    return f"<p class='efviz-sentence'>{' '.join(parts)}</p>"


def by_rounding(change: float) -> str:
    """A remark on a run whose final loss changes by this fraction through rounding."""
    if not change > CHAOS:
        return ""
    if change == np.inf:
        return " (depends on rounding: a change in the last digit changes how the run ends)"
    if change <= SEEN:
        return " (its last digits depend on rounding)"
    return f" (depends on rounding: a change in the last digit changes it by {percent(change)})"


def grids(found: Mapping[str, Sweep]) -> str:
    """The cell that each grid selects, and how reliable the choice is."""
    parts = []
    for method, sweep in found.items():
        step, damping, loss = sweep.best()
        if not np.isfinite(step):
            parts.append(f"{method}: no run finishes.")
            continue
        cell = f"γ = {number(step)}"
        cell += f", λ = {number(damping)}" if METHODS[method].damped else ""
        words = f"{method}: {cell} gives the lowest loss, {number(loss, 4)}"
        if sweep.others:
            words += f", as do {sweep.others} other cells to within {number(TIE)}"
        if sweep.change_by_rounding > SEEN:
            words += "; that run depends on rounding, so another machine may select another cell"
        elif sweep.change_by_rounding > CHAOS:
            words += "; its last digits depend on rounding"
        parts.append(f"{words}.")
        if sweep.contested:
            parts.append(f"{CONTESTED}.")
        if not sweep.complete:
            parts.append("Not all cells have been computed yet.")
    return f"<p class='efviz-note'>{' '.join(parts)} Click a cell to run it.</p>"


def far(found: NearAndFar) -> str:
    """The exponent of the length of EF's step, fitted over the farthest distances."""
    gradient, ef = found.lengths.gradient, found.lengths.directions.get("EFGD")
    if ef is None:
        return ""
    size, length = np.log(gradient[-5:]), np.log(ef[-5:])
    if not (np.isfinite(size).all() and np.isfinite(length).all()) or np.ptp(size) < 1e-6:
        return (
            "<p class='efviz-note'>Far from the minimum the gradient stops growing here, so the "
            "length of EF's step does not follow a power of it.</p>"
        )
    slope = float(np.polyfit(size, length, 1)[0])
    return (
        "<p class='efviz-note'>Far from the minimum the length of EF's step scales as that of the "
        f"gradient to the power {number(slope)} (section 4.3: about −1 for least squares).</p>"
    )


def table_6(shown: Shown) -> None:
    """Every line of Table 6 as printed and as reproduced, with its verdict."""
    columns = ("set", "method", "printed γ, λ", "reproduced γ, λ", "verdict")
    caption = "The cell of lowest loss after 100 iterations, of 241 step sizes and 41 dampings"
    st.html(
        "<details class='efviz-details'><summary>Table 6, printed and reproduced</summary>"
        f"{html_table(caption, columns, map(_row, results.lines()))}</details>"
    )


def _row(line: results.Line) -> tuple[str, ...]:
    return (
        escape(line.paper),
        line.method,
        _cell(line.printed),
        _cell(line.best),
        f"<b>{line.verdict}</b>. {escape(line.sentence())}",
    )


def _cell(exponents: tuple[float, float | None]) -> str:
    step, damping = exponents
    words = f"10<sup>{number(step, 5)}</sup>"
    return words if damping is None else f"{words}, 10<sup>{number(damping, 5)}</sup>"


def equations(shown: Shown) -> None:
    st.markdown(
        r"$\theta_{t+1} = \theta_t - \gamma\,(B(\theta_t) + \lambda I)^{-1} \nabla L(\theta_t)$ "
        "for 100 iterations from 0, on all columns and a bias; the paper does not normalise the "
        "columns (Kunstner et al. 2019, App. D.3). A run counts as diverged once its loss exceeds "
        "100 times the initial loss."
    )
    st.caption(
        "The cosine in Fig. 3 was made with the damping of the selected EFGD run; the text says "
        "without damping. Table 5 prints a spacing of 0.25 in log10; the grids were made with "
        "0.125 for the step size and 0.5 for the damping."
    )

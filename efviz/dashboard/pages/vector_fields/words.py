"""The texts of the page Vector fields: sentences from the numbers, the table, the equations."""

from collections.abc import Mapping
from html import escape

import streamlit as st

from efviz.arrays import Array
from efviz.dashboard.pages.method_words import update_rule
from efviz.dashboard.session.foreign import plain
from efviz.dashboard.session.glossary import in_html
from efviz.dashboard.session.html_table import html_table
from efviz.dashboard.session.page import Shown
from efviz.numbers import listed, number, percent
from efviz.optimizers import METHODS, Trajectory
from efviz.optimizers.methods import STRUCTURES
from efviz.optimizers.status import Status
from efviz.problems import Problem
from efviz.studies.field_comparison import METRICS, FieldComparison

REACHED = in_html("{{run|Runs}} that reached the {{minimum}}")


def sentence(
    problem: Problem, fields: FieldComparison, trajectories: Mapping[str, Trajectory], n_steps: int
) -> str:
    """A summary of the current runs and fields."""
    parts = []
    if problem.minimum.exists:
        counts = [
            f"{_reached(t)} of {t.status.size} with {name}" for name, t in trajectories.items()
        ]
        done = min(_steps_so_far(t, n_steps) for t in trajectories.values())
        steps = f"{n_steps:,}" if done == n_steps else f"the first {done:,} of {n_steps:,}"
        parts.append(f"{REACHED} in {steps} steps: {', '.join(counts)}.")
    if problem.minimum.reason:
        parts.append(problem.minimum.reason)
    diverged = [
        f"{int((t.status == Status.DIVERGED).sum())} with {name}"
        for name, t in trajectories.items()
        if (t.status == Status.DIVERGED).any()
    ]
    if diverged:
        parts.append(
            f"Diverged: {', '.join(diverged)}, drawn up to the step where the loss exceeded 100 "
            "times its initial value."
        )
    share = fields.negative_share
    part = percent(share) if share else f"no part ({percent(0)})"
    first, other = fields.pair
    measured = "" if fields.metric == METRICS[0] else f"Measured by the {fields.metric}, "
    parts.append(
        f"{measured}{other} points more than 90° away from {first} on <b>{part}</b> of the plane."
    )
    singular = [name for name, count in fields.rank_deficient.items() if count]
    if singular:
        parts.append(
            f"The matrix of {' and of '.join(singular)} is singular at some points; there the "
            "step of minimum norm is taken. Any damping λ above 0 makes the matrix invertible."
        )
    return f"<p class='efviz-sentence'>{' '.join(parts)}</p>"


def preconditioner(fields: FieldComparison, *, exponent: float, structure: str, unit: float) -> str:
    """What this use of the matrices means for angles, lengths and units, from the numbers."""
    first, other = fields.pair
    mean = number(fields.mean_cosine)
    parts = [
        f"{fields.metric} cosine of {other} with F⁻¹∇L, averaged over the plane: <b>{mean}</b>."
    ]
    names = [name for name in ("NGD", "EFGD") if name in fields.vectors]
    powers = {"NGD": 1 - exponent, "EFGD": 1 - 2 * exponent}
    if names:
        factors = [f"{number(TIMES ** powers[name])} with {name}" for name in names]
        parts.append(
            f"Without damping, multiplying the loss by {TIMES} multiplies the length of an update "
            f"by {listed(factors)}."
        )
    if exponent == 0.5 and unit == 1 and "EFGD" in fields.vectors:
        bounded = "update" if structure == STRUCTURES[0] else "component of an update"
        parts.append(
            f"With the root of EF, no {bounded} is ever longer than 1; the longest update here is "
            f"{number(fields.longest('EFGD'))}."
        )
    if exponent == 1 and structure == STRUCTURES[0]:
        parts.append(
            "Without damping, the full inverse ignores the unit of x, and so does its cosine "
            "measured by the Fisher. Euclidean cosines, and with them the part of the plane where "
            f"{other} points more than 90° away from {first}, depend on the unit."
        )
    elif exponent not in (0, 1):
        parts.append(
            "For exponents between 0 and 1 the directions themselves change with the unit of x, "
            "and so does which exponent comes closest to NGD: none is the best."
        )
    return f"<p class='efviz-note'>{' '.join(parts)}</p>"


TIMES = 10
"""The factor on the loss in the sentence on lengths."""


def compared(fields: FieldComparison) -> tuple[str, str]:
    """What a pinned chart is compared by."""
    first, other = fields.pair
    return (
        f"The part of the plane where {other} points more than 90° away from {first}:",
        percent(fields.negative_share, 3),
    )


def _steps_so_far(t: Trajectory, n_steps: int) -> int:
    """Steps that every run has taken that has not diverged; n_steps once all is computed."""
    going = t.status != Status.DIVERGED
    return int(t.steps_done[going].min()) if going.any() else n_steps


def _reached(t: Trajectory) -> int:
    return int((t.status == Status.CONVERGED).sum())


def table(theta_0: Array, trajectories: Mapping[str, Trajectory], problem: Problem) -> str:
    """Final loss per start and method, as an HTML table."""
    first, second = problem.parameter_names
    rows = [
        [
            f"{i + 1}: ({number(a)}, {number(b)})",
            *(_cell(t, i, problem) for t in trajectories.values()),
        ]
        for i, (a, b) in enumerate(theta_0)
    ]
    caption = f"Loss after the last step, per start ({escape(first)}, {escape(second)})"
    if problem.minimum.exists:
        caption += f"; the loss at the minimum is {_loss(problem.minimum.loss, problem)}"
    return html_table(caption, ["start", *trajectories], rows)


MARKS = {
    Status.CONVERGED: "★ minimum",
    Status.RUNNING: "not converged",
    Status.DIVERGED: "diverged",
}


def _cell(t: Trajectory, i: int, problem: Problem) -> str:
    status = Status(t.status[i])
    steps = f" at step {int(t.steps_done[i]):,}" if status is Status.DIVERGED else ""
    return f"{_loss(t.final_loss[i], problem)} <small>{MARKS[status]}{steps}</small>"


def _loss(loss: float, problem: Problem) -> str:
    return number(float(problem.minimum.settled(loss)), 5)


def equations(shown: Shown) -> None:
    """The update rule with its equation numbers in the paper, and deviations from the print."""
    names = " · ".join(plain(f"{name}: {one.title}") for name, one in METHODS.items())
    st.markdown(
        f"{update_rule()} (Kunstner et al. 2019, Eqs. 50-52; all averages are means over the "
        "examples).",
        help=names,
    )
    if shown.settings.problem == "fig1":
        st.caption(
            "The published figure was made with γ = 10⁻³ times the scales ⅓, 1 and 3, and with an "
            "L2 penalty of 0.01/2 ‖θ‖², which changes the third digit and is omitted here. The "
            "paper prints γ = 10⁻⁴."
        )

"""What the Vector fields page says: sentences from the numbers, the table, the equations."""

from collections.abc import Mapping
from html import escape

import numpy as np
import streamlit as st

from efviz.arrays import Array
from efviz.dashboard.session.page import Shown
from efviz.figures.theme import STYLES
from efviz.optimizers import Trajectory
from efviz.problems import Problem
from efviz.studies.field_comparison import FieldComparison


def sentence(
    problem: Problem, fields: FieldComparison, trajectories: Mapping[str, Trajectory], n_steps: int
) -> str:
    """What is seen now."""
    parts = []
    if problem.minimum.exists:
        counts = [
            f"{_reached(t)} of {t.status.size} with {name}" for name, t in trajectories.items()
        ]
        done = min(_steps_so_far(t, n_steps) for t in trajectories.values())
        steps = f"{n_steps:,}" if done == n_steps else f"{done:,} of {n_steps:,}"
        parts.append(f"Starts at the minimum after {steps} steps: {', '.join(counts)}.")
    if problem.minimum.reason:
        parts.append(problem.minimum.reason)
    diverged = [
        f"{int((t.status == 'diverged').sum())} with {name}"
        for name, t in trajectories.items()
        if (t.status == "diverged").any()
    ]
    if diverged:
        parts.append(
            f"Diverged, drawn to the step where the loss passed 100 times its start: "
            f"{', '.join(diverged)}."
        )
    share = fields.negative_share
    parts.append(f"EFGD points over 90° away from NGD on <b>{_percent(share)}</b> of the plane.")
    singular = [name for name, count in fields.rank_deficient.items() if count]
    if singular:
        parts.append(
            f"The matrix of {' and '.join(singular)} is singular: where it is, the step of least "
            "norm is taken. A damping λ above 0 makes it invertible."
        )
    return f"<p class='efviz-sentence'>{' '.join(parts)}</p>"


def _steps_so_far(t: Trajectory, n_steps: int) -> int:
    """Steps that every run still going has taken: fewer than n_steps while the work lasts."""
    going = t.status != "diverged"
    return int(t.steps_done[going].min()) if going.any() else n_steps


def _reached(t: Trajectory) -> int:
    return int((t.status == "converged").sum())


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %" if share else "no part (0 %)"


def table(theta_0: Array, trajectories: Mapping[str, Trajectory], problem: Problem) -> str:
    """Final loss per start and method, as an HTML table."""
    first, second = problem.parameter_names
    head = "".join(f"<th scope='col'>{name}</th>" for name in trajectories)
    rows = "".join(
        f"<tr><th scope='row'>{i + 1}: ({_number(a)}, {_number(b)})</th>"
        + "".join(_cell(t, i) for t in trajectories.values())
        + "</tr>"
        for i, (a, b) in enumerate(theta_0)
    )
    caption = f"Loss after the last step, per start ({escape(first)}, {escape(second)})"
    if problem.minimum.exists:
        caption += f"; at the minimum it is {_number(problem.minimum.loss, 5)}"
    return (
        f"<table class='efviz-table'><caption>{caption}</caption>"
        f"<thead><tr><th scope='col'>start</th>{head}</tr></thead><tbody>{rows}</tbody></table>"
    )


MARKS = {"converged": "★ minimum", "running": "on its way", "diverged": "diverged"}


def _cell(t: Trajectory, i: int) -> str:
    status = str(t.status[i])
    steps = f" at step {int(t.steps_done[i]):,}" if status == "diverged" else ""
    return f"<td>{_number(float(t.final_loss[i]), 5)} <small>{MARKS[status]}{steps}</small></td>"


def _number(value: float, digits: int = 3) -> str:
    if not np.isfinite(value):
        return "∞" if value > 0 else "not a number"
    return f"{value:.{digits}g}".replace("-", "−")


def scales_in_use(shown: Shown) -> None:
    scales = shown.view.result("scales") or {}
    if scales:
        words = (f"{name} {scale:.3g}" for name, scale in scales.items())
        st.caption(f"In use: {', '.join(words)}.")


def equations(shown: Shown) -> None:
    """The update rule with its numbers in the paper, and what differs from the print."""
    names = " · ".join(f"{name}: {STYLES[name].name}" for name in ("GD", "NGD", "EFGD"))
    st.markdown(
        r"$\theta_{t+1} = \theta_t - \gamma\,(B(\theta_t) + \lambda I)^{-1} \nabla L(\theta_t)$, "
        r"with $B = F$ for NGD and $B = \tilde F$ for EFGD; GD takes $\nabla L(\theta_t)$ itself "
        "(Kunstner et al. 2019, Eqs. 50-52; all means over the examples).",
        help=names,
    )
    if shown.settings.problem == "fig1":
        st.caption(
            "The published figure was made with γ = 10⁻³ times the scales ⅓, 1, 3, and with a "
            "ridge of 0.01/2 ‖θ‖² that shows in the third digit and is left out here; the paper "
            "prints γ = 10⁻⁴."
        )

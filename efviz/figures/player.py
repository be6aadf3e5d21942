"""Additions of the player to the field panels: the runs, the losses, the anatomy of a step."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.datasets.dataset import Dataset
from efviz.figures import marks
from efviz.figures.line_names import line_names
from efviz.figures.log_axes import decades, log_axis, points_above
from efviz.figures.panels import panel
from efviz.figures.theme import Spec, axis, style_of, text_colour
from efviz.figures.vector_fields import reference, vector_field_panels
from efviz.numbers import number
from efviz.optimizers import Trajectory
from efviz.problems import Problem
from efviz.studies.field_comparison import FieldComparison
from efviz.style import Style

LOSSES = "Losses"
HEIGHT = 230
ROUNDING = 1e-13
"""Without a minimum, losses closer to the lowest than this share of it are not drawn."""

Directions = Mapping[str, Mapping[str, Array]]
"""Directions (T, 2) by the method of the path and the method of the direction."""


def field_panels(
    dataset: Dataset,
    problem: Problem,
    fields: FieldComparison,
    trajectories: Mapping[str, Trajectory],
    theta_0: Array,
    scales: Mapping[str, float],
    directions: Directions | None = None,
    *,
    lengths: str = "true",
    cosines: bool = False,
    editing: bool = False,
    play: bool = False,
    followed: int = 1,
    exponent: float = 1.0,
    structure: str = "full",
) -> dict[str, Spec]:
    """`vector_field_panels`, and to `play` them what `with_player` adds, from the start `followed`.

    `lengths` of arrows are "true" or "unit"; `exponent` and `structure` are those of the matrices.
    """
    parts = [f"p = {number(exponent)}"] * (exponent != 1) + [structure] * (structure != "full")
    panels = vector_field_panels(
        dataset,
        problem,
        fields,
        trajectories,
        theta_0,
        scales=scales,
        unit_length=lengths == "unit",
        show_cosines=cosines,
        editing=editing,
        way=", ".join(parts),
    )
    if not play:
        return panels
    start = min(followed, len(theta_0))
    return with_player(
        panels, problem, trajectories, scales=scales, start=start, directions=directions
    )


def with_player(
    panels: Mapping[str, Spec],
    problem: Problem,
    trajectories: Mapping[str, Trajectory],
    *,
    scales: Mapping[str, float],
    start: int,
    directions: Directions | None,
) -> dict[str, Spec]:
    """The panels with what the player needs, and a panel of the losses.

    `directions` are those along the paths from the start with this number, counted from 1; None
    while they are not known.
    """
    played = dict(panels)
    for name, trajectory in trajectories.items():
        meta = {"play": {"traces": [name], "steps": trajectory.steps}}
        if directions:
            meta["anatomy"] = _anatomy(name, start, directions[name], scales)
        frame = panels[name]["layout"]
        played[name] = panels[name] | {"layout": frame | {"meta": frame["meta"] | meta}}
    return played | {LOSSES: loss_panel(problem, trajectories)}


def _anatomy(
    path: str, start: int, directions: Mapping[str, Array], scales: Mapping[str, float]
) -> dict[str, Any]:
    u, v = np.moveaxis(np.stack(list(directions.values())), -1, 0)
    return {
        "path": path,
        "start": start,
        "versus": reference(directions),
        "names": list(directions),
        "colours": [style_of(name).colour for name in directions],
        "texts": [text_colour(style_of(name)) for name in directions],
        "scales": [scales[name] for name in directions],
        "u": u,
        "v": v,
    }


def loss_panel(problem: Problem, trajectories: Mapping[str, Trajectory]) -> Spec:
    """Excess loss against log(1 + iteration), every run of every method."""
    minimum = problem.minimum
    losses = np.stack([t.losses for t in trajectories.values()])
    lowest = minimum.loss if minimum.exists else float(np.nanmin(losses))
    rounding = minimum.rounding if minimum.exists else ROUNDING * abs(lowest)
    steps = next(iter(trajectories.values())).steps
    x = _place(steps)
    with np.errstate(invalid="ignore"):
        excess = losses - lowest
        excess[~(excess > rounding)] = np.nan
    traces = []
    for name, values in zip(trajectories, excess, strict=True):
        runs = [np.stack([x, row], axis=-1) for row in values]
        traces.append(marks.line(runs, name, style_of(name), 1.75))
    low, high = decades(excess.ravel())
    limits = low / 10, high
    said = "L − L(θ★)" if minimum.exists else "L minus the lowest loss reached"
    return panel(
        traces + line_names(_longest(list(trajectories), x, excess), limits),
        "Loss",
        _iterations(int(steps[-1])),
        log_axis("", limits),
        subtitle=f"{said}, of all starts",
        left=44,
        wide=True,
        height=HEIGHT,
        label=f"{LOSSES}: {said} against the iteration, every start with every method",
        play={"traces": list(trajectories), "steps": steps, "cursor": x},
    )


def _place(steps: ArrayLike) -> Array:
    """The place of an iteration on the axis: a logarithm that includes 0."""
    return np.asarray(np.log1p(steps) / np.log(10))


def _iterations(last: int) -> dict[str, Any]:
    ticks = [0, *(10**p for p in range(int(np.log10(max(last, 1))) + 1)), last]
    places = _place(ticks)
    # Powers too near the last iteration are left out.
    keep = [places[-1] - place > 0.3 for place in places[:-1]] + [True]
    shown = [tick for tick, kept in zip(ticks, keep, strict=True) if kept]
    width = float(places[-1])
    return axis(
        "iteration",
        (0.0, width),
        tickvals=[float(v) for v in _place(shown)],
        ticktext=[f"{tick:,}" for tick in shown],
        nticks=0,
        fixedrange=True,
    )


def _longest(names: list[str], x: Array, excess: Array) -> dict[str, tuple[Array, Style]]:
    """Of the runs of each method the one that is seen last."""
    longest = {}
    for name, rows in zip(names, excess, strict=True):
        ends = [np.flatnonzero(np.isfinite(row))[-1:].sum() for row in rows]
        row = rows[int(np.argmax(ends))]
        longest[name] = points_above(x, row), style_of(name)
    return longest

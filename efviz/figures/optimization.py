"""Figures 3, 5 and 6: losses and cosines per iteration, grids of runs, lengths of steps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zlib import crc32

import numpy as np

from efviz import results
from efviz.arrays import Array
from efviz.figures import marks
from efviz.figures.line_names import line_names
from efviz.figures.log_axes import decades, log_axis, points_above, tick
from efviz.figures.panels import panel
from efviz.figures.theme import (
    ARROW,
    CONTOUR,
    GROUND,
    GUIDE,
    INK,
    LOW_HIGH,
    MUTED,
    Spec,
    axis,
    style_of,
)
from efviz.numbers import listed, number, percent
from efviz.optimizers import Trajectory
from efviz.optimizers.status import Status
from efviz.problems import Problem
from efviz.studies.alignment import Alignment, StepSizes
from efviz.studies.optimization import NearAndFar
from efviz.style import Style
from efviz.sweeps import Sweep


def run_panels(
    problem: Problem,
    paths: Mapping[str, Trajectory],
    cosines: Mapping[str, Alignment],
    *,
    compared: Sequence[str],
    dampings: Mapping[str, float],
) -> dict[str, Spec]:
    """Fig. 3: the losses of one run of each method, and the cosines along those `compared`.

    Runs and cosines may be missing as long as they are not known.
    """
    panels = {"loss": loss_panel(paths, lowest=problem.minimum.loss)}
    for method in compared:
        panels["cosine"] = cosine_panel(cosines.get(method), method, dampings[method])
    return panels


def loss_panel(
    paths: Mapping[str, Trajectory],
    *,
    title: str = "Loss",
    lowest: float = np.nan,
    aspect: float = 0.55,
) -> Spec:
    """Loss per iteration of one run of each method, and `lowest`, the loss at the minimum."""
    traces: list[dict[str, Any]] = []
    named = {}
    base = _base(paths, lowest)
    if base:
        title, lowest = f"{title} above its minimum", np.nan
    seen = [lowest]
    for name, path in paths.items():
        losses = np.ravel(path.losses)
        # Rounding takes no run below the minimum.
        losses = np.where(losses < lowest, lowest, losses)
        points = points_above(path.steps.astype(float), losses - base)
        if len(points):
            traces.append(marks.line(points, name, style_of(name)))
            seen += [float(points[:, 1].min()), float(points[0, 1]) * 2]
            named[name] = points, style_of(name)
    limits = decades(seen)
    steps = max((float(path.steps[-1]) for path in paths.values()), default=100.0)
    if np.isfinite(lowest) and lowest > 0:
        level = np.array([[0, lowest], [steps, lowest]])
        traces.insert(0, marks.line(level, "minimum", CONTOUR, 1.5))
    ended = "; ".join(f"{n} ends at {number(np.ravel(p.losses)[-1])}" for n, p in paths.items())
    return panel(
        traces + line_names(named, limits),
        title,
        axis("iteration", (0.0, steps)),
        log_axis("", limits),
        left=46,
        aspect=aspect,
        label=f"{title} per iteration on a log scale: {ended}",
    )


def _base(paths: Mapping[str, Trajectory], lowest: float) -> float:
    """0, or the lowest loss if losses may be negative, as those of counts."""
    values = np.concatenate([np.ravel(path.losses) for path in paths.values()] or [np.zeros(0)])
    least = float(np.nanmin(np.append(values, lowest))) if values.size else 0.0
    return least if least <= 0 else 0.0


COSINE_LIMITS = (-1.08, 1.08)


def cosine_panel(found: Alignment | None, method: str, damping: float) -> Spec:
    """cos(NGD, method) along the method's path, both as Fig. 3 was made and as its text says.

    None, for a result not known yet, gives the empty panel.
    """
    if found is None:
        nothing = np.full(101, np.nan)
        found = Alignment(nothing, nothing, np.zeros(101, dtype=bool))
    steps = np.arange(len(found.damped), dtype=float)
    last = max(float(steps[-1]), 1.0)
    traces = [marks.line(np.array([[0.0, 0.0], [last, 0.0]]), "zero", CONTOUR, 1)]
    named = {}
    kinds = {
        "undamped": (found.undamped, Style(MUTED, "dot", "undamped")),
        "damped": (found.damped, replace(style_of(method), dash="solid")),
    }
    for name, (values, style) in kinds.items():
        curve = np.stack([steps, values], axis=-1)
        traces.append(marks.line(curve, name, style))
        known = curve[np.isfinite(values)]
        if len(known):
            named[name] = known, style
    return panel(
        traces + line_names(named, COSINE_LIMITS),
        f"cos(NGD, {method})",
        axis("iteration", (0.0, last)),
        axis("", COSINE_LIMITS, tickvals=[-1, -0.5, 0, 0.5, 1], nticks=0),
        subtitle=f"along the {method} path; damped: λ = {number(damping)}",
        aspect=0.55,
        label=f"Cosine of the angle between the directions of NGD and {method} along the path of "
        f"{method}; at its end {number(found.damped[-1])} damped and "
        f"{number(found.undamped[-1])} undamped",
    )


def grid_panels(
    shipped: Mapping[str, Sweep],
    grids: Mapping[str, Sweep],
    *,
    step_sizes: Mapping[str, float],
    dampings: Mapping[str, float],
    shipped_as: str = "",
) -> dict[str, Spec]:
    """Fig. 5: the grid of each method that is known, and its cell of this step size and damping.

    `shipped_as`: the name of a set whose printed cells are marked, if it is one of Table 6.
    """
    known = {**shipped, **grids}
    return {
        method: sweep_panel(
            method,
            known[method],
            current=(step_size, dampings[method]),
            printed=_printed(shipped_as, method),
            still=str(crc32(known[method].final_loss.tobytes() + known[method].status.tobytes())),
        )
        for method, step_size in step_sizes.items()
        if method in known
    }


def _printed(name: str, method: str) -> tuple[float, float] | None:
    """The printed cell of Table 6 in log10; (x, 0) for GD, which has no damping."""
    line = results.line(name, method)
    return (line.printed[0], line.printed[1] or 0.0) if line else None


def sweep_panel(
    method: str,
    sweep: Sweep,
    *,
    current: tuple[float, float],
    printed: tuple[float, float] | None,
    still: str,
) -> Spec:
    """Final loss for every step size and damping, on axes in powers of ten.

    It is a curve over the step size if no loss depends on the damping, else a map of colours. A
    star marks the selected cell, small dots the cells that are as good, a ring the printed one, and
    a hexagon the one that runs above.
    """
    rows, columns = np.log10(sweep.step_sizes), np.log10(sweep.dampings)
    loss = np.where(sweep.status == Status.FINISHED, sweep.final_loss, np.nan)
    best_step, best_damping, _ = sweep.best()
    found = np.isfinite(best_step)
    points = {"current": (np.log10(current[0]), _log_or_edge(current[1], columns))}
    if found:
        points["best"] = (np.log10(best_step), np.log10(best_damping))
    if printed:
        points["printed"] = printed
    curve = bool(np.all(np.isnan(loss) | (loss == loss[:, :1])))
    if curve:
        heights = _heights(loss[:, 0])
        traces, y = _curve(rows, loss[:, 0], heights)
        nearest = {name: int(np.argmin(np.abs(rows - x))) for name, (x, _) in points.items()}
        points = {name: (points[name][0], float(heights[k])) for name, k in nearest.items()}
        points = {name: point for name, point in points.items() if np.isfinite(point[1])}
    else:
        traces, y = _map(sweep, rows, columns, loss)
    traces += [_cell(points[name], name) for name in CELLS if name in points]
    diverged = float(np.mean(sweep.status == Status.DIVERGED))
    return panel(
        traces,
        method,
        axis("step size γ", (float(rows[0]), float(rows[-1])), **_ticks(rows, 5)),
        y,
        subtitle=style_of(method).name,
        left=48,
        aspect=0.62,
        click=True,
        legend=CELL_KEYS if curve else _shades(sweep) + CELL_KEYS,
        still=f"{still} {method}",
        label=f"{method}: final loss over step size and damping; {percent(diverged)} of "
        "the runs diverge",
    )


def _shades(sweep: Sweep) -> list[dict[str, str]]:
    """What the shades of a grid mean, those that occur."""
    loss = {"trace": "final loss", "words": "final loss, from low to no better than at the start"}
    greys = {Status.DIVERGED: (DIVERGED, "diverged"), Status.SINGULAR: (SINGULAR, "singular")}
    seen = [greys[status] for status in greys if (sweep.status == status).any()]
    return [loss, *({"colour": colour, "words": words} for colour, words in seen)]


def _log_or_edge(damping: float, columns: Array) -> float:
    """log10 of the damping; zero damping is shown at the lower edge."""
    return float(np.log10(damping)) if damping > 0 else float(columns[0])


def _ticks(values: Array, every: float) -> dict[str, Any]:
    """Ticks at multiples of `every`, for ascending exponents of 10."""
    at = np.arange(np.ceil(values[0] / every) * every, values[-1] + 1e-9, every)
    return {"tickvals": at.tolist(), "ticktext": [tick(10.0**v) for v in at], "nticks": 0}


_CELL = "γ = 10<sup>%{x}</sup>, λ = 10<sup>%{y}</sup>"
"""The place of a cell in a hover template."""


def _map(
    sweep: Sweep, rows: Array, columns: Array, loss: Array
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Final losses as colours, runs without one in grey, and the tied cells."""
    found = np.isfinite(loss).any()
    least = float(np.nanmin(loss)) if found else 1.0
    words = "10<sup>%{z:.2f}</sup> of the first loss"
    with np.errstate(all="ignore"):
        height = np.log10(loss / sweep.first_loss)
        if least <= 0 or sweep.first_loss <= 0:
            # For losses that may be negative: how far the run went from the first loss to the
            # lowest.
            height = (loss - least) / abs(sweep.first_loss - least or 1.0) - 1
            words = "%{z:.3f} of the distance from the first loss to the lowest"
    ended = {Status.DIVERGED: 0.0, Status.SINGULAR: 1.0}
    other = np.full(loss.shape, np.nan)
    for status, value in ended.items():
        other[sweep.status == status] = value
    shared = {"type": "heatmap", "x": rows, "y": columns, "showscale": False}
    traces = [
        shared
        | {
            "z": other.T,
            "name": "ended early",
            "colorscale": [[0, DIVERGED], [1, SINGULAR]],
            "zmin": 0,
            "zmax": 1,
            "hovertemplate": f"{_CELL}: diverged or singular<extra></extra>",
        },
        shared
        | {
            "z": height.T,
            "name": "final loss",
            "colorscale": LOW_HIGH,
            # Light: no better than at the start, however much worse.
            "zmax": 0,
            "zmin": min(float(np.nanmin(height)), -1e-3) if found else -1,
            "hovertemplate": f"{_CELL}: {words}<extra></extra>",
        },
    ]
    tied = np.argwhere(sweep.tied)
    if len(tied) > 1:
        xy = np.stack([rows[tied[:, 0]], columns[tied[:, 1]]], axis=-1)
        traces.append(marks.points(xy, INK, size=2.5) | {"opacity": 1, "name": "as good"})
    return traces, axis(
        "damping λ", (float(columns[0]) - 0.8, float(columns[-1])), **_ticks(columns, 5)
    )


def _curve(rows: Array, loss: Array, values: Array) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The curve of the heights `values` of the losses, and its vertical axis."""
    known = np.isfinite(loss)
    trace = marks.line(np.stack([rows, values], axis=-1), "final loss", style_of("GD").colour)
    if known.any() and float(loss[known].min()) <= 0:
        low, high = float(values[known].min()), float(values[known].max())
        margin = 0.06 * (high - low or 1.0)
        return [trace], axis("final loss", (low - margin, high + margin))
    low, high = np.log10(decades(loss[known]))
    ticks = _ticks(np.array([low, high]), 1)
    return [trace], axis("final loss", (float(low), float(high)), **ticks)


def _heights(loss: Array) -> Array:
    """log10 of the losses, or the losses themselves if they may be negative."""
    known = np.isfinite(loss)
    if known.any() and float(loss[known].min()) <= 0:
        return loss
    return np.log10(loss)


CELLS: dict[str, tuple[str, float, str]] = {
    "printed": ("circle", 15, "printed in Table 6"),
    "best": ("star", 13, "selected: least loss"),
    "current": ("hexagon", 12, "runs above"),
}
"""Symbol, size and meaning of the marked cells of a grid."""

DIVERGED, SINGULAR = CONTOUR, ARROW
"""Greys that no final loss has."""

CELL_KEYS = [
    *({"trace": name, "words": words} for name, (*_, words) in CELLS.items()),
    {"trace": "as good", "words": "as good"},
]
"""The legend of grids."""


def _cell(point: tuple[float, float], name: str) -> dict[str, Any]:
    symbol, size, words = CELLS[name]
    colour, edge = (GROUND, INK) if name == "printed" else (INK, GROUND)
    return marks.markers(
        np.array([point]), name, "%{text}", symbol=symbol, size=size, colour=colour, edge=edge
    ) | {"text": [words]}


def lengths_panel(found: StepSizes) -> Spec:
    """Lengths of the directions against that of the gradient, log-log."""
    traces, named = [], {}
    values: list[float] = []
    grown = found.gradient > 0
    for method, lengths in found.directions.items():
        points = points_above(found.gradient[grown], lengths[grown])
        if not len(points):
            continue
        traces.append(marks.line(points, method, style_of(method)))
        named[method] = points, style_of(method)
        values += points[:, 1].tolist()
        if method == "EFGD":
            fall = points[-1, 1] * points[-1, 0] / points[:, 0]
            guide = np.stack([points[:, 0], fall], axis=-1)[len(points) // 2 :]
            traces.append(marks.line(guide, "slope −1", GUIDE, 1.5))
    limits = decades(values)
    return panel(
        traces + line_names(named, limits),
        "Length of the step",
        log_axis("‖∇L‖", decades(found.gradient)),
        log_axis("", limits),
        left=46,
        aspect=0.7,
        label=f"Length of the directions of {listed(list(found.directions))} against that of the "
        "gradient",
    )


def start_panels(
    runs: Sequence[tuple[float, Mapping[str, Trajectory]]], lowest: float
) -> dict[str, Spec]:
    """Fig. 6: one panel of losses per start, a multiple of theta_star."""
    return {
        f"start {multiple:g}": loss_panel(
            paths, title=f"θ₀ = {multiple:g} θ*", lowest=lowest, aspect=0.7
        )
        for multiple, paths in runs
    }


def near_and_far_panels(found: NearAndFar) -> dict[str, Spec]:
    """`start_panels`, and the lengths of steps far from the minimum if there are any but GD's."""
    panels = start_panels(found.runs, found.lowest)
    if found.lengths.directions:
        panels["lengths"] = lengths_panel(found.lengths)
    return panels

"""Claims as curves: Proposition 2, residuals going to zero, the error of a sampled Fisher."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.curvature.remainder_bound import RemainderBound
from efviz.figures import marks
from efviz.figures.line_names import line_names
from efviz.figures.log_axes import decades, log_axis, points_above
from efviz.figures.marks import Limits
from efviz.figures.panels import panel
from efviz.figures.theme import (
    BAND,
    GUIDE,
    INK,
    MUTED,
    Spec,
    axis,
    style_of,
    style_of_matrix,
)
from efviz.numbers import number
from efviz.studies.bound_on_path import StraightPath
from efviz.studies.label_sources import SAMPLED, LabelDistances, unknown_distances
from efviz.studies.label_weights import LabelWeights
from efviz.studies.residuals import RESIDUAL_PATHS, ResidualPath
from efviz.style import Style

_NEGLIGIBLE = 1e-18
"""Relative sizes below this are rounding: the line ends there, and the label says zero."""


def bound_panels(straight: StraightPath, bound: RemainderBound) -> dict[str, Spec]:
    """`remainder_panel` of a path by its name."""
    return {"bound": remainder_panel(bound, subtitle=straight.words)}


def residual_panels(found: ResidualPath, path: str) -> dict[str, Spec]:
    """`residual_panel` of one of RESIDUAL_PATHS."""
    return {"residuals": residual_panel(found, logarithmic=RESIDUAL_PATHS[path].logarithmic)}


def remainder_panel(bound: RemainderBound, *, subtitle: str = "") -> Spec:
    """||H - G||, the proved bound r beta and the printed left-hand side along the path."""
    curves = {
        "r β": (bound.proved, Style(INK, "solid", "proved bound")),
        "‖H − G‖": (bound.norm, style_of("GD")),
        "printed: N‖H − G‖²": (bound.printed, style_of("EFGD")),
    }
    traces, limits = _curves(bound.length, curves)
    return panel(
        traces,
        "Proposition 2",
        axis("distance from the start", (0.0, _positive(bound.length))),
        log_axis("", limits),
        subtitle=subtitle,
        left=46,
        aspect=0.6,
        label="Spectral norm of H − G, its printed square and the bound r β along a path: the "
        f"norm exceeds the bound at {int(bound.proved_fails.sum())} of {len(bound.norm)} points, "
        f"the printed square at {int(bound.printed_fails.sum())}",
    )


def residual_panel(path: ResidualPath, *, logarithmic: bool, subtitle: str = "") -> Spec:
    """|EF|, |H - F| and |EF - F|, relative to |F|, against the quantity that shrinks the residuals.

    The axis is `logarithmic` for noise and margins, and then omits the value 0. Curves end where
    they are zero to rounding.
    """
    seen = path.values > 0 if logarithmic else np.ones(len(path.values), dtype=bool)
    x = path.values[seen]
    curves = {
        "EF": (path.ef[seen], style_of_matrix("EF")),
        "H − F": (path.h_minus_f[seen], style_of_matrix("H")),
        "EF − F": (path.ef_minus_f[seen], Style(INK, "dash", "distance")),
    }
    traces, limits = _curves(x, curves)
    return panel(
        traces,
        "Residuals going to zero",
        _residual_axis(path.knob, x, logarithmic),
        log_axis("relative to ‖F‖", limits),
        subtitle=subtitle,
        left=60,
        aspect=0.6,
        label=f"Sizes relative to the Fisher over {path.knob}, from {number(path.values[0])} to "
        f"{number(path.values[-1])}: EF goes from {number(path.ef[0])} to {number(path.ef[-1])}, "
        f"H − F from {number(path.h_minus_f[0])} to {number(path.h_minus_f[-1])}",
    )


def _residual_axis(knob: str, x: Array, logarithmic: bool) -> dict[str, Any]:
    low, high = float(x.min()), float(x.max())
    if logarithmic:
        return log_axis(knob, (low, high))
    return axis(knob, (low, high))


def distance_panels(
    distances: LabelDistances | None = None, *, source: str, M: int
) -> dict[str, Spec]:
    """Relative distance to the exact Fisher against the number of labels drawn per example.

    Mean and range of the repetitions, the expected line, and the sources that do not depend on that
    number, as far as they are known. The chosen M is marked where the source draws labels.
    """
    d = distances or unknown_distances()
    sizes, errors = np.array(d.sizes, dtype=float), d.errors
    low, mean, high = errors.min(axis=0), errors.mean(axis=0), errors.max(axis=0)
    known = low > 0
    traces = [marks.band(sizes[known], low[known], high[known], BAND, "repetitions")]
    named = {}
    fisher = replace(style_of_matrix("F"), dash="solid")
    for key, values, style, width, name in (
        ("mean", mean, fisher, 2.5, "sampled"),
        ("theory", d.theory, GUIDE, 1.5, "∝ 1/√M"),
    ):
        points = points_above(sizes, values)
        if len(points):
            traces.append(marks.line(points, key, style, width))
            named[name] = points, style
    for name, distance in d.others.items():
        if distance > 0:
            flat = np.array([[sizes[0], distance], [sizes[-1], distance]])
            style = style_of_matrix("EF") if name == "EF" else Style(INK, "dash", name)
            traces.append(marks.line(flat, name, style, 1.5))
            named[name] = flat, style
    limits = decades([*errors.ravel(), *d.theory, *d.others.values()])
    if source == SAMPLED:
        traces.append(marks.line(np.array([[M, end] for end in limits]), "M", MUTED, 1.5))
    constant = "; ".join(f"{name} {number(value)}" for name, value in d.others.items())
    shown = panel(
        traces + line_names(named, limits),
        "Distance to the exact Fisher",
        log_axis("labels M drawn per example", (sizes[0], sizes[-1])),
        log_axis("relative to ‖F‖", limits),
        subtitle=f"{len(errors)} repetitions",
        left=60,
        aspect=0.6,
        click=True,
        label=f"Relative distance to the Fisher: sampled labels {number(mean[0])} at M = "
        f"{sizes[0]:,.0f}, {number(mean[-1])} at M = {sizes[-1]:,.0f}; {constant}",
    )
    return {"distance": shown}


def weight_panels(found: LabelWeights) -> dict[str, Spec]:
    """The weight of an example in each matrix, against what it depends on."""
    styles = {
        name: style_of_matrix(name) if name in ("EF", "F", "iEF") else Style(INK, dash, name)
        for name, dash in zip(found.weights, ("", "", "dash", "dot", ""), strict=False)
    }
    curves = {
        name: (np.stack([found.at, values], axis=-1), styles[name])
        for name, values in found.weights.items()
    }
    limits = 0.0, 1.05 * max(float(values.max()) for values in found.weights.values())
    shown = panel(
        [marks.line(curve, name, style, 2) for name, (curve, style) in curves.items()]
        + line_names(curves, limits),
        "Weight of an example",
        axis(found.axis, (float(found.at[0]), float(found.at[-1]))),
        axis("w", limits),
        left=46,
        aspect=0.6,
        label=f"The weight w of w x xᵀ over the {found.axis}, for {', '.join(found.weights)}",
    )
    return {"weights": shown}


def _positive(values: Array) -> float:
    return float(values.max()) if len(values) and values.max() > 0 else 1.0


def _curves(
    x: Array, curves: Mapping[str, tuple[Array, Style]]
) -> tuple[list[dict[str, Any]], Limits]:
    """Lines of the values above rounding with their names, and limits at whole decades."""
    largest = max([v[np.isfinite(v)].max(initial=0.0) for v, _ in curves.values()])
    shown = {k: points_above(x, v, _NEGLIGIBLE * largest) for k, (v, _) in curves.items()}
    shown = {name: points for name, points in shown.items() if len(points)}
    limits = decades([v for points in shown.values() for v in points[:, 1]])
    lines = [marks.line(points, name, curves[name][1]) for name, points in shown.items()]
    named = {name: (points, curves[name][1]) for name, points in shown.items()}
    return lines + line_names(named, limits), limits

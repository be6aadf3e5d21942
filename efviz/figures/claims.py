"""Claims as curves: Proposition 2, residuals going to zero, the error of a sampled Fisher."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.curvature.remainder_bound import RemainderBound
from efviz.figures import marks
from efviz.figures.log_axes import above, decades, log_axis, spread
from efviz.figures.theme import BAND, INK, MATRICES, MUTED, STYLES, Spec, Style, axis, layout
from efviz.numbers import number
from efviz.studies.bound_on_path import StraightPath
from efviz.studies.label_sources import SAMPLED, LabelDistances, unknown_distances
from efviz.studies.residuals import RESIDUAL_PATHS, ResidualPath

_ROOM = 0.22
"""Share of the width of an axis reserved for the names at the ends of the lines."""

_NEGLIGIBLE = 1e-18
"""Relative sizes below this are rounding: the line ends there, and the label says zero."""


def bound_panels(straight: StraightPath, bound: RemainderBound) -> dict[str, Spec]:
    """`remainder_panel` of a path by its name."""
    return {"bound": remainder_panel(bound, subtitle=straight.words)}


def residual_panels(found: ResidualPath, path: str) -> dict[str, Spec]:
    """`residual_panel` of one of RESIDUAL_PATHS."""
    return {"residuals": residual_panel(found, logarithmic=RESIDUAL_PATHS[path].logarithmic)}


def distance_panels(
    distances: LabelDistances | None = None, *, source: str, M: int
) -> dict[str, Spec]:
    """`sampled_panel` as far as it is known, which marks M where labels are drawn."""
    d = distances or unknown_distances()
    chosen = M if source == SAMPLED else None
    panel = sampled_panel(np.array(d.sizes), d.errors, d.theory, d.others, chosen=chosen)
    return {"distance": panel}


def remainder_panel(bound: RemainderBound, *, subtitle: str = "") -> Spec:
    """||H - G||, the proved bound r beta and the printed left-hand side along the path."""
    curves = {
        "r β": (bound.proved, Style(INK, "solid", "proved bound")),
        "‖H − G‖": (bound.norm, STYLES["GD"]),
        "printed: N‖H − G‖²": (bound.printed, STYLES["EFGD"]),
    }
    traces, ends, names, bottom, top = _curves(bound.length, curves)
    if ends:
        placed = spread(np.array(ends), top / bottom)
        traces.append(marks.labels(placed, names, position="right"))
        top = above(placed, top)
    frame = layout(
        "Proposition 2",
        subtitle,
        xaxis=axis("distance from the start", (0.0, (1 + 1.6 * _ROOM) * _positive(bound.length))),
        yaxis=log_axis("", (bottom, top)),
    )
    frame["margin"] = frame["margin"] | {"l": 46}
    frame["meta"] = {
        "aspect": 0.6,
        "label": "Spectral norm of H − G, its printed square and the bound r β along a path: the "
        f"norm exceeds the bound at {int(bound.proved_fails.sum())} of {len(bound.norm)} points, "
        f"the printed square at {int(bound.printed_fails.sum())}",
    }
    return {"data": traces, "layout": frame}


def residual_panel(path: ResidualPath, *, logarithmic: bool, subtitle: str = "") -> Spec:
    """|EF|, |H - F| and |EF - F|, relative to |F|, against the quantity that shrinks the residuals.

    The axis is `logarithmic` for noise and margins, and then omits the value 0. Curves end where
    they are zero to rounding.
    """
    seen = path.values > 0 if logarithmic else np.ones(len(path.values), dtype=bool)
    x = path.values[seen]
    curves = {
        "EF": (path.ef[seen], MATRICES["EF"]),
        "H − F": (path.h_minus_f[seen], MATRICES["H"]),
        "EF − F": (path.ef_minus_f[seen], Style(INK, "dash", "distance")),
    }
    traces, ends, names, bottom, top = _curves(x, curves)
    if ends:
        placed = spread(np.array(ends), top / bottom)
        traces.append(marks.labels(placed, names, position="right"))
        top = above(placed, top)
    frame = layout(
        "Residuals going to zero",
        subtitle,
        xaxis=_residual_axis(path.knob, x, logarithmic),
        yaxis=log_axis("relative to ‖F‖", (bottom, top)),
    )
    frame["margin"] = frame["margin"] | {"l": 60}
    frame["meta"] = {
        "aspect": 0.6,
        "label": f"Sizes relative to the Fisher over {path.knob}, from {number(path.values[0])} to "
        f"{number(path.values[-1])}: EF goes from {number(path.ef[0])} to {number(path.ef[-1])}, "
        f"H − F from {number(path.h_minus_f[0])} to {number(path.h_minus_f[-1])}",
    }
    return {"data": traces, "layout": frame}


def _residual_axis(knob: str, x: Array, logarithmic: bool) -> dict[str, Any]:
    low, high = float(x.min()), float(x.max())
    if logarithmic:
        return log_axis(knob, (low, high), room=_ROOM)
    return axis(knob, (low, high + _ROOM * (high - low)))


def sampled_panel(
    sizes: Array,
    errors: Array,
    theory: Array,
    others: Mapping[str, float],
    *,
    chosen: float | None = None,
) -> Spec:
    """Relative distance to the exact Fisher against the number M of labels drawn per example.

    sizes (S,), errors (R, S) of R repetitions: their mean and range from lowest to highest; theory
    (S,) the expected M^(-1/2) line; `others`: the distances of biased sources, independent of M.
    """
    sizes = np.asarray(sizes, dtype=float)
    mean = errors.mean(axis=0)
    seen = [*errors[errors > 0], *theory[theory > 0], *(v for v in others.values() if v > 0)]
    bottom, top = decades(seen)
    known = errors.min(axis=0) > 0
    traces = [
        marks.band(sizes[known], errors.min(axis=0)[known], errors.max(axis=0)[known], BAND)
        | {"name": "repetitions"}
    ]
    ends, names = [], []
    curves = {
        "mean": (mean, {"width": 2.5, "color": MATRICES["F"].colour}, "sampled"),
        "theory": (theory, {"width": 1.5, "color": MUTED, "dash": "dot"}, "∝ 1/√M"),
    }
    for key, (values, line, name) in curves.items():
        points = np.stack([sizes, values], axis=-1)[values > 0]
        if len(points):
            traces.append(marks.lines_with_gaps([points]) | {"name": key, "line": line})
            ends.append(points[-1])
            names.append(name)
    for name, distance in others.items():
        if not distance > 0:
            continue
        flat = np.array([[sizes[0], distance], [sizes[-1], distance]])
        style = MATRICES["EF"] if name == "EF" else Style(INK, "dash", name)
        line = {"width": 1.5, "color": style.colour, "dash": style.dash}
        traces.append(marks.lines_with_gaps([flat]) | {"name": name, "line": line})
        ends.append(flat[-1])
        names.append(name)
    if chosen is not None:
        at = np.array([[chosen, bottom], [chosen, top]])
        traces.append(
            marks.lines_with_gaps([at]) | {"name": "M", "line": {"width": 1.5, "color": MUTED}}
        )
    if ends:
        placed = spread(np.array(ends), top / bottom)
        traces.append(marks.labels(placed, names, position="right"))
        top = above(placed, top)
    frame = layout(
        "Distance to the exact Fisher",
        f"{len(errors)} repetitions",
        xaxis=log_axis("labels M drawn per example", (sizes[0], sizes[-1]), room=1.5 * _ROOM),
        yaxis=log_axis("relative to ‖F‖", (bottom, top)),
    )
    frame["margin"] = frame["margin"] | {"l": 60}
    constant = "; ".join(f"{name} {number(value)}" for name, value in others.items())
    frame["meta"] = {
        "aspect": 0.6,
        "click": True,
        "label": f"Relative distance to the Fisher: sampled labels {number(mean[0])} at M = "
        f"{sizes[0]:,.0f}, {number(mean[-1])} at M = {sizes[-1]:,.0f}; {constant}",
    }
    return {"data": traces, "layout": frame}


def _positive(values: Array) -> float:
    return float(values.max()) if len(values) and values.max() > 0 else 1.0


def _curves(
    x: Array, curves: Mapping[str, tuple[Array, Style]]
) -> tuple[list[dict[str, Any]], list[Array], list[str], float, float]:
    """Lines of the values above rounding, their ends and names, and limits at whole decades."""
    traces, ends, names = [], [], []
    largest = max([v[np.isfinite(v)].max(initial=0.0) for v, _ in curves.values()])
    kept = {k: np.isfinite(v) & (v > _NEGLIGIBLE * largest) for k, (v, _) in curves.items()}
    bottom, top = decades([v for k, (values, _) in curves.items() for v in values[kept[k]]])
    for name, (values, style) in curves.items():
        points = np.stack([x, values], axis=-1)[kept[name]]
        if not len(points):
            continue
        line = {"width": 2.5, "color": style.colour, "dash": style.dash}
        traces.append(marks.lines_with_gaps([points]) | {"name": name, "line": line})
        ends.append(points[np.argmax(points[:, 0])])
        names.append(name)
    return traces, ends, names, bottom, top

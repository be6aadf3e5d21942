"""Section 5 as pictures: a cloud of gradients, errors of estimates of g, and stochastic runs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.curvature.gradient_noise import ESTIMATORS, GradientNoise
from efviz.datasets.dataset import Dataset
from efviz.fields import Plane
from efviz.figures import marks
from efviz.figures.curve_names import names_beside
from efviz.figures.data_views import data_panel
from efviz.figures.line_names import line_names
from efviz.figures.log_axes import decades, log_axis, points_above
from efviz.figures.panels import (
    MINIMUM_KEY,
    THETA,
    THETA_KEY,
    loss_contours,
    panel,
    plane_panel,
    round_up,
)
from efviz.figures.theme import CONTOUR, INK, MUTED, POINT, Spec, axis, hint, style_of
from efviz.problems import Problem
from efviz.studies.gradient_noise import ErrorCurves, NoisyRuns
from efviz.style import Style

SHOWN = 1000
"""The largest number of per-example gradients drawn, from the first on."""
SEEN = 150
"""So many of them show where the cloud is, for names to stand beside it."""
BAND = (0.1, 0.9)
"""The quantiles over seeds that bound a band."""
_DEEPEST = 1e8
"""The largest ratio between top and bottom of a logarithmic axis."""


def noise_panels(
    dataset: Dataset,
    problem: Problem,
    plane: Plane,
    theta: Array,
    directions: Mapping[str, Array],
    noise: GradientNoise,
    gradients: Array,
    minibatches: Array,
    factor: float,
    curves: ErrorCurves,
    loss: Array | None = None,
    runs: NoisyRuns | None = None,
    *,
    batch_size: int,
    n_steps: int,
    editing: bool = False,
) -> dict[str, Spec]:
    """All of section 5 at theta (2,), see the panels below; None is not known yet.

    Data that are edited, or are being edited, are seen in a panel of their own, the last.
    """
    names, minimum, g = problem.parameter_names, problem.minimum, noise.gradient
    lowest, theta_star = (minimum.loss, minimum.theta) if minimum.exists else (None, None)
    panels = {
        "theta": theta_panel(plane, loss, lowest, theta, theta_star, directions, names),
        "gradients": cloud_panel(noise, gradients, minibatches, factor, batch_size, names),
        "errors": error_panel(curves.batch_sizes, curves.errors, batch_size, float(g @ g)),
        "runs": runs_panel(runs, int(runs.result.examples[-1]) if runs else n_steps * batch_size),
    }
    if editing or dataset.edited:
        panels["data"] = data_panel(dataset, problem, editing=editing)
    return panels


def moment_ellipse(matrix: Array, center: Array, n: int = 97) -> Array:
    """Points (n, 2) with (x - center)^T matrix^-1 (x - center) = 1; a segment if it is singular.

    Its extent along a direction u is the root of u^T matrix u, so the squared extent of EF is the
    sum of those of Sigma and g g^T. nan where the matrix is not finite.
    """
    if not np.isfinite(matrix).all():
        return np.full((n, 2), np.nan)
    w, V = np.linalg.eigh(matrix)
    angle = np.linspace(0, 2 * np.pi, n)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    return np.asarray(center + (circle * np.sqrt(np.maximum(w, 0))) @ V.T)


def theta_panel(
    plane: Plane,
    loss: Array | None,
    lowest: float | None,
    theta: Array,
    theta_star: Array | None,
    directions: Mapping[str, Array],
    names: Sequence[str],
) -> Spec:
    """The position of theta, and the directions of descent from there.

    Contours of the loss (n, n) on the plane, if it is known, start at `lowest`, the loss at the
    minimum (None: the smallest on the plane). `directions` (2,) by method: lengths are not drawn.
    """
    traces = loss_contours(plane, loss, lowest)
    named = []
    for k, (name, direction) in enumerate(directions.items()):
        relative = direction / plane.half_widths
        length = np.linalg.norm(relative)
        if not (np.isfinite(length) and length > 0):
            continue
        # Each line is a little shorter than the last, so that two equal ones are both visible.
        along = (0.62 - 0.14 * k) * relative / length * plane.half_widths
        line = np.stack([theta, theta + along])
        traces.append(marks.line(line, name, style_of(name), 3))
        # The name stands at the outer half, where the lines are apart.
        named.append((name, style_of(name), [np.stack([theta + along / 2, theta + along])]))
    star = [] if theta_star is None else [theta_star]
    traces.append(names_beside(named, plane, np.array([theta, *star])))
    traces.append(marks.starts(theta[None]) | {"name": "theta", "text": [""]})
    if theta_star is not None:
        traces.append(marks.minimum(theta_star))
    return plane_panel(
        traces,
        "Where θ is",
        names,
        plane,
        **hint("drag or click to move it"),
        handles=[THETA],
        legend=[THETA_KEY, MINIMUM_KEY],
        label="Where θ is, over contours of the loss, with directions of descent",
    )


def frame_of(*curves: Array) -> Plane:
    """A small frame around the points of all curves, with a margin.

    Its sides and centre are round numbers, so that the axes seldom change.
    """
    points = np.concatenate(curves)
    points = points[np.isfinite(points).all(-1)]
    if not len(points):
        return Plane((-1.0, 1.0), (-1.0, 1.0))
    low, high = points.min(0), points.max(0)
    half = np.array([round_up(0.62 * float(side) or 1.0) for side in high - low])
    center = np.round((low + high) / 2 / (half / 8)) * (half / 8)
    (x0, y0), (x1, y1) = (center - half).tolist(), (center + half).tolist()
    return Plane((x0, x1), (y0, y1))


def cloud_panel(
    noise: GradientNoise,
    gradients: Array,
    minibatches: Array,
    factor: float,
    batch_size: int,
    names: Sequence[str],
) -> Spec:
    """Per-example gradients (n, 2) with Sigma around g, EF around 0, and mini-batch gradients.

    The ellipses are those of `moment_ellipse`; that of EF combines both parts of Eq. 18.
    """
    g, zero = noise.gradient, np.zeros(2)
    Sigma = moment_ellipse(noise.covariance, g)
    EF = moment_ellipse(noise.empirical_fisher, zero)
    frame = frame_of(Sigma, EF)
    small = moment_ellipse(factor * noise.covariance, g)
    arrow = _arrow(g, 0.07, frame.half_widths)
    styles = {"Σ": style_of("VA"), "EF": style_of("EFGD"), "∇L": style_of("GD")}
    named = {"Σ": [Sigma], "EF": [EF], "∇L": arrow[:1]}
    known = [
        (name, styles[name], lines) for name, lines in named.items() if np.isfinite(lines).all()
    ]
    traces = [
        marks.points(gradients[:SHOWN], POINT, size=3) | {"name": "gradients", "opacity": 0.5},
        marks.points(minibatches, INK, size=3.5) | {"name": "mini-batches", "opacity": 0.6},
        marks.line(small, "Σ of mini-batches", INK, 1.5),
        marks.line(Sigma, "Σ", styles["Σ"]),
        marks.line(EF, "EF", styles["EF"], 3),
        marks.line(np.stack([-g, g]), "ggᵀ", style_of("Newton"), 1.5),
        marks.line(arrow, "∇L", styles["∇L"].colour, 3),
        names_beside(known, frame, np.concatenate([zero[None], gradients[:SEEN]])),
    ]
    outside = noise.N - int((np.abs(gradients - frame.center) <= frame.half_widths).all(-1).sum())
    x, y = (axis(f"∂l/∂{name}", r) for name, r in zip(names, (frame.x, frame.y), strict=True))
    return panel(
        traces,
        "Gradients",
        x,
        y,
        subtitle="each axis to its own scale",
        aspect=1,
        legend=[
            {"trace": "gradients", "words": "gradient of one example"},
            {"trace": "mini-batches", "words": f"gradient of a mini-batch of {batch_size:,}"},
        ],
        label=f"Gradients of single examples and of {len(minibatches)} mini-batches of "
        f"{batch_size:,}, with the ellipses of their covariance and of the empirical Fisher, each "
        f"axis to its own scale; {outside:,} of {noise.N:,} lie outside",
    )


def _arrow(tip: Array, head: float, unit: Array) -> list[Array]:
    """A line from 0 to the tip, and the arrowhead, of this size in units (2,) of the axes."""
    end = tip / unit
    length = float(np.linalg.norm(end))
    if not (np.isfinite(length) and length > 0):
        return []
    u = end / length
    across = np.array([-u[1], u[0]])
    size = min(head, 0.5 * length)
    wings = [(end - size * (u + s * 0.5 * across)) * unit for s in (1, -1)]
    return [np.stack([np.zeros(2), tip]), np.stack([wings[0], tip, wings[1]])]


ERRORS: dict[str, tuple[Style, float]] = {
    "plain": (style_of("GD"), 2.5),
    "scaled": (Style(MUTED, "dot", "scaled"), 2),
    "EF": (style_of("EFGD"), 2.5),
    "diagonal": (style_of("VA"), 2.5),
    "full": (Style(INK, "solid", "full"), 2.5),
    "printed": (Style(MUTED, "longdashdot", "printed"), 1.5),
}
"""How the errors of `gradient_noise.ESTIMATORS` are drawn, and the widths of their lines."""


def error_panel(
    sizes: Sequence[int], errors: Mapping[str, Array], batch_size: int, squared: float
) -> Spec:
    """E|M g^ - g|^2 against the batch size; `squared` = |g|^2 is the error of the estimate 0."""
    B = np.array(sizes, dtype=float)
    limits = _limits([squared, *np.concatenate(list(errors.values())).tolist()])
    last = max(float(B[-1]), 10.0)
    zero, chosen = [[1.0, squared], [last, squared]], [[batch_size, end] for end in limits]
    traces = [
        marks.line(np.array(zero), "|g|²", CONTOUR, 1.5),
        marks.line(np.array(chosen), "B", CONTOUR, 1.5),
    ]
    named = {}
    for key, values in errors.items():
        style, width = ERRORS[key]
        curve = points_above(B, values)
        if len(curve):
            traces.append(marks.line(curve, key, style, width))
            named[ESTIMATORS[key].symbol] = curve, style
    named["0"] = np.array(zero), Style(MUTED)
    return panel(
        traces + line_names(named, limits),
        "Error of estimates of ∇L",
        log_axis("batch size B", (1.0, last)),
        log_axis("", limits),
        subtitle="expected",
        left=46,
        aspect=1,
        click=True,
        label="Expected squared error of estimates of the gradient against the batch size",
    )


def _limits(values: Sequence[float]) -> tuple[float, float]:
    bottom, top = decades(values)
    return max(bottom, top / _DEEPEST), top


def runs_panel(runs: NoisyRuns | None, n_examples: int) -> Spec:
    """Loss minus the lowest against examples seen: median over the seeds, and the BAND.

    None, for runs not known yet, gives the empty panel. A diverged run counts as above all others.
    """
    traces: list[dict[str, Any]] = []
    named = {}
    title = f"Loss {runs.above}" if runs else "Loss"
    limits = bottom, top = _range(runs) if runs else (1e-3, 1.0)
    for name in runs.result.losses if runs else ():
        assert runs
        style, x = style_of(name), runs.result.examples.astype(float)
        low, middle, high = runs.excess(name, (BAND[0], 0.5, BAND[1]))
        within = np.isfinite(low) & (high > 0)
        # A curve that leaves the panel is drawn up to its edge.
        below, above = (np.clip(v[within], bottom / 10, top * 10) for v in (low, high))
        if within.any():
            band = marks.band(x[within], below, above, style.colour, f"{name} band")
            traces.insert(0, band | {"opacity": 0.16})
        curve = np.stack([x, np.clip(middle, bottom / 10, top * 10)], axis=-1)
        curve = curve[~np.isnan(middle)]
        if len(curve):
            traces.append(marks.line(curve, name, style))
            named[name] = curve, style
    return panel(
        traces + line_names(named, limits),
        title,
        axis("examples seen", (0.0, float(max(n_examples, 1))), nticks=4),
        log_axis("", limits),
        subtitle=f"{len(next(iter(runs.result.status.values())))} seeds" if runs else "",
        left=46,
        aspect=1,
        label=f"{title} against examples seen, median and 80 % band over seeds",
    )


def _range(runs: NoisyRuns) -> tuple[float, float]:
    first = max(float(loss[0, 0]) - runs.lowest for loss in runs.result.losses.values())
    seen = [2 * first]
    for name in runs.result.losses:
        values = runs.excess(name, (BAND[0], 0.5))
        seen += [v for v in values[np.isfinite(values) & (values > 0)] if v <= 10 * first]
    return _limits([v for v in seen if v > 0])

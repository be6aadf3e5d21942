"""Appendix A: balls of two distances, the minimisers of the loss in each, and the two limits."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.fields import Plane
from efviz.figures import marks
from efviz.figures.curve_names import names_beside
from efviz.figures.line_names import line_names
from efviz.figures.log_axes import decades, log_axis
from efviz.figures.panels import loss_contours, panel, plane_panel
from efviz.figures.theme import Spec, style_of
from efviz.numbers import number
from efviz.optimizers.steepest_descent import PRECISION, Balls
from efviz.problems import Problem
from efviz.style import Style

LOOKS: dict[str, tuple[Style, str]] = {
    "euclidean": (style_of("GD"), "gradient"),
    "kl": (style_of("NGD"), "natural gradient"),
    "kl_moved_first": (style_of("NGD"), "natural gradient"),
}
"""Colours of a distance, by its key in DISTANCES, and the name of its steepest descent."""


def descent_panels(
    problem: Problem,
    window: Plane,
    window_loss: Array,
    balls: Sequence[Balls],
    angles: Sequence[Balls] | None = None,
) -> dict[str, Spec]:
    """Balls over contours of the loss (n, n) on their window, and, if known, angles over radii."""
    names, minimum = problem.parameter_names, problem.minimum
    star = minimum.theta if minimum.exists else None
    panels = {"balls": descent_panel(balls, names, window, window_loss, star)}
    return panels | ({"angles": angle_panel(angles, over="radius r")} if angles else {})


def descent_panel(
    balls: Sequence[Balls],
    names: Sequence[str],
    plane: Plane,
    loss: Array,
    star: Array | None,
) -> Spec:
    """Balls around theta, their minimisers joined, and the limits, over contours of L (n, n)."""
    theta = balls[0].theta
    traces = loss_contours(plane, loss)
    reach = 0.75 * float(plane.half_widths.min())
    named = []
    for some in balls:
        style, word = LOOKS[some.distance]
        traces.append(marks.line(some.boundary, some.distance, style, 1.5))
        tip = theta + reach * some.limit / np.linalg.norm(some.limit)
        if np.isfinite(tip).all():
            traces.append(marks.line(np.stack([theta, tip]), f"limit {some.distance}", style, 3))
            named.append((word, style, [np.stack([(theta + tip) / 2, tip])]))
    traces += [_minimisers(some) for some in balls]
    if star is not None:
        traces.append(marks.minimum(star))
    if named:
        found = np.concatenate([some.minimisers for some in balls])
        seen = found[np.isfinite(found).all(axis=-1)]
        traces.append(names_beside(named, plane, seen))
    return plane_panel(
        traces,
        "Steepest descent in two distances",
        names,
        plane,
        label="Balls around θ and their minimisers. " + " ".join(map(_in_words, balls)),
    )


def _minimisers(balls: Balls) -> dict[str, Any]:
    seen = np.isfinite(balls.minimisers).all(axis=-1)
    return marks.markers(
        balls.minimisers[seen],
        f"minimisers {balls.distance}",
        "lowest loss within %{text}: (%{x:.4g}, %{y:.4g})",
        colour=LOOKS[balls.distance][0].colour,
    ) | {"text": [f"radius {number(r)}" for r in balls.radii[seen]]}


def _in_words(balls: Balls) -> str:
    angles = ", ".join(
        "the minimum lies inside" if inside else f"{number(angle)}°"
        for angle, inside in zip(balls.angles, balls.interior, strict=True)
    )
    return f"{LOOKS[balls.distance][1]}, radii {', '.join(map(number, balls.radii))}: {angles}."


def angle_panel(balls: Sequence[Balls], *, over: str = "radius ε") -> Spec:
    """The angle in degrees between minimiser and limit against the radius, which `over` names.

    Balls that contain the minimum, and angles below the precision of the search, are left out.
    """
    lines, named = [], {}
    radii = np.concatenate([some.radii for some in balls])
    for some in balls:
        style, word = LOOKS[some.distance]
        order = np.argsort(some.radii)
        points = np.stack([some.radii, some.angles], axis=-1)[order]
        points = points[~some.interior[order] & (points[:, 1] > PRECISION)]
        if len(points):
            lines.append(marks.line(points, some.distance, style))
            named[word] = points, style
    limits = decades([v for line in lines for v in line["y"]])
    return panel(
        lines + line_names(named, limits),
        "Angle to the limit",
        log_axis(over, (float(radii.min()), float(radii.max()))),
        log_axis("degrees", limits),
        left=60,
        aspect=0.6,
        label="Angles. " + " ".join(map(_in_words, balls)),
    )

"""Figures 2 and 4: ellipses of the matrices at the minimum, and their distance against N."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.curvature.conics import conic
from efviz.fields import Plane
from efviz.figures import marks
from efviz.figures.line_names import line_names
from efviz.figures.log_axes import decades, log_axis, points_above
from efviz.figures.matrices import common_style, curve_labels
from efviz.figures.panels import loss_contours, panel, round_up
from efviz.figures.theme import (
    BAND,
    CONTOUR,
    GUIDE,
    INK,
    Spec,
    axis,
    style_of,
    style_of_matrix,
)
from efviz.numbers import listed, number, percent
from efviz.numerics.linalg import eigenvalues
from efviz.optimizers import Trajectory
from efviz.studies.comparison import COMPARED, Comparison
from efviz.studies.convergence import Convergence
from efviz.studies.four_matrices import short_of
from efviz.style import Style

LEVEL = 9 / 1000
"""Ellipses are (theta - theta*)^T M (theta - theta*) = LEVEL, M a mean over the examples. They
equal those of the published figures, theta* + 3 (N M)^(-1/2) u with |u| = 1 and N = 1000."""


def semi_axes(matrix: Array, terms: int = 1) -> Array:
    """Semi-axes (D,), ascending, of the ellipse of `matrix`, a mean over `terms` examples.

    inf along directions without curvature or with negative curvature.
    """
    w = eigenvalues(matrix, terms)[::-1]
    with np.errstate(divide="ignore"):
        return np.asarray(np.sqrt(LEVEL / np.maximum(w, 0)))


def half_width(comparisons: Sequence[Comparison], matrices: Sequence[str] = COMPARED) -> float:
    """Half the width of the axes, a round number, for the curves of these of CURVATURES.

    It is at most six times the semi-axis of the Fisher, or of the first matrix if F is not drawn.
    """
    longest = [
        [max(finite) for m in c.distinct(matrices).values() if (finite := _finite_axes(m, c.N))]
        for c in comparisons
    ]
    first = max([axes[0] for axes in longest if axes] or [1.0])
    space = 1.25 * min(max([*chain(*longest), first]), 6 * first)
    return float(f"{round_up(space):.2g}")


def _finite_axes(matrix: Array, terms: int) -> list[float]:
    return [float(axis) for axis in semi_axes(matrix, terms) if np.isfinite(axis)]


def ellipse_panel(
    comparison: Comparison,
    names: Sequence[str],
    half: float,
    loss: Array | None,
    matrices: Sequence[str] = COMPARED,
) -> Spec:
    """The ellipses of these of CURVATURES around theta*, over contours of the loss (n, n).

    Equal matrices share one. A singular or indefinite matrix has lines or a hyperbola instead. The
    axes show theta - theta*, with the same limits in all panels, so ellipses can be compared.
    """
    plane = Plane((-half, half), (-half, half))
    traces = loss_contours(plane, loss, comparison.loss)
    drawn = comparison.distinct(matrices)
    curves = {
        equal: conic(matrix, np.zeros(2), LEVEL, 2 * half, terms=comparison.N)
        for equal, matrix in drawn.items()
    }
    for equal, curve in curves.items():
        traces.append(marks.line(curve.lines, " = ".join(equal), common_style(equal), 3))
    traces.append(marks.minimum(np.zeros(2)))
    traces.append(curve_labels(curves, plane, np.zeros(2)))
    x, y = (axis(f"{name} − {name}*", (-half, half)) for name in names)
    title, label = _title_and_label(comparison, matrices)
    return panel(traces, title, x, y, aspect=1, link=True, label=label)


def _title_and_label(comparison: Comparison, matrices: Sequence[str]) -> tuple[str, str]:
    """What a panel of ellipses shows: the distance of EF from F, if both are there."""
    where = "around the minimum over contours of the loss"
    if not {"fisher", "empirical_fisher"} <= {*matrices}:
        names = [" = ".join(equal) for equal in comparison.distinct(matrices)]
        return "At the minimum", f"Ellipses of {listed(names or ['no matrix'])} {where}"
    distance = percent(comparison.distance)
    more = [short_of(key) for key in matrices if key not in COMPARED]
    also = f"; with those of {listed(more)}" if more else ""
    return (
        f"EF differs from F by {distance}",
        f"Ellipses of the Fisher and the empirical Fisher {where}; they differ by {distance}{also}",
    )


def runaway_panel(
    path: Trajectory, names: Sequence[str], grid: tuple[Array, Array], loss: Array
) -> Spec:
    """The iterates theta_t (1, T, 2) on a loss without a minimum, over its contours."""
    x, y = grid
    thetas = path.thetas[0]
    traces = [
        marks.contours(x, y, loss, 0.0),
        marks.line(thetas, "iterates", style_of("NGD"), 3),
        marks.points(thetas, INK, size=5) | {"opacity": 1},
        marks.labels(thetas[[0, -1]], ["0", f"{int(path.steps[-1]):,}"]),
    ]
    return panel(
        traces,
        "No minimum exists",
        axis(names[0], (float(x[0]), float(x[-1]))),
        axis(names[1], (float(y[0]), float(y[-1]))),
        aspect=1,
        label="Iterates of natural gradient descent over contours of a loss that has no single "
        "finite minimum",
    )


def vanishing_panel(comparisons: Sequence[Comparison]) -> Spec:
    """Loss, |F| and |EF| along diverging iterates: EF vanishes faster than F."""
    steps = np.arange(len(comparisons), dtype=float)
    curves: dict[str, tuple[list[Any], Style]] = {
        "loss": ([c.loss for c in comparisons], Style(INK, "dash", "loss")),
        "‖F‖": ([np.linalg.norm(c.fisher) for c in comparisons], style_of_matrix("F")),
        "‖EF‖": ([np.linalg.norm(c.empirical_fisher) for c in comparisons], style_of_matrix("EF")),
    }
    traces, named = [], {}
    for name, (values, style) in curves.items():
        points = points_above(steps, np.array(values))
        if len(points):
            traces.append(marks.line(points, name, style))
            named[name] = points, style
    limits = decades([v for values, _ in curves.values() for v in values])
    return panel(
        traces + line_names(named, limits),
        "F and EF along the iterates",
        axis("steps", (0.0, max(steps[-1], 1.0))),
        log_axis("", limits),
        left=46,
        aspect=1,
        label="Loss and norms of F and EF along the iterates",
    )


@dataclass(frozen=True)
class Mark:
    """The distance of one view at its current N."""

    name: str
    N: int
    distance: float
    own: bool = False


DASHES = ("solid", "dash", "dot")


def convergence_panel(
    convergence: Convergence | None,
    cases: Sequence[str],
    shown: Sequence[Mark],
    *,
    N: int,
    correct: int = 0,
) -> Spec:
    """|EF - F| / |F| at the minimum against N: median and range over the seeds.

    A line N^(-1/2) passes through the first point of the `correct` case; another marks the current
    N.
    """
    sizes = np.array(convergence.sizes if convergence else (10, 1_000_000), dtype=float)
    bands, lines, named = [], [], {}
    seen = [m.distance for m in shown]
    if convergence:
        low, middle, high = convergence.quantiles((0.0, 0.5, 1.0))
        seen += [*low.ravel(), *high.ravel()]
        for k, name in enumerate(cases):
            known = middle[k] > 0
            if known.any():
                around = sizes[known], low[k, known], high[k, known]
                bands.append(marks.band(*around, BAND, name))
                curve = points_above(sizes, middle[k])
                style = Style(INK, DASHES[k % 3], name)
                lines.append(marks.line(curve, name, style))
                named[name] = curve, style
        first = points_above(sizes, middle[correct])
        if len(first):
            fall = first[0, 1] * np.sqrt(first[0, 0] / sizes)
            guide = np.stack([sizes, fall], axis=-1)
            lines.append(marks.line(guide, "N^(-1/2)", GUIDE, 1.5))
            named["∝ 1/√N"] = guide, GUIDE
    limits = decades(seen)
    lines.append(marks.line(np.array([[N, end] for end in limits]), "N", CONTOUR, 1.5))
    for own in (False, True):
        some = [m for m in shown if m.own == own and m.distance > 0]
        if some:
            at = np.array([(m.N, m.distance) for m in some], dtype=float)
            lines.append(marks.dots(at, [m.name for m in some], strong=own))
    return panel(
        bands + lines + line_names(named, limits),
        "Distance between EF and F at the minimum",
        log_axis("examples N", (sizes[0], sizes[-1])),
        log_axis("‖EF − F‖ / ‖F‖", limits),
        subtitle="median and range over the seeds",
        left=60,
        aspect=0.5,
        click=True,
        label="Relative distance of the empirical Fisher to the Fisher against the number of "
        "examples: " + "; ".join(f"{m.name} {number(m.distance)} at N = {m.N:,}" for m in shown),
    )

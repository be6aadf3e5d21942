"""Figures 2 and 4: ellipses of the matrices at the minimum, and their distance against N."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.curvature.conics import conic
from efviz.fields import Plane
from efviz.figures import marks
from efviz.figures.log_axes import decades, end_names, log_axis, points_above
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
from efviz.numbers import number, percent
from efviz.numerics.linalg import eigenvalues
from efviz.optimizers import Trajectory
from efviz.studies.comparison import Comparison
from efviz.studies.convergence import Convergence
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


def half_width(comparisons: Sequence[Comparison]) -> float:
    """Half the width of the axes: a round number, at most six times the Fisher's semi-axis."""
    fisher = [semi_axes(c.fisher, c.N).max() for c in comparisons]
    others = [semi_axes(m, c.N).max() for c in comparisons for m in (c.hessian, c.empirical_fisher)]
    finite = [a for a in fisher if np.isfinite(a)] or [1.0]
    room = 1.25 * min(max([*others, *finite]), 6 * max(finite))
    return float(f"{round_up(room):.2g}")


def ellipse_panel(
    comparison: Comparison, names: Sequence[str], half: float, loss: Array | None
) -> Spec:
    """The ellipses of F, EF and H around theta*, over contours of the loss on (n, n) points.

    The axes show theta - theta*, with the same limits in all panels, so ellipses can be compared.
    """
    plane = Plane((-half, half), (-half, half))
    traces = loss_contours(plane, loss, comparison.loss)
    F, EF, H = comparison.fisher, comparison.empirical_fisher, comparison.hessian
    # If the Hessian equals the Fisher, one label names both.
    same = bool(np.allclose(H, F, rtol=1e-9, atol=0))
    drawn = {"F = H" if same else "F": F, "EF": EF} | ({} if same else {"H": H})
    for name, matrix in drawn.items():
        curve = conic(matrix, np.zeros(2), LEVEL, 2 * half, terms=comparison.N)
        traces.append(marks.line(curve.lines, name, style_of_matrix(name.partition(" ")[0]), 3))
    traces.append(marks.minimum(np.zeros(2)))
    traces.append(_labels(drawn, half))
    x, y = (axis(f"{name} − {name}*", (-half, half)) for name in names)
    return panel(
        traces,
        f"EF differs from F by {percent(comparison.distance)}",
        x,
        y,
        aspect=1,
        link=True,
        label="Ellipses of the Fisher and the empirical Fisher around the minimum over contours of "
        f"the loss; they differ by {percent(comparison.distance)}",
    )


def _labels(matrices: Mapping[str, Array], half: float) -> dict[str, Any]:
    """A name beside each ellipse, at the point farthest outside all others."""
    angle = np.linspace(0, 2 * np.pi, 73)[:-1]
    u = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        radius = {
            name: np.sqrt(LEVEL / np.maximum(np.einsum("ni,ij,nj->n", u, matrix, u), 0))
            for name, matrix in matrices.items()
        }
    points, texts = [], []
    taken: list[Array] = []
    for name, r in radius.items():
        others = np.max([s for other, s in radius.items() if other != name], axis=0)
        # Unbounded where the matrix is 0.
        visible = np.abs(u).max(axis=-1) * r < 0.86 * half
        if not visible.any():
            continue
        # Ellipses are symmetric and may coincide: keep away from the labels placed before.
        free = np.min([np.ones(len(u)), *(1 - u @ other for other in taken)], axis=0)
        with np.errstate(invalid="ignore"):
            score = np.where(visible, np.minimum(r / others, 2) + 0.15 * free, -np.inf)
        best = int(np.argmax(score))
        taken.append(u[best])
        points.append(u[best] * (r[best] + 0.085 * half))
        texts.append(name)
    return marks.labels(np.array(points).reshape(-1, 2), texts)


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
        marks.labels(thetas[[0, -1]], ["0", str(int(path.steps[-1]))]),
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
    traces, ends = [], {}
    for name, (values, style) in curves.items():
        points = points_above(steps, np.array(values))
        if len(points):
            traces.append(marks.line(points, name, style))
            ends[name] = points[-1]
    limits = decades([v for values, _ in curves.values() for v in values])
    return panel(
        traces + end_names(ends, limits),
        "F and EF along the iterates",
        axis("steps", (0.0, 1.2 * max(steps[-1], 1))),
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
    bands, lines, ends = [], [], {}
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
                lines.append(marks.line(curve, name, Style(INK, DASHES[k % 3], name)))
                ends[name] = curve[-1]
        first = points_above(sizes, middle[correct])
        if len(first):
            fall = first[0, 1] * np.sqrt(first[0, 0] / sizes)
            guide = np.stack([sizes, fall], axis=-1)
            lines.append(marks.line(guide, "N^(-1/2)", GUIDE, 1.5))
            ends["∝ 1/√N"] = guide[-1]
    limits = decades(seen)
    lines.append(marks.line(np.array([[N, end] for end in limits]), "N", CONTOUR, 1.5))
    for own in (False, True):
        some = [m for m in shown if m.own == own and m.distance > 0]
        if some:
            at = np.array([(m.N, m.distance) for m in some], dtype=float)
            lines.append(marks.dots(at, [m.name for m in some], strong=own))
    return panel(
        bands + lines + end_names(ends, limits),
        "Distance between EF and F at the minimum",
        log_axis("examples N", (sizes[0], sizes[-1]), room=0.2),
        log_axis("‖EF − F‖ / ‖F‖", limits),
        subtitle="median and range over the seeds",
        left=60,
        aspect=0.5,
        click=True,
        label="Relative distance of the empirical Fisher to the Fisher against the number of "
        "examples: " + "; ".join(f"{m.name} {number(m.distance)} at N = {m.N:,}" for m in shown),
    )

"""Figures 2 and 4: ellipses of the matrices at the minimum, and their distance against N."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.curvature.conics import conic
from efviz.figures import marks
from efviz.figures.log_axes import decades, log_axis, spread
from efviz.figures.theme import BAND, CONTOUR, INK, MUTED, STYLES, Spec, axis, layout
from efviz.numbers import number, percent
from efviz.numerics.linalg import eigenvalues
from efviz.optimizers import Trajectory
from efviz.studies.comparison import Comparison
from efviz.studies.convergence import Convergence

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
    scale = 10 ** np.floor(np.log10(room))
    steps = np.array([1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10])
    return float(f"{scale * steps[np.searchsorted(steps, room / scale * (1 - 1e-9))]:.2g}")


def ellipse_panel(
    comparison: Comparison, names: Sequence[str], half: float, loss: Array | None
) -> Spec:
    """The ellipses of F, EF and H around theta*, over contours of the loss on (n, n) points.

    The axes show theta - theta*, with the same limits in all panels, so ellipses can be compared.
    """
    traces = []
    if loss is not None:
        line = np.linspace(-half, half, len(loss))
        traces.append(marks.contours(line, line, loss, comparison.loss))
    F, EF, H = comparison.fisher, comparison.empirical_fisher, comparison.hessian
    # If the Hessian equals the Fisher, one label names both.
    same = bool(np.allclose(H, F, rtol=1e-9, atol=0))
    drawn = {"F = H" if same else "F": (F, "NGD"), "EF": (EF, "EFGD")}
    if not same:
        drawn["H"] = (H, "Newton")
    for name, (matrix, method) in drawn.items():
        style = STYLES[method]
        curve = conic(matrix, np.zeros(2), LEVEL, 2 * half, terms=comparison.N)
        traces.append(
            marks.lines_with_gaps(list(curve.lines))
            | {"name": name, "line": {"width": 3, "color": style.colour, "dash": style.dash}}
        )
    traces.append(marks.minimum(np.zeros(2)))
    traces.append(_labels({name: matrix for name, (matrix, _) in drawn.items()}, half))
    x, y = (axis(f"{name} − {name}*", (-half, half)) for name in names)
    frame = layout(f"EF differs from F by {percent(comparison.distance)}")
    frame |= {"xaxis": x, "yaxis": y}
    frame["meta"] = {
        "aspect": 1,
        "link": True,
        "label": (
            "Ellipses of the Fisher and the empirical Fisher around the minimum over contours of "
            f"the loss; they differ by {percent(comparison.distance)}"
        ),
    }
    return {"data": traces, "layout": frame}


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
    frame = layout(
        "No minimum exists",
        xaxis=axis(names[0], (float(x[0]), float(x[-1]))),
        yaxis=axis(names[1], (float(y[0]), float(y[-1]))),
    )
    frame["meta"] = {
        "aspect": 1,
        "label": "Iterates of natural gradient descent over contours of a loss that has no single "
        "finite minimum",
    }
    style = STYLES["NGD"]
    thetas = path.thetas[0]
    traces = [
        marks.contours(x, y, loss, 0.0),
        marks.trajectories(path.thetas[:1], style, "iterates"),
        marks.points(thetas, INK, size=5) | {"opacity": 1},
        marks.labels(thetas[[0, -1]], ["0", str(int(path.steps[-1]))]),
    ]
    return {"data": traces, "layout": frame}


def vanishing_panel(comparisons: Sequence[Comparison]) -> Spec:
    """Loss, |F| and |EF| along diverging iterates: EF vanishes faster than F."""
    steps = np.arange(len(comparisons), dtype=float)
    curves = {
        "loss": (np.array([c.loss for c in comparisons]), "GD", INK),
        "‖F‖": (np.array([np.linalg.norm(c.fisher) for c in comparisons]), "NGD", None),
        "‖EF‖": (np.array([np.linalg.norm(c.empirical_fisher) for c in comparisons]), "EFGD", None),
    }
    traces, ends, names = [], [], []
    for name, (values, method, colour) in curves.items():
        style = STYLES[method]
        line = {"width": 2.5, "color": colour or style.colour, "dash": style.dash}
        seen = values > 0
        points = np.stack([steps, values], axis=-1)[seen]
        if not len(points):
            continue
        traces.append(marks.lines_with_gaps([points]) | {"name": name, "line": line})
        ends.append(points[-1])
        names.append(name)
    bottom, top = decades([v for values, *_ in curves.values() for v in values[values > 0]])
    if ends:
        traces.append(marks.labels(spread(np.array(ends), top / bottom), names, position="right"))
    frame = layout(
        "F and EF along the iterates",
        xaxis=axis("steps", (0.0, 1.2 * max(steps[-1], 1))),
        yaxis=log_axis("", (bottom, top)),
    )
    frame["margin"] = frame["margin"] | {"l": 46}
    frame["meta"] = {"aspect": 1, "label": "Loss and norms of F and EF along the iterates"}
    return {"data": traces, "layout": frame}


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
    traces: list[dict[str, Any]] = []
    bands: list[dict[str, Any]] = []
    seen = [m.distance for m in shown if m.distance > 0]
    ends, names = [], []
    if convergence:
        low, middle, high = convergence.quantiles((0.0, 0.5, 1.0))
        seen += [*low[low > 0], *high[high > 0]]
        for k, name in enumerate(cases):
            known = middle[k] > 0
            if not known.any():
                continue
            bands.append(
                marks.band(sizes[known], low[k, known], high[k, known], BAND) | {"name": name}
            )
            curve = np.stack([sizes, middle[k]], axis=-1)[known]
            style = {"line": {"width": 2.5, "color": INK, "dash": DASHES[k % 3]}, "name": name}
            traces.append(marks.lines_with_gaps([curve]) | style)
            ends.append(curve[-1])
            names.append(name)
        first = middle[correct]
        if (first > 0).any():
            i = int(np.argmax(first > 0))
            fall = first[i] * np.sqrt(sizes[i] / sizes)
            traces.append(
                marks.lines_with_gaps([np.stack([sizes, fall], axis=-1)])
                | {"line": {"width": 1.5, "color": MUTED, "dash": "dot"}, "name": "N^(-1/2)"}
            )
            ends.append(np.array([sizes[-1], fall[-1]]))
            names.append("∝ 1/√N")
    bottom, top = decades(seen)
    at = float(N)
    traces.append(
        marks.lines_with_gaps([np.array([[at, bottom], [at, top]])])
        | {"line": {"width": 1.5, "color": CONTOUR}, "name": "N"}
    )
    for own in (False, True):
        some = [m for m in shown if m.own == own and m.distance > 0]
        if some:
            traces.append(marks.dots(some_points(some), [m.name for m in some], strong=own))
    if ends:
        traces.append(marks.labels(spread(np.array(ends), top / bottom), names, position="right"))
    frame = layout(
        "Distance between EF and F at the minimum",
        "median and range over the seeds",
        xaxis=log_axis("examples N", (sizes[0], sizes[-1]), room=0.2),
        yaxis=log_axis("‖EF − F‖ / ‖F‖", (bottom, top)),
    )
    frame["margin"] = frame["margin"] | {"l": 60}
    frame["meta"] = {
        "aspect": 0.5,
        "click": True,
        "label": "Relative distance of the empirical Fisher to the Fisher against the number of "
        "examples: " + "; ".join(f"{m.name} {number(m.distance)} at N = {m.N:,}" for m in shown),
    }
    return {"data": bands + traces, "layout": frame}


def some_points(shown: Sequence[Mark]) -> Array:
    return np.array([(m.N, m.distance) for m in shown], dtype=float)

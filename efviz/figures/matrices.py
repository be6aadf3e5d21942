"""Matrices at one theta: numbers, sums, level sets and spectra."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.curvature.conics import Conic
from efviz.fields import Plane
from efviz.figures import marks
from efviz.figures.curve_names import names_beside, together
from efviz.figures.log_axes import decades, log_axis
from efviz.figures.panels import MINIMUM_KEY, THETA, THETA_KEY, loss_contours, panel, plane_panel
from efviz.figures.theme import GROUND, INK, SIGNED, Spec, axis, hint, style_of_matrix
from efviz.numbers import number
from efviz.studies.four_matrices import Names
from efviz.studies.split_parts import SplitParts
from efviz.style import Style

LETTERS = 40
"""So many there is room for below the panel of eigenvalues."""


def largest_entry(matrices: Sequence[Array]) -> float:
    """The value of the strongest colour, so that matrices side by side share one scale."""
    finite = [np.abs(m[np.isfinite(m)]).max(initial=0.0) for m in matrices]
    return float(max([*finite, 1e-300]))


def matrix_panel(
    matrix: Array,
    title: str,
    names: Sequence[str],
    *,
    scale: float,
    subtitle: str = "",
    aspect: float = 1.0,
) -> Spec:
    """A small matrix (D, D) as coloured cells with their numbers; `scale`: see `largest_entry`."""
    D = len(matrix)
    cells = panel(
        [_cells(matrix, 0.0, scale), _numbers(matrix, 0.0)],
        title,
        _cells_axis(names, range(D), (-0.5, D - 0.5)),
        _cells_axis(names[::-1], range(D), (-0.5, D - 0.5)),
        subtitle=subtitle,
        aspect=aspect,
        label=f"{title}: {_in_words(matrix)}",
    )
    return cells | {"numbers": {"entries": _entries(matrix, 0.0)}}


def cell_panels(shown: Sequence[tuple[str, str, Array]], names: Sequence[str]) -> dict[str, Spec]:
    """Matrices with title and subtitle, each coloured in units of its own largest entry.

    Colours show the shape of a matrix even if another one is much larger; numbers show its size.
    """
    return {
        f"{title} {k}": matrix_panel(
            matrix,
            title,
            names,
            scale=largest_entry([matrix]),
            subtitle=subtitle,
            aspect=0.62,
        )
        for k, (title, subtitle, matrix) in enumerate(shown)
    }


def sum_panel(
    ggn: Array, remainder: Array, hessian: Array, *, title: str, subtitle: str = ""
) -> Spec:
    """GGN + remainder = H as three blocks of cells (D, D) in a row, with one colour scale."""
    D = len(ggn)
    step = D + 0.7
    blocks = {"GGN": ggn, "remainder": remainder, "H": hessian}
    scale = largest_entry(list(blocks.values()))
    traces = []
    for k, matrix in enumerate(blocks.values()):
        traces += [_cells(matrix, k * step, scale), _numbers(matrix, k * step)]
    middle = np.array([[D - 0.15, D / 2 - 0.5], [step + D - 0.15, D / 2 - 0.5]])
    signs = marks.labels(middle, ["+", "="])
    signs["textfont"] = signs["textfont"] | {"size": 18}
    centres = [(D - 1) / 2 + k * step for k in range(3)]
    words = "; ".join(f"{name}: {_in_words(matrix)}" for name, matrix in blocks.items())
    row = panel(
        [*traces, signs],
        title,
        _cells_axis(list(blocks), centres, (-0.5, 2 * step + D - 0.5), line=False),
        _cells_axis([], [], (-0.5, D - 0.5), line=False),
        subtitle=subtitle,
        left=8,
        aspect=D / (2 * step + D),
        label=f"{title}. {words}",
    )
    entries = {name: _entries(matrix, k * step) for k, (name, matrix) in enumerate(blocks.items())}
    return row | {"numbers": entries}


def split_panels(parts: SplitParts) -> dict[str, Spec]:
    """`sum_panel` of one split."""
    title = "GGN + remainder = H"
    return {"sum": sum_panel(parts.ggn, parts.remainder, parts.hessian, title=title)}


def _cells_axis(
    names: Sequence[str],
    at: Sequence[float] | range,
    limits: tuple[float, float],
    line: bool = True,
) -> dict[str, Any]:
    return axis("", limits) | {
        "tickvals": [float(v) for v in at],
        "ticktext": list(names),
        "nticks": 0,
        "ticks": "",
        "tickfont": {"size": 12, "color": INK},
        "showline": line,
        "fixedrange": True,
    }


def _cells(matrix: Array, left: float, scale: float) -> dict[str, Any]:
    D = len(matrix)
    return {
        "type": "heatmap",
        "x": left + np.arange(D),
        "y": np.arange(D),
        "z": matrix[::-1] / scale,
        "zmin": -1,
        "zmax": 1,
        "colorscale": SIGNED,
        "showscale": False,
        "hoverinfo": "skip",
        "xgap": 1,
        "ygap": 1,
        "name": "cells",
    }


def _numbers(matrix: Array, left: float) -> dict[str, Any]:
    texts = ["–" if np.isnan(v) else number(v) for v in matrix.ravel()]
    return marks.labels(_middles(len(matrix), left), texts) | {"name": "numbers"}


def _entries(matrix: Array, left: float) -> dict[str, Any]:
    """The matrix with all its digits, row by row, as cells hold scaled values and rounded texts."""
    x, y = _middles(len(matrix), left).T
    return {"x": x, "y": y, "z": matrix.ravel()}


def _middles(D: int, left: float) -> Array:
    return np.array([(left + j, D - 1 - i) for i in range(D) for j in range(D)], dtype=float)


def _in_words(matrix: Array) -> str:
    return "; ".join(", ".join(number(v) for v in row) for row in matrix)


NOTES: dict[str, str] = {
    "ellipse": "",
    "lines": "{name} is singular: its level set is two lines.",
    "hyperbola": "{name} is indefinite: its level set is a hyperbola, not an ellipse.",
    "empty": "{name} curves upwards in no direction, so it has no level set to draw.",
}
"""Sentences on matrices without an ellipse, by the kind of their level set."""


def notes(drawn: Mapping[Names, Conic]) -> list[str]:
    """Sentences on the level sets that are not ellipses."""
    return [
        NOTES[c.kind].format(name=" = ".join(names)) for names, c in drawn.items() if NOTES[c.kind]
    ]


def level_sets_panel(
    drawn: Mapping[Names, Conic],
    theta: Array,
    names: Sequence[str],
    plane: Plane,
    loss: Array | None,
    star: Array | None,
) -> Spec:
    """Level sets of the matrices around theta over contours of the loss (n, n) on `plane`.

    `star` is the minimum (2,), if there is one; `drawn` comes from `level_sets` of the study;
    `loss` is None while it is not known.
    """
    traces = loss_contours(plane, loss)
    traces += [
        marks.line(curve.lines, " = ".join(equal), common_style(equal))
        for equal, curve in drawn.items()
    ]
    if star is not None:
        traces.append(marks.minimum(star))
    here = marks.markers(theta[None], "theta", "θ = (%{x:.4g}, %{y:.4g})")
    return plane_panel(
        [*traces, here, curve_labels(drawn, plane, theta)],
        "At one θ",
        names,
        plane,
        left=40,
        **hint("drag or click to move it"),
        handles=[THETA],
        legend=[THETA_KEY, MINIMUM_KEY],
        link=True,
        label=f"Level sets of {', '.join(map(' = '.join, drawn))} around θ = ({number(theta[0])}, "
        f"{number(theta[1])}) over contours of the loss. " + " ".join(notes(drawn)),
    )


def common_style(names: Names) -> Style:
    """The style of a curve that equal matrices share: that of the Fisher if it is among them."""
    return style_of_matrix("F" if "F" in names else names[0])


def curve_labels(drawn: Mapping[Names, Conic], plane: Plane, mark: Array) -> dict[str, Any]:
    """Each name beside its curve, in its colour, away from the other curves and a mark (2,)."""
    named = [(together(names), common_style(names), c.lines) for names, c in drawn.items()]
    return names_beside(named, plane, mark[None])


def spectra_panel(spectra: Mapping[str, Array], equal: Sequence[Names] | None = None) -> Spec:
    """Eigenvalues (D,) of each matrix on a common logarithmic axis of absolute values.

    `equal`: the names of all matrices, those of equal ones together, which share a column; without
    it each has its own. Negative eigenvalues are hollow, with a minus beside them; zeros are drawn
    at the foot, as "0".
    """
    values = np.concatenate([*spectra.values(), [np.nan]])
    sizes = np.abs(values[np.isfinite(values)])
    top = sizes.max(initial=0.0)
    floor = 1e-14 * top
    bottom, top = decades(sizes[sizes > floor])
    traces = []
    minus, zero = [], []
    columns = equal or [(name,) for name in spectra]
    for k, names in enumerate(columns):
        w = spectra[names[0]]
        zeros = np.abs(w) <= floor
        traces += _eigenvalues(k, w[~zeros], names)
        minus += [(k + 0.16, -v) for v in w[~zeros & (w < 0)]]
        zero += [(k, bottom * (top / bottom) ** 0.03)] * bool(zeros.any())
    for name, sign, points in (("minus", "−", minus), ("zero", "0", zero)):
        if points:
            at = np.array(points, dtype=float)
            traces.append(marks.labels(at, [sign] * len(at)) | {"name": name})
    ticks = [together(names, LETTERS // len(columns)) for names in columns]
    words = "; ".join(f"{k}: {', '.join(map(number, w))}" for k, w in spectra.items())
    return panel(
        traces,
        "Eigenvalues",
        _cells_axis(ticks, range(len(ticks)), (-0.5, len(ticks) - 0.5)),
        log_axis("", (bottom, top)),
        subtitle="hollow: negative" if minus else "",
        left=46,
        aspect=1,
        label=f"Eigenvalues. {words}",
    )


def _eigenvalues(k: int, w: Array, names: Names) -> list[dict[str, Any]]:
    """The absolute eigenvalues of equal matrices in column k: full where positive, else hollow."""
    colour, name = common_style(names).colour, " = ".join(names)
    w = w[np.isfinite(w)]
    return [
        marks.markers(
            np.stack([np.full(len(sizes), float(k)), sizes], axis=-1),
            f"{name}{suffix}",
            f"{together(names)}: {sign}%{{y:.4g}}",
            size=11,
            colour=fill,
            edge=colour,
            width=2,
        )
        for sizes, fill, sign, suffix in (
            (w[~(w < 0)], colour, "", ""),
            (-w[w < 0], GROUND, "−", ", negative"),
        )
        if len(sizes)
    ]

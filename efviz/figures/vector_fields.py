"""Figure 1: the data, and the update fields of the methods with trajectories."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.datasets.dataset import Dataset
from efviz.figures import marks
from efviz.figures.data_views import data_panel
from efviz.figures.panels import MINIMUM_KEY, STARTS_KEY, plane_panel
from efviz.figures.theme import COSINES, INK, Spec, style_of
from efviz.optimizers import METHODS, Trajectory
from efviz.optimizers.status import Status
from efviz.problems import Problem
from efviz.studies.field_comparison import FieldComparison

TRUE_LENGTH = 0.2
"""Arrows of true length are drawn at this share of the update, as in the published figure."""


def vector_field_panels(
    dataset: Dataset,
    problem: Problem,
    fields: FieldComparison,
    trajectories: Mapping[str, Trajectory],
    starts: Array,
    *,
    scales: Mapping[str, float],
    unit_length: bool = False,
    show_cosines: bool = False,
    editing: bool = False,
    way: str = "",
) -> dict[str, Spec]:
    """Panels by title: "Data", then one per method of `fields`, of which one can show cosines.

    `way` says how the matrices are used, if not inverted. With `editing`, the points of the data
    can be moved and removed, and clicks are reported.
    `go.Figure(panel)` is an ordinary figure.
    """
    minimum = problem.minimum
    lowest = minimum.loss if minimum.exists else float(np.nanmin(fields.loss))
    contours = marks.contours(fields.x, fields.y, fields.loss, lowest)
    panels = {"Data": data_panel(dataset, problem, editing=editing)}
    coloured = fields.pair[1] if fields.pair[1] in fields.vectors else list(fields.vectors)[-1]
    for name in fields.vectors:
        mapped = [_cosine_map(fields)] if show_cosines and name == coloured else []
        tails = fields.tails.reshape(-1, 2)
        vectors = _lengths(fields, name, scales[name], unit_length)
        arrows = marks.arrows(tails, vectors)
        panels[name] = _panel(
            name, problem, fields, trajectories.get(name), starts, arrows, [*mapped, contours], way
        )
        if mapped:
            panels[name]["layout"]["margin"]["b"] += BAR_HEIGHT
        panels[name]["numbers"] = {"arrows": marks.arrow_numbers(tails, vectors)}
    return panels


def _panel(
    name: str,
    problem: Problem,
    fields: FieldComparison,
    trajectory: Trajectory | None,
    starts: Array,
    arrows: dict[str, Any],
    below: list[dict[str, Any]],
    way: str,
) -> Spec:
    minimum = problem.minimum
    traces = list(below)
    if trajectory is not None:
        traces.append(marks.line(trajectory.thetas, name, style_of(name), 3))
    if len(starts):
        traces.append(marks.starts(starts))
    if minimum.exists:
        traces.append(marks.minimum(minimum.theta))
    panel = plane_panel(
        traces,
        name,
        problem.parameter_names,
        fields.plane,
        subtitle=way if way and METHODS[name].matrix else style_of(name).name,
        link=True,
        label=_label(name, trajectory),
        handles=[{"trace": "starts", "noun": "start", "least": 1}],
        vectors=_vectors(name, fields),
        legend=[STARTS_KEY, MINIMUM_KEY],
    )
    panel["layout"]["shapes"] = [arrows]
    return panel


def reference(methods: Iterable[str]) -> str:
    """The method with whose directions those of the others are compared: NGD if it is shown."""
    first, *others = methods
    return "NGD" if "NGD" in others else first


def _vectors(name: str, fields: FieldComparison) -> dict[str, Any]:
    """The field as numbers, for the arrow under the pointer; one panel also holds the loss."""
    x, y = fields.tails[0, :, 0], fields.tails[:, 0, 1]
    u, v = np.moveaxis(fields.vectors[name], -1, 0)
    versus = reference(fields.vectors)
    grid = {"name": name, "versus": versus, "colour": style_of(name).colour}
    loss = {"loss": {"x": fields.x, "y": fields.y, "z": fields.loss}} if name == versus else {}
    return grid | {"x": x, "y": y, "u": u, "v": v} | loss


def _lengths(fields: FieldComparison, name: str, scale: float, unit_length: bool) -> Array:
    vectors = fields.vectors[name].reshape(-1, 2)
    if not unit_length:
        return TRUE_LENGTH * scale * vectors
    spacing = 2 * fields.plane.half_widths / len(fields.tails)
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(vectors / (0.75 * spacing), axis=-1, keepdims=True)
        return np.where(lengths > 0, vectors / lengths, vectors)


def _cosine_map(fields: FieldComparison) -> dict[str, Any]:
    index = "" if fields.metric == "Euclidean" else f"<sub>{fields.metric[0]}</sub>"
    words = f"cos{index}({', '.join(fields.pair)})"
    return {
        "type": "heatmap",
        "x": fields.x,
        "y": fields.y,
        "z": fields.cosines,
        "zmin": -1,
        "zmax": 1,
        "zsmooth": "best",
        "connectgaps": True,
        "colorscale": COSINES,
        "opacity": 0.6,
        "name": "cosine",
        "hovertemplate": f"{words} = %{{z:.2f}}<extra></extra>",
        # Plotly lets a title cover the scale of a small panel; in a second row it cannot.
        "colorbar": COSINE_BAR | {"ticktext": ["−1 opposite", f"<br>{words}", "1 same"]},
    }


BAR_HEIGHT = 50
"""Room in pixels for the colour scale of the cosines below the panel, as high as its parts."""

COSINE_BAR: dict[str, Any] = {
    "orientation": "h",
    "thickness": 8,
    "len": 0.7,
    "x": 0.5,
    "xanchor": "center",
    "y": 0.03,  # so that the words below it are whole
    "yref": "container",
    "yanchor": "bottom",
    "ypad": 0,
    "outlinewidth": 0,
    "ticks": "",
    "tickvals": [-1, 0, 1],
    "ticklabeloverflow": "allow",
    "tickangle": 0,
    "tickfont": {"size": 11, "color": INK},
}


def _label(name: str, trajectory: Trajectory | None) -> str:
    text = f"{name}: field of update directions over contours of the loss"
    if trajectory is None:
        return text
    status = trajectory.status
    reached = int(np.sum(status == Status.CONVERGED))
    return f"{text}; {reached} of {status.size} trajectories reach the minimum"

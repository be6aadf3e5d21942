"""The contrast of Figure 1 as numbers and paths that the browser animates by itself."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.figures import marks
from efviz.figures.theme import style_of
from efviz.figures.vector_fields import TRUE_LENGTH
from efviz.optimizers import Trajectory
from efviz.studies.field_comparison import FieldComparison


def contrast(
    fields: FieldComparison,
    trajectories: Mapping[str, Trajectory],
    starts: Array,
    minimum: Array,
    lowest: float,
    *,
    scales: Mapping[str, float],
    names: Sequence[str],
) -> dict[str, Any]:
    """One panel per method over the same plane: contours, update field, and paths step by step.

    All coordinates are those of theta, with `names`; all paths are recorded at the same `steps`.
    `colour` is a pair, for light and dark backgrounds.
    """
    lines = marks.contours(fields.x, fields.y, fields.loss, lowest)
    panels = []
    for name, trajectory in trajectories.items():
        style = style_of(name)
        vectors = TRUE_LENGTH * scales[name] * fields.vectors[name].reshape(-1, 2)
        paths = [path[np.isfinite(path).all(-1)] for path in trajectory.thetas]
        panels.append(
            {
                "name": name,
                "title": style.name,
                "colour": [style.colour, style.dark or style.colour],
                "dash": style.dash,
                "arrows": marks.arrows(fields.tails.reshape(-1, 2), vectors)["path"],
                "paths": [path.round(3).tolist() for path in paths],
                "label": _place(paths[int(np.argmax([length(path) for path in paths]))]),
            }
        )
    first = next(iter(trajectories.values()))
    return {
        "x": list(fields.plane.x),
        "y": list(fields.plane.y),
        "names": list(names),
        "contours": _lines(lines["x"], lines["y"]),
        "starts": starts.tolist(),
        "minimum": minimum.tolist(),
        "steps": first.steps.tolist(),
        "panels": panels,
    }


def length(path: Array) -> float:
    """The length of a path (T, D)."""
    return float(np.linalg.norm(np.diff(path, axis=0), axis=-1).sum())


def _place(path: Array) -> list[float]:
    """The place of the label of a path (T, 2): a third of its length from the start."""
    way = np.r_[0, np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=-1))]
    return [float(np.interp(way[-1] / 3, way, path[:, k])) for k in range(2)]


def _lines(x: Array, y: Array) -> str:
    """Lines with gaps as one SVG path."""
    parts, pen = [], "M"
    for a, b in zip(x.tolist(), y.tolist(), strict=True):
        parts.append(f"{pen}{a:.3f},{b:.3f}" if np.isfinite(a) else "")
        pen = "L" if np.isfinite(a) else "M"
    return "".join(parts)

"""Vector fields: the starts, the scales, and the runs of all methods from each start."""

from collections.abc import Mapping, Sequence

import numpy as np

from efviz.arrays import Array
from efviz.fields import Plane
from efviz.optimizers import Trajectory
from efviz.optimizers.methods import Methods, chosen_methods
from efviz.optimizers.runs import runs
from efviz.problems import Problem
from efviz.problems.catalogue import Settings
from efviz.studies.alignment import path_directions
from efviz.studies.field_comparison import FieldComparison
from efviz.work import Work, in_turn, part

Directions = dict[str, dict[str, Array]]
"""Keyed by the method of a path, then by that of a direction: (T, 2)."""


def start_points(plane: Plane, home: Settings, starts: Sequence[tuple[float, float]] = ()) -> Array:
    """theta_0 (S, 2): the `starts`; if there are none, those of `home` on this plane."""
    return np.array(starts) if starts else plane.place(home.starts)


def relative_scales(
    fields: FieldComparison, given: Mapping[str, float] | None = None
) -> dict[str, float]:
    """The factor on the step size of each method.

    If it is not `given`, or as 0, a one-digit factor that makes typical updates about as long as
    those of NGD, or of the first method if NGD is not among them.
    """
    reference = "NGD" if "NGD" in fields.vectors else next(iter(fields.vectors))
    scales = {name: (given or {}).get(name, 0.0) for name in fields.vectors}
    for name in [name for name, scale in scales.items() if not scale]:
        scale = fields.typical_length(reference) / fields.typical_length(name)
        scales[name] = float(f"{scale:.0e}") if 0 < scale < np.inf else 1.0
    return scales


def trajectories(
    problem: Problem,
    methods: Methods,
    theta_0: Array,
    scales: Mapping[str, float],
    *,
    step_size: float,
    damping: float,
    n_steps: int,
    record: int,
) -> Work[dict[str, Trajectory]]:
    """By method, the runs from theta_0 (S, 2), with `step_size` times the scale of the method."""
    chosen = chosen_methods(methods)
    return (
        yield from in_turn(
            {
                name: runs(
                    problem,
                    chosen[name],
                    theta_0,
                    step_size=step_size * scale,
                    damping=damping,
                    n_steps=n_steps,
                    record=record,
                )
                for name, scale in scales.items()
            }
        )
    )


def path_anatomy(
    problem: Problem,
    methods: Methods,
    trajectories: Mapping[str, Trajectory],
    *,
    damping: float,
    play: bool,
    followed: int,
) -> Work[Directions | None]:
    """The directions of all methods along each method's path from one start, counted from 1.

    None unless the paths are played; a start that does not exist stands for the last one.
    """
    if not play:
        return None
    chosen = chosen_methods(methods)
    methods = {name: chosen[name] for name in trajectories}
    start = min(followed, *(len(one.thetas) for one in trajectories.values())) - 1
    paths = np.stack([one.thetas[start] for one in trajectories.values()])
    found = yield from part(path_directions(problem, methods, paths, damping=damping), 0, 1)
    return {
        path: {name: values[i] for name, values in found.items()} for i, path in enumerate(methods)
    }

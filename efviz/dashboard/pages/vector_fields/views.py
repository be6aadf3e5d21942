"""What the page Vector fields shows: the numbers behind its picture, and the picture."""

from dataclasses import dataclass, replace

import numpy as np

from efviz.arrays import Array
from efviz.dashboard.components import pack_figures
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.jobs import Job, result_of
from efviz.dashboard.session.params import Values
from efviz.dashboard.session.problem_choice import (
    Knobs,
    entry,
    problem_of,
)
from efviz.datasets.dataset import Dataset
from efviz.fields import Plane, plane_around
from efviz.figures import DARK
from efviz.figures.player import Directions, with_player
from efviz.figures.theme import Spec
from efviz.figures.vector_fields import vector_field_panels
from efviz.optimizers import Trajectory
from efviz.optimizers.runs import runs
from efviz.problems import Problem
from efviz.studies.alignment import path_directions
from efviz.studies.field_comparison import FieldComparison, compare_fields
from efviz.work import Work, in_turn, part

METHODS = ("GD", "NGD", "EFGD")
RECORDED = 160
FINE = 31

SLICE = 0.4
"""Recorded steps of a trajectory, the grid of contours and cosines, seconds of work between two
pictures."""


@dataclass(frozen=True)
class Controls(Knobs):
    """All that the numbers of the picture depend on: the key of the cache."""

    damping: float
    step_size: float
    n_steps: int
    starts: tuple[tuple[float, float], ...]
    density: int
    scale_GD: float
    scale_NGD: float
    scale_EFGD: float
    limits: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, eq=False)
class Picture:
    """What is drawn: everything but how."""

    controls: Controls
    dataset: Dataset
    problem: Problem
    fields: FieldComparison
    scales: dict[str, float]
    starts: Array
    trajectories: dict[str, Trajectory]


@cached
def job_for(c: Controls) -> Job[Picture]:
    return Job(work(c))


Fields = tuple[Dataset, Problem, FieldComparison]


def fields_job(c: Controls) -> Job[Fields]:
    """The fields, which are the same wherever the starts are dragged to."""
    same = replace(c, starts=(), step_size=0.0, n_steps=0)
    return _fields_job(replace(same, scale_GD=0.0, scale_NGD=0.0, scale_EFGD=0.0))


@cached
def _fields_job(c: Controls) -> Job[Fields]:
    return Job(fields_work(c))


def fields_work(c: Controls) -> Work[Fields]:
    dataset, problem = problem_of(c.knobs)
    comparison = compare_fields(
        problem, METHODS, plane_of(c, problem), density=c.density, fine=FINE, damping=c.damping
    )
    return dataset, problem, (yield from part(comparison, 0, 1))


def work(c: Controls) -> Work[Picture]:
    """Fields first, then the trajectories as far as they have come."""
    # Both halves of the work in evaluations of all examples.
    for_fields = 3 * (c.density**2 + FINE**2)
    share = for_fields / (for_fields + len(METHODS) * n_starts(c.values) * c.n_steps)
    dataset, problem, found = yield from part(result_of(fields_job(c)), 0, share)
    starts = np.array(c.starts) if c.starts else found.plane.place(entry(c.values).settings.starts)
    scales = scales_of(c, found)
    on_way = {
        name: runs(
            problem, name, starts, step_size=c.step_size * scales[name], damping=c.damping,
            n_steps=c.n_steps, record=RECORDED,
        )
        for name in METHODS
    }  # fmt: skip

    def picture(paths: dict[str, Trajectory]) -> Picture:
        return Picture(c, dataset, problem, found, scales, starts, paths)

    return picture((yield from part(in_turn(on_way), share, 1, picture)))


def n_starts(values: Values) -> int:
    return len(values["starts"] or entry(values).settings.starts)


def scales_of(c: Controls, fields: FieldComparison) -> dict[str, float]:
    """The relative scales; where 0, the one digit that makes typical updates as long as NGD's."""
    scales = {}
    for name in METHODS:
        scale = getattr(c, f"scale_{name}")
        if not scale:
            scale = fields.typical_length("NGD") / fields.typical_length(name)
            scale = float(f"{scale:.0e}") if 0 < scale < np.inf else 1.0
        scales[name] = scale
    return scales


def plane_of(c: Controls, problem: Problem) -> Plane:
    if c.limits:
        x0, x1, y0, y1 = c.limits[0]
        return Plane((x0, x1), (y0, y1))
    settings = entry(c.values).settings
    home = Plane(*settings.plane) if settings.plane else None
    return plane_around(problem, home, settings.reach)


@cached
def directions_job(c: Controls, start: int, _p: Picture) -> Job[Directions]:
    return Job(directions_work(c, start, _p))


def directions_work(c: Controls, start: int, p: Picture) -> Work[Directions]:
    """The directions of all methods along the path of each from one start."""
    paths = np.stack([t.thetas[start - 1] for t in p.trajectories.values()])
    along = path_directions(p.problem, METHODS, paths, damping=c.damping)
    found = yield from part(along, 0, 1)
    return {
        path: {name: values[i] for name, values in found.items()}
        for i, path in enumerate(p.trajectories)
    }


@cached
def packed(
    c: Controls,
    fraction: float,
    unit_length: bool,
    show_cosines: bool,
    editing: bool,
    followed: int,
    apart: bool,
    _p: Picture,
    _directions: Directions | None,
) -> bytes:
    """The panels as bytes; `followed` is 0 without a player, `apart` tells of directions."""
    panels = panels_of(_p, unit_length, show_cosines, editing, followed, _directions)
    return pack_figures(panels, dark=DARK, min_width=230)


def panels_of(
    p: Picture,
    unit_length: bool,
    show_cosines: bool,
    editing: bool,
    followed: int = 0,
    directions: Directions | None = None,
) -> dict[str, Spec]:
    panels = vector_field_panels(
        p.dataset,
        p.problem,
        p.fields,
        p.trajectories,
        p.starts,
        scales=p.scales,
        unit_length=unit_length,
        show_cosines=show_cosines,
        editing=editing,
    )
    if not followed:
        return panels
    return with_player(
        panels,
        p.problem,
        p.trajectories,
        scales=p.scales,
        start=followed,
        directions=directions,
    )


def steps_done(p: Picture) -> float:
    return float(min(t.steps_done.min(initial=0) for t in p.trajectories.values()))

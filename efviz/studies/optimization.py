"""Runs on all columns of a data set: the paper's Figures 3, 5 and 6, and the grids of Table 6."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from efviz.arrays import Array
from efviz.optimizers import Method, Trajectory
from efviz.optimizers.methods import Methods, chosen_methods
from efviz.optimizers.runs import runs
from efviz.problems import Problem
from efviz.studies.alignment import FIG_6, Alignment, StepSizes, alignment, step_lengths
from efviz.sweeps import DAMPINGS, STEP_SIZES, Sweep, sweep
from efviz.sweeps.rounding import loss_rounding, relative_change
from efviz.work import Work, part

N_STEPS = 100
DISTANCES = np.geomspace(1e-3, 1e6, 37)
"""Distances from the minimum, in units of |theta_star|, at which lengths of steps are compared."""


def start_at(problem: Problem, multiple: float) -> Array:
    """multiple * theta_star (D,); 0 needs no minimum, and is the only start without one."""
    if multiple == 0 or not problem.minimum.exists:
        return np.zeros(problem.D)
    return np.asarray(multiple * problem.theta_star)


def run_from(
    problem: Problem,
    method: str | Method,
    *,
    step_size: float,
    damping: float = 0.0,
    multiple: float = 0.0,
) -> Work[Trajectory]:
    """Work towards one run of N_STEPS steps, thetas (1, T, D), from `start_at` this multiple."""
    start = start_at(problem, multiple)[None]
    return (
        yield from runs(
            problem, method, start, step_size=step_size, damping=damping, n_steps=N_STEPS
        )
    )


def in_reverse(problem: Problem) -> Problem:
    """The same problem with other last digits, see `Problem.in_reverse`."""
    return problem.in_reverse()


def end_by_rounding(
    problem: Problem,
    reverse: Problem,
    run: Trajectory,
    method: str | Method,
    *,
    step_size: float,
    damping: float = 0.0,
    multiple: float = 0.0,
) -> Work[float]:
    """Work towards the relative change of the last loss of `run` when its last digits change.

    It is run once more on the problem in `reverse`, with the next float as its step size. 0 if both
    runs diverge, inf if only one of them does.
    """
    start = start_at(problem, multiple)[None]
    again = yield from part(
        runs(
            reverse,
            method,
            start,
            step_size=np.nextafter(step_size, np.inf),
            damping=damping,
            n_steps=N_STEPS,
        ),
        0,
        1,
    )
    if again.diverged[0] != run.diverged[0]:
        return np.inf
    if run.diverged[0]:
        return 0.0
    rounding = loss_rounding(problem, float(run.first_loss[0]))
    return float(relative_change(run.final_loss, again.final_loss, rounding)[0])


def path_cosines(
    problem: Problem, run: Trajectory, method: str | Method = "EFGD", *, damping: float = 0.0
) -> Work[Alignment]:
    """Work towards the Alignment along a run (1, T, D) while its numbers are finite: Fig. 3."""
    thetas = run.thetas[0][np.isfinite(run.thetas[0]).all(axis=-1)]
    return (yield from alignment(problem, thetas, damping, method))


def whole_grid(problem: Problem, method: str, *, own: bool = False) -> Work[Sweep]:
    """Work towards the grid of Table 5: N_STEPS steps with every step size and damping.

    Results for an `own` table are not written to the cache on disk.
    """
    return (yield from sweep(problem, method, STEP_SIZES, DAMPINGS, cache=not own))


@dataclass(frozen=True, eq=False)
class NearAndFar:
    """Fig. 6 and section 4.3: runs from multiples of theta_star, and lengths of steps.

    `runs` has each multiple with the runs of all methods from there; `lowest` is the lowest loss.
    """

    runs: list[tuple[float, dict[str, Trajectory]]]
    lengths: StepSizes
    lowest: float


def near_and_far(
    problem: Problem,
    methods: Methods,
    *,
    step_sizes: Mapping[str, float],
    dampings: Mapping[str, float],
) -> Work[NearAndFar]:
    """Work towards NearAndFar of the methods with a step size.

    Without a minimum there is no theta_star to start from.
    """
    chosen, found = chosen_methods(methods), list[tuple[float, dict[str, Trajectory]]]()
    total, done = len(FIG_6) * len(step_sizes) + 1, 0
    for multiple in FIG_6:
        paths: dict[str, Trajectory] = {}
        for method, step_size in step_sizes.items():
            work = run_from(
                problem,
                chosen[method],
                step_size=step_size,
                damping=dampings.get(method, 0.0),
                multiple=multiple,
            )
            paths[method] = yield from part(work, done / total, (done + 1) / total)
            done += 1
        found.append((multiple, paths))
    scale = float(np.linalg.norm(problem.theta_star)) or 1.0
    towards = -problem.theta_star / scale
    sizes = step_lengths(
        problem, towards, scale * DISTANCES, methods={name: chosen[name] for name in step_sizes}
    )
    lengths = yield from part(sizes, done / total, 1)
    return NearAndFar(found, lengths, float(problem.loss(problem.theta_star)))

"""The path of theta when no minimum exists."""

from dataclasses import dataclass

import numpy as np

from efviz.arrays import Array
from efviz.optimizers import Trajectory, run
from efviz.problems import Problem
from efviz.studies.comparison import Comparison, compare

RUNAWAY_STEPS = 12
RUNAWAY_POINTS = 41


@dataclass(frozen=True, eq=False)
class Runaway:
    """A problem without a minimum: iterates, the matrices there, and the loss around them."""

    path: Trajectory
    comparisons: list[Comparison]
    axes: tuple[Array, Array]
    loss: Array


def run_off(problem: Problem) -> Runaway:
    """Natural gradient steps of size 1, which are Newton steps for logistic regression."""
    path = run(problem, "NGD", problem.start[None], step_size=1.0, n_steps=RUNAWAY_STEPS)
    thetas = path.thetas[0][np.isfinite(path.thetas[0]).all(axis=-1)]
    steps = [compare(problem, theta) for theta in thetas]
    low, high = thetas.min(axis=0), thetas.max(axis=0)
    half = 0.6 * float((high - low).max()) or 1.0
    axes = [np.linspace(m - half, m + half, RUNAWAY_POINTS) for m in (low + high) / 2]
    grid = np.stack(np.meshgrid(*axes), axis=-1)
    return Runaway(path, steps, (axes[0], axes[1]), problem.loss(grid))

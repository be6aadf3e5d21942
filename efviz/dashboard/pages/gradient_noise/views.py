"""What the Gradient noise page shows: its numbers at one theta, and the stochastic runs."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.random import RandomState

from efviz.arrays import Array
from efviz.curvature import fisher
from efviz.curvature.gradient_noise import (
    GradientNoise,
    batch_factor,
    batch_sizes,
    expected_errors,
    gradient_noise,
    minibatch_cloud,
)
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.jobs import Job
from efviz.dashboard.session.problem_choice import Knobs, problem_of
from efviz.dashboard.session.theta_choice import loss_on_plane, plane_of, theta_of
from efviz.fields import Plane
from efviz.optimizers import directions
from efviz.optimizers.stochastic import StochasticResult, matched_scales, stochastic_runs
from efviz.problems import Problem
from efviz.work import Work, part

CLOUD, CLOUD_EXAMPLES = 200, 2_000_000
"""Mini-batch gradients drawn, fewer where they would take more examples in all."""
RECORDED = 60


@dataclass(frozen=True)
class Controls(Knobs):
    """All that the numbers of the picture depend on: the key of the caches."""

    theta: tuple[tuple[float, float], ...]
    batch_size: int
    sampling: str
    damping: float
    step_size: float = 0.1
    n_steps: int = 300
    seeds: int = 16
    scale_EFSGD: float = 0.0
    scale_RMS: float = 0.0

    @property
    def replacement(self) -> bool:
        return self.sampling == "with replacement"

    @property
    def at_theta(self) -> "Controls":
        """What the picture depends on, but for the runs."""
        return replace(self, step_size=0.1, n_steps=300, seeds=16, scale_EFSGD=0.0, scale_RMS=0.0)


@dataclass(frozen=True, eq=False)
class Picture:
    """What is known at theta; the loss on the plane comes later."""

    problem: Problem
    plane: Plane
    theta: Array
    noise: GradientNoise
    fisher: Array
    directions: dict[str, Array]
    gradients: Array
    minibatches: Array
    factor: float
    sizes: tuple[int, ...]
    errors: dict[str, Array]
    error_here: dict[str, float]
    loss: Array | None


@dataclass(frozen=True, eq=False)
class Runs:
    """The runs so far, and what their step sizes were multiplied by.

    Losses are shown above `lowest`, `above` says what that is.
    """

    result: StochasticResult
    scales: dict[str, float]
    lowest: float
    above: str
    n_examples: int


def work(c: Controls) -> Work[Picture]:
    """The numbers at theta, then the loss on the plane, some rows at a time."""
    _, problem = problem_of(c.knobs)
    plane = plane_of(c.values, problem)
    picture = _at_theta(c, problem, plane)
    grid = loss_on_plane(c.knobs, problem, plane)
    loss = yield from part(grid, 0, 1, meanwhile=lambda: picture)
    return replace(picture, loss=loss)


def _at_theta(c: Controls, problem: Problem, plane: Plane) -> Picture:
    theta = theta_of(c.values, plane)
    noise, F = gradient_noise(problem, theta), fisher(problem, theta)
    found = directions(problem, ("EFGD", "NGD", "GD"), theta, damping=c.damping)
    minibatches = minibatch_cloud(
        problem,
        theta,
        RandomState(c.seed),
        batch_size=c.batch_size,
        n=int(np.clip(CLOUD_EXAMPLES // c.batch_size, 10, CLOUD)),
        replacement=c.replacement,
    )
    sizes = batch_sizes(problem.N)
    errors = partial(expected_errors, noise, replacement=c.replacement, damping=c.damping)
    return Picture(
        problem,
        plane,
        theta,
        noise,
        F,
        {name: -solved.x for name, solved in found.items()},
        problem.per_example_gradients(theta),
        minibatches,
        float(batch_factor(problem.N, c.batch_size, replacement=c.replacement)),
        sizes,
        errors(sizes),
        {name: float(error[0]) for name, error in errors([c.batch_size]).items()},
        None,
    )


@cached
def picture_job(c: Controls) -> Job[Picture]:
    return Job(work(c))


def run_work(c: Controls) -> Work[Runs]:
    _, problem = problem_of(c.knobs)
    theta = theta_of(c.values, plane_of(c.values, problem))
    step_size, scales = run_settings(c, problem, theta)
    runs = stochastic_runs(
        problem,
        theta,
        batch_size=c.batch_size,
        step_size=step_size,
        n_steps=c.n_steps,
        seeds=range(c.seeds),
        scales=scales,
        damping=c.damping,
        replacement=c.replacement,
        record=np.unique(np.linspace(0, c.n_steps, RECORDED + 1).round().astype(int)).tolist(),
    )

    def shown(result: StochasticResult) -> Runs:
        return Runs(result, scales, *lowest_of(problem, result), c.n_steps * c.batch_size)

    return shown((yield from part(runs, 0, 1, shown)))


def run_settings(c: Controls, problem: Problem, theta: Array) -> tuple[float, dict[str, float]]:
    """The step size, and what a method multiplies it by."""
    factor = float(batch_factor(problem.N, c.batch_size, replacement=c.replacement))
    scales = matched_scales(problem, theta, factor, c.damping)
    given = {"EFSGD": c.scale_EFSGD, "RMS": c.scale_RMS}
    scales |= {name: scale for name, scale in given.items() if scale}
    return c.step_size / largest_curvature(problem, theta), scales


def lowest_of(problem: Problem, result: StochasticResult) -> tuple[float, str]:
    """What losses are shown above: the minimum; without one 0, or the least where it is below."""
    if problem.minimum.exists:
        return float(problem.loss(problem.theta_star)), "above the minimum"
    known = np.concatenate([np.ravel(losses) for losses in result.losses.values()])
    least = float(np.nanmin(known))
    return (0.0, "") if least > 0 else (least, "above the least seen")


def largest_curvature(problem: Problem, theta: Array) -> float:
    """The largest eigenvalue of the Fisher at the minimum, or at theta if there is none."""
    at = problem.theta_star if problem.minimum.exists else theta
    largest = float(np.linalg.eigvalsh(fisher(problem, at))[-1])
    return largest if np.isfinite(largest) and largest > 0 else 1.0


@cached
def runs_job(c: Controls) -> Job[Runs]:
    return Job(run_work(c))

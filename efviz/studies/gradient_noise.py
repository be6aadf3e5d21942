"""Section 5 at one theta: the errors of estimates of the gradient, and stochastic runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import RandomState

from efviz.arrays import Array
from efviz.curvature import fisher
from efviz.curvature.gradient_noise import (
    GradientNoise,
    batch_factor,
    batch_sizes,
    expected_errors,
    minibatch_cloud,
)
from efviz.optimizers import directions
from efviz.optimizers.stochastic import (
    STOCHASTIC_METHODS,
    StochasticResult,
    matched_scales,
    stochastic_runs,
)
from efviz.problems import Problem
from efviz.work import Work, part

CLOUD, CLOUD_EXAMPLES = 200, 2_000_000
"""Number of mini-batch gradients drawn, fewer if they would need more examples than this in all."""
SAMPLINGS = {"with replacement": True, "without": False}
"""How a mini-batch is drawn, and whether an example may occur in it twice."""


def with_replacement(sampling: str) -> bool:
    """Whether an example may be drawn twice, for the name of one of SAMPLINGS."""
    return SAMPLINGS[sampling]


def descent_directions(problem: Problem, theta: Array, *, damping: float) -> dict[str, Array]:
    """-(B + damping I)^-1 g at theta (D,), for the B of EFGD, NGD and GD: (D,) each."""
    found = directions(problem, ("EFGD", "NGD", "GD"), theta, damping=damping)
    return {name: -solved.x for name, solved in found.items()}


def example_gradients(problem: Problem, theta: Array) -> Array:
    """g_n of all examples at theta (D,), (N, D)."""
    return problem.per_example_gradients(theta)


def minibatch_sample(
    problem: Problem, theta: Array, *, batch_size: int, replacement: bool, seed: int
) -> Array:
    """Gradients of independent mini-batches at theta (D,), (n, D) with n at most CLOUD."""
    return minibatch_cloud(
        problem,
        theta,
        RandomState(seed),
        batch_size=batch_size,
        n=int(np.clip(CLOUD_EXAMPLES // batch_size, 10, CLOUD)),
        replacement=replacement,
    )


def noise_factor(problem: Problem, *, batch_size: int, replacement: bool) -> float:
    """c in cov(g^) = c Sigma for mini-batches of this problem, see `batch_factor`."""
    return float(batch_factor(problem.N, batch_size, replacement=replacement))


@dataclass(frozen=True, eq=False)
class ErrorCurves:
    """E|M g^ - g|^2 by the names of ESTIMATORS, (K,) each, for K batch sizes up to N."""

    batch_sizes: tuple[int, ...]
    errors: dict[str, Array]


def error_curves(noise: GradientNoise, *, replacement: bool, damping: float) -> ErrorCurves:
    """The errors of all estimates of g, for batches of one example up to all of them."""
    sizes = batch_sizes(noise.N)
    return ErrorCurves(
        sizes, expected_errors(noise, sizes, replacement=replacement, damping=damping)
    )


def estimate_errors(
    noise: GradientNoise, *, batch_size: int, replacement: bool, damping: float
) -> dict[str, float]:
    """E|M g^ - g|^2 by the names of ESTIMATORS, for one batch size."""
    found = expected_errors(noise, [batch_size], replacement=replacement, damping=damping)
    return {name: float(error[0]) for name, error in found.items()}


def step_scales(
    problem: Problem,
    theta: Array,
    factor: float,
    *,
    damping: float,
    methods: Sequence[str] = tuple(STOCHASTIC_METHODS),
    given: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """The factor on the step size of each method.

    If it is not `given`, or as 0, the mean update at theta (D,) is as long as that of SGD: see
    `matched_scales`.
    """
    scales = matched_scales(problem, theta, factor, damping, methods)
    return scales | {name: scale for name, scale in (given or {}).items() if scale}


@dataclass(frozen=True, eq=False)
class NoisyRuns:
    """Stochastic runs so far; their losses are shown above `lowest`, which `above` describes.

    A smaller excess than `rounding` counts as 0.
    """

    result: StochasticResult
    lowest: float
    above: str
    rounding: float = 0.0

    def excess(self, name: str, shares: Sequence[float]) -> Array:
        """Quantiles (Q, T) of the losses of a method above `lowest`."""
        found = self.result.quantiles(name, shares) - self.lowest
        return np.where(np.abs(found) <= self.rounding, 0.0, found)


def noisy_runs(
    problem: Problem,
    theta: Array,
    scales: Mapping[str, float],
    *,
    batch_size: int,
    step_size: float,
    n_steps: int,
    seeds: int,
    damping: float,
    replacement: bool,
    record: int = 60,
) -> Work[NoisyRuns]:
    """Runs of all methods from theta (D,) with this many seeds, of which `record` steps are kept.

    `step_size` is in units of 1 / `largest_curvature`.
    """
    runs = stochastic_runs(
        problem,
        theta,
        batch_size=batch_size,
        step_size=step_size / largest_curvature(problem, theta),
        n_steps=n_steps,
        seeds=range(seeds),
        methods=tuple(scales),
        scales=dict(scales),
        damping=damping,
        replacement=replacement,
        record=np.unique(np.linspace(0, n_steps, record + 1).round().astype(int)).tolist(),
    )

    rounding = problem.minimum.rounding if problem.minimum.exists else 0.0

    def shown(result: StochasticResult) -> NoisyRuns:
        return NoisyRuns(result, *_lowest(problem, result), rounding)

    return shown((yield from part(runs, 0, 1, shown)))


def _lowest(problem: Problem, result: StochasticResult) -> tuple[float, str]:
    """The loss at the minimum; if there is none, 0 or, if smaller, the lowest loss so far."""
    if problem.minimum.exists:
        return float(problem.loss(problem.theta_star)), "above the minimum"
    known = np.concatenate([np.ravel(losses) for losses in result.losses.values()])
    least = float(np.nanmin(known))
    return (0.0, "") if least > 0 else (least, "above the lowest so far")


def largest_curvature(problem: Problem, theta: Array) -> float:
    """The largest eigenvalue of the Fisher at the minimum, or at theta (D,) if there is none.

    1 if that is not a positive number.
    """
    at = problem.theta_star if problem.minimum.exists else theta
    largest = float(np.linalg.eigvalsh(fisher(problem, at))[-1])
    return largest if np.isfinite(largest) and largest > 0 else 1.0

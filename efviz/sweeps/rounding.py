"""What rounding does to the loss at the end of a run: which losses are equal, which are chance."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from efviz.data import Array, Mask
from efviz.likelihoods import Bernoulli, Categorical, Gaussian
from efviz.numerics.threads import one_blas_thread
from efviz.optimizers import METHODS
from efviz.problems import Problem
from efviz.sweeps.outcome import FINISHED, Outcome
from efviz.sweeps.paths import plan

TIE = 1e-12
"""Losses within this relative distance of the best one are as good."""

CHAOS = 1e-11
"""A loss that changes by more than this, relatively, with the last digits of the sums depends on
rounding: the run amplifies a last bit 50,000 times and more, and another machine's likewise."""

_DIGITS = 64 * np.finfo(float).eps


def loss_rounding(problem: Problem, first_loss: float) -> float:
    """How far losses that would be equal, but have lost their digits to cancellation, may differ.

    Outputs err by some 64 eps. Of an exact fit by least squares that leaves the mean of
    (64 eps y)^2 / (2 sigma^2). Losses of classes keep their relative digits however small they
    are; others are differences of terms about as large as the first loss.
    """
    likelihood = problem.likelihood
    if isinstance(likelihood, Gaussian):
        return float(np.mean((_DIGITS * problem.y) ** 2) / (2 * likelihood.sigma**2))
    if isinstance(likelihood, Bernoulli | Categorical):
        return 0.0
    return _DIGITS * abs(first_loss)


def tied_cells(loss: Array, finished: Mask, rounding: float) -> Mask:
    """The cells that `finished` at the least loss, to 1e-12 relatively or to its `rounding`."""
    if not finished.any():
        return np.zeros(loss.shape, dtype=bool)
    least = loss[finished].min()
    return np.asarray(finished & (loss <= least + TIE * abs(least) + rounding))


def first_cell(tied: Mask, step_sizes: Array, dampings: Array) -> tuple[int, int] | None:
    """Of `tied` (S, L) the cell whose step size is nearest 1, in log; of those the least damped.

    Of two step sizes as near to 1, the smaller. Undamped natural gradient descent with step size 1
    solves least squares at once: where many cells are as good, this is the first to try.
    """
    row, column = np.nonzero(tied)
    if not len(row):
        return None
    step_size, damping = step_sizes[row], dampings[column]
    # Spacings of grids are rounded: 10^-0.125 and 10^0.125 are equally far from 1.
    distance = np.round(np.abs(np.log10(step_size)), 9)
    first = np.lexsort((damping, step_size, distance))[0]
    return int(row[first]), int(column[first])


def in_reverse(problem: Problem) -> Problem:
    """The same problem but for rounding: its examples, and with them all sums, in reverse order."""
    X, y = np.ascontiguousarray(problem.X[::-1]), np.ascontiguousarray(problem.y[::-1])
    return replace(problem, X=X, y=y)


def relative_change(loss: Array, again: Array, rounding: float) -> Array:
    """|again - loss| / |loss| beyond `rounding`; inf where one of them is no number."""
    with np.errstate(all="ignore"):
        beyond = np.maximum(np.abs(again - loss) - rounding, 0)
        change = np.where(beyond == 0, 0.0, beyond / np.abs(loss))
    return np.nan_to_num(change, nan=np.inf)


def change_by_rounding(
    problem: Problem,
    method: str,
    step_size: ArrayLike,
    damping: ArrayLike,
    *,
    theta_0: Array | None = None,
    n_steps: int = 100,
) -> Array:
    """By how much, relatively, the loss at the end of each run changes with its last digits.

    step_size and damping (...) -> (...): the run is done once more with sums added in another order
    and the next step size. Beyond CHAOS it depends on rounding, and ends elsewhere on another
    machine; inf if one of the two does not finish.
    """
    one_blas_thread()
    start = problem.start if theta_0 is None else theta_0
    gamma, level = np.broadcast_arrays(np.asarray(step_size, float), np.asarray(damping, float))
    losses = []
    if not METHODS[method].curvature:
        level = np.zeros_like(level)
    after = np.nextafter(gamma, np.inf)
    for same, steps in ((problem, gamma.ravel()), (in_reverse(problem), after.ravel())):
        outcome = Outcome(gamma.size)
        for _ in plan(same, method, start).advance(steps, level.ravel(), n_steps, outcome):
            pass
        losses.append(np.where(outcome.status == FINISHED, outcome.loss, np.nan))
    rounding = loss_rounding(problem, float(problem.loss(start)))
    return relative_change(losses[0], losses[1], rounding).reshape(gamma.shape)

"""Effects of rounding on the final losses of runs: which are equal, which arbitrary."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array, Mask
from efviz.numerics.threads import one_blas_thread
from efviz.optimizers import METHODS
from efviz.problems import Problem
from efviz.sweeps.outcome import FINISHED, Outcome, Plan
from efviz.sweeps.paths import plan
from efviz.work import finish

TIE = 1e-12
"""Losses within this relative distance of the best one count as equal to it."""

CHAOS = 1e-11
"""A loss with a larger relative change when the last digits of the sums change depends on rounding:
the run amplifies a last bit by 50,000 or more, and another machine's last bit likewise."""

_EPS = float(np.finfo(float).eps)


@dataclass(frozen=True)
class LossRounding:
    """Equal losses that are computed in different ways differ by flat + root sqrt(loss)."""

    flat: float
    root: float = 0.0

    def of(self, loss: ArrayLike) -> Array:
        return np.asarray(self.flat + self.root * np.sqrt(np.abs(loss)))


def loss_rounding(problem: Problem, first_loss: float) -> LossRounding:
    """The error of losses from cancellation, beyond the rounding of their own last digits.

    Residuals of least squares err by delta, which changes the mean r^2 by at most
    2 sqrt(mean r^2 mean delta^2) + mean delta^2. Two accurate computations of an output differ by
    delta = 2 eps |y|; for an exact fit that many steps approach, delta is taken as 64 eps |y|.
    Losses of classes keep their relative digits however small they are; others are differences of
    terms about as large as the first loss.
    """
    likelihood = problem.likelihood
    if likelihood.least_squares:
        size = _EPS**2 * float(np.mean(problem.y**2)) / (2 * likelihood.sigma**2)
        return LossRounding(64**2 * size, 2 * 2 * float(np.sqrt(size)))
    if likelihood.keeps_digits:
        return LossRounding(0.0)
    return LossRounding(64 * _EPS * abs(first_loss))


def tied_cells(loss: Array, finished: Mask, rounding: LossRounding) -> Mask:
    """The cells that `finished` at the least loss, to a relative 1e-12 or to its `rounding`."""
    if not finished.any():
        return np.zeros(loss.shape, dtype=bool)
    least = loss[finished].min()
    return np.asarray(finished & (loss <= least + TIE * abs(least) + rounding.of(least)))


def first_cell(tied: Mask, step_sizes: Array, dampings: Array) -> tuple[int, int] | None:
    """The cell of `tied` (S, L) whose step size is nearest 1 in log, with the least damping.

    If two step sizes are equally near 1, it is the smaller. Undamped natural gradient descent with
    step size 1 solves least squares at once: where many cells are equally good, try this one first.
    """
    row, column = np.nonzero(tied)
    if not len(row):
        return None
    step_size, damping = step_sizes[row], dampings[column]
    # Spacings of grids are rounded: 10^-0.125 and 10^0.125 count as equally far from 1.
    distance = np.round(np.abs(np.log10(step_size)), 9)
    first = np.lexsort((damping, step_size, distance))[0]
    return int(row[first]), int(column[first])


def relative_change(loss: Array, again: Array, rounding: LossRounding) -> Array:
    """|again - loss| / |loss| beyond `rounding`; inf where one of them is not a number."""
    with np.errstate(all="ignore"):
        beyond = np.maximum(np.abs(again - loss) - rounding.of(loss), 0)
        change = np.where(beyond == 0, 0.0, beyond / np.abs(loss))
    return np.nan_to_num(change, nan=np.inf)


def ends(runs: Plan, step_size: Array, damping: Array, n_steps: int) -> Array:
    """The last losses of runs (R,), nan for runs that did not finish."""
    outcome = Outcome(len(step_size))
    finish(runs.advance(step_size, damping, n_steps, outcome))
    return np.where(outcome.status == FINISHED, outcome.loss, np.nan)


def ends_otherwise(runs: Plan, step_size: Array, damping: Array, n_steps: int) -> Array:
    """`ends` with other digits: sums in another order, and the next float after each step size."""
    return ends(runs.in_reverse(), np.nextafter(step_size, np.inf), damping, n_steps)


def change_by_rounding(
    problem: Problem,
    method: str,
    step_size: ArrayLike,
    damping: ArrayLike,
    *,
    theta_0: Array | None = None,
    n_steps: int = 100,
) -> Array:
    """The relative change of the loss at the end of each run when its last digits change.

    step_size and damping (...) -> (...). Above CHAOS, a run depends on rounding and ends elsewhere
    on another machine; inf if it does not finish in one of the two cases.
    """
    start = problem.start if theta_0 is None else theta_0
    gamma, level = np.broadcast_arrays(np.asarray(step_size, float), np.asarray(damping, float))
    if not METHODS[method].damped:
        level = np.zeros_like(level)
    one_blas_thread()
    runs, cells = plan(problem, method, start), (gamma.ravel(), level.ravel(), n_steps)
    loss, again = ends(runs, *cells), ends_otherwise(runs, *cells)
    rounding = loss_rounding(problem, float(problem.loss(start)))
    return relative_change(loss, again, rounding).reshape(gamma.shape)

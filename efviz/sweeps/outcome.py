"""The outcome of a batch of runs, and the plans that produce it."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from efviz.arrays import Array, Mask
from efviz.optimizers.status import Status
from efviz.work import Work

FINISHED, DIVERGED, SINGULAR, MISSING = range(4)
STATUSES = (Status.FINISHED, Status.DIVERGED, Status.SINGULAR, Status.MISSING)
"""The statuses of a cell, by their numbers in compiled code and in files."""

Steps = Work[None]
"""The steps of a batch of runs, which record the results in an Outcome."""


@dataclass(eq=False)
class Outcome:
    """The outcome of R runs: the last loss, the status and the number of steps taken."""

    R: int
    loss: Array = field(init=False)
    status: NDArray[np.int8] = field(init=False)
    taken: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.loss = np.full(self.R, np.nan)
        self.status = np.full(self.R, MISSING, dtype=np.int8)
        self.taken = np.zeros(self.R, dtype=np.int64)

    def close(self, runs: NDArray[np.int64], status: int, loss: Array, taken: int) -> None:
        self.status[runs], self.loss[runs], self.taken[runs] = status, loss, taken


class Plan(Protocol):
    def advance(
        self, step_size: Array, damping: Array, n_steps: int, outcome: Outcome
    ) -> Steps: ...

    def in_reverse(self) -> "Plan":
        """The same except for rounding: the examples in reverse order."""


def close_undamped(outcome: Outcome, damping: Array, first_loss: float) -> Mask:
    """Close undamped runs on collinear columns, none of which takes a single step."""
    undamped = damping == 0
    runs = np.flatnonzero(undamped)
    outcome.close(runs, SINGULAR, np.full(len(runs), first_loss), 0)
    return undamped

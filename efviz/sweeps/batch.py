"""One step at a time of a whole batch, in any coordinates of its runs."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from efviz.arrays import Array, Mask, upper
from efviz.sweeps import loops
from efviz.sweeps.outcome import DIVERGED, FINISHED, SINGULAR, Outcome, Steps
from efviz.work import Progress


class Point(Protocol):
    """Some runs (R,) at their current position, in the coordinates of their plan."""

    def exceeds(self, limit: float) -> Mask: ...
    def loss(self) -> Array: ...
    def gradient(self) -> Array: ...
    def matrix(self) -> Array: ...
    def part(self, runs: Mask) -> "Point": ...


@dataclass(frozen=True, eq=False)
class Batch(ABC):
    """A batch of runs that moves by u -= gamma (B(u) + lambda M)^-1 g(u), or gamma M^-1 g(u).

    `metric` is M, packed; `spread` is its inverse. An entry of B is a sum of `terms` products.
    """

    metric: Array
    spread: Array
    terms: int
    size: int
    preconditioned: bool

    @abstractmethod
    def at(self, u: Array) -> Point:
        """The runs at u (R, K): the only difference between the kinds of batches."""

    def solve(self, B: Array, damping: Array, g: Array) -> tuple[Array, Mask]:
        """(B + lambda M)^-1 g for each run, and whether the matrix is regular: see `solve_runs`."""
        d, solved = np.empty_like(g), np.zeros(len(g), dtype=np.bool_)
        loops.solve_runs(B, self.metric, damping, self.terms, g, d, solved)
        return d, solved

    def direction(self, point: Point, damping: Array) -> tuple[Array, Mask]:
        """The direction of each run, and whether there is one."""
        g = point.gradient()
        if self.preconditioned:
            return self.solve(point.matrix(), damping, g)
        return g @ self.spread, np.ones(len(g), dtype=bool)

    def advance(
        self,
        u: Array,
        step_size: Array,
        damping: Array,
        limit: float,
        n_steps: int,
        runs: NDArray[np.int64],
        outcome: Outcome,
    ) -> Steps:
        """Take all steps of `runs`, which start at u (R, K); runs that stop leave the batch."""
        for t in range(n_steps + 1):
            keep = np.ones(len(runs), dtype=bool)
            for a in range(0, len(runs), self.size):
                piece = slice(a, a + self.size)
                with np.errstate(all="ignore"):
                    self._step(u, step_size, damping, limit, t, n_steps, runs, piece, keep, outcome)
            if not keep.all():
                runs, u = runs[keep], u[keep]
                step_size, damping = step_size[keep], damping[keep]
            if not len(runs):
                return
            yield Progress((t + 1) / (n_steps + 1))

    def _step(
        self,
        u: Array,
        step_size: Array,
        damping: Array,
        limit: float,
        t: int,
        n_steps: int,
        runs: NDArray[np.int64],
        piece: slice,
        keep: Mask,
        outcome: Outcome,
    ) -> None:
        """One step of the runs in `piece`, in place; `keep` becomes False for those that stop."""
        point, within = self.at(u[piece]), runs[piece]
        over = point.exceeds(limit)
        if over.any():
            outcome.close(within[over], DIVERGED, point.part(over).loss(), t)
            keep[piece] = ~over
            if over.all():
                return
            point = point.part(~over)
        going = np.arange(*piece.indices(len(u)))[~over]
        if t == n_steps:
            outcome.close(runs[going], FINISHED, point.loss(), t)
            return
        d, solved = self.direction(point, damping[going])
        failed = ~solved
        if failed.any():
            outcome.close(runs[going[failed]], SINGULAR, point.part(failed).loss(), t)
            keep[going[failed]] = False
        new = u[going] - step_size[going, None] * d
        # A step that changes no bit of theta is followed only by identical ones.
        rest = (new == u[going]).all(axis=-1)
        if rest.any():
            outcome.close(runs[going[rest]], FINISHED, point.part(rest).loss(), n_steps)
            keep[going[rest]] = False
        u[going] = new


def packed(matrix: Array) -> Array:
    """The upper triangle of a symmetric matrix, row by row."""
    return matrix[upper(len(matrix))]

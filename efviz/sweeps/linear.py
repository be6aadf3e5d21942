"""Models linear in theta with one output: batches in the coordinates of their design."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from efviz.data import Array, Mask
from efviz.likelihoods import Gaussian
from efviz.models import pairs, upper
from efviz.optimizers import DIVERGENCE
from efviz.problems import Problem
from efviz.sweeps.batch import Batch, packed
from efviz.sweeps.designs import Dense, Design, design
from efviz.sweeps.outcome import Outcome, Steps, close_undamped
from efviz.sweeps.outputs import OutputBatch
from efviz.sweeps.still import close_still

# Outputs in one piece of a batch: a few arrays of this size stay in a core's cache.
_OUTPUTS = 2**16


@dataclass(frozen=True, eq=False)
class Deviations:
    """Runs of least squares, known by their deviations v (R, K) from the solution: r = Q v - e.

    With <q q^T> = I and <q e> = 0 (means over n), g = v / sigma^2, the excess loss is
    |v|^2 / (2 sigma^2), and EF is a quadratic form in (v, -1) of fourth moments of (q, e).
    """

    batch: "MomentBatch"
    v: Array

    def loss(self) -> Array:
        b = self.batch
        return b.lowest + b.precision * np.einsum("rk,rk->r", self.v, self.v) / 2

    def exceeds(self, limit: float) -> Mask:
        return np.asarray(~(self.loss() <= limit))

    def gradient(self) -> Array:
        return self.batch.precision * self.v

    def matrix(self) -> Array:
        phi = np.concatenate([self.v, np.full((len(self.v), 1), -1.0)], axis=1)
        return pairs(phi) @ self.batch.moments

    def part(self, runs: Mask) -> "Deviations":
        return Deviations(self.batch, self.v[runs])


@dataclass(frozen=True, eq=False)
class MomentBatch(Batch):
    moments: Array
    lowest: float
    precision: float

    def at(self, v: Array) -> Deviations:
        return Deviations(self, v)


@dataclass(frozen=True, eq=False)
class Linear:
    """Models linear in theta with one output: EF and Fisher are products with pair products."""

    problem: Problem
    curvature: str | None
    theta_0: Array

    @cached_property
    def design(self) -> Design:
        return design(self.problem.X)

    @cached_property
    def f_0(self) -> Array:
        return self.problem.X @ self.theta_0

    @cached_property
    def _outputs(self) -> OutputBatch:
        size = max(1, _OUTPUTS // self.problem.N)
        return OutputBatch(
            packed(self.design.metric),
            self.design.spread,
            size,
            self.curvature is not None,
            self.design,
            self.problem,
            self.curvature,
            self.f_0,
        )

    @cached_property
    def _batch(self) -> tuple[Batch, Array]:
        """The batch, and where its runs start."""
        K = len(self.design.metric)
        likelihood, D = self.problem.likelihood, self.design
        cheap = (K + 1) * (K + 2) // 2 < self.problem.N
        if not (isinstance(likelihood, Gaussian) and isinstance(D, Dense) and cheap):
            return self._outputs, np.zeros(K)
        residual = self.f_0 - self.problem.y
        v = residual @ D.mean
        e = D.Q @ v - residual
        precision = likelihood.sigma**-2
        k, l = upper(K + 1)
        # phi phi^T is packed once for k <= l: off-diagonal entries count twice.
        z = pairs(np.column_stack([D.Q, e])) * np.where(k == l, 1.0, 2.0)
        moments = precision**2 * (z.T @ D.pairs)
        lowest = precision * float(e @ e) / (2 * self.problem.N)
        return MomentBatch(packed(D.metric), D.spread, 256, True, moments, lowest, precision), v

    def advance(self, step_size: Array, damping: Array, n_steps: int, outcome: Outcome) -> Steps:
        first_loss = float(self.problem.loss(self.theta_0))
        limit = DIVERGENCE * abs(first_loss)
        left = np.ones(len(step_size), dtype=bool)
        if self.curvature is not None:
            if len(self.design.metric) < self.problem.D:
                left &= ~close_undamped(outcome, damping, first_loss)
            smooth = isinstance(self._batch[0], OutputBatch)
            left &= ~close_still(
                self._outputs, step_size, damping, n_steps, left, outcome, smooth=smooth
            )
        runs = np.flatnonzero(left)
        batch, start = self._batch
        u = np.tile(start, (len(runs), 1))
        yield from batch.advance(u, step_size[runs], damping[runs], limit, n_steps, runs, outcome)
        yield 1.0

"""Models linear in theta with one output: batches in the coordinates of their design."""

from dataclasses import dataclass, replace

import numpy as np

from efviz.arrays import Array, Mask, pairs, upper
from efviz.curvature.matrices import Curvature
from efviz.lazy import cached_property
from efviz.optimizers.runs import DIVERGENCE
from efviz.problems import Problem
from efviz.problems.likelihoods.base import Combination
from efviz.sweeps.batch import Batch, packed
from efviz.sweeps.designs import Dense, Design, Sparse, design
from efviz.sweeps.outcome import Outcome, Steps, close_undamped
from efviz.sweeps.outputs import OutputBatch
from efviz.sweeps.still import close_still
from efviz.work import Progress

# Outputs in one piece of a batch: a few arrays of this size fit into a core's cache.
_OUTPUTS = 2**16
# Examples in one piece of the moments, and pair products of examples that may be stored (0.5 GB).
_EXAMPLES, _PAIRS = 8192, 2**26


@dataclass(frozen=True, eq=False)
class Deviations:
    """Runs of least squares, represented by deviations v (R, K) from the solution: r = Q v - e.

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
    curvature: Curvature | None
    theta_0: Array
    known: Design | None = None

    @cached_property
    def design(self) -> Design:
        return design(self.problem.columns) if self.known is None else self.known

    def in_reverse(self) -> "Linear":
        problem = self.problem.in_reverse()
        return replace(self, problem=problem, known=self.design.in_reverse(problem.columns))

    @property
    def fits(self) -> bool:
        """Whether the pair products of all examples fit into memory, or are not needed."""
        K = len(self.design.metric)
        few = isinstance(self.design, Sparse) or self._from_moments or self.curvature is None
        return few or self.problem.N * K * (K + 1) // 2 <= _PAIRS

    @property
    def _from_moments(self) -> bool:
        K = len(self.design.metric)
        cheap = (K + 1) * (K + 2) // 2 < self.problem.N
        dense = isinstance(self.design, Dense) and cheap
        return self.problem.likelihood.least_squares and dense and self._combination is not None

    @property
    def _combination(self) -> Combination | None:
        return self.curvature.combination if self.curvature else None

    @cached_property
    def f_0(self) -> Array:
        return self.problem.model.outputs(self.problem.X, self.theta_0)[:, 0]

    @cached_property
    def _outputs(self) -> OutputBatch:
        size = max(1, _OUTPUTS // self.problem.N)
        return OutputBatch(
            packed(self.design.metric),
            self.design.spread,
            self.problem.N,
            size,
            self.curvature is not None,
            self.design,
            self.problem,
            self.curvature,
            self.f_0,
        )

    @cached_property
    def _batch(self) -> tuple[Batch, Array]:
        """The batch, and the coordinates at which its runs start."""
        K = len(self.design.metric)
        if not self._from_moments:
            return self._outputs, np.zeros(K)
        D, weights = self.design, self._combination
        assert isinstance(D, Dense)
        assert weights is not None
        residual = self.f_0 - self.problem.y
        v = residual @ D.mean
        e = D.Q @ v - residual
        precision = self.problem.likelihood.sigma**-2
        k, l = upper(K + 1)
        # phi phi^T is packed for k <= l only, so off-diagonal entries count twice.
        twice = np.where(k == l, 1.0, 2.0)[:, None]
        moments = np.zeros((len(k), K * (K + 1) // 2))
        for n in range(0, self.problem.N, _EXAMPLES):
            q, mean = D.Q[n : n + _EXAMPLES], D.mean[n : n + _EXAMPLES]
            z = np.column_stack([q, e[n : n + _EXAMPLES]])
            i, j = upper(K)
            moments += pairs(z).T @ (q[:, i] * mean[:, j])
        moments *= weights.gradient * precision**2 * twice
        lowest = precision * float(e @ e) / (2 * self.problem.N)
        # Moments of N terms, summed with weights phi_k phi_l of either sign.
        terms = (K + 1) * (self.problem.N + len(k))
        # What does not depend on v multiplies the square of the -1; the mean q q^T is I.
        moments[-1] += precision * (weights.fisher + weights.hessian) * packed(np.eye(K))
        metric = packed(D.metric)
        batch = MomentBatch(metric, D.spread, terms, 256, True, moments, lowest, precision)
        return batch, v

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
        yield Progress(1.0)

"""Models linear in theta with one output: batches in the coordinates of their design."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from efviz.data import Array, Mask
from efviz.likelihoods import Bernoulli, Gaussian
from efviz.models import pairs, symmetric, upper
from efviz.optimizers import DIVERGENCE
from efviz.problems import Problem
from efviz.sweeps import loops
from efviz.sweeps.batch import Batch, packed
from efviz.sweeps.designs import Dense, Design, design
from efviz.sweeps.outcome import FINISHED, Outcome, Steps, close_undamped

# Outputs in one piece of a batch: a few arrays of this size stay in a core's cache.
_OUTPUTS = 2**16
# Steps so small that matrix and gradient stay as they are, to this relative error of the loss.
_STILL = 1e-12


@dataclass(frozen=True, eq=False)
class Outputs:
    """Runs of a model linear in theta, known by their outputs f (R, N)."""

    design: Design
    problem: Problem
    curvature: str | None
    f: Array

    @cached_property
    def _terms(self) -> tuple[Array, Array, Array]:
        """s = dl/df, the weights w of the matrix, and what bounds the loss; each (R, N) or (R,)."""
        likelihood, y = self.problem.likelihood, self.problem.y
        if isinstance(likelihood, Bernoulli):
            s, w = np.empty_like(self.f), np.empty_like(self.f)
            empirical = self.curvature == "empirical_fisher"
            return s, w, loops.bernoulli_terms(self.f, y, not empirical, s, w)
        if isinstance(likelihood, Gaussian):
            s, w = np.empty_like(self.f), np.empty_like(self.f)
            return s, w, loops.gaussian_terms(self.f, y, likelihood.sigma**-2, s, w)
        f = self.f[..., None]
        s = likelihood.gradient(f, y)[..., 0]
        if self.curvature == "empirical_fisher":
            w = s**2
        elif self.curvature == "fisher":
            w = likelihood.fisher(f)[..., 0, 0]
        else:
            w = likelihood.hessian(f, y)[..., 0, 0]
        return s, w, likelihood.nll(f, y).mean(-1)

    def exceeds(self, limit: float) -> Mask:
        bound = self._terms[2]
        if not isinstance(self.problem.likelihood, Bernoulli):
            return np.asarray(~(bound <= limit))
        # hinge <= loss <= hinge + log 2: the logarithms are needed only in between.
        over = np.asarray(~(bound <= limit))
        between = (bound + 0.7 > limit) & ~over
        if between.any():
            over[between] = ~(self._exact(self.f[between]) <= limit)
        return over

    def loss(self) -> Array:
        return self._exact(self.f)

    def _exact(self, f: Array) -> Array:
        return self.problem.likelihood.nll(f[..., None], self.problem.y).mean(-1)

    def gradient(self) -> Array:
        return self.design.gradient(self._terms[0])

    def matrix(self) -> Array:
        return self.design.gram(self._terms[1])

    def weights(self) -> tuple[Array, Array]:
        return self._terms[:2]

    def part(self, runs: Mask) -> "Outputs":
        part = Outputs(self.design, self.problem, self.curvature, self.f[runs])
        s, w, bound = self._terms
        part.__dict__["_terms"] = (s[runs], w[runs], bound[runs])
        return part


@dataclass(frozen=True, eq=False)
class OutputBatch(Batch):
    design: Design
    problem: Problem
    curvature: str | None
    f_0: Array

    def at(self, u: Array) -> Outputs:
        f = self.design.outputs(u)
        f += self.f_0
        return Outputs(self.design, self.problem, self.curvature, f)


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
    def start(self) -> Outputs:
        return Outputs(self.design, self.problem, self.curvature, self.f_0[None])

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
        first_loss = float(self.start.loss()[0])
        limit = DIVERGENCE * abs(first_loss)
        left = np.ones(len(step_size), dtype=bool)
        if self.curvature is not None:
            if len(self.design.metric) < self.problem.D:
                left &= ~close_undamped(outcome, damping, first_loss)
            left &= ~self._close_still(step_size, damping, n_steps, left, outcome)
        runs = np.flatnonzero(left)
        batch, start = self._batch
        u = np.tile(start, (len(runs), 1))
        yield from batch.advance(u, step_size[runs], damping[runs], limit, n_steps, runs, outcome)

    def _close_still(
        self, step_size: Array, damping: Array, n_steps: int, left: Mask, outcome: Outcome
    ) -> Mask:
        """Runs whose matrix and gradient stay what they are at the start, and so their direction.

        They all share one matrix a damping. With d the first direction of a run, h_n the leverage
        of example n in that damped matrix A, and changes from the first point to the last,

            |A^-1/2 (change of B) A^-1/2| <= sum_n h_n |change of w_n|,

        so the loss errs by no more than its decrease times that and the gradient's change along d.
        """
        still = np.zeros(len(step_size), dtype=bool)
        D, N = self.design, self.problem.N
        levels, level = np.unique(damping, return_inverse=True)
        (s_0, w_0), g = self.start.weights(), self.start.gradient()
        d = np.empty((len(levels), len(D.metric)))
        solved = np.zeros(len(levels), dtype=np.int8)
        B = self.start.matrix()
        tile = (len(levels), 1)
        loops.solve_runs(np.tile(B, tile), packed(D.metric), levels, np.tile(g, tile), d, solved)
        good = solved == loops.SOLVED
        if not good.any():
            return still
        df = D.outputs(d)
        slope = d @ g[0]
        h = np.zeros((len(levels), N))
        h[good] = D.leverages(_inverse(B[0], D.metric, levels[good]))
        first_loss = float(self.start.loss()[0])
        candidates = np.flatnonzero(
            left & good[level] & (n_steps * step_size * slope[level] <= 1e-3 * abs(first_loss))
        )
        with np.errstate(all="ignore"):
            for a in range(0, len(candidates), self._outputs.size):
                runs = candidates[a : a + self._outputs.size]
                at = level[runs]
                way = n_steps * step_size[runs]
                end = Outputs(D, self.problem, self.curvature, self.f_0 - way[:, None] * df[at])
                s, w = end.weights()
                matrix = (np.abs(w - w_0) * h[at]).sum(-1)
                gradient = (np.abs(s - s_0) * np.abs(df[at])).mean(-1)
                error = way * (matrix * slope[at] + gradient)
                small = error <= _STILL * abs(first_loss)
                still[runs[small]] = True
                outcome.close(runs[small], FINISHED, end.part(small).loss(), n_steps)
        return still


def _inverse(B: Array, metric: Array, damping: Array) -> Array:
    """(B + lambda M)^-1 for each lambda, (L, K, K)."""
    A = symmetric(B, len(metric)) + damping[:, None, None] * metric
    return np.asarray(np.linalg.inv(A), dtype=float)

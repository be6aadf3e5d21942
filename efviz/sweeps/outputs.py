"""Batches of a model linear in theta, represented by their outputs f (R, N)."""

from dataclasses import dataclass

import numpy as np

from efviz.arrays import Array, Mask, symmetric
from efviz.curvature.matrices import Curvature
from efviz.lazy import cached_property
from efviz.problems import Problem
from efviz.problems.likelihoods.base import Combination, Terms
from efviz.sweeps.batch import Batch
from efviz.sweeps.designs import Design


@dataclass(frozen=True, eq=False)
class Outputs:
    """Runs of a model linear in theta, represented by their outputs f (R, N)."""

    design: Design
    problem: Problem
    curvature: Curvature | None
    f: Array

    @cached_property
    def _terms(self) -> Terms:
        likelihood, y, curvature = self.problem.likelihood, self.problem.y, self.curvature
        if curvature is None:
            return likelihood.terms(self.f, y, Combination())
        if curvature.combination is not None:
            return likelihood.terms(self.f, y, curvature.combination)
        assert curvature.weights is not None
        W = curvature.weights(likelihood, self.f[..., None], y)[..., 0, 0]
        return likelihood.terms(self.f, y, Combination())._replace(weights=W)

    def exceeds(self, limit: float) -> Mask:
        bound, slack = self._terms.bound, self._terms.slack
        over = np.asarray(~(bound <= limit))
        # The exact loss, with its logarithms, is needed only in between.
        between = (bound + slack > limit) & ~over
        if between.any():
            over[between] = ~(self._exact(self.f[between]) <= limit)
        return over

    def loss(self) -> Array:
        return self._exact(self.f)

    def _exact(self, f: Array) -> Array:
        return self.problem.likelihood.nll(f[..., None], self.problem.y).mean(-1)

    def gradient(self) -> Array:
        return self.design.gradient(self._terms.gradient)

    def matrix(self) -> Array:
        return self.design.gram(self._terms.weights)

    def weights(self) -> tuple[Array, Array]:
        return self._terms.gradient, self._terms.weights

    def part(self, runs: Mask) -> "Outputs":
        part = Outputs(self.design, self.problem, self.curvature, self.f[runs])
        s, w, bound, slack = self._terms
        part.__dict__["_terms"] = Terms(s[runs], w[runs], bound[runs], slack)
        return part


@dataclass(frozen=True, eq=False)
class FirstSteps:
    """The quantities shared by all runs from one start with the same damping.

    For L dampings: the directions d = A^-1 g (L, K), A = B + lambda M, of which only those marked
    `good` are valid, and their effect on the outputs, df (L, N), and on the loss, `slope` (L,);
    `leverages` (L, N) of the examples in A.
    """

    start: Outputs
    d: Array
    df: Array
    slope: Array
    good: Mask
    leverages: Array


@dataclass(frozen=True, eq=False)
class OutputBatch(Batch):
    design: Design
    problem: Problem
    curvature: Curvature | None
    f_0: Array

    @cached_property
    def _first_steps(self) -> dict[bytes, FirstSteps]:
        """Keyed by their dampings: pieces of a grid use the same ones."""
        return {}

    def first_steps(self, damping: Array) -> FirstSteps:
        """The first steps with these dampings (L,)."""
        key = damping.tobytes()
        if key not in self._first_steps:
            self._first_steps[key] = self._step_first(damping)
        return self._first_steps[key]

    def _step_first(self, damping: Array) -> FirstSteps:
        D, start = self.design, self.at(np.zeros((1, len(self.spread))))
        g, B, tile = start.gradient(), start.matrix(), (len(damping), 1)
        with np.errstate(all="ignore"):
            d, good = self.solve(np.tile(B, tile), damping, np.tile(g, tile))
        h = np.zeros((len(damping), self.problem.N))
        if good.any():
            A = symmetric(B[0], len(D.metric)) + damping[good, None, None] * D.metric
            h[good] = D.leverages(np.asarray(np.linalg.inv(A)))
        return FirstSteps(start, d, D.outputs(d), d @ g[0], good, h)

    def at(self, u: Array) -> Outputs:
        return self.outputs(self.design.outputs(u))

    def outputs(self, change: Array) -> Outputs:
        """The runs whose outputs differ from those of theta_0 by `change` (R, N)."""
        return Outputs(self.design, self.problem, self.curvature, change + self.f_0)

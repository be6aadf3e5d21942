"""Least squares with a constant preconditioner, in closed form."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from efviz.arrays import Array
from efviz.lazy import cached_property
from efviz.optimizers.runs import DIVERGENCE
from efviz.problems import Problem
from efviz.problems.likelihoods.base import Combination
from efviz.sweeps.designs import Dense, dense
from efviz.sweeps.outcome import DIVERGED, FINISHED, Outcome, Steps, close_undamped
from efviz.work import Progress


@dataclass(frozen=True, eq=False)
class Quadratic:
    """Least squares with a constant preconditioner: each mode separately, all steps at once.

    With the residual's components u_k along the left singular vectors of X, each step takes u_k to
    rho_k u_k, rho_k = 1 - gamma s_k^2 (GD) or 1 - gamma s_k^2 / (c s_k^2 + lambda), where s_k^2 are
    the eigenvalues of the Hessian and c H is the preconditioner, c = fisher + hessian of `weights`,
    and L = L(theta_star) + 1/2 sum_k u_k^2. A sum of c rho^(2 t) is convex in t: if it is within
    its limit at both ends, it was so in between.
    """

    problem: Problem
    weights: Combination
    damped: bool
    theta_0: Array

    @cached_property
    def _design(self) -> Dense:
        return dense(self.problem.columns)

    def in_reverse(self) -> "Quadratic":
        return replace(self, problem=self.problem.in_reverse())

    def advance(self, step_size: Array, damping: Array, n_steps: int, outcome: Outcome) -> Steps:
        precision = self.problem.likelihood.sigma**-2
        D = self._design
        residual = self.problem.model.outputs(self.problem.X, self.theta_0)[:, 0] - self.problem.y
        u = residual @ D.mean
        rest = residual - D.Q @ u
        lowest = precision * float(rest @ rest) / (2 * self.problem.N)
        modes = precision * u**2 / 2
        s2 = precision * D.scale**2
        limit = DIVERGENCE * (lowest + modes.sum())
        preconditioner = (self.weights.fisher + self.weights.hessian) * s2
        if self.damped:
            s2 = s2 / (preconditioner + damping[:, None])
        rho = 1 - step_size[:, None] * s2

        def loss(runs: NDArray[np.int64], t: NDArray[np.int64] | int) -> Array:
            powers = np.abs(rho[runs]) ** (2 * np.atleast_1d(t))[:, None]
            return np.asarray(lowest + (powers * modes).sum(-1))

        every = np.arange(len(step_size))
        with np.errstate(all="ignore"):
            outcome.close(every, FINISHED, loss(every, n_steps), n_steps)
            over = np.flatnonzero(~(outcome.loss <= limit))
            # Beyond its minimum a convex loss only grows: bisect for the first step over the limit.
            below, above = np.zeros(len(over), np.int64), np.full(len(over), n_steps)
            while (above - below > 1).any():
                middle = (below + above) // 2
                within = loss(over, middle) <= limit
                below, above = np.where(within, middle, below), np.where(within, above, middle)
            outcome.close(over, DIVERGED, loss(over, above), 0)
            outcome.taken[over] = above
        if self.damped and D.Q.shape[1] < self.problem.D:
            close_undamped(outcome, damping, limit / DIVERGENCE)
        yield Progress(1.0)

"""Any problem by its own functions: several outputs, or a model not linear in theta."""

from dataclasses import dataclass

import numpy as np

from efviz import batches
from efviz.curvature import CURVATURES
from efviz.data import Array, Mask
from efviz.lazy import cached_property
from efviz.models import upper
from efviz.optimizers import DIVERGENCE
from efviz.problems import Problem
from efviz.sweeps.batch import Batch, packed
from efviz.sweeps.outcome import Outcome, Steps


@dataclass(frozen=True, eq=False)
class Thetas:
    """Runs of any problem, known by theta (R, D)."""

    problem: Problem
    curvature: str | None
    theta: Array

    @cached_property
    def _values(self) -> list[Array]:
        terms: list[batches.Term] = [batches.loss_term, batches.gradient_term]
        if self.curvature is not None:
            terms.append(CURVATURES[self.curvature].term)
        return self.problem.mean_over_examples(self.theta, *terms)

    def exceeds(self, limit: float) -> Mask:
        return np.asarray(~(self._values[0] <= limit))

    def loss(self) -> Array:
        return self._values[0]

    def gradient(self) -> Array:
        return self._values[1]

    def matrix(self) -> Array:
        i, j = upper(self.problem.D)
        return np.ascontiguousarray(self._values[2][:, i, j])

    def part(self, runs: Mask) -> "Thetas":
        part = Thetas(self.problem, self.curvature, self.theta[runs])
        part.__dict__["_values"] = [value[runs] for value in self._values]
        return part


@dataclass(frozen=True, eq=False)
class ThetaBatch(Batch):
    problem: Problem
    curvature: str | None

    def at(self, theta: Array) -> Thetas:
        return Thetas(self.problem, self.curvature, theta)


@dataclass(frozen=True, eq=False)
class General:
    """Any problem by its own functions: several outputs, or a model not linear in theta."""

    problem: Problem
    curvature: str | None
    theta_0: Array

    def advance(self, step_size: Array, damping: Array, n_steps: int, outcome: Outcome) -> Steps:
        first_loss = float(Thetas(self.problem, None, self.theta_0[None]).loss()[0])
        D = self.problem.D
        size = max(1, 2**22 // max(D * D, self.problem.N * self.problem.model.n_outputs))
        batch = ThetaBatch(
            packed(np.eye(D)),
            np.eye(D),
            size,
            self.curvature is not None,
            self.problem,
            self.curvature,
        )
        runs = np.arange(len(step_size))
        theta = np.tile(self.theta_0, (len(runs), 1))
        limit = DIVERGENCE * abs(first_loss)
        yield from batch.advance(theta, step_size, damping, limit, n_steps, runs, outcome)

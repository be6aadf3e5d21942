"""Any problem and method through their own functions: the plan that makes no assumptions."""

from dataclasses import dataclass, replace

import numpy as np

from efviz.arrays import Array, Mask, upper
from efviz.lazy import cached_property
from efviz.optimizers.methods import Method, in_one_pass
from efviz.optimizers.runs import DIVERGENCE
from efviz.problems import Problem, batches
from efviz.sweeps.batch import Batch, Point, packed
from efviz.sweeps.outcome import FINISHED, Outcome, Steps, close_undamped
from efviz.work import Progress


@dataclass(frozen=True, eq=False)
class Thetas:
    """Runs of any problem, represented by theta (R, D)."""

    problem: Problem
    method: Method
    theta: Array

    @cached_property
    def _values(self) -> list[Array]:
        matrices = [self.method.matrix] if self.method.matrix else []
        terms = [batches.loss_term, self.method.term]
        return in_one_pass(self.problem, terms, matrices, self.theta)

    def exceeds(self, limit: float) -> Mask:
        return np.asarray(~(self._values[0] <= limit))

    def loss(self) -> Array:
        return self._values[0]

    def gradient(self) -> Array:
        return self._values[1]

    def matrix(self) -> Array:
        i, j = upper(self.problem.D)
        return np.ascontiguousarray(self._values[2][:, i, j])

    def direction(self, damping: Array) -> Array:
        _, g, *B = self._values
        return self.method.direction(self.problem, self.theta, g, B[0] if B else None, damping).x

    def part(self, runs: Mask) -> "Thetas":
        part = Thetas(self.problem, self.method, self.theta[runs])
        part.__dict__["_values"] = [value[runs] for value in self._values]
        return part


@dataclass(frozen=True, eq=False)
class ThetaBatch(Batch):
    problem: Problem
    method: Method

    def at(self, theta: Array) -> Thetas:
        return Thetas(self.problem, self.method, theta)

    def direction(self, point: Point, damping: Array) -> tuple[Array, Mask]:
        if self.method.plain:
            return super().direction(point, damping)
        assert isinstance(point, Thetas)
        d = point.direction(damping)
        return d, np.asarray(np.isfinite(d).all(-1))


@dataclass(frozen=True, eq=False)
class General:
    """Any problem through its own functions, in the coordinates that its data determine.

    No matrix is singular there without need, neither for softmax nor for nearly collinear columns.
    A method that depends on the directions of the axes stays in theta.
    """

    problem: Problem
    method: Method
    theta_0: Array

    def in_reverse(self) -> "General":
        return replace(self, problem=self.problem.in_reverse())

    def advance(self, step_size: Array, damping: Array, n_steps: int, outcome: Outcome) -> Steps:
        problem, start = self.problem, self.theta_0
        if problem.coordinates is not None and self.method.rotates:
            start = problem.coordinates.reduce(start)
            problem = problem.coordinates.problem
        K, n_outputs = problem.D, problem.model.n_outputs
        first_loss = float(self.problem.loss(self.theta_0))
        batch = ThetaBatch(
            packed(np.eye(K)),
            np.eye(K),
            problem.N * n_outputs**2,
            max(1, 2**22 // max(K * K, problem.N * n_outputs)),
            self.method.damped,
            problem,
            self.method,
        )
        left = np.ones(len(step_size), dtype=bool)
        if self.method.damped and self.method.plain and K < self.problem.D:
            left &= ~close_undamped(outcome, damping, first_loss)
        runs = np.flatnonzero(left)
        if not K:
            # All inputs are zero: no run moves.
            outcome.close(runs, FINISHED, np.full(len(runs), first_loss), n_steps)
            return
        theta = np.tile(start, (len(runs), 1))
        limit = DIVERGENCE * abs(first_loss)
        step_size, damping = step_size[runs], damping[runs]
        yield from batch.advance(theta, step_size, damping, limit, n_steps, runs, outcome)
        yield Progress(1.0)

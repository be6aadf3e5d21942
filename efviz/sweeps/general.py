"""Any problem by its own functions: several outputs, or a model not linear in theta."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from efviz import batches
from efviz.curvature import CURVATURES
from efviz.data import Array, Mask
from efviz.likelihoods import Categorical
from efviz.models import Contrast, Linear, upper
from efviz.optimizers import DIVERGENCE
from efviz.problems import Problem
from efviz.sweeps.batch import Batch, packed
from efviz.sweeps.designs import dense
from efviz.sweeps.outcome import Outcome, Steps, close_undamped


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
class Coordinates:
    """The problem in parameters u that the data determine, and where its runs start.

    A step with (B + lambda I)^-1 in theta is one with (B_u + lambda M)^-1 in u = T theta, M =
    `metric` = (T T^T)^-1 and `spread` its inverse: see `designs`.
    """

    problem: Problem
    start: Array
    metric: Array
    spread: Array


def coordinates(problem: Problem, theta_0: Array) -> Coordinates:
    """Of a linear model: the singular vectors of X instead of its columns, and one class less.

    Softmax does not see what is added to all its outputs; of f_c - f_0, c = 1 ... C - 1, it sees
    all. Other problems remain as they are: nothing is known of them in advance.
    """
    model, D = problem.model, problem.D
    if not isinstance(model, Linear | Contrast):
        return Coordinates(problem, theta_0, np.eye(D), np.eye(D))
    design = dense(problem.X)
    f = model.outputs(problem.X, theta_0)
    classes = np.eye(f.shape[1])
    if isinstance(model, Contrast):
        f, classes = f[:, 1:], classes[1:, 1:]
    elif isinstance(problem.likelihood, Categorical):
        # f_c - f_0 of outputs that move by independent unit steps: S S^T, S = (-1, I).
        f, classes = f[:, 1:] - f[:, :1], classes[1:, 1:] + 1.0
        model = Contrast(model.n_outputs)
    return Coordinates(
        replace(problem, X=design.Q, model=model, parameter_names=(), start=np.zeros(0)),
        (f.T @ design.mean).ravel(),
        np.asarray(np.kron(np.linalg.inv(classes), design.metric), dtype=float),
        np.kron(classes, design.spread),
    )


@dataclass(frozen=True, eq=False)
class General:
    """Any problem by its own functions: several outputs, or a model not linear in theta."""

    problem: Problem
    curvature: str | None
    theta_0: Array

    @cached_property
    def coordinates(self) -> Coordinates:
        return coordinates(self.problem, self.theta_0)

    def advance(self, step_size: Array, damping: Array, n_steps: int, outcome: Outcome) -> Steps:
        at = self.coordinates
        problem, K = at.problem, at.problem.D
        first_loss = float(Thetas(problem, None, at.start[None]).loss()[0])
        n_outputs = problem.model.n_outputs
        batch = ThetaBatch(
            packed(at.metric),
            at.spread,
            problem.N * n_outputs**2,
            max(1, 2**22 // max(K * K, problem.N * n_outputs)),
            self.curvature is not None,
            problem,
            self.curvature,
        )
        left = np.ones(len(step_size), dtype=bool)
        if self.curvature is not None and K < self.problem.D:
            left &= ~close_undamped(outcome, damping, first_loss)
        runs = np.flatnonzero(left)
        u = np.tile(at.start, (len(runs), 1))
        limit = DIVERGENCE * abs(first_loss)
        yield from batch.advance(u, step_size[runs], damping[runs], limit, n_steps, runs, outcome)
        yield 1.0

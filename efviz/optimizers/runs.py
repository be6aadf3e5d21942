"""Runs of many steps: theta_{t+1} = theta_t - step_size (B(theta_t) + damping I)^{-1} g."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from efviz.arrays import Array, Mask
from efviz.lazy import cached_property
from efviz.numerics.systems import gram_rounding
from efviz.optimizers.loops import CONSTANT, EMPIRICAL, VARIED, steps_of_runs
from efviz.optimizers.methods import Method, check_damping, in_one_pass, method_named
from efviz.optimizers.status import Status
from efviz.problems import Problem, batches
from efviz.problems.likelihoods.base import Combination
from efviz.problems.minimum import rounding_of_theta
from efviz.shown import Shown, spread, tally
from efviz.work import Progress, Work, finish

DIVERGENCE = 100.0
"""A run whose loss exceeds this many times its first loss has diverged (the authors' rule)."""

CONVERGENCE = 1e-6
"""A run has converged when this fraction of its initial excess loss L - L(theta_star) is left."""


@dataclass(frozen=True, eq=False, repr=False)
class Trajectory(Shown):
    """The paths of a batch of runs. Leading axes (...) are those of theta_0.

    thetas (..., T, D) and losses (..., T) at the recorded `steps` (T,), nan after a run stopped;
    `final_theta` and `final_loss` after `steps_done` (...) steps; for a diverged run these are the
    values that broke the limit.
    """

    problem: Problem
    steps: NDArray[np.int64]
    thetas: Array
    losses: Array
    first_loss: Array
    diverged: Mask
    steps_done: NDArray[np.int64]
    final_theta: Array
    final_loss: Array
    rank_deficient: Mask
    method: str = ""

    @property
    def nbytes(self) -> int:
        """The size of its own arrays, without the problem, which it does not own."""
        own = (getattr(self, each.name) for each in fields(self))
        return sum(int(array.nbytes) for array in own if isinstance(array, np.ndarray))

    def facts(self) -> dict[str, str]:
        """Before the problem's minimum is known, the status tells only which runs diverged."""
        known = "minimum" in self.problem.__dict__
        status = self.status if known else np.where(self.diverged, Status.DIVERGED, "not diverged")
        return {
            "method": self.method,
            "runs": f"{self.diverged.size:,}",
            "steps": spread(self.steps_done),
            "status": tally(status),
            "loss": spread(self.final_loss),
        }

    @cached_property
    def status(self) -> NDArray[np.str_]:
        """The outcome of each run (...), as the texts of `Status`.

        It needs the problem's minimum, which is computed now if it is not known yet.
        """
        minimum = self.problem.minimum
        small = CONVERGENCE * (self.first_loss - minimum.loss) + minimum.rounding
        near = self.final_loss - minimum.loss <= small
        return np.where(
            self.diverged, Status.DIVERGED, np.where(near, Status.CONVERGED, Status.RUNNING)
        )


def run(
    problem: Problem,
    method: str | Method,
    theta_0: ArrayLike,
    *,
    step_size: ArrayLike,
    damping: ArrayLike = 0.0,
    n_steps: int,
    record: int | Sequence[int] | None = None,
) -> Trajectory:
    """n_steps updates from every theta_0 (..., D); step_size and damping broadcast to (...).

    `record`: None for every step, a number for about that many steps in geometric spacing (dense at
    the beginning, where paths turn the most), or the steps themselves. Neither divergence nor a
    singular matrix raises an error; the Trajectory reports both.
    """
    return finish(runs(
        problem, method, theta_0, step_size=step_size, damping=damping, n_steps=n_steps,
        record=record,
    ))  # fmt: skip


def runs(
    problem: Problem,
    method: str | Method,
    theta_0: ArrayLike,
    *,
    step_size: ArrayLike,
    damping: ArrayLike = 0.0,
    n_steps: int,
    record: int | Sequence[int] | None = None,
) -> Work[Trajectory]:
    """Work towards `run`; in a partial Trajectory, unfinished runs are RUNNING."""
    batch = _Batch(problem, method, theta_0, step_size, damping, n_steps, record)
    # Steps between two looks at the clock; increased as long as they take little time.
    stretch = n_steps if batch.quick else 1
    while batch.going and batch.at < n_steps:
        yield Progress(batch.at / n_steps, batch.trajectory)
        begun = time.perf_counter()
        batch.go_to(min(batch.at + stretch, n_steps))
        if time.perf_counter() - begun < _STRETCH:
            stretch *= 2
    return batch.trajectory()


_STRETCH = 0.005
"""Seconds: while a stretch of steps takes less than this, the next one is twice as long."""


def recorded_steps(n_steps: int, record: int | Sequence[int] | None) -> NDArray[np.int64]:
    """The steps that a run records, from 0 to n_steps, increasing."""
    if record is None:
        return np.arange(n_steps + 1)
    if isinstance(record, int):
        spaced = np.geomspace(1, max(n_steps, 1), max(2, record))
        steps = np.unique(np.concatenate([[0, n_steps], np.round(spaced).astype(np.int64)]))
        return steps[steps <= n_steps]
    chosen = np.unique(np.asarray(record, dtype=np.int64))
    if chosen.size and (chosen[0] < 0 or chosen[-1] > n_steps):
        raise ValueError(f"recorded steps must be from 0 to {n_steps}, got {list(record)}")
    return chosen


class _Batch:
    """Runs (R,) that have reached the step `at`; `quick` if all steps at once take little time."""

    def __init__(
        self,
        problem: Problem,
        method: str | Method,
        theta_0: ArrayLike,
        step_size: ArrayLike,
        damping: ArrayLike,
        n_steps: int,
        record: int | Sequence[int] | None,
    ) -> None:
        theta = problem.check_theta(theta_0)
        lead = np.broadcast_shapes(theta.shape[:-1], np.shape(step_size), np.shape(damping))
        if not (np.asarray(step_size) > 0).all():
            raise ValueError(f"step_size must be positive, got {step_size!r}")
        if n_steps < 0:
            raise ValueError(f"n_steps must be at least 0, got {n_steps}")
        check_damping(damping)
        self.problem, self._lead = problem, lead
        theta = np.broadcast_to(theta, (*lead, problem.D)).reshape(-1, problem.D)
        damping, chosen = _spread(damping, lead), method_named(method)
        self.method = method if isinstance(method, str) else chosen.title
        self._theta_0, self._seen = theta, problem.coordinates if chosen.rotates else None
        unseen = np.zeros(len(theta), dtype=bool)
        if self._seen is not None:
            theta = self._seen.reduce(theta)
            unseen = chosen.damped & (damping == 0) & (not self._seen.complete)
        inner = problem if self._seen is None else self._seen.problem
        weights = _of_moments(inner, chosen)
        self.quick = weights is not None
        self._state = _State(theta.copy(), _spread(step_size, lead), damping, unseen)
        if weights is None:
            self._take = _example_stepper(inner, chosen)
        else:
            self._take = _moment_stepper(inner, weights, chosen, self._state)
        self._take(self._state, np.zeros(1, dtype=np.int64))
        self._first_loss = self._state.loss.copy()
        with np.errstate(over="ignore"):
            first = np.maximum(np.abs(self._first_loss), rounding_of_theta(inner, theta))
            self._state.limit = DIVERGENCE * first
        self.steps = recorded_steps(n_steps, record)
        self._thetas = np.full((len(theta), len(self.steps), inner.D), np.nan)
        self._losses = np.full((len(theta), len(self.steps)), np.nan)
        self.at = self._recorded = 0
        self.go_to(0)

    @property
    def going(self) -> bool:
        return bool(self._state.going.any())

    def go_to(self, end: int) -> None:
        """Take all steps up to `end`, and store theta and the loss at the recorded ones."""
        recorded = int(np.searchsorted(self.steps, end, side="right"))
        stops, new = self.steps[self._recorded : recorded], slice(self._recorded, recorded)
        n = len(stops)
        if not n or stops[-1] < end:
            stops = np.append(stops, end)
        thetas, losses = self._take(self._state, np.diff(stops, prepend=self.at))
        self._thetas[:, new], self._losses[:, new] = thetas[:, :n], losses[:, :n]
        self.at, self._recorded = end, recorded

    def trajectory(self) -> Trajectory:
        """The partial result."""
        state, lead = self._state, self._lead
        thetas = self._in_theta(self._thetas, self._theta_0[:, None])
        if self.steps.size and self.steps[0] == 0:
            known = np.isfinite(thetas[:, 0])
            thetas[:, 0] = np.where(known, self._theta_0, np.nan)
        return Trajectory(
            problem=self.problem,
            steps=self.steps,
            thetas=thetas.reshape((*lead, *thetas.shape[1:])),
            losses=self._losses.reshape((*lead, len(self.steps))).copy(),
            first_loss=self._first_loss.reshape(lead),
            diverged=~state.going.reshape(lead),
            steps_done=state.taken.reshape(lead).copy(),
            final_theta=self._in_theta(state.theta, self._theta_0).reshape((*lead, -1)),
            final_loss=state.loss.reshape(lead).copy(),
            rank_deficient=state.rank_deficient.reshape(lead).copy(),
            method=self.method,
        )

    def _in_theta(self, reached: Array, theta_0: Array) -> Array:
        """The state in the problem's parameters; those that the data do not determine stay put."""
        if self._seen is None:
            return reached.copy()
        moved = self._seen.restore(reached - self._seen.reduce(theta_0))
        return np.asarray(theta_0 + moved)


@dataclass(eq=False)
class _State:
    """Runs (R,) in progress; a stepper moves those that are `going` and updates their outcome."""

    theta: Array
    step_size: Array
    damping: Array
    rank_deficient: Mask

    def __post_init__(self) -> None:
        R = len(self.theta)
        self.loss = np.zeros(R)
        self.limit = np.full(R, np.inf)
        self.taken = np.zeros(R, dtype=np.int64)
        self.going = np.ones(R, dtype=bool)


Stepper = Callable[[_State, NDArray[np.int64]], tuple[Array, Array]]
"""Take counts[0], then counts[1], ... more steps of all runs that are going, and stop those whose
loss exceeds its limit. Returns theta (R, K, D) and loss (R, K) after each, nan for stopped runs."""


def _of_moments(problem: Problem, method: Method) -> Combination | None:
    """The weights of the method's matrix, if the moments of least squares are all that it needs."""
    if not problem.moments or method.rule or method.vector:
        return None
    return Combination() if method.matrix is None else method.matrix.combination


def _moment_stepper(
    problem: Problem, weights: Combination, method: Method, state: _State
) -> Stepper:
    m, D, damped = problem.moments, problem.D, method.damped
    assert m is not None
    scale = np.array([m.sigma**-2, weights.gradient * m.sigma**-4])
    kind = CONSTANT
    if weights.gradient:
        kind = VARIED if method.varied else EMPIRICAL
    damping = state.damping if damped else np.zeros_like(state.damping)
    units = method.units_of(D)
    gradient = m.S[:-1] * scale[0]
    fixed = (weights.fisher + weights.hessian) * gradient
    # The matrix that does not depend on theta, or what multiplies phi to give the direction.
    constant = np.tile(fixed if weights.gradient else gradient, (len(damping), 1, 1))
    if damped and kind == CONSTANT:
        B = np.broadcast_to(fixed[:, :-1], (len(damping), D + 1, D, D))
        g = np.swapaxes(constant, -1, -2)
        columns = method.precondition(B, g, damping[:, None], terms=problem.N)
        constant = np.ascontiguousarray(np.swapaxes(columns.x, -1, -2))
        state.rank_deficient |= columns.rank_deficient.any(-1)
    elif kind == CONSTANT:
        constant /= units[:, None] ** 2
    phi, rounding = m.phi(state.theta), gram_rounding(D, problem.N)

    def take(state: _State, counts: NDArray[np.int64]) -> tuple[Array, Array]:
        thetas = np.full((len(phi), len(counts), D), np.nan)
        losses = np.full((len(phi), len(counts)), np.nan)
        steps_of_runs(
            phi,
            m.center,
            m.S,
            m.T,
            scale,
            kind,
            constant,
            state.step_size,
            damping,
            rounding,
            method.exponent,
            method.diagonal,
            method.relative,
            units,
            counts,
            state.limit,
            state.going,
            state.loss,
            state.taken,
            state.rank_deficient,
            thetas,
            losses,
        )
        state.theta = m.center + phi[:, :-1]
        return thetas, losses

    return take


def _example_stepper(problem: Problem, method: Method) -> Stepper:
    matrices = [method.matrix] if method.matrix else []
    terms = [batches.loss_term, method.term]
    known: tuple[Array, list[Array]] = np.zeros(0), []

    def evaluate(theta: Array) -> list[Array]:
        """The end of one stretch of steps is the start of the next: nothing is computed twice."""
        nonlocal known
        if not np.array_equal(known[0], theta):
            known = theta, in_one_pass(problem, terms, matrices, theta)
        return known[1]

    def step(state: _State, n: int) -> None:
        for t in range(n + 1):
            going = np.flatnonzero(state.going)
            if not going.size:
                return
            loss, g, *matrix = evaluate(state.theta[going])
            state.loss[going] = loss
            keep = loss <= state.limit[going]
            state.going[going] = keep
            if t == n or not keep.any():
                return
            going, g = going[keep], g[keep]
            B, theta = matrix[0][keep] if matrix else None, state.theta[going]
            d, deficient = method.direction(problem, theta, g, B, state.damping[going])
            state.rank_deficient[going] |= deficient
            with np.errstate(all="ignore"):
                state.theta[going] -= state.step_size[going, None] * d
            state.taken[going] += 1

    def take(state: _State, counts: NDArray[np.int64]) -> tuple[Array, Array]:
        thetas = np.full((len(state.theta), len(counts), state.theta.shape[1]), np.nan)
        losses = np.full(thetas.shape[:2], np.nan)
        for k, n in enumerate(counts):
            step(state, int(n))
            thetas[state.going, k] = state.theta[state.going]
            losses[state.going, k] = state.loss[state.going]
            if not state.going.any():
                break
        return thetas, losses

    return take


def _spread(values: ArrayLike, lead: tuple[int, ...]) -> Array:
    return np.broadcast_to(np.asarray(values, dtype=float), lead).ravel()

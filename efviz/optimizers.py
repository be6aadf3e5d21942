r"""A method is a preconditioner: theta_{t+1} = theta_t - step_size (B(theta_t) + damping I)^{-1} g.

METHODS lists them (Kunstner et al. (2019), Eqs. 50-52); `direction` is one preconditioned
gradient, `run` many steps of many runs.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from efviz import batches, kernels
from efviz.curvature import CURVATURES
from efviz.data import Array, Mask
from efviz.linalg import Solution, solve_damped
from efviz.problems import Problem

DIVERGENCE = 100.0
"""A run whose loss exceeds this many times its first loss has diverged (the authors' rule)."""

CONVERGENCE = 1e-6
"""A run has converged when this fraction of its first excess loss L - L(theta_star) is left."""


@dataclass(frozen=True)
class Method:
    """`curvature` is a key of CURVATURES, None for B = I, whose step takes no damping (Eq. 50)."""

    title: str
    curvature: str | None


METHODS: dict[str, Method] = {
    "GD": Method("Gradient descent", None),
    "NGD": Method("Natural gradient descent", "fisher"),
    "EFGD": Method("Gradient descent preconditioned by the empirical Fisher", "empirical_fisher"),
    "Newton": Method("Newton's method", "hessian"),
}


def direction(
    problem: Problem, method: str, theta: ArrayLike, *, damping: ArrayLike = 0.0
) -> Solution:
    """(B + damping I)^{-1} gradient: theta (..., D) -> x (..., D); the update subtracts it.

    Where the damped matrix is singular x has minimum norm and `rank_deficient` (...) says so.
    """
    return directions(problem, (method,), theta, damping=damping)[method]


def directions(
    problem: Problem, methods: Sequence[str], theta: ArrayLike, *, damping: ArrayLike = 0.0
) -> dict[str, Solution]:
    """`direction` of several methods at the same theta, in one pass over the data."""
    theta = problem.check_theta(theta)
    damping = _check_damping(damping)
    chosen = {name: _method(name).curvature for name in methods}
    keys = list(dict.fromkeys(key for key in chosen.values() if key))
    if problem.moments:
        g = problem.gradient(theta)
        values = [CURVATURES[key].matrix(problem, theta) for key in keys]
    else:
        terms = [CURVATURES[key].term for key in keys]
        g, *values = problem.mean_over_examples(theta, batches.gradient_term, *terms)
    matrices = dict(zip(keys, values, strict=True))
    plain = Solution(g, np.zeros(g.shape[:-1], dtype=bool))
    return {
        name: solve_damped(matrices[key], g, damping) if key else plain
        for name, key in chosen.items()
    }


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Where a batch of runs went. Leading axes (...) are those of theta_0.

    thetas (..., T, D) and losses (..., T) at the recorded `steps` (T,), nan after a run stopped;
    `final_theta` and `final_loss` after `steps_done` (...) steps, which for a diverged run is the
    step that broke the limit. status (...): "converged", "running" or "diverged".
    """

    steps: NDArray[np.int64]
    thetas: Array
    losses: Array
    status: NDArray[np.str_]
    steps_done: NDArray[np.int64]
    final_theta: Array
    final_loss: Array
    rank_deficient: Mask


def run(
    problem: Problem,
    method: str,
    theta_0: ArrayLike,
    *,
    step_size: ArrayLike,
    damping: ArrayLike = 0.0,
    n_steps: int,
    record: int | Sequence[int] | None = None,
) -> Trajectory:
    """n_steps updates from every theta_0 (..., D); step_size and damping broadcast to (...).

    `record`: None for every step, a number for about so many in geometric spacing (the first
    steps, which turn the most, lie densely), or the steps themselves. Neither a run that diverges
    nor a singular matrix raises: the Trajectory says so.
    """
    runs = Runs(
        problem,
        method,
        theta_0,
        step_size=step_size,
        damping=damping,
        n_steps=n_steps,
        record=record,
    )
    runs.advance()
    return runs.trajectory()


def recorded_steps(n_steps: int, record: int | Sequence[int] | None) -> NDArray[np.int64]:
    """The steps that a run keeps, from 0 to n_steps, increasing."""
    if record is None:
        return np.arange(n_steps + 1)
    if isinstance(record, int):
        spaced = np.geomspace(1, max(n_steps, 1), max(2, record))
        steps = np.unique(np.concatenate([[0, n_steps], np.round(spaced).astype(np.int64)]))
        return steps[steps <= n_steps]
    chosen = np.unique(np.asarray(record, dtype=np.int64))
    if chosen.size and (chosen[0] < 0 or chosen[-1] > n_steps):
        raise ValueError(f"recorded steps lie between 0 and {n_steps}, got {list(record)}")
    return chosen


class Runs:
    """A batch of runs that can be advanced for a while, looked at, and advanced again."""

    def __init__(
        self,
        problem: Problem,
        method: str,
        theta_0: ArrayLike,
        *,
        step_size: ArrayLike,
        damping: ArrayLike = 0.0,
        n_steps: int,
        record: int | Sequence[int] | None = None,
    ) -> None:
        theta = problem.check_theta(theta_0)
        lead = np.broadcast_shapes(theta.shape[:-1], np.shape(step_size), np.shape(damping))
        if not (np.asarray(step_size) > 0).all():
            raise ValueError(f"step_size must be positive, got {step_size!r}")
        if n_steps < 0:
            raise ValueError(f"n_steps must be at least 0, got {n_steps}")
        _check_damping(damping)
        self.problem, self._lead, self.n_steps = problem, lead, n_steps
        theta = np.broadcast_to(theta, (*lead, problem.D)).reshape(-1, problem.D).copy()
        self._state = _State(theta, _spread(step_size, lead), _spread(damping, lead))
        self._take = _stepper(problem, method, self._state)
        self._take(self._state, np.zeros(1, dtype=np.int64))
        self._first_loss = self._state.loss.copy()
        self._lowest, self._rounding = _loss_at_the_minimum(problem)
        with np.errstate(over="ignore"):
            self._state.limit = DIVERGENCE * np.maximum(np.abs(self._first_loss), self._rounding)
        self.steps = recorded_steps(n_steps, record)
        self._thetas = np.full((len(theta), len(self.steps), problem.D), np.nan)
        self._losses = np.full((len(theta), len(self.steps)), np.nan)
        self._at, self._recorded = -1, 0
        # Steps between two looks at the clock; grows while they take no time.
        self._slice = 1
        self._go_to(np.zeros(1, dtype=np.int64))

    @property
    def fraction(self) -> float:
        """How much of the work is done, 0 to 1."""
        return self._at / self.n_steps if self._state.going.any() and self.n_steps else 1.0

    def advance(self, seconds: float = np.inf) -> float:
        """Take steps for about so many seconds; returns the fraction done."""
        deadline = time.perf_counter() + seconds
        while self.fraction < 1:
            begun = time.perf_counter()
            self._go_to(self._stops(np.isfinite(seconds)))
            now = time.perf_counter()
            if now - begun < 0.005:
                self._slice = min(2 * self._slice, max(1, self.n_steps))
            if now >= deadline:
                break
        return self.fraction

    def _stops(self, timed: bool) -> NDArray[np.int64]:
        """Where to stop next: at all that is left if that is quick, else as far as a slice goes."""
        left = self.steps[self._recorded :]
        if not left.size or left[-1] < self.n_steps:
            left = np.append(left, self.n_steps)
        if self.problem.moments or not timed:
            return left
        end = self._at + self._slice
        return left[left <= end] if left[0] <= end else np.array([end])

    def _go_to(self, stops: NDArray[np.int64]) -> None:
        counts = np.diff(stops, prepend=max(self._at, 0))
        thetas, losses = self._take(self._state, counts)
        kept = np.isin(stops, self.steps)
        where = slice(self._recorded, self._recorded + int(kept.sum()))
        self._thetas[:, where], self._losses[:, where] = thetas[:, kept], losses[:, kept]
        self._at, self._recorded = int(stops[-1]), where.stop

    def trajectory(self) -> Trajectory:
        """What there is so far; runs that are not finished count as "running"."""
        state, lead = self._state, self._lead
        _, T, D = self._thetas.shape
        status = np.where(state.going, "running", "diverged").astype("U9")
        small = CONVERGENCE * (self._first_loss - self._lowest) + self._rounding
        status[state.going & (state.loss - self._lowest <= small)] = "converged"
        return Trajectory(
            steps=self.steps,
            thetas=self._thetas.reshape((*lead, T, D)).copy(),
            losses=self._losses.reshape((*lead, T)).copy(),
            status=status.reshape(lead),
            steps_done=state.taken.reshape(lead).copy(),
            final_theta=state.theta.reshape((*lead, D)).copy(),
            final_loss=state.loss.reshape(lead).copy(),
            rank_deficient=state.rank_deficient.reshape(lead).copy(),
        )


def _loss_at_the_minimum(problem: Problem) -> tuple[float, float]:
    """The lowest loss, nan if there is none, and the size of its rounding.

    Near an exact fit, where the loss is 0, rounding is what rounding theta itself makes of it.
    """
    minimum = problem.minimum
    if not minimum.exists:
        return np.nan, 0.0
    lowest = float(problem.loss(minimum.theta))
    curvature = np.diagonal(CURVATURES["ggn"].matrix(problem, minimum.theta))
    rounded = (64 * np.finfo(float).eps * minimum.theta) ** 2 @ curvature / 2
    return lowest, 1e-13 * abs(lowest) + float(rounded)


@dataclass(eq=False)
class _State:
    """Runs (R,) on their way; a stepper moves those `going` and notes what became of them."""

    theta: Array
    step_size: Array
    damping: Array

    def __post_init__(self) -> None:
        R = len(self.theta)
        self.loss = np.zeros(R)
        self.limit = np.full(R, np.inf)
        self.taken = np.zeros(R, dtype=np.int64)
        self.rank_deficient = np.zeros(R, dtype=bool)
        self.going = np.ones(R, dtype=bool)


Stepper = Callable[[_State, NDArray[np.int64]], tuple[Array, Array]]
"""Take counts[0], then counts[1], ... more steps of all runs that are going, and stop those whose
loss exceeds its limit. Returns theta (R, K, D) and loss (R, K) after each, nan for stopped runs."""


def _stepper(problem: Problem, method: str, state: _State) -> Stepper:
    curvature = _method(method).curvature
    if problem.moments:
        return _moment_stepper(problem, curvature, state)
    return _example_stepper(problem, curvature)


def _moment_stepper(problem: Problem, curvature: str | None, state: _State) -> Stepper:
    m, D = problem.moments, problem.D
    assert m is not None
    scale = np.array([m.sigma**-2, m.sigma**-4])
    kind = kernels.EMPIRICAL if curvature == "empirical_fisher" else kernels.CONSTANT
    damping = np.zeros_like(state.damping) if curvature is None else state.damping
    gradient = m.S[:-1] * scale[0]
    constant = np.tile(gradient, (len(damping), 1, 1))
    if curvature is not None and kind == kernels.CONSTANT:
        B = np.broadcast_to(gradient[:, :-1], (len(damping), D + 1, D, D))
        columns = solve_damped(B, np.swapaxes(constant, -1, -2), damping[:, None])
        constant = np.ascontiguousarray(np.swapaxes(columns.x, -1, -2))
        state.rank_deficient |= columns.rank_deficient.any(-1)
    phi = m.phi(state.theta)

    def take(state: _State, counts: NDArray[np.int64]) -> tuple[Array, Array]:
        thetas = np.full((len(phi), len(counts), D), np.nan)
        losses = np.full((len(phi), len(counts)), np.nan)
        kernels.steps_of_runs(
            phi,
            m.center,
            m.S,
            m.T,
            scale,
            kind,
            constant,
            state.step_size,
            damping,
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


def _example_stepper(problem: Problem, curvature: str | None) -> Stepper:
    terms: list[batches.Term] = [batches.loss_term, batches.gradient_term]
    if curvature is not None:
        terms.append(CURVATURES[curvature].term)
    known: tuple[Array, list[Array]] = np.zeros(0), []

    def evaluate(theta: Array) -> list[Array]:
        """Where one stretch of steps ends, the next begins: nothing is computed twice."""
        nonlocal known
        if not np.array_equal(known[0], theta):
            known = theta, problem.mean_over_examples(theta, *terms)
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
            if matrix:
                g, deficient = solve_damped(matrix[0][keep], g, state.damping[going])
                state.rank_deficient[going] |= deficient
            with np.errstate(all="ignore"):
                state.theta[going] -= state.step_size[going, None] * g
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


def _method(name: str) -> Method:
    if name not in METHODS:
        raise ValueError(f"unknown method {name!r}; there are {', '.join(METHODS)}")
    return METHODS[name]


def _spread(values: ArrayLike, lead: tuple[int, ...]) -> Array:
    return np.broadcast_to(np.asarray(values, dtype=float), lead).ravel()


def _check_damping(damping: ArrayLike) -> Array:
    damping = np.asarray(damping, dtype=float)
    if not (damping >= 0).all():
        raise ValueError(f"damping must not be negative, got {damping}")
    return damping

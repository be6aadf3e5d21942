"""Stochastic runs on mini-batches: theta <- theta - step_size direction(g^), many seeds at once.

STOCHASTIC_METHODS lists the methods discussed in section 5 of Kunstner et al. (2019). All but SGD
use quantities of all N examples at every theta, as Eq. 19 does: the point is what the empirical
Fisher could do for noisy gradients, not how to estimate it. With one seed, all methods use the same
batches.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray

from efviz.arrays import Array
from efviz.curvature import CURVATURES
from efviz.curvature.gradient_noise import adaptation, batch_factor, draw_rows, minibatch_gradients
from efviz.curvature.matrices import Curvature
from efviz.numerics.linalg import solve_damped
from efviz.optimizers.methods import METHODS, Method, means_and
from efviz.optimizers.runs import DIVERGENCE, recorded_steps
from efviz.optimizers.status import Status
from efviz.problems import Problem
from efviz.problems.batches import gradient_term
from efviz.style import BLUE, GREEN, PURPLE, RED, Style
from efviz.work import Progress, Work

# Examples drawn in advance for one seed, and examples of all seeds in one piece of a gradient.
_AHEAD, _PIECE = 2**16, 2**18


@dataclass(frozen=True, eq=False)
class Seen:
    """The data of one step: the mini-batch gradient g^ (R, D), and g and EF of all N examples.

    `factor` is c in cov(g^) = c (EF - g g^T); `damping` is added to a matrix before it is inverted.
    `matrix` is that of the method, if it declares one.
    """

    minibatch: Array
    gradient: Array
    empirical_fisher: Array
    factor: float
    damping: float
    N: int = 1
    matrix: Array | None = None

    @property
    def variances(self) -> Array:
        """The diagonal of the covariance of the g_n, (R, D)."""
        squares = np.diagonal(self.empirical_fisher, axis1=-2, axis2=-1)
        with np.errstate(all="ignore"):
            return np.maximum(squares - self.gradient**2, 0)


def _plain(seen: Seen) -> Array:
    return seen.minibatch


def _preconditioned(seen: Seen) -> Array:
    return solve_damped(seen.empirical_fisher, seen.minibatch, seen.damping, terms=seen.N).x


def _adapted(seen: Seen) -> Array:
    return adaptation(seen.gradient, seen.variances, seen.factor) * seen.minibatch


def _root(seen: Seen) -> Array:
    with np.errstate(all="ignore"):
        second = seen.gradient**2 + seen.factor * seen.variances + seen.damping
        return np.where(second > 0, seen.minibatch / np.sqrt(second), 0)


@dataclass(frozen=True)
class StochasticMethod:
    """`direction(seen)` (R, D) is subtracted; `formula` is its KaTeX form.

    `estimates`: the direction is an estimate of the gradient, so step sizes mean the same as for
    SGD. `curvature` is the matrix that `Seen.matrix` holds. `full_batch` names the method of
    METHODS that it is when a mini-batch has all examples.
    """

    title: str
    formula: str
    direction: Callable[[Seen], Array]
    estimates: bool
    style: Style | None = None
    curvature: Curvature | None = None
    full_batch: str = ""


STOCHASTIC_METHODS: dict[str, StochasticMethod] = {
    "SGD": StochasticMethod(
        "stochastic gradient descent",
        r"\hat g",
        _plain,
        True,
        BLUE.named("stochastic gradient"),
        full_batch="GD",
    ),
    "EFSGD": StochasticMethod(
        "preconditioned by EF of all examples",
        r"(\tilde F + \lambda I)^{-1} \hat g",
        _preconditioned,
        False,
        RED.named("empirical Fisher"),
        full_batch="EFGD",
    ),
    "VA": StochasticMethod(
        "variance adapted by the diagonal D",
        r"D \hat g,\ D_{ii} = g_i^2 / (g_i^2 + C_{ii})",
        _adapted,
        True,
        GREEN.named("variance adapted"),
    ),
    "RMS": StochasticMethod(
        "divided by its root mean square, as in Adam",
        r"\hat g_i / \sqrt{g_i^2 + C_{ii} + \lambda}",
        _root,
        False,
        PURPLE.named("root of the second moment"),
    ),
}


def on_minibatches() -> dict[str, StochasticMethod]:
    """STOCHASTIC_METHODS, and every method of METHODS with a matrix that is not among them.

    The latter apply the matrix of all examples to g^. A method with a rule of its own, or with
    another vector than the gradient, would need one for g^, and is left out.
    """
    known = {one.full_batch for one in STOCHASTIC_METHODS.values()} | STOCHASTIC_METHODS.keys()
    others = {
        name: _with_matrix(method, matrix)
        for name, method in METHODS.items()
        if name not in known and method.vector is None and (matrix := method.matrix)
    }
    return STOCHASTIC_METHODS | others


def _with_matrix(method: Method, matrix: Curvature) -> StochasticMethod:
    def direction(seen: Seen) -> Array:
        assert seen.matrix is not None
        damping = np.asarray(seen.damping)
        return method.precondition(seen.matrix, seen.minibatch, damping, terms=seen.N).x

    symbol = rf"\operatorname{{diag}} {matrix.symbol}" if method.diagonal else matrix.symbol
    return StochasticMethod(
        method.title,
        rf"({symbol} + \lambda I)^{{-{method.exponent:g}}} \hat g",
        direction,
        False,
        method.style,
        matrix,
    )


def matched_scales(
    problem: Problem,
    theta: Array,
    factor: float,
    damping: float,
    methods: Sequence[str] = tuple(STOCHASTIC_METHODS),
) -> dict[str, float]:
    """Factors on the step size that make a method's mean update at theta (D,) as long as SGD's.

    1 for methods whose direction estimates the gradient, and where a direction is 0 or not finite.
    """
    g, EF = _of_all(problem, theta[None])
    length = np.linalg.norm(g)
    scales, known = {}, on_minibatches()
    for name in methods:
        method = known[name]
        B = method.curvature.matrix(problem, theta[None]) if method.curvature else None
        seen = Seen(g, g, EF, factor, damping, problem.N, B)
        own = np.linalg.norm(method.direction(seen))
        usable = not method.estimates and np.isfinite(own) and own > 0 and 0 < length < np.inf
        scales[name] = float(length / own) if usable else 1.0
    return scales


def _of_all(problem: Problem, theta: Array) -> tuple[Array, Array]:
    """g and EF of all examples, theta (..., D)."""
    (g,), (EF,) = means_and(problem, [gradient_term], [CURVATURES["empirical_fisher"]], theta)
    return g, EF


@dataclass(frozen=True, eq=False)
class StochasticResult:
    """Runs of M methods with R seeds, possibly unfinished.

    losses[method] (R, T), of all N examples, at the recorded `steps` (T,): nan where a run has not
    got to yet, inf from where it diverged. status[method] (R,): "running" or "diverged".
    """

    batch_size: int
    steps: NDArray[np.int64]
    losses: dict[str, Array]
    final_theta: dict[str, Array]
    status: dict[str, NDArray[np.str_]]

    @property
    def examples(self) -> NDArray[np.int64]:
        """Examples seen at the recorded steps."""
        return self.steps * self.batch_size

    @property
    def recorded(self) -> int:
        """How many of the recorded steps have been reached."""
        return int(
            min(np.isnan(loss).any(0).argmax() or len(self.steps) for loss in self.losses.values())
        )

    def quantiles(self, method: str, q: Sequence[float]) -> Array:
        """Quantiles over the seeds (Q, T): losses that occurred, inf for diverged runs."""
        losses = self.losses[method]
        known = ~np.isnan(losses).any(0)
        values = np.full((len(q), losses.shape[1]), np.nan)
        values[:, known] = np.quantile(losses[:, known], q, axis=0, method="inverted_cdf")
        return values


def stochastic_runs(
    problem: Problem,
    theta_0: ArrayLike,
    *,
    batch_size: int,
    step_size: float,
    n_steps: int,
    seeds: Sequence[int] = range(16),
    methods: Sequence[str] = tuple(STOCHASTIC_METHODS),
    scales: dict[str, float] | None = None,
    damping: float = 0.0,
    replacement: bool = True,
    record: int | Sequence[int] | None = None,
) -> Work[StochasticResult]:
    """Work towards runs of several methods from one theta_0 (D,), one run per seed.

    Every seed draws its mini-batches from its own RandomState, so a run does not depend on how many
    there are. `scales` multiplies the step size of a method (1 for methods that are not listed).
    """
    theta = problem.check_theta(theta_0)
    if theta.ndim != 1:
        raise ValueError(f"theta_0 must be ({problem.D},), got {theta.shape}")
    if not step_size > 0:
        raise ValueError(f"step_size must be positive, got {step_size}")
    if damping < 0:
        raise ValueError(f"damping must not be negative, got {damping}")
    if n_steps < 0:
        raise ValueError(f"n_steps must be at least 0, got {n_steps}")
    known = on_minibatches()
    if unknown := [name for name in methods if name not in known]:
        raise ValueError(f"unknown method {unknown[0]!r}; there are {', '.join(known)}")
    given = scales or {}
    step_sizes = {name: step_size * given.get(name, 1.0) for name in methods}
    steps = recorded_steps(n_steps, record)
    chosen = [known[name] for name in methods]
    batch = _Batch(
        problem, theta, chosen, step_sizes, batch_size, damping, replacement, seeds, n_steps, steps
    )
    while batch.going and batch.done < n_steps:
        yield Progress(batch.done / n_steps, batch.result)
        batch.step()
    return batch.result()


@dataclass(eq=False)
class _Batch:
    """Runs of M methods with R seeds, after `done` steps."""

    problem: Problem
    theta_0: Array
    methods: Sequence[StochasticMethod]
    step_sizes: dict[str, float]
    batch_size: int
    damping: float
    replacement: bool
    seeds: Sequence[int]
    n_steps: int
    steps: NDArray[np.int64]
    done: int = 0

    def __post_init__(self) -> None:
        N, D, B = self.problem.N, self.problem.D, self.batch_size
        self._factor = float(batch_factor(N, B, replacement=self.replacement))
        self._randoms = [RandomState(seed) for seed in self.seeds]
        shape = len(self.step_sizes), len(self._randoms)
        self._theta = np.broadcast_to(self.theta_0, (*shape, D)).copy()
        self._going = np.ones(shape, dtype=bool)
        self._limit = DIVERGENCE * max(abs(float(self.problem.loss(self.theta_0))), 1e-300)
        self._losses = np.full((*shape, len(self.steps)), np.nan)
        self._ahead = max(1, _AHEAD // B)
        self._rows: NDArray[np.int64] | None = None
        self._record()

    @property
    def going(self) -> bool:
        return bool(self._going.any())

    def result(self) -> StochasticResult:
        """The partial result."""
        status = np.where(self._going, Status.RUNNING, Status.DIVERGED)
        named = list(enumerate(self.step_sizes))
        return StochasticResult(
            self.batch_size,
            self.steps,
            {name: self._losses[k].copy() for k, name in named},
            {name: self._theta[k].copy() for k, name in named},
            {name: status[k] for k, name in named},
        )

    def step(self) -> None:
        theta = self._theta
        g_hat = self._minibatch_gradients()
        with np.errstate(all="ignore"):
            g, EF = _of_all(self.problem, theta)
            chosen = zip(self.methods, self.step_sizes.values(), strict=True)
            for k, (method, step_size) in enumerate(chosen):
                B = method.curvature.matrix(self.problem, theta[k]) if method.curvature else None
                seen = Seen(g_hat[k], g[k], EF[k], self._factor, self.damping, self.problem.N, B)
                update = step_size * method.direction(seen)
                theta[k] = np.where(self._going[k, :, None], theta[k] - update, theta[k])
        self.done += 1
        self._record()

    def _minibatch_gradients(self) -> Array:
        """(M, R, D), all methods of a seed on the same examples, in pieces of several seeds."""
        R, step = len(self._randoms), max(1, _PIECE // self.batch_size)
        pieces = [slice(i, i + step) for i in range(0, R, step)]
        parts = [
            minibatch_gradients(self.problem, self._theta[:, piece], self._next_rows(piece))
            for piece in pieces
        ]
        return np.concatenate(parts, axis=1)

    def _next_rows(self, piece: slice) -> NDArray[np.int64]:
        """The mini-batches of some seeds; small ones are drawn for many steps in advance."""
        if self._ahead == 1:
            return self._draw(self._randoms[piece], 1)[:, 0]
        at = self.done % self._ahead
        if at == 0 and piece.start == 0:
            n = min(self._ahead, self.n_steps - self.done)
            self._rows = self._draw(self._randoms, n)
        assert self._rows is not None
        return self._rows[piece, at]

    def _draw(self, randoms: Sequence[RandomState], n: int) -> NDArray[np.int64]:
        N, B, how = self.problem.N, self.batch_size, self.replacement
        return np.stack([draw_rows(random, N, B, n, replacement=how) for random in randoms])

    def _record(self) -> None:
        """Store the losses at the recorded steps; runs whose loss exceeds its limit stop."""
        where = np.flatnonzero(self.steps == self.done)
        if not where.size:
            return
        loss = self.problem.loss(self._theta)
        with np.errstate(invalid="ignore"):
            self._going &= np.isfinite(loss) & (loss <= self._limit)
        self._losses[..., where[0]] = np.where(self._going, loss, np.inf)
        if not self._going.any():
            self._losses[..., where[0] :] = np.inf

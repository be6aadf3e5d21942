r"""The empirical Fisher as a second moment of noisy gradients: Kunstner et al. (2019), section 5.

With per-example gradients g_n, their mean g = nabla L and their covariance Sigma, all MEANS over n:

    EF = Sigma + g g^T                                                                    (Eq. 18)

The paper writes sums: its gradient estimate is N g_n, its left-hand side N F~ = N^2 EF, its Sigma
N^2 Sigma. A mini-batch gradient g^ of B examples has mean g and covariance C = c Sigma, where c is
`batch_factor`. M g^ is an estimate of g for any matrix M; ESTIMATORS lists the matrices of Eq. 19
and those they are compared with, `expected_errors` returns their E|M g^ - g|^2.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray

from efviz.arrays import Array
from efviz.curvature.matrices import empirical_fisher
from efviz.lazy import cached_property
from efviz.numerics.linalg import solve_damped
from efviz.problems import Problem

Rows = NDArray[np.int64]
# Examples of mini-batches that are processed in one piece.
_PIECE = 2**18


@dataclass(frozen=True, eq=False)
class GradientNoise:
    """Mean g (..., D), covariance Sigma and second moment EF (..., D, D) of the g_n at theta.

    Sigma comes from the centred g_n, EF from `curvature.empirical_fisher`; Eq. 18 relates them.
    """

    N: int
    gradient: Array
    covariance: Array
    empirical_fisher: Array

    @cached_property
    def identity_error(self) -> Array:
        """|EF - Sigma - g g^T| / |EF| in Frobenius norms (...), pure rounding; 0 where EF is 0."""
        g = self.gradient
        rest = self.empirical_fisher - self.covariance - g[..., :, None] * g[..., None, :]
        return _ratio(_norm(rest), _norm(self.empirical_fisher))

    @cached_property
    def noise_share(self) -> Array:
        """tr Sigma / tr EF (...), the share of noise in the empirical Fisher; 0 where EF is 0."""
        return _ratio(_trace(self.covariance), _trace(self.empirical_fisher))


def gradient_noise(problem: Problem, theta: ArrayLike) -> GradientNoise:
    """Mean, covariance and second moment of the per-example gradients at theta (..., D)."""
    theta = problem.check_theta(theta)
    g_n = problem.per_example_gradients(theta)
    with np.errstate(all="ignore"):
        g = g_n.mean(-2)
        centred = g_n - g[..., None, :]
        covariance = np.swapaxes(centred, -1, -2) @ centred / problem.N
    return GradientNoise(problem.N, g, covariance, empirical_fisher(problem, theta))


def batch_factor(N: int, batch_size: ArrayLike, *, replacement: bool = True) -> Array:
    """c in cov(g^) = c Sigma, for mini-batches of `batch_size` of N examples.

    c = 1 / B with replacement. Without it, each mini-batch being a fresh choice of B different
    examples, c = (N - B) / (B (N - 1)). Eqs. 18 and 19 are the case B = 1, where both are 1.
    """
    B = _batch_sizes(N, batch_size, replacement)
    if replacement:
        return 1 / B
    return (N - B) / (B * max(N - 1, 1))


def draw_rows(
    random: RandomState, N: int, batch_size: int, n: int, *, replacement: bool = True
) -> Rows:
    """The examples of n independent mini-batches, (n, batch_size)."""
    _batch_sizes(N, batch_size, replacement)
    if replacement:
        return random.randint(N, size=(n, batch_size))
    if 2 * batch_size > N:
        keys = random.random_sample((n, N))
        return np.argpartition(keys, batch_size - 1, axis=-1)[:, :batch_size]
    # Duplicates are drawn again, which favours no choice of examples.
    rows = np.sort(random.randint(N, size=(n, batch_size)), axis=-1)
    while (again := rows[:, 1:] == rows[:, :-1]).any():
        rows[:, 1:][again] = random.randint(N, size=int(again.sum()))
        rows.sort(axis=-1)
    return rows


def _batch_sizes(N: int, batch_size: ArrayLike, replacement: bool) -> Array:
    B = np.asarray(batch_size, dtype=float)
    if not ((B >= 1) & (replacement | (B <= N))).all():
        most = "" if replacement else f" and at most N = {N:,}"
        raise ValueError(f"batch_size must be at least 1{most}, got {batch_size!r}")
    return B


def minibatch_gradients(problem: Problem, theta: ArrayLike, rows: Rows) -> Array:
    """g^ = 1/B sum_b g_{rows_b}(theta): theta (..., D), rows (..., B) -> (..., D)."""
    theta = problem.check_theta(theta)
    X, y = problem.X[rows], problem.y[rows]
    with np.errstate(all="ignore"):
        if X.ndim == 2:
            X, y = X[None], y[None]
        f = problem.model.outputs(X, theta)
        total = problem.model.pull_back(X, theta, problem.likelihood.gradient(f, y))
    return (
        total.reshape((*np.broadcast_shapes(theta.shape[:-1], rows.shape[:-1]), problem.D))
        / (rows.shape[-1])
    )


def minibatch_cloud(
    problem: Problem,
    theta: ArrayLike,
    random: RandomState,
    *,
    batch_size: int,
    n: int,
    replacement: bool = True,
) -> Array:
    """n independent mini-batch gradients at one theta (D,): (n, D), drawn in pieces."""
    step = max(1, _PIECE // batch_size)
    parts = [
        minibatch_gradients(
            problem,
            theta,
            draw_rows(random, problem.N, batch_size, min(step, n - i), replacement=replacement),
        )
        for i in range(0, n, step)
    ]
    return np.concatenate(parts)


def _plain(noise: GradientNoise, c: Array, damping: float) -> Array:
    return np.broadcast_to(np.eye(len(noise.gradient)), (len(c), *noise.covariance.shape))


def _scaled(noise: GradientNoise, c: Array, damping: float) -> Array:
    squared = noise.gradient @ noise.gradient
    share = _ratio(squared, squared + c * _trace(noise.covariance))
    return share[:, None, None] * _plain(noise, c, damping)


def _diagonal(noise: GradientNoise, c: Array, damping: float) -> Array:
    shares = adaptation(noise.gradient, np.diagonal(noise.covariance), c[:, None])
    return shares[:, :, None] * np.eye(len(noise.gradient))


def _full(noise: GradientNoise, c: Array, damping: float) -> Array:
    return noise.gradient[:, None] * _projection(noise, c)[:, None, :]


def _printed(noise: GradientNoise, c: Array, damping: float) -> Array:
    return np.swapaxes(_full(noise, c, damping), -1, -2)


def _preconditioned(noise: GradientNoise, c: Array, damping: float) -> Array:
    g, D = noise.gradient, len(noise.gradient)
    EF = np.broadcast_to(noise.empirical_fisher, (D, D, D))
    P = solve_damped(EF, np.eye(D), damping, terms=noise.N).x
    P = (P + P.T) / 2
    spread = c * _trace(P @ noise.covariance @ P) + g @ P @ P @ g
    return _ratio(g @ P @ g, spread)[:, None, None] * P


def adaptation(gradient: Array, variance: Array, c: Array | float) -> Array:
    """D_ii = g_i^2 / (g_i^2 + c Sigma_ii), the diagonal D that minimises E|D g^ - g|^2. Section 5.

    gradient, variance (..., D) -> (..., D); 0 where the gradient is 0.
    """
    with np.errstate(all="ignore"):
        return _ratio(gradient**2, gradient**2 + c * variance)


def _projection(noise: GradientNoise, c: Array) -> Array:
    """x = (c Sigma + g g^T)^-1 g for each c, (K, D): by Sherman and Morrison, stable as c -> 0."""
    g = noise.gradient
    v, singular = solve_damped(noise.covariance, g, terms=noise.N)
    free = g - noise.covariance @ v
    # A component of g along a direction without noise determines g exactly.
    if bool(singular) and np.linalg.norm(free) > 1e-8 * np.linalg.norm(g):
        return np.broadcast_to(free / (free @ g), (len(c), len(g)))
    return _ratio(np.broadcast_to(v, (len(c), len(g))), (c + g @ v)[:, None])


@dataclass(frozen=True)
class Estimator:
    """M g^ as an estimate of g: `matrix(noise, c (K,), damping)` is M for each c, (K, D, D)."""

    title: str
    symbol: str
    formula: str
    matrix: Callable[[GradientNoise, Array, float], Array]


ESTIMATORS: dict[str, Estimator] = {
    "plain": Estimator("mini-batch gradient", "ĝ", r"\hat g", _plain),
    "scaled": Estimator(
        "its best multiple", "αĝ",
        r"\alpha \hat g,\ \alpha = g^\top g / (g^\top g + \operatorname{tr} C)", _scaled
    ),
    "EF": Estimator(
        "best multiple of EF⁻¹ĝ", "αEF⁻¹ĝ", r"\alpha\,(\tilde F + \lambda I)^{-1} \hat g",
        _preconditioned
    ),
    "diagonal": Estimator(
        "variance adapted, diagonal", "Dĝ", r"D_{ii} = g_i^2 / (g_i^2 + C_{ii})", _diagonal
    ),
    "full": Estimator(
        "variance adapted, Eq. 19", "Mĝ", r"M = g g^\top (C + g g^\top)^{-1}", _full
    ),
    "printed": Estimator(
        "Eq. 19 as printed", "Mᵀĝ", r"M^\top = (C + g g^\top)^{-1} g g^\top", _printed
    ),
}  # fmt: skip
"""The matrices whose errors are compared.

"full" is the M that minimises E|M g^ - g|^2; Eq. 19 prints its transpose. EF^-1 g^ grows as g
shrinks and is no estimate of g by itself, so "EF" is its multiple with the smallest error. All
except "plain" require the true g.
"""


def expected_error(M: Array, gradient: Array, covariance: Array) -> Array:
    """E|M g^ - g|^2 = tr(M C M^T) + |(M - I) g|^2, variance and squared bias.

    M, C (..., D, D), gradient (..., D) -> (...).
    """
    with np.errstate(all="ignore"):
        variance = ((M @ covariance) * M).sum((-1, -2))
        bias = np.einsum("...ij,...j->...i", M, gradient) - gradient
        return np.asarray(np.maximum(variance, 0) + (bias**2).sum(-1))


def expected_errors(
    noise: GradientNoise,
    batch_sizes: Sequence[int],
    *,
    replacement: bool = True,
    damping: float = 0.0,
) -> dict[str, Array]:
    """E|M g^ - g|^2 of each of ESTIMATORS at one theta, for each batch size, (K,) each."""
    c = batch_factor(noise.N, batch_sizes, replacement=replacement)
    C = c[:, None, None] * noise.covariance
    with np.errstate(all="ignore"):
        return {
            name: expected_error(estimator.matrix(noise, c, damping), noise.gradient, C)
            for name, estimator in ESTIMATORS.items()
        }


def batch_sizes(N: int, n: int = 60) -> tuple[int, ...]:
    """At most n geometrically spaced whole numbers from 1 to N."""
    return tuple(int(B) for B in np.unique(np.round(np.geomspace(1, max(N, 1), n))))


def _ratio(a: ArrayLike, b: ArrayLike) -> Array:
    """a / b; 0 where b is 0."""
    b = np.asarray(b)
    return np.where(b == 0, 0.0, np.asarray(a) / np.where(b == 0, 1.0, b))


def _trace(matrix: Array) -> Array:
    return np.asarray(np.trace(matrix, axis1=-2, axis2=-1))


def _norm(matrix: Array) -> Array:
    return np.asarray(np.linalg.norm(matrix, axis=(-2, -1)))

"""Two classes: logistic regression."""

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log1p
from typing import ClassVar

import numpy as np
import scipy
from numpy.random import Generator

from efviz.arrays import Array, Mask
from efviz.datasets.tables.columns import Column
from efviz.numerics.compiling import njit
from efviz.numerics.elementary import excess_at
from efviz.problems.likelihoods.base import Combination, Likelihood, Quality, Terms

LABELS = ("class", "label", "species", "category", "diagnosis")
"""Names of columns whose numbers are classes."""


@njit(cache=True, nogil=True)
def bernoulli_nll(f: Array, y: Array) -> Array:
    """-log sigmoid((2 y - 1) f) for f (B, N), y (N,); exp(-|f|) never overflows or rounds to 1."""
    out = np.empty_like(f)
    for b in range(f.shape[0]):
        for n in range(f.shape[1]):
            wrong = (1.0 - 2.0 * y[n]) * f[b, n]
            out[b, n] = log1p(exp(-abs(wrong))) + max(wrong, 0.0)
    return out


@njit(cache=True, nogil=True)
def bernoulli_gradient(f: Array, y: Array) -> Array:
    """sigmoid(f) - y as sign sigmoid(sign f), sign = 1 - 2 y: no cancellation for a good fit."""
    out = np.empty_like(f)
    for b in range(f.shape[0]):
        for n in range(f.shape[1]):
            sign = 1.0 - 2.0 * y[n]
            e = exp(-abs(f[b, n]))
            out[b, n] = sign * (1.0 if sign * f[b, n] > 0.0 else e) / (1.0 + e)
    return out


@njit(cache=True, nogil=True)
def bernoulli_fisher(f: Array) -> Array:
    """sigmoid(f) sigmoid(-f) for f (B, N), to full relative precision in both tails."""
    out = np.empty_like(f)
    for b in range(f.shape[0]):
        for n in range(f.shape[1]):
            e = exp(-abs(f[b, n]))
            out[b, n] = e / ((1.0 + e) * (1.0 + e))
    return out


@njit(cache=True, nogil=True)
def bernoulli_gradient_and_fisher(f: Array, y: Array) -> tuple[Array, Array]:
    """Both of the above with one exponential, which dominates their cost."""
    gradient, fisher = np.empty_like(f), np.empty_like(f)
    for b in range(f.shape[0]):
        for n in range(f.shape[1]):
            sign = 1.0 - 2.0 * y[n]
            e = exp(-abs(f[b, n]))
            share = 1.0 / (1.0 + e)
            gradient[b, n] = sign * (1.0 if sign * f[b, n] > 0.0 else e) * share
            fisher[b, n] = e * share * share
    return gradient, fisher


@njit(cache=True, nogil=True)
def bernoulli_kl(f: Array, g: Array) -> Array:
    """KL(Bernoulli(sigmoid f) || Bernoulli(sigmoid g)) for f, g (n,).

    Written for the less likely label under f, whose probability p keeps its digits.
    """
    out = np.empty_like(f)
    for n in range(f.shape[0]):
        sign = -1.0 if f[n] > 0.0 else 1.0
        step = sign * (g[n] - f[n])
        e = exp(-abs(f[n]))
        q = 1.0 / (1.0 + e)
        p = e * q
        if abs(step) < 1.0:
            out[n] = log1p(q * excess_at(-p * step) + p * excess_at(q * step))
        else:
            moved = sign * g[n]
            out[n] = log1p(exp(-abs(moved))) + max(moved, 0.0) - log1p(e) - p * step
    return out


@njit(cache=True, nogil=True, inline="always", error_model="numpy", fastmath={"contract"})
def _exp_minus(a: float) -> float:
    """exp(-a) for a >= 0 to one unit in the last place, in a form that vectorises."""
    a = min(a, 760.0)
    k = np.floor(a * 1.4426950408889634 + 0.5)
    # r = k log 2 - a, with log 2 in two parts, lies within 0.35: Taylor series to r^13.
    r = (k * 0.6931471803691238 - a) + k * 1.9082149292705877e-10
    p = 1 / 6227020800.0
    p = p * r + 1 / 479001600.0
    p = p * r + 1 / 39916800.0
    p = p * r + 1 / 3628800.0
    p = p * r + 1 / 362880.0
    p = p * r + 1 / 40320.0
    p = p * r + 1 / 5040.0
    p = p * r + 1 / 720.0
    p = p * r + 1 / 120.0
    p = p * r + 1 / 24.0
    p = p * r + 1 / 6.0
    p = (p * r + 0.5) * r * r + r + 1.0
    # 2^-k from its bits, as two factors, so that subnormal results are right as well.
    n = np.int64(k)
    half = n >> 1
    low = np.int64((np.int64(1023) - half) << 52).view(np.float64)
    high = np.int64((np.int64(1023) - (n - half)) << 52).view(np.float64)
    return p * low * high


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"reassoc", "contract"})
def bernoulli_terms(
    f: Array, y: Array, of_fisher: float, of_square: float, s: Array, w: Array
) -> Array:
    """s = sigmoid(f) - y and w = of_fisher s' + of_square s^2 for f (R, N).

    Returns the mean of the hinge max(0, (1 - 2 y) f), which is at most log 2 below the loss.
    """
    hinge = np.zeros(len(f))
    for r in range(f.shape[0]):
        total = 0.0
        for n in range(f.shape[1]):
            sign = 1.0 - 2.0 * y[n]
            wrong = sign * f[r, n]
            e = _exp_minus(abs(wrong))
            share = 1.0 / (1.0 + e)
            slope = share if wrong > 0.0 else e * share
            s[r, n] = sign * slope
            w[r, n] = of_fisher * (e * share * share) + of_square * (slope * slope)
            total += 0.0 if wrong <= 0.0 else wrong
        hinge[r] = total / f.shape[1]
    return hinge


def _rowwise(kernel: Callable[[Array, Array], Array], f: Array, y: Array) -> Array:
    """Call a kernel of f (B, N) and y (N,) with f (..., N, 1) and y (..., N)."""
    shape = np.broadcast_shapes(f.shape[:-1], y.shape)
    f, labels = f[..., 0], np.ascontiguousarray(y)
    if y.ndim > 1:
        # Labels differ between rows: use one long row.
        f, labels = np.broadcast_to(f, shape).reshape(1, -1), np.broadcast_to(y, shape).ravel()
    rows = np.ascontiguousarray(f).reshape(-1, labels.shape[-1])
    return kernel(rows, labels).reshape((*shape, 1))


@dataclass(frozen=True)
class Bernoulli(Likelihood):
    """y in {0, 1}, p(y = 1) = sigmoid(f): l = -log sigmoid((2y - 1) f). Eq. 53 (printed without y).

    Everything is written in terms of exp(-|f|), so that no probability is rounded to 0 or 1. It is
    compiled because the plain NumPy expression takes three times as long.
    """

    name: ClassVar[str] = "bernoulli"
    natural: ClassVar[bool] = True
    discrete: ClassVar[bool] = True
    classes: ClassVar[bool] = True
    self_concordant: ClassVar[bool] = True
    convex: ClassVar[bool] = True
    keeps_digits: ClassVar[bool] = True

    @property
    def title(self) -> str:
        return "Logistic regression"

    def suggested(self, column: Column) -> bool:
        """Two classes, or more where the column holds text or has a name like "class"."""
        classes = len(column.classes or ())
        named = column.numbers is None or column.name.casefold() in LABELS
        return classes == 2 or (named and classes > 2)

    def nll(self, f: Array, y: Array) -> Array:
        return _rowwise(bernoulli_nll, f, y)[..., 0]

    def gradient(self, f: Array, y: Array) -> Array:
        return _rowwise(bernoulli_gradient, f, y)

    def hessian(self, f: Array, y: Array) -> Array:
        return self.fisher(f)

    def fisher(self, f: Array) -> Array:
        rows = np.ascontiguousarray(f[..., 0]).reshape(-1, f.shape[-2])
        return bernoulli_fisher(rows).reshape((*f.shape, 1))

    def gradient_and_fisher(self, f: Array, y: Array) -> tuple[Array, Array]:
        """Both at the cost of one if all of f share the same labels."""
        if y.ndim > 1:
            return self.gradient(f, y), self.fisher(f)
        rows = np.ascontiguousarray(f[..., 0]).reshape(-1, f.shape[-2])
        gradient, fisher = bernoulli_gradient_and_fisher(rows, np.ascontiguousarray(y))
        return gradient.reshape(f.shape), fisher.reshape((*f.shape, 1))

    def mean(self, f: Array) -> Array:
        return np.asarray(scipy.special.expit(f))

    def sample(self, f: Array, rng: Generator, n_samples: int) -> Array:
        return (rng.random((n_samples, *f.shape[:-1])) < self.mean(f)[..., 0]).astype(float)

    def kl(self, f: Array, g: Array) -> Array:
        f, g = (np.ascontiguousarray(v[..., 0]) for v in np.broadcast_arrays(f, g))
        return bernoulli_kl(f.ravel(), g.ravel()).reshape(f.shape)

    def log_base(self, y: Array) -> Array:
        return np.zeros(y.shape)

    def most_likely(self, f: Array) -> Array:
        """1 where f > 0; 0 for the tie f = 0."""
        return (f[..., 0] > 0).astype(float)

    def fourth_moment(self, f: Array, K: Array) -> Array:
        """p (1 - p) (1 - 3 p (1 - p)) K^2."""
        variance = self.fisher(f)[..., 0, 0]
        return variance * (1 - 3 * variance) * K[..., 0, 0] ** 2

    def sampled_fisher(self, f: Array, rng: Generator, n_samples: int) -> Array | None:
        p, q = scipy.special.expit(f), scipy.special.expit(-f)
        ones = rng.binomial(n_samples, np.nan_to_num(p)) / n_samples
        return (ones * q**2 + (1 - ones) * p**2)[..., None]

    def quality(self, f: Array, y: Array) -> Quality:
        return Quality("accuracy", float(np.mean((f[:, 0] > 0) == (y == 1))))

    def check(self, y: Array) -> None:
        good = (y == 0) | (y == 1)
        if not good.all():
            raise ValueError(f"labels must be 0 or 1, got {y[~good][0]:g}")

    def recession(self, y: Array, C: int) -> tuple[Array, Mask]:
        return (1 - 2 * y)[None, :, None], np.zeros((1, len(y)), dtype=bool)

    def terms(self, f: Array, y: Array, weights: Combination) -> Terms:
        s, w, of_fisher = np.empty_like(f), np.empty_like(f), weights.fisher + weights.hessian
        bound = bernoulli_terms(f, y, of_fisher, weights.gradient, s, w)
        return Terms(s, w, bound, slack=0.7)

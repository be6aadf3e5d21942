r"""p(y | f): the negative log-likelihood of one example and its derivatives in output space.

Conventions: f (..., N, C); y (N,) or (..., N) - labels 0..C-1 for the categorical one; leading
axes are broadcast. `nll` leaves out terms that do not depend on f. With l = -log p(y | f):

    gradient  dl/df               (..., N, C)
    hessian   d2l/df2             (..., N, C, C)
    fisher    E_{y ~ p(.|f)} [dl/df dl/df^T]   (..., N, C, C), Kunstner et al. (2019), Eq. 42
    sample    n_samples draws of y from p(. | f)  (n_samples, ..., N)
    most_likely    argmax_y p(y | f), of several the one that is named  (..., N)
    fourth_moment  E_{y ~ p(.|f)} [(r^T K r)^2], r = dl/df, for symmetric K (..., N, C, C)  (..., N)
    sampled_fisher 1/M sum_m r_m r_m^T, y_m ~ p(.|f), at a cost without M; None where there is none
    kl        KL(p(. | f) || p(. | g)), exact      (..., N)
    log_base  log p(y | f) + nll(f, y), the terms that nll leaves out; it depends on y alone
    quality   how well f (N, C) fits y (N,), in the words of its kind of regression

`natural` says that f is the natural parameter of an exponential family: then, and in general only
then, hessian = fisher (Proposition 1). `self_concordant` says that besides, along any line of
outputs f + t v, |d3l/dt3| <= s d2l/dt2 everywhere, with s = |v| for one output and
s = max v - min v for several; `discrete` that p(y | f) is a probability, not a density;
`shift_invariant` that a number added to all outputs changes nothing. Tests read them to choose
which theorem must hold.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np
import scipy
from numpy.random import Generator

from efviz import softmax
from efviz.data import Array, Mask
from efviz.kernels import (
    bernoulli_fisher,
    bernoulli_gradient,
    bernoulli_gradient_and_fisher,
    bernoulli_kl,
    bernoulli_nll,
    excess,
)


@dataclass(frozen=True)
class Quality:
    """A mean over the examples; `expected` is what the model makes it, where that is fixed."""

    name: str
    value: float
    expected: float | None = None


class Likelihood(ABC):
    name: ClassVar[str]
    natural: ClassVar[bool]
    self_concordant: ClassVar[bool] = False
    discrete: ClassVar[bool] = False
    shift_invariant: ClassVar[bool] = False

    @abstractmethod
    def nll(self, f: Array, y: Array) -> Array: ...

    @abstractmethod
    def gradient(self, f: Array, y: Array) -> Array: ...

    @abstractmethod
    def hessian(self, f: Array, y: Array) -> Array: ...

    @abstractmethod
    def fisher(self, f: Array) -> Array: ...

    @abstractmethod
    def mean(self, f: Array) -> Array: ...

    @abstractmethod
    def sample(self, f: Array, rng: Generator, n_samples: int) -> Array: ...

    @abstractmethod
    def most_likely(self, f: Array) -> Array: ...

    @abstractmethod
    def fourth_moment(self, f: Array, K: Array) -> Array: ...

    @abstractmethod
    def kl(self, f: Array, g: Array) -> Array: ...

    @abstractmethod
    def quality(self, f: Array, y: Array) -> Quality: ...

    @abstractmethod
    def check(self, y: Array) -> None: ...

    @abstractmethod
    def recession(self, y: Array, C: int) -> tuple[Array, Mask]: ...

    def log_base(self, y: Array) -> Array:
        return np.zeros(y.shape)

    def gradient_and_fisher(self, f: Array, y: Array) -> tuple[Array, Array]:
        return self.gradient(f, y), self.fisher(f)

    def sampled_fisher(self, f: Array, rng: Generator, n_samples: int) -> Array | None:
        """Drawn from sufficient statistics of the labels: `sample` takes another stream."""
        return None


def no_directions(y: Array, C: int) -> tuple[Array, Mask]:
    """For losses that grow without bound along every line of outputs: no recession at all."""
    return np.zeros((0, len(y), C)), np.zeros((0, len(y)), dtype=bool)


@dataclass(frozen=True)
class Gaussian(Likelihood):
    """y ~ N(f, sigma^2): l = (y - f)^2 / (2 sigma^2). Eq. 27; sigma = 1 is plain least squares."""

    name: ClassVar[str] = "gaussian"
    natural: ClassVar[bool] = True
    sigma: float = 1.0

    def nll(self, f: Array, y: Array) -> Array:
        return (f[..., 0] - y) ** 2 / (2 * self.sigma**2)

    def gradient(self, f: Array, y: Array) -> Array:
        return (f - y[..., None]) / self.sigma**2

    def hessian(self, f: Array, y: Array) -> Array:
        return self.fisher(f)

    def fisher(self, f: Array) -> Array:
        return np.full((*f.shape, 1), self.sigma**-2)

    def mean(self, f: Array) -> Array:
        return f

    def sample(self, f: Array, rng: Generator, n_samples: int) -> Array:
        return rng.normal(f[..., 0], self.sigma, (n_samples, *f.shape[:-1]))

    def most_likely(self, f: Array) -> Array:
        """The mean, where the gradient is zero."""
        return f[..., 0]

    def fourth_moment(self, f: Array, K: Array) -> Array:
        return 3 * K[..., 0, 0] ** 2 / self.sigma**4

    def sampled_fisher(self, f: Array, rng: Generator, n_samples: int) -> Array | None:
        squares = rng.chisquare(n_samples, f.shape[:-1]) / n_samples
        return (squares / self.sigma**2)[..., None, None]

    def kl(self, f: Array, g: Array) -> Array:
        return (f[..., 0] - g[..., 0]) ** 2 / (2 * self.sigma**2)

    def log_base(self, y: Array) -> Array:
        return np.full(y.shape, -np.log(2 * np.pi * self.sigma**2) / 2)

    def quality(self, f: Array, y: Array) -> Quality:
        return Quality("residual variance", float(np.mean((y - f[:, 0]) ** 2)), self.sigma**2)

    def check(self, y: Array) -> None:
        if not np.isfinite(y).all():
            raise ValueError("targets must be finite numbers")

    def recession(self, y: Array, C: int) -> tuple[Array, Mask]:
        return no_directions(y, C)


def _rowwise(kernel: Callable[[Array, Array], Array], f: Array, y: Array) -> Array:
    """Call a kernel of f (B, N) and y (N,) with f (..., N, 1) and y (..., N)."""
    shape = np.broadcast_shapes(f.shape[:-1], y.shape)
    f, labels = f[..., 0], np.ascontiguousarray(y)
    if y.ndim > 1:
        # Labels that differ between rows: one long row.
        f, labels = np.broadcast_to(f, shape).reshape(1, -1), np.broadcast_to(y, shape).ravel()
    rows = np.ascontiguousarray(f).reshape(-1, labels.shape[-1])
    return kernel(rows, labels).reshape((*shape, 1))


@dataclass(frozen=True)
class Bernoulli(Likelihood):
    """y in {0, 1}, p(y = 1) = sigmoid(f): l = -log sigmoid((2y - 1) f). Eq. 53 (which lacks its y).

    Everything is written with exp(-|f|), so that no probability is rounded to 0 or 1; compiled,
    because a plain NumPy expression of this kind takes three times as long.
    """

    name: ClassVar[str] = "bernoulli"
    natural: ClassVar[bool] = True
    discrete: ClassVar[bool] = True
    self_concordant: ClassVar[bool] = True

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
        """Both at the cost of one where all of f share the same labels."""
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

    def most_likely(self, f: Array) -> Array:
        """1 where f > 0; 0 at the tie f = 0."""
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


@dataclass(frozen=True)
class Poisson(Likelihood):
    """y in {0, 1, ...} ~ Poisson(exp f), the canonical link: l = exp(f) - y f."""

    name: ClassVar[str] = "poisson"
    natural: ClassVar[bool] = True
    discrete: ClassVar[bool] = True
    self_concordant: ClassVar[bool] = True

    def nll(self, f: Array, y: Array) -> Array:
        return np.exp(f[..., 0]) - y * f[..., 0]

    def gradient(self, f: Array, y: Array) -> Array:
        return np.exp(f) - y[..., None]

    def hessian(self, f: Array, y: Array) -> Array:
        return self.fisher(f)

    def fisher(self, f: Array) -> Array:
        return np.exp(f)[..., None]

    def mean(self, f: Array) -> Array:
        return np.exp(f)

    def sample(self, f: Array, rng: Generator, n_samples: int) -> Array:
        rate = np.broadcast_to(np.exp(f[..., 0]), (n_samples, *f.shape[:-1]))
        # Beyond 1e15 counts are no longer exact: such a rate, or nan, stands for its own draws.
        drawable = rate < 1e15
        return np.where(drawable, rng.poisson(np.where(drawable, rate, 0)), rate)

    def most_likely(self, f: Array) -> Array:
        """floor(exp f); the larger of two where exp f is a whole number."""
        return np.floor(np.exp(f[..., 0]))

    def fourth_moment(self, f: Array, K: Array) -> Array:
        rate = np.exp(f[..., 0])
        return (rate + 3 * rate**2) * K[..., 0, 0] ** 2

    def sampled_fisher(self, f: Array, rng: Generator, n_samples: int) -> Array | None:
        """From how often each count is drawn, while there are fewer counts than draws."""
        rate = np.exp(f)
        largest = rate.max(initial=0)
        if not largest < 100 or n_samples < (counts := int(largest + 12 * largest**0.5) + 40):
            return None
        k = np.arange(counts)
        p = np.exp(k * f - rate - scipy.special.gammaln(k + 1))
        drawn = rng.multinomial(n_samples, p / p.sum(-1, keepdims=True))
        return ((drawn * (k - rate) ** 2).sum(-1) / n_samples)[..., None, None]

    def kl(self, f: Array, g: Array) -> Array:
        return (np.exp(f) * excess(g - f))[..., 0]

    def log_base(self, y: Array) -> Array:
        return np.asarray(-scipy.special.gammaln(y + 1))

    def quality(self, f: Array, y: Array) -> Quality:
        """Pearson's dispersion: 1 for counts that vary as the model says."""
        rate = np.exp(f[:, 0])
        return Quality("dispersion", float(np.mean((y - rate) ** 2 / rate)), 1.0)

    def check(self, y: Array) -> None:
        if not (np.isfinite(y).all() and (y >= 0).all() and (y == np.floor(y)).all()):
            bad = y[~(np.isfinite(y) & (y >= 0) & (y == np.floor(y)))][0]
            raise ValueError(f"Poisson targets are counts 0, 1, 2, ..., got {bad:g}")

    def recession(self, y: Array, C: int) -> tuple[Array, Mask]:
        return np.ones((1, len(y), 1)), (y > 0)[None, :]


@dataclass(frozen=True)
class Exponential(Likelihood):
    """Waiting times y > 0 with rate exp f: l = y exp(f) - f.

    f is the logarithm of the natural parameter, not the natural parameter: the kept example of an
    exponential family whose GGN (mean of y exp f) is not its Fisher (1).
    """

    name: ClassVar[str] = "exponential"
    natural: ClassVar[bool] = False

    def nll(self, f: Array, y: Array) -> Array:
        return y * np.exp(f[..., 0]) - f[..., 0]

    def gradient(self, f: Array, y: Array) -> Array:
        return y[..., None] * np.exp(f) - 1

    def hessian(self, f: Array, y: Array) -> Array:
        return (y[..., None] * np.exp(f))[..., None]

    def fisher(self, f: Array) -> Array:
        return np.ones((*f.shape, 1))

    def mean(self, f: Array) -> Array:
        return np.exp(-f)

    def sample(self, f: Array, rng: Generator, n_samples: int) -> Array:
        return rng.exponential(np.exp(-f[..., 0]), (n_samples, *f.shape[:-1]))

    def most_likely(self, f: Array) -> Array:
        """0, whatever f: the density falls from there. It is no label that `check` accepts."""
        return np.zeros(f.shape[:-1])

    def fourth_moment(self, f: Array, K: Array) -> Array:
        return 9 * K[..., 0, 0] ** 2

    def kl(self, f: Array, g: Array) -> Array:
        return excess(g - f)[..., 0]

    def quality(self, f: Array, y: Array) -> Quality:
        return Quality("dispersion", float(np.mean((y * np.exp(f[:, 0]) - 1) ** 2)), 1.0)

    def check(self, y: Array) -> None:
        good = np.isfinite(y) & (y > 0)
        if not good.all():
            raise ValueError(f"waiting times must be positive numbers, got {y[~good][0]:g}")

    def recession(self, y: Array, C: int) -> tuple[Array, Mask]:
        return no_directions(y, C)


def _rows_of_outputs(f: Array, y: Array) -> tuple[Array, Array, tuple[int, ...]]:
    """f (..., N, C) and y (..., N) as a kernel's f (B, N, C) and y (N,), and their joint shape."""
    C, shape = f.shape[-1], np.broadcast_shapes(f.shape[:-1], y.shape)
    if y.ndim > 1:
        # Labels that differ between rows: one long row.
        f, y = np.broadcast_to(f, (*shape, C)), np.broadcast_to(y, shape).reshape(-1)
    rows = np.ascontiguousarray(f).reshape(prod(shape) // len(y), len(y), C)
    return rows, np.ascontiguousarray(y), shape


@dataclass(frozen=True)
class Categorical(Likelihood):
    """p(y = c | f) = softmax(f)_c: l = -f_y + scipy.special.logsumexp(f). Eqs. 31-34."""

    name: ClassVar[str] = "categorical"
    natural: ClassVar[bool] = True
    # Third and second cumulant of v_y, which lies within max v - min v of its mean.
    self_concordant: ClassVar[bool] = True
    shift_invariant: ClassVar[bool] = True
    discrete: ClassVar[bool] = True

    def nll(self, f: Array, y: Array) -> Array:
        rows, labels, shape = _rows_of_outputs(f, y)
        return softmax.nll(rows, labels).reshape(shape)

    def gradient(self, f: Array, y: Array) -> Array:
        rows, labels, shape = _rows_of_outputs(f, y)
        return softmax.gradient(rows, labels).reshape(*shape, f.shape[-1])

    def hessian(self, f: Array, y: Array) -> Array:
        return self.fisher(f)

    def fisher(self, f: Array) -> Array:
        C = f.shape[-1]
        rows = np.ascontiguousarray(f).reshape(prod(f.shape[:-2]), f.shape[-2], C)
        return softmax.fisher(rows).reshape(*f.shape, C)

    def gradient_and_fisher(self, f: Array, y: Array) -> tuple[Array, Array]:
        """Both at the cost of one where all of f share the same labels."""
        if y.ndim > 1:
            return self.gradient(f, y), self.fisher(f)
        rows, labels, _ = _rows_of_outputs(f, y)
        gradient, fisher = softmax.gradient_and_fisher(rows, labels)
        return gradient.reshape(f.shape), fisher.reshape(*f.shape, f.shape[-1])

    def mean(self, f: Array) -> Array:
        return np.asarray(scipy.special.softmax(f, axis=-1))

    def sample(self, f: Array, rng: Generator, n_samples: int) -> Array:
        cumulative = np.cumsum(scipy.special.softmax(f, axis=-1), axis=-1)[..., :-1]
        u = rng.random((n_samples, *f.shape[:-1]))
        return (u[..., None] > cumulative).sum(-1).astype(float)

    def most_likely(self, f: Array) -> Array:
        """The first of those with the largest output."""
        return f.argmax(-1).astype(float)

    def _gradient_of_each_label(self, f: Array) -> Array:
        """(..., N, C, C): row c is dl/df at y = c."""
        labels = (np.full(f.shape[-2], float(c)) for c in range(f.shape[-1]))
        return np.stack([self.gradient(f, y) for y in labels], axis=-2)

    def fourth_moment(self, f: Array, K: Array) -> Array:
        r = self._gradient_of_each_label(f)
        form = np.einsum("...kc,...cd,...kd->...k", r, K, r, optimize=True)
        return (self.mean(f) * form**2).sum(-1)

    def sampled_fisher(self, f: Array, rng: Generator, n_samples: int) -> Array | None:
        r = self._gradient_of_each_label(f)
        share = rng.multinomial(n_samples, np.nan_to_num(self.mean(f))) / n_samples
        return np.swapaxes(r, -1, -2) @ (share[..., None] * r)

    def kl(self, f: Array, g: Array) -> Array:
        step = g - f
        pi = scipy.special.softmax(f, axis=-1)
        # Outputs are free to move together: take the mean step away.
        step = step - (pi * step).sum(-1, keepdims=True)
        with np.errstate(over="ignore", invalid="ignore"):
            near = np.log1p((pi * excess(step)).sum(-1))
        far = scipy.special.logsumexp(scipy.special.log_softmax(f, axis=-1) + step, axis=-1)
        return np.where(np.abs(step).max(-1) < 1, near, far)

    def quality(self, f: Array, y: Array) -> Quality:
        return Quality("accuracy", float(np.mean(f.argmax(-1) == y)))

    def check(self, y: Array) -> None:
        if not (np.isfinite(y).all() and (y >= 0).all() and (y == np.floor(y)).all()):
            raise ValueError("class labels must be whole numbers 0, 1, ..., C - 1")

    def recession(self, y: Array, C: int) -> tuple[Array, Mask]:
        # f_c - f_y must not grow, for every other class c.
        rows = np.eye(C)[:, None, :] - np.eye(C)[y.astype(int)][None]
        return rows, np.zeros((C, len(y)), dtype=bool)


LIKELIHOODS: dict[str, type[Likelihood]] = {
    kind.name: kind for kind in (Gaussian, Bernoulli, Poisson, Exponential, Categorical)
}

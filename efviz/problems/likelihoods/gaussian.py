"""Gaussian noise with known standard deviation: least squares."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from efviz.arrays import Array, Mask
from efviz.numerics.compiling import njit
from efviz.problems.likelihoods.base import Combination, Likelihood, Quality, Terms, no_directions


@njit(cache=True, nogil=True)
def gaussian_terms(
    f: Array, y: Array, precision: float, constant: float, squared: float, s: Array, w: Array
) -> Array:
    """s = precision (f - y) and w = constant + squared s^2 for f (R, N); returns the loss (R,)."""
    loss = np.zeros(len(f))
    for r in range(f.shape[0]):
        total = 0.0
        for n in range(f.shape[1]):
            residual = f[r, n] - y[n]
            s[r, n] = precision * residual
            w[r, n] = constant + squared * (s[r, n] * s[r, n])
            total += residual * residual
        loss[r] = precision * total / (2 * f.shape[1])
    return loss


@dataclass(frozen=True)
class Gaussian(Likelihood):
    """y ~ N(f, sigma^2): l = (y - f)^2 / (2 sigma^2). Eq. 27; sigma = 1 is plain least squares."""

    name: ClassVar[str] = "gaussian"
    natural: ClassVar[bool] = True
    convex: ClassVar[bool] = True
    least_squares: ClassVar[bool] = True
    additive: ClassVar[bool] = True
    sigma: float = 1.0

    @property
    def title(self) -> str:
        return "Linear regression"

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

    def terms(self, f: Array, y: Array, weights: Combination) -> Terms:
        s, w, precision = np.empty_like(f), np.empty_like(f), self.sigma**-2
        constant = precision * (weights.fisher + weights.hessian)
        return Terms(s, w, gaussian_terms(f, y, precision, constant, weights.gradient, s, w))

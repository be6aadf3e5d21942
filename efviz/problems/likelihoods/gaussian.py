"""Gaussian noise with known standard deviation: least squares."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from efviz.arrays import Array, Mask
from efviz.problems.likelihoods.base import Likelihood, Quality, no_directions


@dataclass(frozen=True)
class Gaussian(Likelihood):
    """y ~ N(f, sigma^2): l = (y - f)^2 / (2 sigma^2). Eq. 27; sigma = 1 is plain least squares."""

    name: ClassVar[str] = "gaussian"
    natural: ClassVar[bool] = True
    additive: ClassVar[bool] = True
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

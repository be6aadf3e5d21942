"""Waiting times: f is the logarithm of the rate, which is not a natural parameter."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from efviz.arrays import Array, Mask
from efviz.numerics.elementary import excess
from efviz.problems.likelihoods.base import Likelihood, Quality, no_directions

LEAST = 1e-300
"""The waiting time nearest to 0 and to negative numbers: a choice, as there is no least one."""


@dataclass(frozen=True)
class Exponential(Likelihood):
    """Waiting times y > 0 with rate exp f: l = y exp(f) - f.

    f is the logarithm of the natural parameter, not the natural parameter itself. This is the
    example of an exponential family whose GGN (mean of y exp f) is not its Fisher (1).
    """

    name: ClassVar[str] = "exponential"
    convex: ClassVar[bool] = True

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

    def log_base(self, y: Array) -> Array:
        return np.zeros(y.shape)

    def most_likely(self, f: Array) -> Array:
        """0 for every f, where the density is highest; `check` does not accept it as a label."""
        return np.zeros(f.shape[:-1])

    def fourth_moment(self, f: Array, K: Array) -> Array:
        return 9 * K[..., 0, 0] ** 2

    def kl(self, f: Array, g: Array) -> Array:
        return excess(g - f)[..., 0]

    def quality(self, f: Array, y: Array) -> Quality:
        return Quality("dispersion", float(np.mean((y * np.exp(f[:, 0]) - 1) ** 2)), 1.0)

    def nearest(self, y: Array) -> Array:
        return np.maximum(y, LEAST)

    def check(self, y: Array) -> None:
        good = np.isfinite(y) & (y > 0)
        if not good.all():
            raise ValueError(f"waiting times must be positive numbers, got {y[~good][0]:g}")

    def recession(self, y: Array, C: int) -> tuple[Array, Mask]:
        return no_directions(y, C)

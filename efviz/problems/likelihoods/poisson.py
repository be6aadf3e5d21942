"""Counts with the canonical link."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy
from numpy.random import Generator

from efviz.arrays import Array, Mask
from efviz.datasets.tables.columns import Column
from efviz.numerics.elementary import excess
from efviz.problems.likelihoods.base import Likelihood, Quality

COUNTS = ("count", "counts", "number", "visits", "events")
"""Words in the names of columns that hold counts."""


@dataclass(frozen=True)
class Poisson(Likelihood):
    """y in {0, 1, ...} ~ Poisson(exp f), the canonical link: l = exp(f) - y f."""

    name: ClassVar[str] = "poisson"
    natural: ClassVar[bool] = True
    convex: ClassVar[bool] = True
    discrete: ClassVar[bool] = True
    self_concordant: ClassVar[bool] = True

    def suggested(self, column: Column) -> bool:
        """More or fewer than two different values, in a column with the name of counts."""
        words = column.name.casefold().replace("_", " ").split()
        return len(column.classes or ()) != 2 and not {*words}.isdisjoint(COUNTS)

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
        # Beyond 1e15 counts are no longer exact: such a rate, or nan, is used as its own draw.
        drawable = rate < 1e15
        return np.where(drawable, rng.poisson(np.where(drawable, rate, 0)), rate)

    def most_likely(self, f: Array) -> Array:
        """floor(exp f); the larger of two where exp f is a whole number."""
        return np.floor(np.exp(f[..., 0]))

    def fourth_moment(self, f: Array, K: Array) -> Array:
        rate = np.exp(f[..., 0])
        return (rate + 3 * rate**2) * K[..., 0, 0] ** 2

    def sampled_fisher(self, f: Array, rng: Generator, n_samples: int) -> Array | None:
        """From the number of times each count is drawn, while there are fewer counts than draws."""
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
        """Pearson's dispersion: 1 for counts that vary as the model predicts."""
        rate = np.exp(f[:, 0])
        return Quality("dispersion", float(np.mean((y - rate) ** 2 / rate)), 1.0)

    def check(self, y: Array) -> None:
        if not (np.isfinite(y).all() and (y >= 0).all() and (y == np.floor(y)).all()):
            bad = y[~(np.isfinite(y) & (y >= 0) & (y == np.floor(y)))][0]
            raise ValueError(f"a count is a whole number from 0 up, got {bad:g}")

    def recession(self, y: Array, C: int) -> tuple[Array, Mask]:
        return np.ones((1, len(y), 1)), (y > 0)[None, :]

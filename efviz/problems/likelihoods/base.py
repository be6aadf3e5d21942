r"""p(y | f): the negative log-likelihood of one example and its derivatives in output space.

Conventions: f (..., N, C); y (N,) or (..., N) - labels 0..C-1 for the categorical one; leading axes
are broadcast. `nll` omits terms that do not depend on f. With l = -log p(y | f):

    gradient  dl/df               (..., N, C)
    hessian   d2l/df2             (..., N, C, C)
    fisher    E_{y ~ p(.|f)} [dl/df dl/df^T]   (..., N, C, C), Kunstner et al. (2019), Eq. 42
    sample    n_samples draws of y from p(. | f)  (n_samples, ..., N)
    most_likely    argmax_y p(y | f), the documented one of several  (..., N)
    fourth_moment  E_{y ~ p(.|f)} [(r^T K r)^2], r = dl/df, for symmetric K (..., N, C, C)  (..., N)
    sampled_fisher 1/M sum_m r_m r_m^T, y_m ~ p(.|f), at a cost independent of M; else None
    kl        KL(p(. | f) || p(. | g)), exact      (..., N)
    log_base  log p(y | f) + nll(f, y), the terms omitted by nll, which depend on y alone
    quality   how well f (N, C) fits y (N,), in the usual measure of its kind of regression

`natural` says that f is the natural parameter of an exponential family: then, and in general only
then, hessian = fisher (Proposition 1). `self_concordant` says that, in addition, along any line of
outputs f + t v, |d3l/dt3| <= s d2l/dt2 everywhere, with s = |v| for one output and
s = max v - min v for several; `discrete`, that p(y | f) is a probability, not a density;
`shift_invariant`, that adding a number to all outputs changes nothing; `classes`, that y is one of
finitely many classes; `additive`, that y is f plus noise, so that any number between y and
f could have been observed as well. Tests use them to select the theorems that must hold.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from efviz.arrays import Array, Mask


@dataclass(frozen=True)
class Quality:
    """A mean over the examples; `expected` is its value under the model, where that is fixed."""

    name: str
    value: float
    expected: float | None = None


class Likelihood(ABC):
    name: ClassVar[str]
    natural: ClassVar[bool]
    self_concordant: ClassVar[bool] = False
    discrete: ClassVar[bool] = False
    shift_invariant: ClassVar[bool] = False
    classes: ClassVar[bool] = False
    additive: ClassVar[bool] = False

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
        """Draws sufficient statistics of the labels, so its stream is not that of `sample`."""
        return None


def no_directions(y: Array, C: int) -> tuple[Array, Mask]:
    """For losses that grow without bound along every line of outputs: no recession directions."""
    return np.zeros((0, len(y), C)), np.zeros((0, len(y)), dtype=bool)

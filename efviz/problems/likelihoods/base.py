r"""p(y | f): the negative log-likelihood of one example and its derivatives in output space.

Conventions: f (..., N, C); y (N,) or (..., N) - labels 0..C-1 for the categorical one; leading axes
are broadcast. `nll` omits terms that do not depend on f. With l = -log p(y | f):

    gradient  dl/df               (..., N, C)
    hessian   d2l/df2             (..., N, C, C)
    fisher    E_{y ~ p(.|f)} [dl/df dl/df^T]   (..., N, C, C), Kunstner et al. (2019), Eq. 42
    mean      E_{y ~ p(.|f)} [y]  (..., N, C); for classes their probabilities
    sample    n_samples draws of y from p(. | f)  (n_samples, ..., N)
    check     raises ValueError if some y (N,) cannot occur

The rest has defaults, which are right for every likelihood but slower, or say what is missing:

    most_likely    argmax_y p(y | f), the documented one of several  (..., N)
    fourth_moment  E_{y ~ p(.|f)} [(r^T K r)^2], r = dl/df, for symmetric K (..., N, C, C)  (..., N)
    sampled_fisher 1/M sum_m r_m r_m^T, y_m ~ p(.|f), at a cost independent of M; else None
    kl        KL(p(. | f) || p(. | g)), exact      (..., N)
    log_base  log p(y | f) + nll(f, y), the terms omitted by nll, which depend on y alone
    quality   how well f (N, C) fits y (N,), in the usual measure of its kind of regression
    recession the changes of f that never raise nll(f, y), for all y (N,); None if not known
    terms     dl/df, weights and loss of many runs at once, for one output: see `Terms`

What a table of one's own needs has defaults as well:

    title     of the regression, as in "Poisson regression", by default from the name
    task      of a data set with such targets, by default what `classes` and `discrete` say
    nearest   the targets that `check` accepts nearest to any finite numbers y (N,)  (N,)
    suggested whether this is the regression to begin with if a Column is the target

Facts are False unless stated: code relies on them, and tests hold the numbers against them.

    natural          f is the natural parameter of an exponential family: then, and in general only
                     then, hessian = fisher (Proposition 1)
    convex           nll is convex in f, as for every natural parameter
    least_squares    l = (f - y)^2 / (2 sigma^2), one output, with an attribute `sigma`
    self_concordant  natural, and along any line of outputs f + t v, |d3l/dt3| <= s d2l/dt2
                     everywhere, with s = |v| for one output and s = max v - min v for several
    discrete         p(y | f) is a probability, not a density
    classes          y is one of finitely many classes
    additive         y is f plus noise: any number between y and f could have been observed as well
    shift_invariant  adding a number to all outputs changes nothing
    keeps_digits     nll has full relative precision however small it is

A subclass that changes one of the members without a default has to state its facts again, and gets
the defaults of all other members that it does not define: see `Declared`.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.random import Generator

from efviz.arrays import Array, Mask
from efviz.datasets.dataset import Task
from efviz.datasets.tables.columns import Column
from efviz.problems.declared import Declared, NotStated


@dataclass(frozen=True)
class Quality:
    """A mean over the examples; `expected` is its value under the model, where that is fixed."""

    name: str
    value: float
    expected: float | None = None


@dataclass(frozen=True)
class Combination:
    """W = fisher E[r r^T] + hessian d2l/df2 + gradient r r^T, r = dl/df: a matrix of each example.

    It is called with a likelihood, f (..., N, C) and y (N,), and returns W (..., N, C, C).
    """

    fisher: float = 0.0
    hessian: float = 0.0
    gradient: float = 0.0

    def __call__(self, likelihood: "Likelihood", f: Array, y: Array) -> Array:
        W = np.zeros((*f.shape, f.shape[-1]))
        if self.fisher:
            W += self.fisher * likelihood.fisher(f)
        if self.hessian:
            W += self.hessian * likelihood.hessian(f, y)
        if self.gradient:
            r = likelihood.gradient(f, y)
            W += self.gradient * r[..., :, None] * r[..., None, :]
        return W


class Terms(NamedTuple):
    """For one output f (R, N) of R runs: dl/df and the weights of a Combination, each (R, N).

    The loss of a run is at least `bound` (R,) and at most `slack` more.
    """

    gradient: Array
    weights: Array
    bound: Array
    slack: float = 0.0


class Likelihood(Declared):
    defining: ClassVar[frozenset[str]] = frozenset(
        {"nll", "gradient", "hessian", "fisher", "mean", "sample", "check"}
    )
    name: ClassVar[str]
    sigma: float
    natural: ClassVar[bool] = False
    convex: ClassVar[bool] = False
    least_squares: ClassVar[bool] = False
    self_concordant: ClassVar[bool] = False
    discrete: ClassVar[bool] = False
    classes: ClassVar[bool] = False
    additive: ClassVar[bool] = False
    shift_invariant: ClassVar[bool] = False
    keeps_digits: ClassVar[bool] = False

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
    def check(self, y: Array) -> None: ...

    def most_likely(self, f: Array) -> Array:
        raise self._not_stated("most_likely", "the most likely label of an example")

    def fourth_moment(self, f: Array, K: Array) -> Array:
        raise self._not_stated("fourth_moment", "the spread of the sampled Fisher")

    def kl(self, f: Array, g: Array) -> Array:
        raise self._not_stated("kl", "the Kullback-Leibler divergence of two predictions")

    @property
    def title(self) -> str:
        return f"{self.name.replace('_', ' ').capitalize()} regression"

    @property
    def task(self) -> Task:
        if self.classes:
            return "classification"
        return "count" if self.discrete else "regression"

    def nearest(self, y: Array) -> Array:
        """0 or 1 for two classes, whole numbers from 0 up for other labels and counts, else y."""
        if not (self.discrete or self.classes):
            return y
        whole = np.maximum(np.round(y), 0.0)
        return np.minimum(whole, 1.0) if self.classes and not self.shift_invariant else whole

    def suggested(self, column: Column) -> bool:
        return False

    def _not_stated(self, member: str, use: str) -> NotStated:
        return NotStated(
            f"The likelihood {self.name!r} does not state `{member}`, which is needed for {use}."
        )

    def quality(self, f: Array, y: Array) -> Quality:
        return Quality("mean loss", float(self.nll(f, y).mean()))

    def recession(self, y: Array, C: int) -> tuple[Array, Mask] | None:
        return None

    def log_base(self, y: Array) -> Array:
        raise self._not_stated("log_base", "the probability of the observed labels")

    def gradient_and_fisher(self, f: Array, y: Array) -> tuple[Array, Array]:
        return self.gradient(f, y), self.fisher(f)

    def sampled_fisher(self, f: Array, rng: Generator, n_samples: int) -> Array | None:
        """Draws sufficient statistics of the labels, so its stream is not that of `sample`."""
        return None

    def terms(self, f: Array, y: Array, weights: Combination) -> Terms:
        one = f[..., None]
        W = weights(self, one, y)[..., 0, 0]
        return Terms(self.gradient(one, y)[..., 0], W, self.nll(one, y).mean(-1))


def no_directions(y: Array, C: int) -> tuple[Array, Mask]:
    """For losses that grow without bound along every line of outputs: no recession directions."""
    return np.zeros((0, len(y), C)), np.zeros((0, len(y)), dtype=bool)

"""Problems from (X, y): one function for each regression."""

from copy import copy
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.problems.likelihoods.base import Likelihood
from efviz.problems.likelihoods.bernoulli import Bernoulli
from efviz.problems.likelihoods.categorical import Categorical
from efviz.problems.likelihoods.gaussian import Gaussian
from efviz.problems.likelihoods.poisson import Poisson
from efviz.problems.models.linear import Contrast, Linear
from efviz.problems.models.saturation import Saturation
from efviz.problems.problem import Problem


def with_offset(problem: Problem, offset: float) -> Problem:
    """The same problem with f = X theta + offset, for a known offset such as a held intercept."""
    if not problem.model.on_inputs:
        raise ValueError(f"an offset needs a model f = X theta, got {problem.model.name}")
    model = copy(problem.model)
    object.__setattr__(model, "offset", offset)
    return replace(problem, model=model)


def _arrays(X: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    return np.ascontiguousarray(X, dtype=float), np.asarray(y, dtype=float)


def regression(X: ArrayLike, y: ArrayLike, likelihood: Likelihood) -> Problem:
    """y ~ p(y | f = x . theta), for a likelihood of one output."""
    return Problem(*_arrays(X, y), Linear(), likelihood)


def linear_regression(X: ArrayLike, y: ArrayLike, *, sigma: float = 1.0) -> Problem:
    """Least squares: y ~ N(X theta, sigma^2), L = 1/N sum_n (y_n - x_n . theta)^2 / (2 sigma^2)."""
    if not sigma > 0:
        raise ValueError(f"sigma must be positive, got {sigma}")
    return regression(X, y, Gaussian(sigma))


def logistic_regression(X: ArrayLike, y: ArrayLike) -> Problem:
    """y in {0, 1}, p(y = 1 | x) = sigmoid(x . theta)."""
    return regression(X, y, Bernoulli())


def poisson_regression(X: ArrayLike, y: ArrayLike) -> Problem:
    """Counts y ~ Poisson(exp(x . theta)), the canonical link."""
    return regression(X, y, Poisson())


def softmax_regression(X: ArrayLike, y: ArrayLike) -> Problem:
    """Labels y in {0, ..., C - 1}, p(y = c | x) = softmax(x . theta_c), D = C P, C = max(y) + 1."""
    X, y = _arrays(X, y)
    Categorical().check(y)
    return Problem(X, y, Linear(n_outputs=int(y.max(initial=1)) + 1), Categorical())


def contrast_regression(X: ArrayLike, y: ArrayLike, *, n_classes: int | None = None) -> Problem:
    """Softmax regression with theta_0 = 0, where class 0 is the reference: D = (C - 1) P.

    y in {0, ..., C - 1}, C = `n_classes` or max(y) + 1, p(y = c | x) = softmax(f)_c with
    f = (0, x . theta_1, ..., x . theta_{C-1}).
    """
    X, y = _arrays(X, y)
    Categorical().check(y)
    C = int(y.max(initial=1)) + 1 if n_classes is None else n_classes
    if not y.max(initial=0) < C or C < 2:
        raise ValueError(f"{C} classes are 0 to {C - 1}, at least two, got {y.max(initial=0):g}")
    return Problem(X, y, Contrast(C), Categorical())


def saturation_regression(X: ArrayLike, y: ArrayLike, *, sigma: float = 1.0) -> Problem:
    """Nonlinear least squares: y ~ N(a (1 - exp(-b x)), sigma^2), theta = (a, b), X (N, 1)."""
    X, y = _arrays(X, y)
    problem = Problem(X, y, Saturation(), Gaussian(sigma), ("a", "b"))
    return replace(problem, start=_best_of_a_scan(problem))


def _best_of_a_scan(problem: Problem) -> Array:
    """The best (a, b) over a grid of b of either sign, with the best a for each."""
    thin = slice(None, None, -(-problem.N // 2000))
    X, y = problem.X[thin], problem.y[thin]
    rate = np.geomspace(1 / 16, 16, 33) / max(float(np.abs(X).mean()), 1e-300)
    b = np.concatenate([rate, -rate])
    with np.errstate(all="ignore"):
        rise = problem.model.outputs(X, np.stack([np.ones_like(b), b], axis=-1))[..., 0]
        a = rise @ y / (rise**2).sum(-1)
        loss = ((a[:, None] * rise - y) ** 2).sum(-1)
    usable = np.isfinite(loss)
    if not usable.any():
        return np.array([1.0, rate[16]])
    best = int(np.argmin(np.where(usable, loss, np.inf)))
    return np.array([a[best] or 1.0, b[best]])

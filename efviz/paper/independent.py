"""Independent computations of the same numbers: SciPy's distributions, derivatives, sums over
labels.

Nothing here uses a derivative, an expectation or a matrix of the library. Only f(x, theta), which
defines a problem, comes from it.
"""

from collections.abc import Callable

import numpy as np
import scipy  # stats and differentiate are imported on first use, which takes 0.4 s
from numpy.polynomial.hermite import hermgauss
from numpy.polynomial.laguerre import laggauss

from efviz.arrays import Array
from efviz.problems import Problem
from efviz.problems.likelihoods.gaussian import Gaussian


def outputs(problem: Problem, theta: Array) -> Array:
    """The outputs f (..., N, C)."""
    return problem.model.outputs(problem.X, theta)


def log_density(problem: Problem, f: Array, y: Array) -> Array:
    """log p(y | f) with all constants, (..., N, C) and (..., N) -> (..., N)."""
    name = problem.likelihood.name
    if isinstance(problem.likelihood, Gaussian):
        return scipy.stats.norm.logpdf(y, f[..., 0], problem.likelihood.sigma)
    if name == "bernoulli":
        return scipy.special.log_expit(np.where(y == 1, f[..., 0], -f[..., 0]))
    if name == "poisson":
        return scipy.stats.poisson.logpmf(y, np.exp(f[..., 0]))
    if name == "exponential":
        return scipy.stats.expon.logpdf(y, scale=np.exp(-f[..., 0]))
    log_p = scipy.special.log_softmax(f, axis=-1)
    shape = np.broadcast_shapes(log_p.shape[:-1], y.shape)
    log_p = np.broadcast_to(log_p, (*shape, log_p.shape[-1]))
    index = np.broadcast_to(y.astype(int), shape)[..., None]
    return np.take_along_axis(log_p, index, -1)[..., 0]


def labels(problem: Problem, theta: Array) -> tuple[Array, Array]:
    """Labels (K, N) and their weights (K, N): sum_k w_k h(y_k) = E_{y ~ p(. | f)} h(y)."""
    f = outputs(problem, theta)
    name, N = problem.likelihood.name, problem.N
    if isinstance(problem.likelihood, Gaussian):
        t, w = hermgauss(20)
        y = f[:, 0] + np.sqrt(2) * problem.likelihood.sigma * t[:, None]
        return y, np.repeat(w[:, None] / np.sqrt(np.pi), N, axis=1)
    if name == "exponential":
        t, w = laggauss(20)
        return t[:, None] * np.exp(-f[:, 0]), np.repeat(w[:, None], N, axis=1)
    count: int = {"bernoulli": 2, "poisson": 60}.get(name) or f.shape[-1]
    y = np.repeat(np.arange(0.0, count)[:, None], N, axis=1)
    return y, np.exp(log_density(problem, f, y))


def jacobian(function: Callable[[Array], Array], theta: Array) -> Array:
    """d function / d theta at theta (D,), for function (..., D) -> (..., m): (m, D)."""

    def columns(t: Array) -> Array:
        return np.moveaxis(function(np.moveaxis(t, 0, -1)), -1, 0)

    return np.asarray(scipy.differentiate.jacobian(columns, theta, tolerances=_TOLERANCES).df)


def second_derivative(function: Callable[[Array], Array], theta: Array) -> Array:
    """d2 function / d theta2 at theta (D,), for function (..., D) -> (...): (D, D)."""

    def column(t: Array) -> Array:
        return function(np.moveaxis(t, 0, -1))

    found = scipy.differentiate.hessian(column, theta, tolerances=_TOLERANCES, initial_step=0.1)
    return np.asarray(found.ddf)


_TOLERANCES = {"atol": 1e-10, "rtol": 1e-10}


def scores(problem: Problem, theta: Array, y: Array) -> Array:
    """nabla_theta log p(y | f(x_n, theta)) for labels (K, N): (K, N, D)."""

    def flat(t: Array) -> Array:
        f = outputs(problem, t)[..., None, :, :]
        p = log_density(problem, f, y)
        return p.reshape(*p.shape[:-2], -1)

    return jacobian(flat, theta).reshape(*y.shape, problem.D)


def expected_outer(problem: Problem, theta: Array) -> Array:
    """1/N sum_n E_{y ~ p(. | f_n)}[score score^T], with every label weighted by its probability."""
    y, weight = labels(problem, theta)
    g = scores(problem, theta, y)
    return np.einsum("kn,kni,knj->ij", weight, g, g) / problem.N


def observed_outer(problem: Problem, theta: Array) -> Array:
    """1/N sum_n score score^T at the labels of the data."""
    (g,) = scores(problem, theta, problem.y[None])
    return g.T @ g / problem.N


def expected_hessian(problem: Problem, theta: Array) -> Array:
    """1/N sum_n E_{y ~ p(. | f_n)}[-nabla^2 log p(y | f_n)]: p fixed, log p differentiated."""
    y, weight = labels(problem, theta)

    def surprise(t: Array) -> Array:
        f = outputs(problem, t)[..., None, :, :]
        return -(weight * log_density(problem, f, y)).sum((-2, -1)) / problem.N

    return second_derivative(surprise, theta)


def mean_loss(problem: Problem) -> Callable[[Array], Array]:
    """theta (..., D) -> -1/N sum_n log p(y_n | f_n), with all constants."""
    return lambda theta: -log_density(problem, outputs(problem, theta), problem.y).mean(-1)

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
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.problems import Problem
from efviz.problems.likelihoods.base import Likelihood
from efviz.problems.likelihoods.gaussian import Gaussian


def outputs(problem: Problem, theta: Array) -> Array:
    """The outputs f (..., N, C)."""
    return problem.model.outputs(problem.X, theta)


def log_density(likelihood: Likelihood, f: Array, y: Array) -> Array:
    """log p(y | f) with all constants, (..., N, C) and (..., N) -> (..., N)."""
    name = likelihood.name
    if isinstance(likelihood, Gaussian):
        return scipy.stats.norm.logpdf(y, f[..., 0], likelihood.sigma)
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
    return y, np.exp(log_density(problem.likelihood, f, y))


def jacobian(function: Callable[[Array], Array], theta: Array) -> Array:
    """d function / d theta at theta (D,), for function (..., D) -> (..., *shape): (*shape, D)."""

    def columns(t: Array) -> Array:
        values = function(np.moveaxis(t, 0, -1))
        return np.moveaxis(values.reshape(*t.shape[1:], -1), -1, 0)

    found = scipy.differentiate.jacobian(columns, theta, tolerances=_TOLERANCES).df
    return np.reshape(found, (*function(theta).shape, len(theta)))


def second_derivative(function: Callable[[Array], Array], theta: Array) -> Array:
    """d2 function / d theta2 at theta (D,), for function (..., D) -> (...): (D, D)."""

    def column(t: Array) -> Array:
        return function(np.moveaxis(t, 0, -1))

    found = scipy.differentiate.hessian(column, theta, tolerances=_TOLERANCES, initial_step=0.1)
    return np.asarray(found.ddf)


_TOLERANCES = {"atol": 1e-10, "rtol": 1e-10}


def log_densities(problem: Problem, theta: Array, y: Array) -> Array:
    """log p(y | f(x_n, theta)) for theta (..., D) and labels (K, N): (..., K, N)."""
    return log_density(problem.likelihood, outputs(problem, theta)[..., None, :, :], y)


def scores(problem: Problem, theta: Array, y: Array) -> Array:
    """nabla_theta log p(y | f(x_n, theta)) for labels (K, N): (K, N, D)."""
    return jacobian(lambda t: log_densities(problem, t, y), theta)


def output_jacobians(problem: Problem, theta: Array) -> Array:
    """The Jacobians of the outputs (N, C, D)."""
    return jacobian(lambda t: outputs(problem, t), theta)


def output_curvature(likelihood: Likelihood, f: Array, y: Array) -> Array:
    """nabla_f^2 of -log p(y_n | f_n) for f (N, C), y (N,): (N, C, C)."""

    def at(f_n: Array, label: Array) -> Array:
        return second_derivative(lambda v: -log_density(likelihood, v, label), f_n)

    return np.stack([at(*example) for example in zip(f, y, strict=True)])


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
    return second_derivative(
        lambda t: -(weight * log_densities(problem, t, y)).sum((-2, -1)) / problem.N, theta
    )


def loss(problem: Problem, theta: Array) -> Array:
    """-1/N sum_n log p(y_n | f_n), with all constants, for theta (..., D): (...)."""
    return -log_density(problem.likelihood, outputs(problem, theta), problem.y).mean(-1)


def gradient(problem: Problem, theta: Array) -> Array:
    """nabla L at theta (D,): (D,)."""
    return jacobian(lambda t: loss(problem, t), theta)


def hessian(problem: Problem, theta: Array) -> Array:
    """nabla^2 L at theta (D,): (D, D)."""
    return second_derivative(lambda t: loss(problem, t), theta)


def power(x: ArrayLike, y: ArrayLike) -> float:
    """The exponent p of the best fit y ~ x^p, for positive x, y (n,)."""
    return float(np.polyfit(np.log(x), np.log(y), 1)[0])

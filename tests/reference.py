"""Slow, obvious loops for everything the library computes; nothing here comes from the library.

One example at a time, textbook formulas, plain sums. `Slow(problem)` reads only the data and the
names of the problem's model and likelihood.
"""

from collections.abc import Callable, Iterator
from math import exp, lgamma, log, tanh
from typing import Any

import numpy as np
from scipy.special import expit


class LinearModel:
    """f_c = sum_p theta[c P + p] x[p]"""

    def __init__(self, C: int) -> None:
        self.C = C

    def f(self, x, theta):
        P = len(x)
        return np.array([sum(theta[c * P + p] * x[p] for p in range(P)) for c in range(self.C)])

    def J(self, x, theta):
        P = len(x)
        J = np.zeros((self.C, self.C * P))
        for c in range(self.C):
            for p in range(P):
                J[c, c * P + p] = x[p]
        return J

    def d2f(self, x, theta):
        D = self.C * len(x)
        return np.zeros((self.C, D, D))


class ContrastModel(LinearModel):
    """f = (0, f_1, ..., f_{C-1}), the others as in LinearModel"""

    def f(self, x, theta):
        return np.array([0.0, *super().f(x, [0.0] * len(x) + list(theta))[1:]])

    def J(self, x, theta):
        return super().J(x, theta)[:, len(x) :]

    def d2f(self, x, theta):
        D = (self.C - 1) * len(x)
        return np.zeros((self.C, D, D))


class SaturationModel:
    """f = a (1 - exp(-b x))"""

    def f(self, x, theta):
        a, b = theta
        return np.array([a * (1 - exp(-b * x[0]))])

    def J(self, x, theta):
        a, b = theta
        return np.array([[1 - exp(-b * x[0]), a * x[0] * exp(-b * x[0])]])

    def d2f(self, x, theta):
        a, b = theta
        mixed = x[0] * exp(-b * x[0])
        return np.array([[[0, mixed], [mixed, -a * x[0] ** 2 * exp(-b * x[0])]]])


class GaussianNoise:
    def __init__(self, sigma: float) -> None:
        self.sigma = sigma

    def nll(self, f, y):
        return (y - f[0]) ** 2 / (2 * self.sigma**2)

    def gradient(self, f, y):
        return np.array([(f[0] - y) / self.sigma**2])

    def hessian(self, f, y):
        return np.array([[1 / self.sigma**2]])

    def labels(self, f) -> Iterator[tuple[float, float]]:
        """(probability, y) pairs; Gauss-Hermite nodes are exact for polynomials up to degree 39."""
        nodes, weights = np.polynomial.hermite_e.hermegauss(20)
        for z, w in zip(nodes, weights, strict=True):
            yield w / np.sqrt(2 * np.pi), f[0] + self.sigma * z


class BernoulliLabels:
    def nll(self, f, y):
        return max(f[0], 0) + log(1 + exp(-abs(f[0]))) - y * f[0]

    def gradient(self, f, y):
        return np.array([(1 + tanh(f[0] / 2)) / 2 - y])

    def hessian(self, f, y):
        p = (1 + tanh(f[0] / 2)) / 2
        return np.array([[p * (1 - p)]])

    def labels(self, f):
        p = (1 + tanh(f[0] / 2)) / 2
        yield 1 - p, 0.0
        yield p, 1.0


class PoissonCounts:
    def nll(self, f, y):
        return exp(f[0]) - y * f[0]

    def gradient(self, f, y):
        return np.array([exp(f[0]) - y])

    def hessian(self, f, y):
        return np.array([[exp(f[0])]])

    def labels(self, f):
        rate = exp(f[0])
        for k in range(int(rate + 12 * rate**0.5) + 40):
            yield exp(k * f[0] - rate - lgamma(k + 1)), float(k)


class ExponentialWaits:
    """Rate exp(f): y = u exp(-f) with u ~ Exp(1), whose Gauss-Laguerre rule is exact enough."""

    def nll(self, f, y):
        return y * exp(f[0]) - f[0]

    def gradient(self, f, y):
        return np.array([y * exp(f[0]) - 1])

    def hessian(self, f, y):
        return np.array([[y * exp(f[0])]])

    def labels(self, f):
        nodes, weights = np.polynomial.laguerre.laggauss(20)
        for u, w in zip(nodes, weights, strict=True):
            yield w, u * exp(-f[0])


class CategoricalLabels:
    @staticmethod
    def probabilities(f):
        total = sum(exp(v) for v in f)
        return np.array([exp(v) / total for v in f])

    def nll(self, f, y):
        return -log(self.probabilities(f)[int(y)])

    def gradient(self, f, y):
        g = self.probabilities(f)
        g[int(y)] -= 1
        return g

    def hessian(self, f, y):
        pi = self.probabilities(f)
        return np.diag(pi) - np.outer(pi, pi)

    def labels(self, f):
        for c, p in enumerate(self.probabilities(f)):
            yield p, float(c)


def reference_likelihood(likelihood: Any) -> Any:
    """The slow twin of a likelihood, found by its name."""
    if likelihood.name == "gaussian":
        return GaussianNoise(likelihood.sigma)
    return {
        "bernoulli": BernoulliLabels,
        "poisson": PoissonCounts,
        "exponential": ExponentialWaits,
        "categorical": CategoricalLabels,
    }[likelihood.name]()


def reference_model(model: Any) -> Any:
    """The slow twin of a model, found by its name."""
    return {
        "linear": lambda: LinearModel(model.n_outputs),
        "contrast": lambda: ContrastModel(model.n_outputs),
        "saturation": SaturationModel,
    }[model.name]()


class Slow:
    """Loss, gradients and matrices of a problem at ONE theta (D,), as sums over its examples."""

    def __init__(self, problem: Any) -> None:
        self.X, self.y = problem.X, problem.y
        self.model = reference_model(problem.model)
        self.likelihood = reference_likelihood(problem.likelihood)

    def _examples(self, theta):
        for x, y in zip(self.X, self.y, strict=True):
            yield self.model.f(x, theta), y, self.model.J(x, theta), self.model.d2f(x, theta)

    def loss(self, theta):
        return sum(self.likelihood.nll(f, y) for f, y, _, _ in self._examples(theta)) / len(self.y)

    def per_example_gradients(self, theta):
        return np.array(
            [J.T @ self.likelihood.gradient(f, y) for f, y, J, _ in self._examples(theta)]
        )

    def gradient(self, theta):
        return sum(self.per_example_gradients(theta)) / len(self.y)

    def ggn(self, theta):
        terms = (J.T @ self.likelihood.hessian(f, y) @ J for f, y, J, _ in self._examples(theta))
        return sum(terms) / len(self.y)

    def hessian(self, theta):
        total = 0
        for f, y, _, d2f in self._examples(theta):
            for slope, curvature in zip(self.likelihood.gradient(f, y), d2f, strict=True):
                total = total + slope * curvature
        return self.ggn(theta) + total / len(self.y)

    def fisher(self, theta):
        total = 0
        for f, _, J, _ in self._examples(theta):
            for p, label in self.likelihood.labels(f):
                g = J.T @ self.likelihood.gradient(f, label)
                total = total + p * np.outer(g, g)
        return total / len(self.y)

    def empirical_fisher(self, theta):
        return sum(np.outer(g, g) for g in self.per_example_gradients(theta)) / len(self.y)

    def improved_empirical_fisher(self, theta):
        """Wu et al. (2024), Eq. 14, with 0 for an example without residual."""
        total = np.zeros((len(theta), len(theta)))
        for f, y, J, _ in self._examples(theta):
            r = self.likelihood.gradient(f, y)
            if r @ r > 0:
                g = J.T @ r
                total = total + np.outer(g, g) / (r @ r)
        return total / len(self.y)

    def weighted_gradient(self, theta):
        """mean_n |dl_n/df|^2 g_n, the vector of Wu et al. (2024), Eq. 8."""
        total = 0
        for f, y, J, _ in self._examples(theta):
            r = self.likelihood.gradient(f, y)
            total = total + (r @ r) * (J.T @ r)
        return total / len(self.y)

    def direction(self, method, theta, damping=0.0):
        """(B + damping I)^-1 g, by a plain solve; B = I without damping for GD."""
        if method == "GD":
            return self.gradient(theta)
        matrix, vector = {
            "NGD": (self.fisher, self.gradient),
            "EFGD": (self.empirical_fisher, self.gradient),
            "Newton": (self.hessian, self.gradient),
            "iEFGD": (self.improved_empirical_fisher, self.gradient),
            "iEF": (self.empirical_fisher, self.weighted_gradient),
        }[method]
        return np.linalg.solve(matrix(theta) + damping * np.eye(len(theta)), vector(theta))

    def path(self, method, theta, step_size, damping, n_steps):
        """thetas (n_steps + 1, D) and their losses, one step after the other."""
        thetas = [np.array(theta, dtype=float)]
        for _ in range(n_steps):
            thetas.append(thetas[-1] - step_size * self.direction(method, thetas[-1], damping))
        return np.array(thetas), np.array([self.loss(theta) for theta in thetas])


def central_differences(function: Callable, x, h: float = 1e-5):
    """d function / d x by central differences; the derivative index comes last."""
    columns = []
    for i in range(len(x)):
        step = np.zeros(len(x))
        step[i] = h * max(1.0, abs(x[i]))
        columns.append((function(x + step) - function(x - step)) / (2 * step[i]))
    return np.stack(columns, axis=-1)


def relative_error(value, expected) -> float:
    """|value - expected| / |expected|, of whole arrays."""
    value, expected = np.asarray(value, dtype=float), np.asarray(expected, dtype=float)
    assert value.shape == expected.shape, (value.shape, expected.shape)
    return float(np.linalg.norm(value - expected) / np.linalg.norm(expected))


def plain_run(X, y, kind, method, step_size, damping, n_steps=100, theta_0=None, other=False):
    """(status, last loss) of one run as one would write it down, with NumPy and a general solver.

    Least squares ("gaussian") or logistic regression ("bernoulli"); a loss that exceeds 100 times
    the first one, or is no number, ends the run. `other` takes the same sums in another order.
    """
    N, D = X.shape
    theta = np.zeros(D) if theta_0 is None else np.array(theta_0, dtype=float)
    first = None
    with np.errstate(all="ignore"):
        for t in range(n_steps + 1):
            f = X @ theta
            if kind == "gaussian":
                s, weights = f - y, np.ones(N)
                loss = 0.5 * np.mean(s**2)
            else:
                p, q = expit(f), expit(-f)
                s, weights = np.where(y == 1, -q, p), p * q
                loss = np.mean(np.logaddexp(0, np.where(y == 1, -f, f)))
            first = loss if first is None else first
            if not loss <= 100 * first:
                return "diverged", loss
            if t == n_steps:
                return "finished", loss
            g = X.T @ s / N
            if method != "GD":
                weights = weights if method == "NGD" else s**2
                if other:
                    G = X * np.sqrt(weights / N)[:, None]
                    B = G.T @ G
                else:
                    B = (X.T * weights) @ X / N
                try:
                    g = np.linalg.solve(B + damping * np.eye(D), g)
                except np.linalg.LinAlgError:
                    return "singular", loss
            theta = theta - step_size * g
    raise AssertionError("unreachable")


def depends_on_rounding(X, y, kind, method, step_size, damping, n_steps=100, *, by=1e-9):
    """Whether the plain run ends elsewhere after a change that means nothing.

    That is the next number after the step size, or another order of the same sums.
    """
    status, loss = plain_run(X, y, kind, method, step_size, damping, n_steps)
    after = float(np.nextafter(step_size, np.inf))
    for step, other in ((after, False), (step_size, True)):
        again, moved = plain_run(X, y, kind, method, step, damping, n_steps, other=other)
        if again != status or not abs(moved - loss) <= by * abs(loss):
            return True
    return False

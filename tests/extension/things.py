"""An extension as its author would write it: efviz knows none of these, and imports nothing here.

DECLARATIONS is what an entry point of the group `efviz.extensions` names.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import expit, gammaln

from efviz import (
    Combination,
    Curvature,
    Likelihood,
    Method,
    Model,
    Problem,
    empirical_fisher,
    fisher,
)
from efviz.datasets.dataset import Dataset
from efviz.datasets.real import Source, Table
from efviz.problems.catalogue import Entry, Settings
from efviz.problems.models.linear import Linear


def diagonal(problem, theta):
    EF = empirical_fisher(problem, theta)
    return EF * np.eye(problem.D)


def root(problem, theta):
    """EF^(1/2), at one theta: not written for a batch."""
    w, V = np.linalg.eigh(empirical_fisher(problem, theta))
    return (V * np.sqrt(np.maximum(w, 0))) @ V.T


def blocks(problem, theta):
    """F in blocks of at most two parameters."""
    block = np.arange(problem.D) // 2
    return fisher(problem, theta) * (block[:, None] == block)


def unit_weights(likelihood, f, y):
    """The identity: the matrix is J^T J / N."""
    return np.broadcast_to(np.eye(f.shape[-1]), (*f.shape, f.shape[-1]))


MATRICES = {
    "two_ef": Curvature("Twice the empirical Fisher", "2EF", combination=Combination(gradient=2)),
    "mixed": Curvature("F and EF", "M", combination=Combination(fisher=0.25, gradient=0.5)),
    "half_hessian": Curvature(
        "Half the Hessian", "H/2", combination=Combination(hessian=0.5), second_order=False
    ),
    "gram": Curvature("J^T J", "K", weights=unit_weights),
    "diag_ef": Curvature("Diagonal of the empirical Fisher", "D", diagonal),
    "root_ef": Curvature("Root of the empirical Fisher", "R", root, batched=False, rotates=True),
    "blocks": Curvature("Block-diagonal Fisher", "B", blocks),
}

METHODS = {
    "2EF": Method("Twice EF", "two_ef"),
    "mixed": Method("F and EF", "mixed"),
    "H/2": Method("Half the Hessian", "half_hessian"),
    "gram": Method("Gram", "gram"),
    "diagonal": Method("Diagonal", "diag_ef"),
    "rootmatrix": Method("Root as a matrix", "root_ef"),
    "blocks": Method("Blocks", "blocks"),
    "root": Method("Root as an exponent", "empirical_fisher", exponent=0.5),
    "sign": Method("Signs", rule=lambda problem, theta, damping: np.sign(problem.gradient(theta))),
    "own damping": Method(
        "Relative damping",
        rule=lambda problem, theta, damping: np.linalg.solve(
            fisher(problem, theta) * (1 + damping * np.eye(problem.D)), problem.gradient(theta)
        ),
        batched=False,
        damped=True,
    ),
}


@dataclass(frozen=True)
class StudentT(Likelihood):
    """y = f + t noise with 5 degrees of freedom; its loss is not convex."""

    name: ClassVar[str] = "student_t"
    additive: ClassVar[bool] = True
    dof: float = 5.0

    def nll(self, f, y):
        return (self.dof + 1) / 2 * np.log1p((y - f[..., 0]) ** 2 / self.dof)

    def gradient(self, f, y):
        r = f - y[..., None]
        return (self.dof + 1) * r / (self.dof + r**2)

    def hessian(self, f, y):
        r = f - y[..., None]
        return ((self.dof + 1) * (self.dof - r**2) / (self.dof + r**2) ** 2)[..., None]

    def fisher(self, f):
        return np.full((*f.shape, 1), (self.dof + 1) / (self.dof + 3))

    def mean(self, f):
        return f

    def sample(self, f, rng, n_samples):
        return f[..., 0] + rng.standard_t(self.dof, (n_samples, *f.shape[:-1]))

    def check(self, y):
        if not np.isfinite(y).all():
            raise ValueError("targets must be finite numbers")


@dataclass(frozen=True)
class NegativeBinomial(Likelihood):
    """Counts with mean exp f and variance mean + mean^2 / size: convex, but f is not natural."""

    name: ClassVar[str] = "negative_binomial"
    discrete: ClassVar[bool] = True
    convex: ClassVar[bool] = True
    size: float = 3.0

    def _p(self, f):
        return expit(f - np.log(self.size))

    def nll(self, f, y):
        f = f[..., 0]
        return (y + self.size) * np.logaddexp(f, np.log(self.size)) - y * f

    def gradient(self, f, y):
        y = y[..., None]
        return (y + self.size) * self._p(f) - y

    def hessian(self, f, y):
        p = self._p(f)
        return ((y[..., None] + self.size) * p * (1 - p))[..., None]

    def fisher(self, f):
        p = self._p(f)
        return (self.size * p)[..., None]

    def mean(self, f):
        return np.exp(f)

    def sample(self, f, rng, n_samples):
        p = 1 - self._p(f[..., 0])
        return rng.negative_binomial(self.size, p, (n_samples, *p.shape)).astype(float)

    def check(self, y):
        if not ((y >= 0) & (y == np.floor(y))).all():
            raise ValueError(f"counts are whole numbers, got {y.min():g}")

    def log_base(self, y):
        constant = self.size * np.log(self.size) - gammaln(self.size)
        return gammaln(y + self.size) - gammaln(y + 1) + constant


@dataclass(frozen=True)
class TwoLayers(Model):
    """f = b . tanh(W x) with two hidden units and two inputs: theta = (W, b), D = 6."""

    name: ClassVar[str] = "two_layers"

    def n_parameters(self, P):
        if P != 2:
            raise ValueError(f"the net takes two inputs, got {P}")
        return 6

    def _hidden(self, X, theta):
        W = theta[..., :4].reshape(*theta.shape[:-1], 2, 2)
        return np.tanh(X @ np.swapaxes(W, -1, -2)), theta[..., None, 4:]

    def outputs(self, X, theta):
        h, b = self._hidden(X, theta)
        return (h * b).sum(-1)[..., None]

    def jacobian(self, X, theta):
        h, b = self._hidden(X, theta)
        inner = (b * (1 - h**2))[..., None] * X[..., None, :]
        J = np.concatenate([inner.reshape(*inner.shape[:-2], 4), h], axis=-1)
        return J[..., None, :]


def _read():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(30, 3))
    return Table(X, X @ [1.0, 2.0, 3.0] + rng.normal(size=30), ("a", "b", "c"))


DATA = {
    "outside": Source(
        "Outside (30 x 3)", "regression", "y", _read, "drawn here", "none", "public domain"
    )
}


def _outliers():
    rng = np.random.default_rng(1)
    x = rng.normal(size=60)
    y = 1 + 2 * x + 0.3 * rng.standard_t(2, 60)
    return Dataset(np.column_stack([np.ones(60), x]), y, ("1", "x"), "y", "regression")


def _student_line(X, y):
    return Problem(np.asarray(X), np.asarray(y), Linear(), StudentT())


PROBLEMS = {
    "robust": Entry(
        "A line with outliers", "Own", _student_line, _outliers, (), ("b", "w"),
        Settings(plane=((-1, 3), (0, 4))), notes="Student's t noise with 2 degrees of freedom.",
    )
}  # fmt: skip

DECLARATIONS = [
    *MATRICES.items(),
    *METHODS.items(),
    ("student_t", StudentT),
    ("negative_binomial", NegativeBinomial),
    ("two_layers", TwoLayers),
    *DATA.items(),
    *PROBLEMS.items(),
]

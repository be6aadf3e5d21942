"""Small seeded problems on which formulas are checked, one of each kind."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import SupportsFloat

import numpy as np
from numpy.random import default_rng

from efviz.arrays import Array
from efviz.curvature.agreement import symmetric_distance
from efviz.paper import independent
from efviz.problems import Problem
from efviz.problems.likelihoods.base import Likelihood
from efviz.problems.likelihoods.bernoulli import Bernoulli
from efviz.problems.likelihoods.categorical import Categorical
from efviz.problems.likelihoods.exponential import Exponential
from efviz.problems.likelihoods.gaussian import Gaussian
from efviz.problems.likelihoods.poisson import Poisson
from efviz.problems.models.base import Model
from efviz.problems.models.linear import Contrast, Linear
from efviz.problems.models.saturation import Saturation

_Matrix = Callable[[Problem, Array], Array]

_KINDS: dict[str, tuple[Model, Likelihood]] = {
    "least squares": (Linear(), Gaussian(0.7)),
    "logistic": (Linear(), Bernoulli()),
    "Poisson": (Linear(), Poisson()),
    "softmax": (Contrast(3), Categorical()),
    "nonlinear": (Saturation(), Gaussian(0.5)),
    "rates": (Linear(), Exponential()),
}

KINDS = tuple(_KINDS)
NATURAL = tuple(kind for kind in KINDS if kind != "rates")
"""The kinds whose f is the natural parameter of an exponential family."""

CLASSES = ("logistic", "softmax")


@lru_cache
def case(kind: str) -> tuple[Problem, Array]:
    """A problem of this kind, and a theta (2,) that is neither a minimum nor a point of symmetry.

    The labels of its 14 examples are drawn near that theta.
    """
    model, likelihood = _KINDS[kind]
    theta = np.array([1.6, 0.7]) if kind == "nonlinear" else np.array([0.6, -0.4])
    rng = default_rng(0)
    X = (
        rng.normal(size=(14, 2))
        if kind not in ("nonlinear", "softmax")
        else rng.uniform(0.2, 2.0, (14, 1))
    )
    y = likelihood.sample(model.outputs(X, theta), rng, 1)[0]
    return Problem(X, y, model, likelihood, start=theta), theta


def largest(gap: Callable[[Problem, Array], SupportsFloat], kinds: Iterable[str] = KINDS) -> float:
    """The largest gap(problem, theta) over the problems of these kinds."""
    return max(float(gap(*case(kind))) for kind in kinds)


def apart(A: _Matrix, B: _Matrix, *kinds: str) -> float:
    """The largest distance between two matrices over the problems of these kinds, or of all."""
    return largest(lambda *at: symmetric_distance(A(*at), B(*at)), kinds or KINDS)


def with_residuals(problem: Problem, theta: Array, s: float) -> Problem:
    """The problem with s times its residuals y - f(x, theta)."""
    f = independent.outputs(problem, theta)[:, 0]
    return replace(problem, y=f + s * (problem.y - f))

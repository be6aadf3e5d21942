"""Small seeded problems on which formulas are checked, one of each kind."""

from functools import lru_cache

import numpy as np
from numpy.random import default_rng

from efviz.arrays import Array
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
def case(kind: str, N: int = 14, seed: int = 0) -> Problem:
    """A problem of this kind with N examples, whose labels are drawn near the theta of `place`."""
    model, likelihood = _KINDS[kind]
    rng = default_rng(seed)
    X = (
        rng.normal(size=(N, 2))
        if kind not in ("nonlinear", "softmax")
        else rng.uniform(0.2, 2.0, (N, 1))
    )
    y = likelihood.sample(model.outputs(X, place(kind)), rng, 1)[0]
    return Problem(X, y, model, likelihood, start=place(kind))


def place(kind: str) -> Array:
    """A theta (2,) that is neither a minimum nor a point of symmetry."""
    return np.array([1.6, 0.7]) if kind == "nonlinear" else np.array([0.6, -0.4])

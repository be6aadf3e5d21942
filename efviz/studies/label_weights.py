"""Every matrix of a linear model with one output is a mean of w x x^T: the weight w of an example.

For two classes w depends on p_y alone, the probability of the observed label, and for least squares
on the residual alone: see `LabelWeights`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from efviz.arrays import Array
from efviz.curvature import CURVATURES
from efviz.problems import Problem
from efviz.problems.declared import Refused
from efviz.problems.likelihoods.base import Likelihood

POINTS = 121
FARTHEST = 3.0
"""The largest residual shown, in units of sigma."""

Weight = Callable[[Likelihood, Array, Array], Array]
"""w (n,) of examples with outputs f (n, 1) and labels y (n,)."""


def _squared(likelihood: Likelihood, f: Array, y: Array) -> Array:
    return np.asarray(likelihood.gradient(f, y)[:, 0] ** 2)


def _of_matrix(key: str) -> Weight:
    """The weights that a matrix of CURVATURES declares."""
    weights = CURVATURES[key].weights
    assert weights is not None
    return lambda likelihood, f, y: weights(likelihood, f, y)[:, 0, 0]


WEIGHTS: dict[str, Weight] = {
    "EF": _of_matrix("empirical_fisher"),
    "F": _of_matrix("fisher"),
    "most likely": lambda likelihood, f, y: _squared(likelihood, f, likelihood.most_likely(f)),
    "reversed logits": lambda likelihood, f, y: _squared(likelihood, -f, y),
    "iEF": _of_matrix("improved_empirical_fisher"),
}
"""By name of the matrix; those with reversed logits are for classes alone."""


@dataclass(frozen=True, eq=False)
class LabelWeights:
    """Weights (n,) by matrix, over `at` (n,), which is what its `axis` says.

    For two classes, p = p_y: EF (1 - p)^2, F p (1 - p), most likely label min(p, 1 - p)^2, reversed
    logits p^2, improved EF 1. For least squares with the residual r: EF r^2 / sigma^4, F 1/sigma^2,
    improved EF 1, most likely label 0.
    """

    axis: str
    at: Array
    weights: dict[str, Array]


def label_weights(problem: Problem) -> LabelWeights:
    """The weights of the problem's likelihood. Refused where they depend on more than one number.

    For more than two classes, w depends on the probabilities of all of them.
    """
    likelihood = problem.likelihood
    if problem.model.n_outputs > 1 or not (likelihood.classes or likelihood.least_squares):
        raise Refused(
            "With more than two classes, or with counts, the weight of an example is no function "
            "of one number: for classes it depends on the probabilities of all of them."
        )
    if likelihood.classes:
        p = np.linspace(0.0, 1.0, POINTS + 2)[1:-1]
        f, y = np.log(p / (1 - p))[:, None], np.ones(POINTS)
        name, at, names = "probability of the observed label", p, list(WEIGHTS)
    else:
        at = FARTHEST * likelihood.sigma * np.linspace(-1, 1, POINTS)
        f, y = at[:, None], np.zeros(POINTS)
        name, names = "residual", [key for key in WEIGHTS if key != "reversed logits"]
    return LabelWeights(name, at, {key: WEIGHTS[key](likelihood, f, y) for key in names})

"""A problem is data, a model and a likelihood: loss, gradients, minimum. X is used unchanged."""

from efviz.problems.catalogue import PROBLEMS
from efviz.problems.likelihoods import LIKELIHOODS
from efviz.problems.likelihoods.base import Combination, Likelihood
from efviz.problems.models import MODELS
from efviz.problems.models.base import Model
from efviz.problems.problem import Problem
from efviz.problems.regressions import (
    contrast_regression,
    linear_regression,
    logistic_regression,
    poisson_regression,
    saturation_regression,
    softmax_regression,
    with_offset,
)

__all__ = [
    "LIKELIHOODS",
    "MODELS",
    "PROBLEMS",
    "Combination",
    "Likelihood",
    "Model",
    "Problem",
    "contrast_regression",
    "linear_regression",
    "logistic_regression",
    "poisson_regression",
    "saturation_regression",
    "softmax_regression",
    "with_offset",
]

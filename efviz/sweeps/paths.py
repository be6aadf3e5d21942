"""The choice of the fastest method of computing a batch for a problem and a method."""

from efviz.arrays import Array
from efviz.optimizers import METHODS
from efviz.problems import Problem
from efviz.problems.likelihoods.base import Combination
from efviz.sweeps.general import General
from efviz.sweeps.linear import Linear
from efviz.sweeps.outcome import Plan
from efviz.sweeps.quadratic import Quadratic


def plan(problem: Problem, method: str, theta_0: Array) -> Plan:
    """The plan for runs of `method` (a key of METHODS) from theta_0 (D,)."""
    chosen = METHODS[method]
    matrix = chosen.matrix
    single = problem.model.on_inputs and problem.model.n_outputs == 1
    if (
        single
        and chosen.plain
        and not chosen.vector
        and (matrix is None or matrix.weights is not None)
    ):
        weights = matrix.combination if matrix else Combination(fisher=1)
        if problem.likelihood.least_squares and weights and _constant(weights):
            return Quadratic(problem, weights, chosen.damped, theta_0)
        linear = Linear(problem, matrix, theta_0)
        if linear.fits:
            return linear
    return General(problem, chosen, theta_0)


def _constant(weights: Combination) -> bool:
    """Whether the matrix of least squares is a positive multiple of the Hessian."""
    return weights.gradient == 0 and weights.fisher + weights.hessian > 0

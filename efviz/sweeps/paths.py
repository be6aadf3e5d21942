"""The choice of the fastest method of computing a batch for a problem and a method."""

from efviz.arrays import Array
from efviz.optimizers import METHODS
from efviz.problems import Problem
from efviz.problems.likelihoods.gaussian import Gaussian
from efviz.sweeps.general import General
from efviz.sweeps.linear import Linear
from efviz.sweeps.outcome import Plan
from efviz.sweeps.quadratic import Quadratic


def plan(problem: Problem, method: str, theta_0: Array) -> Plan:
    """The plan for runs of `method` (a key of METHODS) from theta_0 (D,)."""
    curvature = METHODS[method].curvature
    single = problem.model.linear and problem.model.n_outputs == 1
    if single and isinstance(problem.likelihood, Gaussian) and curvature != "empirical_fisher":
        return Quadratic(problem, curvature, theta_0)
    if single:
        linear = Linear(problem, curvature, theta_0)
        if linear.fits:
            return linear
    return General(problem, curvature, theta_0)

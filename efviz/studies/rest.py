"""Where every direction is rounding: at the minimum."""

import numpy as np

from efviz.arrays import Array, Mask
from efviz.problems import Problem


def at_rest(problem: Problem, theta: Array) -> Mask:
    """Whether theta (..., D) is the minimum to working precision, (...).

    The gradient, about F (theta - theta_star) there, is then no larger than its own rounding: that
    of theta, and that of the gradients of the examples, which cancel. Directions made of it mean
    nothing, however long a matrix that is nearly singular makes them.
    """
    if not problem.minimum.exists:
        return np.zeros(theta.shape[:-1], dtype=bool)
    star = problem.theta_star
    _, F, EF = problem.gradient_and_matrices(star)
    rounding = np.abs(F) @ np.abs(star) + np.sqrt(np.diagonal(EF))
    gradient = np.abs((theta - star) @ F)
    return np.asarray((gradient <= 64 * np.finfo(float).eps * rounding).all(axis=-1))

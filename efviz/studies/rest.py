"""Where every direction is rounding: at the minimum."""

import numpy as np

from efviz.arrays import Array, Mask
from efviz.problems import Problem, batches


def at_rest(problem: Problem, theta: Array) -> Mask:
    """Whether theta (..., D) is the minimum to working precision, (...).

    The gradient, there H (theta - theta_star), is then no larger than its own rounding: that of
    theta, and that of the gradients of the examples, which cancel. Directions made of it mean
    nothing, however long a matrix that is nearly singular makes them.
    """
    if not problem.minimum.exists:
        return np.zeros(theta.shape[:-1], dtype=bool)
    star = problem.theta_star
    H, EF = problem.mean_over_examples(star, batches.ggn_term, batches.empirical_fisher_term)
    rounding = np.abs(H) @ np.abs(star) + np.sqrt(np.diagonal(EF))
    gradient = np.abs((theta - star) @ H)
    return np.asarray((gradient <= 64 * np.finfo(float).eps * rounding).all(axis=-1))

"""Whether a convex loss of a model linear in theta has a minimum: two tests, both rigorous.

`newton_step` proves that a minimum exists nearby, `recession` that there is none.
"""

from typing import NamedTuple

import numpy as np
import scipy

from efviz.arrays import Array
from efviz.numerics.columns import column_sizes
from efviz.problems.objective import Objective


class NewtonStep(NamedTuple):
    """theta - step is the next Newton iterate; `reach` says how far the step can be trusted."""

    step: Array
    reach: float


PROVEN = 0.5
"""Below this reach, a minimum exists and Newton's method converges to it."""


def is_convex(problem: Objective) -> bool:
    return problem.model.linear and problem.likelihood.convex


def is_self_concordant(problem: Objective) -> bool:
    """|l'''| <= s l'' along lines of outputs, l'' the Fisher, outputs linear: see `newton_step`."""
    return problem.model.linear and problem.likelihood.self_concordant


def newton_step(problem: Objective, theta: Array, size: Array) -> NewtonStep:
    """H^-1 g and its reach max_n |x_n|_{H^-1} |H^-1 g|_H, bounded through the inputs' `size` (D,).

    With several outputs, differences of two of them replace x_n; they are of the same size.

    Bach (2010), "Self-concordant analysis for logistic regression", Prop. 2: with |l'''| <= l''
    and a reach of at most 1/2 the loss has one minimum, within 4 |H^-1 g|_H. inf where H is
    singular to rounding.
    """
    g, H, _ = problem.gradient_and_matrices(theta)
    # In units in which no input is larger than 1, the bound needs only the matrix.
    g, H = g / size, H / np.outer(size, size)
    if not (np.isfinite(g).all() and np.isfinite(H).all()):
        return NewtonStep(np.full_like(theta, np.nan), np.inf)
    w, V = np.linalg.eigh(H)
    if not w[0] > 1e-10 * w[-1]:
        return NewtonStep(np.full_like(theta, np.nan), np.inf)
    with np.errstate(all="ignore"):
        inverse = (V / w) @ V.T
        step = inverse @ g
        reach = float(np.sqrt(np.abs(inverse).sum() * max(g @ step, 0.0)))
    return NewtonStep(step / size, reach if np.isfinite(step).all() else np.inf)


NO_MINIMUM = (
    "There is no finite minimum: along some direction the loss decreases forever, because a plane "
    "(through the origin if the model has no intercept) separates the classes, or some examples of "
    "one class from all others, or because a plane contains all positive counts and leaves all "
    "zeros on one side. Add noise, take more examples or choose other columns."
)


def _sizes(columns: Array) -> Array:
    """The largest absolute value of each column, 1 for a column of zeros."""
    size = column_sizes(columns)
    return np.where(size > 0, size, 1.0)


def parameter_sizes(problem: Objective) -> Array:
    """The size of the column that each parameter of a linear model multiplies, (D,)."""
    if problem.model.seen(False) is None:
        J = problem.model.jacobian(problem.X, np.zeros(problem.D))
        return _sizes(J.reshape(-1, problem.D))
    return np.tile(_sizes(problem.X), problem.D // problem.X.shape[1])


def recession(problem: Objective) -> str | None:
    """The message for a loss that decreases forever along some direction, or "" if there is none.
    None where the likelihood does not say.

    The likelihood states, per example, which output changes never raise the loss; a linear program
    looks for a parameter direction v with J_n v in all those cones, for some n strictly.
    """
    cones = problem.likelihood.recession(problem.y, problem.model.n_outputs)
    if cones is None:
        return None
    rows, equal = cones
    if not len(rows):
        return ""
    J = problem.model.jacobian(problem.X, np.zeros(problem.D))
    constraints = np.einsum("knc,ncd->knd", rows, J).reshape(-1, problem.D)
    # Neither the units of a parameter nor the length of a constraint affect the answer.
    constraints = constraints / _sizes(constraints)
    constraints = constraints / _sizes(constraints.T)[:, None]
    equal = equal.reshape(-1)
    upper = np.unique(constraints[~equal], axis=0)
    same = np.unique(constraints[equal], axis=0)
    result = scipy.optimize.linprog(
        upper.sum(axis=0),
        A_ub=upper if len(upper) else None,
        b_ub=np.zeros(len(upper)) if len(upper) else None,
        A_eq=same if len(same) else None,
        b_eq=np.zeros(len(same)) if len(same) else None,
        bounds=[(-1, 1)] * problem.D,
        # With very many constraints, the simplex method is slow: it moves from corner to corner.
        method="highs-ipm" if len(constraints) > _MANY else "highs",
    )
    if result.status != 0 or result.fun > -1e-7 * max(1, len(upper)) ** 0.5:
        return ""
    return NO_MINIMUM


_MANY = 20_000

"""A method is a preconditioner: theta_{t+1} = theta_t - step_size (B(theta_t) + damping I)^{-1} g.

METHODS lists them (Kunstner et al. (2019), Eqs. 50-52); `direction` is one preconditioned gradient.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.curvature import CURVATURES
from efviz.numerics.linalg import Rows, Solution, solve_damped
from efviz.problems import Problem, batches


@dataclass(frozen=True)
class Method:
    """`curvature` is a key of CURVATURES, None for B = I, whose step takes no damping (Eq. 50)."""

    title: str
    curvature: str | None


METHODS: dict[str, Method] = {
    "GD": Method("Gradient descent", None),
    "NGD": Method("Natural gradient descent", "fisher"),
    "EFGD": Method("Gradient descent preconditioned by the empirical Fisher", "empirical_fisher"),
    "Newton": Method("Newton's method", "hessian"),
}


def direction(
    problem: Problem, method: str, theta: ArrayLike, *, damping: ArrayLike = 0.0
) -> Solution:
    """(B + damping I)^{-1} gradient: theta (..., D) -> x (..., D); the update subtracts it.

    Where the damped matrix is singular, x has minimum norm and `rank_deficient` (...) is True.
    """
    return directions(problem, (method,), theta, damping=damping)[method]


def directions(
    problem: Problem, methods: Sequence[str], theta: ArrayLike, *, damping: ArrayLike = 0.0
) -> dict[str, Solution]:
    """`direction` of several methods at the same theta, in one pass over the data.

    damping broadcasts against the leading axes of theta; each theta is evaluated once.
    """
    theta = problem.check_theta(theta)
    damping = check_damping(damping)
    chosen = {name: method_named(name).curvature for name in methods}
    keys = list(dict.fromkeys(key for key in chosen.values() if key))
    seen = problem.coordinates
    if seen is not None:
        unseen = (damping == 0) & (not seen.complete)
        found = directions(seen.problem, methods, seen.reduce(theta), damping=damping)
        return {
            name: Solution(seen.restore(x), deficient | (unseen & (chosen[name] is not None)))
            for name, (x, deficient) in found.items()
        }
    if problem.moments:
        g = problem.gradient(theta)
        values = [CURVATURES[key].matrix(problem, theta) for key in keys]
    else:
        terms = [CURVATURES[key].term for key in keys]
        g, *values = problem.mean_over_examples(theta, batches.gradient_term, *terms)
    matrices = dict(zip(keys, values, strict=True))
    lead = np.broadcast_shapes(g.shape[:-1], damping.shape)
    plain = Solution(np.broadcast_to(g, (*lead, problem.D)), np.zeros(lead, dtype=bool))
    return {
        name: solve_for(problem, key, theta, matrices[key], g, damping) if key else plain
        for name, key in chosen.items()
    }


def solve_for(
    problem: Problem,
    curvature: str,
    theta: Array,
    B: Array,
    g: Array,
    damping: Array,
) -> Solution:
    """`solve_damped` for B (..., D, D), the matrix named `curvature`, and g at theta (..., D)."""
    lead = np.broadcast_shapes(theta.shape[:-1], damping.shape)
    at = np.broadcast_to(theta, (*lead, problem.D)).reshape(-1, problem.D)

    def rows(i: int) -> Rows | None:
        with np.errstate(all="ignore"):
            return CURVATURES[curvature].rows(problem, at[i])

    small = problem.N * problem.D <= _FACTORED
    return solve_damped(B, g, damping, terms=problem.N, rows=rows if small else None)


_FACTORED = 2**16
"""Above this many elements, factoring the rows at every step is too slow; their sum is used."""


def method_named(name: str) -> Method:
    if name not in METHODS:
        raise ValueError(f"unknown method {name!r}; there are {', '.join(METHODS)}")
    return METHODS[name]


def check_damping(damping: ArrayLike) -> Array:
    damping = np.asarray(damping, dtype=float)
    if not (damping >= 0).all():
        raise ValueError(f"damping must not be negative, got {damping}")
    return damping

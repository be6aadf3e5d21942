"""Comparison of EFGD's direction with the natural gradient, along a path and far out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array, Mask, cosine
from efviz.optimizers import directions
from efviz.problems import Problem
from efviz.work import SLICE, Progress, Work


@dataclass(frozen=True, eq=False)
class Alignment:
    """Cosine of the angle between the NGD and EFGD directions along thetas (T, D).

    damped (T,): both matrices with the damping of the run, as in the published Fig. 3; undamped
    (T,): as its text says, with the pseudo-inverse where a matrix is singular; `singular` (T,)
    marks these steps. nan where there is no direction.
    """

    damped: Array
    undamped: Array
    singular: Mask


def alignment(problem: Problem, thetas: Array, damping: float) -> Work[Alignment]:
    """Work towards the Alignment along thetas (T, D). Kunstner et al. (2019), Fig. 3, row 2."""
    thetas = problem.check_theta(thetas)
    damped, undamped = np.full((2, len(thetas)), np.nan)
    singular = np.zeros(len(thetas), dtype=bool)
    step = max(1, SLICE // (problem.N * problem.D**2))
    for t in range(0, len(thetas), step):
        piece = slice(t, t + step)
        found = directions(problem, ("NGD", "EFGD"), thetas[piece], damping=[[damping], [0.0]])
        damped[piece], undamped[piece] = cosine(found["NGD"].x, found["EFGD"].x)
        singular[piece] = found["NGD"].rank_deficient[1] | found["EFGD"].rank_deficient[1]
        yield Progress(min(1.0, (t + step) / len(thetas)))
    return Alignment(damped, undamped, singular)


def path_directions(
    problem: Problem, methods: Sequence[str], thetas: ArrayLike, *, damping: float = 0.0
) -> Work[dict[str, Array]]:
    """Work towards the `vector_field` of each method at every theta (..., D) -> (..., D).

    Meant for the recorded steps of runs: nan where theta is nan, after a run has stopped.
    """
    thetas = np.asarray(thetas, dtype=float)
    flat = thetas.reshape(-1, problem.D)
    known = np.flatnonzero(np.isfinite(flat).all(-1))
    found = {name: np.full(flat.shape, np.nan) for name in methods}
    step = max(1, len(known) if problem.moments else SLICE // problem.N)
    for i in range(0, len(known), step):
        piece = known[i : i + step]
        for name, solved in directions(problem, methods, flat[piece], damping=damping).items():
            found[name][piece] = -solved.x
        yield Progress((i + len(piece)) / len(known))
    return {name: values.reshape(thetas.shape) for name, values in found.items()}


@dataclass(frozen=True, eq=False)
class StepSizes:
    """|gradient| (T,) and the lengths (T,) of the undamped directions, per method."""

    gradient: Array
    directions: dict[str, Array]


def step_lengths(
    problem: Problem, towards: ArrayLike, distances: ArrayLike, damping: float = 0.0
) -> Work[StepSizes]:
    """Work towards StepSizes at theta_star + t * towards, for t in distances (T,).

    Section 4.3: far from the minimum EF grows like the square of the gradient, so the length of
    (EF + damping I)^-1 g falls like 1 / |g|; that of F^-1 g, for least squares, grows like |g|.
    """
    towards, distances = np.asarray(towards, dtype=float), np.asarray(distances, dtype=float)
    gradients, lengths = [], []
    for t in distances:
        theta = problem.theta_star + t * towards
        found = directions(problem, ("GD", "NGD", "EFGD"), theta, damping=damping)
        gradients.append(np.linalg.norm(found["GD"].x))
        lengths.append([np.linalg.norm(found[name].x) for name in ("NGD", "EFGD")])
        yield Progress(len(gradients) / len(distances))
    both = np.array(lengths).reshape(-1, 2)
    return StepSizes(np.array(gradients), {"NGD": both[:, 0], "EFGD": both[:, 1]})


FIG_6: Sequence[float] = (0.875, 0.75, 0.5, 0.0)
"""The starts of Fig. 6, as multiples of theta_star."""

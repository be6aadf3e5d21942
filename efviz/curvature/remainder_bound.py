r"""Proposition 2: how far the GGN can be from the Hessian, along a path of thetas.

    ||H - G||_2 <= r(theta) beta,   r = 1/N sum_n ||nabla_f log p(y_n | f_n)||_1

for outputs f_nc(theta) that are beta-smooth, ||d2f_nc/dtheta2||_2 <= beta. All are means over n;
with the paper's sums both sides are N times as large. Kunstner et al. (2019) print the SQUARE of
the norm (Eqs. 13 and 45), but their proof (Eqs. 46-48) shows the bound for the norm itself. The
square scales differently from the other side: with sums, as printed, the claim reads N^2 ||H -
G||^2 <= N r beta.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array, Mask
from efviz.curvature.splits import SPLITS
from efviz.lazy import cached_property
from efviz.problems import Problem


@dataclass(frozen=True, eq=False)
class RemainderBound:
    """Along thetas (T, D): norm = ||H - G||_2 (T,) and residual = r (T,), means over N examples.

    `beta` bounds the curvature of every output over the box from `low` to `high` (D,).
    """

    thetas: Array
    N: int
    low: Array
    high: Array
    beta: float
    norm: Array
    residual: Array

    @cached_property
    def proved(self) -> Array:
        """r beta (T,): the right-hand side of both claims."""
        return self.residual * self.beta

    @cached_property
    def printed(self) -> Array:
        """N ||H - G||^2 (T,): the printed left-hand side, with its sums, in units of `proved`."""
        return self.N * self.norm**2

    @property
    def printed_fails(self) -> Mask:
        return np.asarray(self.printed > self.proved)

    @property
    def proved_fails(self) -> Mask:
        """Where the bound fails beyond rounding: nowhere, by the proposition. (T,)"""
        return np.asarray(self.norm > self.proved * (1 + 1e-12))

    @cached_property
    def length(self) -> Array:
        """Length of the path up to each theta, (T,)."""
        steps = np.linalg.norm(np.diff(self.thetas, axis=0), axis=-1)
        return np.concatenate([[0.0], np.cumsum(steps)])


def ray(start: ArrayLike, through: ArrayLike, low: ArrayLike, high: ArrayLike, n: int) -> Array:
    """n thetas from `start` in the direction of `through` to the edge of the box, (n, D).

    Raises ValueError if start lies outside the box or the two points coincide.
    """
    start, through, low, high = (np.asarray(v, dtype=float) for v in (start, through, low, high))
    if not ((low <= start) & (start <= high)).all():
        raise ValueError(f"the path starts at {start}, outside the box from {low} to {high}")
    direction = through - start
    if not direction.any():
        raise ValueError(f"a direction needs two points, got {start} twice")
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(direction > 0, high - start, low - start) / direction
    reach = float(np.min(room[direction != 0]))
    return np.clip(start + np.linspace(0, reach, n)[:, None] * direction, low, high)


def remainder_bound(
    problem: Problem, thetas: ArrayLike, low: ArrayLike, high: ArrayLike
) -> RemainderBound:
    """Both sides of Proposition 2 at thetas (T, D), with a beta valid from low to high (D,).

    Raises ValueError if a theta lies outside the box.
    """
    thetas = problem.check_theta(thetas)
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    inside = ((low <= thetas) & (thetas <= high)).all(axis=-1)
    if not inside.all():
        raise ValueError(f"theta = {thetas[~inside][0]} lies outside the box from {low} to {high}")
    split = SPLITS["canonical"]
    norm = np.abs(np.linalg.eigvalsh(split.remainder(problem, thetas))).max(axis=-1)
    residual = np.abs(split.outer_gradient(problem, thetas)).sum(axis=-1).mean(axis=-1)
    beta = problem.model.smoothness(problem.X, low, high)
    return RemainderBound(thetas, problem.N, low, high, beta, norm, residual)

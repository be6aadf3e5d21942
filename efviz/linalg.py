"""Damped symmetric systems, batched, with the minimum-norm solution where they are singular."""

from typing import NamedTuple

import numpy as np

from efviz.data import Array, Mask
from efviz.kernels import solve_each


class Solution(NamedTuple):
    """x (..., D), and whether the matrix was rank deficient (...): x then has minimum norm."""

    x: Array
    rank_deficient: Mask


def solve_damped(B: Array, g: Array, damping: Array | float = 0.0) -> Solution:
    """Solve (B + damping I) x = g for symmetric B (..., D, D), g (..., D), damping (...).

    A positive definite matrix is solved in units in which its diagonal is 1, so that columns of
    very different size do no harm. Of any other, eigenvalues below `rank_tolerance` times the
    largest count as zero; on their space x is zero. A matrix or vector that is not finite gives
    nan.
    """
    D = g.shape[-1]
    finite: Mask = np.asarray(np.isfinite(B).all((-1, -2)) & np.isfinite(g).all(-1))
    lead = np.broadcast_shapes(finite.shape, np.shape(damping))
    B = np.broadcast_to(np.where(finite[..., None, None], B, 0), (*lead, D, D))
    g = np.broadcast_to(np.where(finite[..., None], g, 0), (*lead, D))
    each = np.ascontiguousarray(np.broadcast_to(np.asarray(damping, dtype=float), lead))
    x, deficient = np.empty((*lead, D)), np.zeros(lead, dtype=bool)
    solve_each(
        np.ascontiguousarray(B).reshape(-1, D, D),
        each.reshape(-1),
        np.ascontiguousarray(g).reshape(-1, D),
        x.reshape(-1, D),
        deficient.reshape(-1),
    )
    return Solution(np.where(finite[..., None], x, np.nan), deficient & finite)

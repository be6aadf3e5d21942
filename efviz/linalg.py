"""Damped symmetric systems, batched, with the minimum-norm solution where they are singular."""

from typing import NamedTuple

import numpy as np

from efviz.data import Array, Mask
from efviz.kernels import rank_tolerance


class Solution(NamedTuple):
    """x (..., D), and whether the matrix was rank deficient (...): x then has minimum norm."""

    x: Array
    rank_deficient: Mask


def solve_damped(B: Array, g: Array, damping: Array | float = 0.0) -> Solution:
    """Solve (B + damping I) x = g for symmetric B (..., D, D), g (..., D), damping (...).

    Eigenvalues below `rank_tolerance` times the largest count as zero; on their space x is zero.
    A matrix or vector that is not finite gives nan.
    """
    D = g.shape[-1]
    finite: Mask = np.asarray(np.isfinite(B).all((-1, -2)) & np.isfinite(g).all(-1))
    w, V = np.linalg.eigh(np.where(finite[..., None, None], B, 0))
    w = w + np.asarray(damping, dtype=float)[..., None]
    magnitude = np.abs(w)
    zero = magnitude <= rank_tolerance(D) * magnitude.max(-1, keepdims=True)
    projected = np.einsum("...ij,...i->...j", V, np.where(finite[..., None], g, 0))
    with np.errstate(over="ignore"):
        x = np.einsum("...ij,...j->...i", V, np.where(zero, 0, projected / np.where(zero, 1, w)))
    x = np.where(finite[..., None], x, np.nan)
    return Solution(x, zero.any(-1) & finite)

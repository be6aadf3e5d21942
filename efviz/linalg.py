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

    A positive definite matrix is solved in units in which its diagonal is 1, so that columns of
    very different size do no harm. Of any other, eigenvalues below `rank_tolerance` times the
    largest count as zero; on their space x is zero. A matrix or vector that is not finite gives
    nan.
    """
    D = g.shape[-1]
    finite: Mask = np.asarray(np.isfinite(B).all((-1, -2)) & np.isfinite(g).all(-1))
    damping = np.asarray(damping, dtype=float)[..., None, None]
    A = np.where(finite[..., None, None], B, 0) + damping * np.eye(D)
    g = np.where(finite[..., None], g, 0)
    with np.errstate(all="ignore"):
        unit = 1 / np.sqrt(np.diagonal(A, axis1=-2, axis2=-1))
        scaled = A * unit[..., :, None] * unit[..., None, :]
        sound: Mask = np.asarray(np.isfinite(scaled).all((-1, -2)))
        w, V = np.linalg.eigh(np.where(sound[..., None, None], scaled, 0))
        definite = sound & (w[..., 0] > rank_tolerance(D) * w[..., -1])
        x = unit * _apply(V, w, unit * g)
        deficient = np.zeros(x.shape[:-1], dtype=bool)
        others = np.broadcast_to(~definite, deficient.shape)
        if others.any():
            A = np.broadcast_to(A, (*x.shape, D))[others]
            w, V = np.linalg.eigh(A)
            magnitude = np.abs(w)
            zero = magnitude <= rank_tolerance(D) * magnitude.max(-1, keepdims=True)
            x[others] = _apply(V, np.where(zero, np.inf, w), np.broadcast_to(g, x.shape)[others])
            deficient[others] = zero.any(-1)
    return Solution(np.where(finite[..., None], x, np.nan), deficient & finite)


def _apply(V: Array, w: Array, g: Array) -> Array:
    """V diag(1 / w) V^T g for each of a batch."""
    projected = np.einsum("...ij,...i->...j", V, g) / w
    return np.asarray(np.einsum("...ij,...j->...i", V, projected))

"""Distances between curvature matrices."""

import numpy as np
import scipy

from efviz.arrays import Array
from efviz.curvature.matrices import CURVATURES
from efviz.numerics.columns import gram_far_from_singular, powers_of_two, reduce_columns
from efviz.numerics.linalg import eigenvalues
from efviz.problems import Problem


def relative_distance(EF: Array, F: Array) -> Array:
    """|EF - F| / |F| in Frobenius norms, (..., D, D) -> (...); inf where F is zero."""
    with np.errstate(all="ignore"):
        return np.asarray(np.linalg.norm(EF - F, axis=(-2, -1)) / np.linalg.norm(F, axis=(-2, -1)))


def generalized_eigenvalues(EF: Array, F: Array, terms: int = 1) -> Array:
    """mu with EF v = mu F v, ascending (D,): all 1 where EF = F; nan for a singular F.

    mu is the ratio v^T EF v / v^T F v at its stationary directions, in any parametrisation. Both
    are rounded means over `terms` examples.
    """
    if not (eigenvalues(F, terms) > 0).all():
        return np.full(len(F), np.nan)
    unit = 1 / powers_of_two(np.sqrt(np.diagonal(F)))
    scale = np.outer(unit, unit)
    return np.asarray(scipy.linalg.eigh(EF * scale, F * scale, eigvals_only=True))


def ratios(problem: Problem, theta: Array, EF: Array, F: Array) -> Array:
    """`generalized_eigenvalues` of EF and F (D, D) at theta (D,).

    They are computed from the examples where the rounded matrices have lost too many digits.
    """
    seen = problem.coordinates
    if seen is not None:
        if not seen.complete:
            return np.full(problem.D, np.nan)
        problem, theta = seen.problem, seen.reduce(theta)
        _, F, EF = problem.gradient_and_matrices(theta)
    rows = None if gram_far_from_singular(F) else CURVATURES["fisher"].rows(problem, theta)
    if rows is None:
        return generalized_eigenvalues(EF, F, problem.N)
    reduced = reduce_columns(rows.A)
    if reduced.rank < problem.D:
        return np.full(problem.D, np.nan)
    # A basis of parameters in which N F is the identity.
    g = problem.per_example_gradients(theta) @ reduced.inverse
    return np.asarray(np.linalg.eigvalsh(g.T @ g))


def angle_between_axes(EF: Array, F: Array) -> float:
    """Degrees from 0 to 90 between the eigenvectors of the largest eigenvalues."""
    a, b = (np.linalg.eigh(matrix)[1][:, -1] for matrix in (EF, F))
    # From sine and cosine, as the cosine alone loses half of the digits of a small angle.
    cosine, sine = abs(a @ b), np.linalg.norm(a - b * (a @ b))
    return float(np.degrees(np.arctan2(sine, cosine)))


def roundness(matrix: Array) -> float:
    """Shortest divided by longest semi-axis of theta^T M theta = 1; 1 for a circle."""
    w = np.linalg.eigvalsh(matrix)
    return float(np.sqrt(max(w[0], 0.0) / w[-1])) if w[-1] > 0 else 0.0

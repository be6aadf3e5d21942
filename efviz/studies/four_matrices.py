"""H, G, F and EF at one theta: their numbers, which of them agree, and their level sets."""

from collections.abc import Mapping

import numpy as np

from efviz.arrays import Array
from efviz.curvature import CURVATURES
from efviz.curvature.agreement import Agreement, agreements
from efviz.curvature.conics import Conic, conic
from efviz.fields import Plane
from efviz.numerics.linalg import eigenvalues
from efviz.problems import Problem

SYMBOLS: dict[str, str] = {"H": "hessian", "G": "ggn", "F": "fisher", "EF": "empirical_fisher"}
"""What the matrices are called, and their keys in CURVATURES."""


def four_matrices(problem: Problem, theta: Array) -> dict[str, Array]:
    """By symbol the matrices at theta (D,), means over the examples, (D, D) each."""
    return {symbol: CURVATURES[key].matrix(problem, theta) for symbol, key in SYMBOLS.items()}


def all_finite(matrices: Mapping[str, Array]) -> bool:
    return all(np.isfinite(matrix).all() for matrix in matrices.values())


def spectra(matrices: Mapping[str, Array]) -> dict[str, Array]:
    """The eigenvalues (D,) of each, ascending; nan where an entry is not finite."""
    return {symbol: _spectrum(matrix) for symbol, matrix in matrices.items()}


def _spectrum(matrix: Array) -> Array:
    if not np.isfinite(matrix).all():
        return np.full(len(matrix), np.nan)
    return np.asarray(np.linalg.eigvalsh(matrix))


def agreeing(problem: Problem, theta: Array, matrices: Mapping[str, Array]) -> list[Agreement]:
    """Every pair of the four at theta (D,), by keys of CURVATURES: see `agreements`."""
    found = {SYMBOLS[symbol]: matrix for symbol, matrix in matrices.items()}
    return agreements(problem, theta, matrices=found)


def level_sets(
    problem: Problem, plane: Plane, theta: Array, matrices: Mapping[str, Array]
) -> dict[str, Conic]:
    """delta^T M delta = c around theta (2,) with one c for all, such that the ellipse of the Fisher
    fits on the plane; where the Fisher is zero, that of EF or of H. None for infinite matrices."""
    if not all_finite(matrices):
        return {}
    # By the Fisher, which is never indefinite; where it is zero, by the next that is not.
    scale = next((matrices[s] for s in ("F", "EF", "H") if matrices[s].any()), matrices["F"])
    level = level_for(scale, float(plane.half_widths.min()), problem.N)
    return conics(matrices, theta, level, plane, problem.N)


def level_for(matrix: Array, half_width: float, terms: int) -> float:
    """The level at which the ellipse of `matrix`, a mean over `terms` examples, is at most 0.6
    half-widths long; 1 if it has no ellipse."""
    w = eigenvalues(matrix, terms)
    shortest = w[w > 0]
    return float((0.6 * half_width) ** 2 * shortest[0]) if shortest.size else 1.0


def conics(
    matrices: Mapping[str, Array], theta: Array, level: float, plane: Plane, terms: int
) -> dict[str, Conic]:
    """Level sets of the matrices, means over `terms` examples, at theta (2,).

    Coinciding level sets are named once, as in "F = G".
    """
    reach = 2 * float(np.hypot(*plane.half_widths))
    joined: dict[str, Array] = {}
    for name, matrix in matrices.items():
        for other, known in joined.items():
            if np.allclose(matrix, known, rtol=1e-9, atol=1e-14 * np.abs(known).max()):
                joined = {f"{k} = {name}" if k == other else k: m for k, m in joined.items()}
                break
        else:
            joined[name] = matrix
    return {
        name: conic(matrix, theta, level, reach, terms=terms) for name, matrix in joined.items()
    }

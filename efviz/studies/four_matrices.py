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
"""The symbols of the matrices, and their keys in CURVATURES."""
SYMBOL_OF: dict[str, str] = {key: symbol for symbol, key in SYMBOLS.items()}


def four_matrices(problem: Problem, theta: Array) -> dict[str, Array]:
    """The matrices (D, D) at theta (D,) by symbol, all means over the examples."""
    return {symbol: CURVATURES[key].matrix(problem, theta) for symbol, key in SYMBOLS.items()}


def all_finite(matrices: Mapping[str, Array]) -> bool:
    return all(np.isfinite(matrix).all() for matrix in matrices.values())


def spectra(matrices: Mapping[str, Array]) -> dict[str, Array]:
    """The eigenvalues (D,) of each matrix, ascending; nan if an entry is not finite."""
    return {symbol: _spectrum(matrix) for symbol, matrix in matrices.items()}


def _spectrum(matrix: Array) -> Array:
    if not np.isfinite(matrix).all():
        return np.full(len(matrix), np.nan)
    return np.asarray(np.linalg.eigvalsh(matrix))


def agreeing(problem: Problem, theta: Array, matrices: Mapping[str, Array]) -> list[Agreement]:
    """How every pair of the four agrees at theta (D,), by keys of CURVATURES: see `agreements`."""
    found = {SYMBOLS[symbol]: matrix for symbol, matrix in matrices.items()}
    return agreements(problem, theta, matrices=found)


def level_sets(
    problem: Problem, plane: Plane, theta: Array, matrices: Mapping[str, Array]
) -> dict[str, Conic]:
    """The level sets delta^T M delta = c around theta (2,); none if an entry is not finite.

    All have the same c, with which the ellipse of the Fisher fits on the plane, or that of EF or H
    where the Fisher is zero.
    """
    if not all_finite(matrices):
        return {}
    # The Fisher comes first because it is never indefinite.
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

    Equal matrices share one level set, whose name lists them, as in "F = G".
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

"""Matrices at one theta: their numbers, which of them agree, and their level sets."""

from collections.abc import Mapping, Sequence

import numpy as np

from efviz.arrays import Array
from efviz.curvature import CURVATURES
from efviz.curvature.agreement import Agreement, agreements
from efviz.curvature.conics import Conic, conic
from efviz.curvature.matrices import keys_by_short
from efviz.fields import Plane
from efviz.numerics.linalg import eigenvalues
from efviz.problems import Problem
from efviz.problems.declared import Refused

USUAL = ("hessian", "ggn", "fisher", "empirical_fisher")
"""The four matrices of the paper, by their keys in CURVATURES."""

Names = tuple[str, ...]
"""The short names of equal matrices."""


def short_of(key: str) -> str:
    """What figures and tables call the matrix with this key in CURVATURES."""
    return CURVATURES[key].short or key


def matrix_or_reason(problem: Problem, theta: Array, key: str) -> tuple[Array, str]:
    """A matrix (D, D) at theta (D,), and "".

    If it refuses the problem, all entries are nan, and a sentence says why.
    """
    try:
        return CURVATURES[key].matrix(problem, theta), ""
    except Refused as sentence:
        return np.full((problem.D, problem.D), np.nan), str(sentence)


def four_matrices(problem: Problem, theta: Array, keys: Sequence[str] = USUAL) -> dict[str, Array]:
    """The matrices (D, D) at theta (D,) by short name, all means over the examples.

    One that refuses the problem is nan: see `refusals`.
    """
    return {short_of(key): matrix_or_reason(problem, theta, key)[0] for key in keys}


def refusals(problem: Problem, theta: Array, matrices: Mapping[str, Array]) -> dict[str, str]:
    """By short name, why some of the matrices refuse the problem."""
    keys = keys_by_short()
    unknown = [name for name, matrix in matrices.items() if np.isnan(matrix).all()]
    reasons = {name: matrix_or_reason(problem, theta, keys[name])[1] for name in unknown}
    return {name: reason for name, reason in reasons.items() if reason}


def usual_matrices(
    problem: Problem, theta: Array, matrices: Mapping[str, Array]
) -> dict[str, Array]:
    """H, G, F and EF at theta (D,) by short name; `matrices` has some of them already."""
    missing = [key for key in USUAL if short_of(key) not in matrices]
    found = {**matrices, **four_matrices(problem, theta, missing)}
    return {name: found[name] for name in map(short_of, USUAL)}


def finite(matrices: Mapping[str, Array]) -> dict[str, Array]:
    """Those of the matrices of which all entries are finite numbers."""
    return {name: matrix for name, matrix in matrices.items() if np.isfinite(matrix).all()}


def spectra(matrices: Mapping[str, Array]) -> dict[str, Array]:
    """The eigenvalues (D,) of each matrix, ascending; nan if an entry is not finite."""
    return {name: _spectrum(matrix) for name, matrix in matrices.items()}


def _spectrum(matrix: Array) -> Array:
    if not np.isfinite(matrix).all():
        return np.full(len(matrix), np.nan)
    return np.asarray(np.linalg.eigvalsh(matrix))


def agreeing(problem: Problem, theta: Array, matrices: Mapping[str, Array]) -> list[Agreement]:
    """How every pair agrees at theta (D,), by keys of CURVATURES: see `agreements`."""
    keys = keys_by_short()
    found = {keys[name]: matrix for name, matrix in matrices.items()}
    return agreements(problem, theta, matrices=found)


def level_sets(
    problem: Problem, plane: Plane, theta: Array, matrices: Mapping[str, Array]
) -> dict[Names, Conic]:
    """The level sets delta^T M delta = c around theta (2,); none of a matrix that is not finite.

    All have the same c, with which the ellipse of the Fisher fits on the plane, or that of EF, H or
    another one, in this order, where the Fisher is zero or missing.
    """
    shown = finite(matrices)
    # The Fisher comes first because it is never indefinite.
    order = [*(name for name in ("F", "EF", "H") if name in shown), *shown]
    curved = (m for m in map(shown.__getitem__, order) if (eigenvalues(m, problem.N) > 0).any())
    half = float(plane.half_widths.min())
    level = level_for(next(curved, np.zeros((2, 2))), half, problem.N)
    return conics(shown, theta, level, plane, problem.N)


def level_for(matrix: Array, half_width: float, terms: int) -> float:
    """The level at which the ellipse of `matrix`, a mean over `terms` examples, is at most 0.6
    half-widths long; 1 if it has no ellipse."""
    w = eigenvalues(matrix, terms)
    shortest = w[w > 0]
    return float((0.6 * half_width) ** 2 * shortest[0]) if shortest.size else 1.0


def conics(
    matrices: Mapping[str, Array], theta: Array, level: float, plane: Plane, terms: int
) -> dict[Names, Conic]:
    """Level sets of the matrices, means over `terms` examples, at theta (2,): see `joined`."""
    reach = 2 * float(np.hypot(*plane.half_widths))
    return {
        names: conic(matrix, theta, level, reach, terms=terms)
        for names, matrix in joined(matrices).items()
    }


def joined(matrices: Mapping[str, Array]) -> dict[Names, Array]:
    """The matrices by short name, each once: equal ones are listed by all of their names."""
    found: dict[Names, Array] = {}
    for name, matrix in matrices.items():
        same = next((names for names, known in found.items() if _equal(matrix, known)), None)
        if same is None:
            found[(name,)] = matrix
        else:
            found = {(*k, name) if k == same else k: known for k, known in found.items()}
    return found


def _equal(matrix: Array, known: Array) -> bool:
    return np.allclose(matrix, known, rtol=1e-9, atol=1e-14 * np.abs(known).max())

"""H, G, F and EF at one theta, their eigenvalues and level sets."""

import numpy as np
import pytest
from conftest import listed_problem
from numpy.testing import assert_allclose
from reference import Slow

from efviz import CURVATURES
from efviz.fields import Plane
from efviz.studies.four_matrices import (
    USUAL,
    agreeing,
    finite,
    four_matrices,
    level_sets,
    spectra,
)

PLANE = Plane((0.0, 4.0), (0.0, 3.0))
THETA = np.array([1.5, 0.9])


@pytest.mark.parametrize("key", ["fig1", "fig2", "poisson", "saturation"])
def test_the_matrices_are_those_of_slow_loops(key):
    problem = listed_problem(key, N=30)
    slow, found = Slow(problem), four_matrices(problem, THETA)
    assert list(found) == [CURVATURES[key].short for key in USUAL] == ["H", "G", "F", "EF"]
    assert_allclose(found["H"], slow.hessian(THETA), rtol=1e-4, atol=1e-6)
    assert_allclose(found["G"], slow.ggn(THETA), rtol=1e-5, atol=1e-8)
    assert_allclose(found["F"], slow.fisher(THETA), rtol=1e-5, atol=1e-8)
    assert_allclose(found["EF"], slow.empirical_fisher(THETA), rtol=1e-5, atol=1e-8)


def test_eigenvalues_are_the_roots_and_nan_for_infinite_entries():
    found = spectra({"H": np.array([[0.0, 2.0], [2.0, 3.0]]), "F": np.full((2, 2), np.inf)})
    assert_allclose(found["H"], [-1, 4])
    assert np.isnan(found["F"]).all()


def test_all_pairs_are_compared():
    problem = listed_problem("fig1", N=30)
    matrices = four_matrices(problem, THETA)
    found = {(a.first, a.second): a for a in agreeing(problem, THETA, matrices)}
    assert len(found) == 6
    assert found["hessian", "fisher"].agree
    gap = found["fisher", "empirical_fisher"]
    F, EF = matrices["F"], matrices["EF"]
    assert not gap.agree
    largest = max(np.linalg.norm(F), np.linalg.norm(EF))
    assert gap.distance == pytest.approx(np.linalg.norm(F - EF) / largest)


@pytest.mark.parametrize("zero", [(), ("F",), ("F", "EF")])
def test_the_level_is_that_of_the_first_matrix_that_is_not_zero(zero):
    problem = listed_problem("fig1", N=30)
    sizes = {"H": 3.0, "G": 5.0, "F": 1.0, "EF": 2.0} | dict.fromkeys(zero, 0.0)
    matrices = {symbol: size * np.diag([1.0, 4.0]) for symbol, size in sizes.items()}
    drawn = level_sets(problem, PLANE, THETA, matrices)
    scale = next(s for s in ("F", "EF", "H") if s not in zero)
    (line,) = next(c for names, c in drawn.items() if scale in names).lines
    # Its longer half-axis is 0.6 of the shorter half-width of the plane.
    assert np.linalg.norm(line - THETA, axis=-1).max() == pytest.approx(0.6 * 1.5)
    empty = {s for names, c in drawn.items() if c.kind == "empty" for s in names}
    assert empty == set(zero)


def test_matrices_that_overflow_have_no_level_sets():
    problem, theta = listed_problem("poisson", N=20), np.full(2, 1e9)
    matrices = four_matrices(problem, theta)
    assert finite(matrices) == {}
    assert len(finite(four_matrices(problem, np.zeros(2)))) == 4
    assert level_sets(problem, PLANE, theta, matrices) == {}

"""The mean of g g^T with labels from every source, and its distance from the Fisher."""

import numpy as np
import pytest
from conftest import listed_problem
from numpy.testing import assert_allclose
from reference import Slow

from efviz import LABEL_SOURCES
from efviz.studies.label_sources import (
    OTHERS,
    REPETITIONS,
    SIZES,
    distance,
    label_distances,
    label_matrix,
    unknown_distances,
)
from efviz.work import finish

THETA = np.array([1.2, 0.4])
FEW = (1, 10, 32)


def relative(A, F):
    return np.linalg.norm(A - F) / np.linalg.norm(F)


@pytest.mark.parametrize("key", ["fig1", "fig2", "saturation"])
def test_the_matrices_of_two_sources_are_those_of_slow_loops(key):
    problem = listed_problem(key, N=30)
    slow = Slow(problem)
    F = slow.fisher(THETA)
    for source, matrix in (("observed", slow.empirical_fisher(THETA)), ("exact", F)):
        found = finish(label_matrix(problem, THETA, source=source, M=7, seed=0))
        assert_allclose(found.matrix, matrix, rtol=1e-6)
        assert found.distance == pytest.approx(relative(matrix, F), abs=1e-6)
        assert found.cost == LABEL_SOURCES[source].cost(problem.N, 1, 1)


def test_the_requested_number_of_labels_is_drawn():
    problem = listed_problem("fig2", N=30)
    found = finish(label_matrix(problem, THETA, source="sampled", M=7, seed=3))
    assert (found.cost, found.least) == (7 * 30, 30)
    again = finish(label_matrix(problem, THETA, source="sampled", M=7, seed=3))
    assert_allclose(found.matrix, again.matrix)
    other = finish(label_matrix(problem, THETA, source="sampled", M=7, seed=4))
    assert np.abs(found.matrix - other.matrix).max() > 0


def test_the_distance_of_a_matrix_to_itself_is_zero_even_if_it_is_zero():
    assert distance(np.zeros((2, 2)), np.zeros((2, 2))) == 0
    assert distance(np.diag([3.0, 0.0]), np.diag([0.0, 4.0])) == pytest.approx(5 / 4)


@pytest.mark.parametrize("key", ["fig1", "fig2", "softmax", "poisson"])
def test_the_sampled_matrix_is_the_first_repetition_of_the_curve(key):
    problem = listed_problem(key, N=100)
    labels = finish(label_matrix(problem, THETA, source="sampled", M=10, seed=5))
    curve = finish(label_distances(problem, THETA, seed=5, sizes=FEW))
    assert labels.distance == pytest.approx(float(curve.errors[0, 1]), rel=1e-9)
    assert np.isfinite(curve.errors).all()
    assert curve.errors.shape == (REPETITIONS, 3)


def test_the_curve_fills_in_from_the_left():
    known = []
    problem = listed_problem("fig2", N=50)
    work = label_distances(problem, THETA, seed=0, sizes=FEW)
    finish(work, lambda progress: known.append(progress.so_far()))
    columns = [int(np.isfinite(curve.errors).all(0).sum()) for curve in known]
    assert columns[0] == 0
    assert columns == sorted(columns)
    assert columns[-1] == 3
    assert known[0].sizes == FEW
    assert set(known[0].others) == set(OTHERS.values())
    slow = Slow(problem)
    off = relative(slow.empirical_fisher(THETA), slow.fisher(THETA))
    assert known[0].others["EF"] == pytest.approx(off, rel=1e-5)


def test_the_expected_distance_falls_with_the_root_of_the_labels():
    curve = finish(label_distances(listed_problem("fig2", N=50), THETA, seed=0, sizes=FEW))
    assert_allclose(curve.theory * np.sqrt(FEW), curve.theory[0])


def test_the_curve_of_matrices_that_overflow_ends_at_once():
    seen = []
    problem = listed_problem("poisson", N=20)
    found = finish(label_distances(problem, np.full(2, 1e9), seed=0), seen.append)
    assert not seen
    assert found.others == {}
    assert np.isnan(found.errors).all()
    assert len(SIZES) == 9
    assert found.errors.shape == unknown_distances().errors.shape == (REPETITIONS, 9)

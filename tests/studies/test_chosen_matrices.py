"""Matrices chosen by their keys, of efviz and from elsewhere: numbers, level sets, refusals."""

from itertools import combinations

import numpy as np
import pytest
import slow
import things
from conftest import listed_problem
from numpy.testing import assert_allclose

import efviz
from efviz import PROBLEMS, Curvature
from efviz.fields import Plane
from efviz.studies.at_minimum import moving_case, standing_cases
from efviz.studies.comparison import COMPARED, compare
from efviz.studies.four_matrices import (
    USUAL,
    agreeing,
    finite,
    four_matrices,
    joined,
    level_sets,
    refusals,
    short_of,
    spectra,
    usual_matrices,
)
from efviz.work import finish

pytestmark = pytest.mark.usefixtures("own_matrices")

ALL = [*USUAL, *things.MATRICES]
REFUSED = "The matrix 'Refuses' cannot be computed here: two parameters are not enough"
PLANE, THETA = Plane((0.0, 4.0), (0.0, 3.0)), np.array([1.5, 0.9])


def tolerances(key, expected):
    """The root of a singular matrix is itself computed to half of the digits."""
    digits = 1e-6 if key == "root_ef" else 1e-8
    return {"rtol": digits, "atol": digits * np.abs(expected).max()}


def refuse(problem, theta):
    if problem.D == 2:
        raise ValueError("two parameters are not enough")
    return efviz.fisher(problem, theta)


def overflow(problem, theta):
    return efviz.fisher(problem, theta) / (0.0 if problem.D == 2 and problem.N == 20 else 1.0)


@pytest.fixture
def strange():
    with (
        efviz.register("refuses", Curvature("Refuses", "R", refuse, short="R2")),
        efviz.register("overflows", Curvature("Overflows", "O", overflow)),
    ):
        yield ("fisher", "refuses", "overflows")


@pytest.mark.parametrize("key", ALL)
@pytest.mark.parametrize("where", ["fig1", "fig2", "poisson", "softmax", "saturation", "wine"])
def test_a_chosen_matrix_and_its_level_set_are_those_of_slow_loops(where, key):
    problem = listed_problem(where, N=20)
    expected = slow.matrix(problem, key, THETA)
    matrices = four_matrices(problem, THETA, [key])
    assert list(matrices) == [short_of(key)]
    assert_allclose(matrices[short_of(key)], expected, **tolerances(key, expected))
    assert_allclose(spectra(matrices)[short_of(key)], np.linalg.eigvalsh(expected), rtol=1e-6)
    (curve,) = level_sets(problem, PLANE, THETA, matrices).values()
    delta = np.concatenate(curve.lines) - THETA
    values = np.einsum("ni,ij,nj->n", delta, expected, delta)
    assert_allclose(values, values[0], rtol=1e-5)
    assert (curve.kind == "ellipse") == (np.linalg.eigvalsh(expected)[0] > 0)


@pytest.mark.parametrize("key", ALL)
@pytest.mark.parametrize("where", ["fig2", "saturation", "wine"])
def test_a_matrix_that_is_asked_for_is_compared_at_the_minimum(where, key):
    problem = listed_problem(where)
    theta = problem.theta_star
    found = compare(problem, theta, [key] if key not in COMPARED else [])
    expected = slow.matrix(problem, key, theta)
    assert_allclose(found.matrix(key), expected, **tolerances(key, expected))
    assert (key in found.others) == (key not in COMPARED)
    assert not found.refused


def test_nothing_more_is_compared_unless_it_is_asked_for():
    problem = listed_problem("fig2")
    assert compare(problem, problem.theta_star).others == {}
    entry = PROBLEMS["fig2"]
    dataset = entry.dataset(N=200)
    keys = ["ggn", "two_ef"]
    cases = finish(standing_cases(entry, N=200, others=keys))
    cases += moving_case(entry, dataset, entry.problem(dataset), "A", 0.5, others=keys)
    assert [list(case.comparison.others) for case in cases] == [keys] * 4
    for case in finish(standing_cases(entry, N=200)):
        assert case.comparison.others == {}


def test_own_matrices_are_compared_by_their_numbers_alone():
    problem = listed_problem("fig1", N=20)
    keys = ["fisher", "empirical_fisher", "two_ef", "mixed"]
    matrices = four_matrices(problem, THETA, keys)
    found = agreeing(problem, THETA, matrices)
    assert [(a.first, a.second) for a in found] == list(combinations(keys, 2))
    assert not any(a.agree or a.reason for a in found)
    # 2 EF differs from EF by half of the larger one.
    assert found[3].distance == pytest.approx(0.5, rel=1e-12)
    # Where EF = F, the mean 0.25 F + 0.5 EF is three quarters of both.
    half = listed_problem("fig2", N=20)
    at = agreeing(half, np.zeros(2), four_matrices(half, np.zeros(2), keys))
    assert [a.distance for a in at] == pytest.approx([0, 0.5, 0.25, 0.5, 0.25, 0.625], abs=1e-12)


def test_equal_matrices_agree_without_a_reason_if_one_is_from_elsewhere():
    problem = listed_problem("fig1", N=20)
    same = Curvature("The Fisher again", "F", efviz.fisher, short="again")
    with efviz.register("same", same):
        keys = ["ggn", "fisher", "same"]
        found = agreeing(problem, THETA, four_matrices(problem, THETA, keys))
        assert [(a.agree, bool(a.reason)) for a in found] == [
            (True, True),
            (True, False),
            (True, False),
        ]
        assert list(joined(four_matrices(problem, THETA, keys))) == [("G", "F", "again")]


def test_the_usual_matrices_are_taken_from_those_there_are():
    problem = listed_problem("saturation", N=20)
    there = four_matrices(problem, THETA, ["fisher", "two_ef"])
    found = usual_matrices(problem, THETA, there)
    assert list(found) == ["H", "G", "F", "EF"]
    assert found["F"] is there["F"]
    for key in USUAL:
        assert_allclose(found[short_of(key)], slow.matrix(problem, key, THETA), rtol=1e-6)


def test_a_matrix_that_refuses_or_is_not_finite_leaves_the_others_alone(strange):
    problem = listed_problem("fig1", N=20)
    with np.errstate(all="ignore"):
        matrices = four_matrices(problem, THETA, strange)
    assert list(matrices) == ["F", "R2", "overflows"]
    assert refusals(problem, THETA, matrices) == {"R2": REFUSED}
    assert list(finite(matrices)) == ["F"]
    assert list(level_sets(problem, PLANE, THETA, matrices)) == [("F",)]
    assert [np.isnan(w).any() for w in spectra(matrices).values()] == [False, True, True]
    assert not any(a.agree for a in agreeing(problem, THETA, matrices))


def test_weights_that_refuse_a_problem_are_quoted_too():
    problem = listed_problem("fig1", N=20)

    def weights(likelihood, f, y):
        if len(y) == 20:
            raise ValueError("not for twenty examples")
        return things.unit_weights(likelihood, f, y)

    with efviz.register("picky", Curvature("Picky", "P", weights=weights)):
        matrices = four_matrices(problem, THETA, ["picky", "fisher"])
        reason = "The matrix 'Picky' cannot be computed here: not for twenty examples"
        assert refusals(problem, THETA, matrices) == {"picky": reason}
        assert list(finite(matrices)) == ["F"]


def test_a_comparison_keeps_the_reason_of_a_refusal(strange):
    problem = listed_problem("fig1", N=20)
    with np.errstate(all="ignore"):
        found = compare(problem, problem.theta_star, strange[1:])
    assert found.refused == {"refuses": REFUSED}
    assert np.isnan(found.matrix("refuses")).all()
    assert list(found.distinct(strange)) == [("F",)]
    plain = compare(problem, problem.theta_star)
    assert_allclose(found.empirical_fisher, plain.empirical_fisher, rtol=0)


def test_curves_have_the_level_of_the_first_that_has_an_ellipse():
    problem = listed_problem("fig1", N=20)
    M = np.diag([1.0, 4.0])
    drawn = level_sets(problem, PLANE, THETA, {"EF": -M, "two_ef": M, "gram": 9 * M})
    assert [curve.kind for curve in drawn.values()] == ["empty", "ellipse", "ellipse"]
    (line,) = drawn[("two_ef",)].lines
    # Its longer half-axis is 0.6 of the shorter half-width of the plane.
    assert np.linalg.norm(line - THETA, axis=-1).max() == pytest.approx(0.6 * 1.5)


def test_fisher_and_ef_are_drawn_first():
    problem = listed_problem("saturation")
    found = compare(problem, problem.theta_star, ["ggn"])
    assert list(found.distinct(COMPARED)) == [("F",), ("EF",), ("H",)]
    assert list(found.distinct(["hessian", "ggn", "fisher"])) == [("F", "G"), ("H",)]
    linear = listed_problem("fig2")
    assert list(compare(linear, linear.theta_star).distinct(COMPARED)) == [("F", "H"), ("EF",)]

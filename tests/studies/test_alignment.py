"""Directions along a path, against NumPy's own inverses and the scaling of section 4.3."""

import numpy as np
import pytest
from conftest import listed_problem, some_thetas
from numpy.testing import assert_allclose

from efviz.curvature import empirical_fisher, fisher
from efviz.fields import vector_field
from efviz.optimizers import run
from efviz.problems.catalogue import optimization_problem
from efviz.studies.alignment import alignment, path_directions, step_lengths
from efviz.work import finish

SHIPPED = ["boston", "wine", "breast-cancer"]


def cos(a, b):
    return a @ b / np.sqrt((a @ a) * (b @ b))


@pytest.mark.parametrize("name", SHIPPED[:2])
def test_cosines_are_those_of_solved_systems(name):
    problem = optimization_problem(name)
    thetas = np.random.default_rng(0).normal(size=(4, problem.D)) * 0.01
    found = finish(alignment(problem, thetas, 1e-2))
    for k, theta in enumerate(thetas):
        g, F, EF = problem.gradient(theta), fisher(problem, theta), empirical_fisher(problem, theta)
        damped = [np.linalg.solve(M + 1e-2 * np.eye(problem.D), g) for M in (F, EF)]
        assert found.damped[k] == pytest.approx(cos(*damped), abs=1e-6)
        plain = [np.linalg.lstsq(M, g, rcond=None)[0] for M in (F, EF)]
        if not found.singular[k]:
            assert found.undamped[k] == pytest.approx(cos(*plain), abs=1e-3)


def test_cosines_of_a_singular_problem_use_the_pseudo_inverse_and_mark_it():
    problem = listed_problem("wine")
    doubled = type(problem)(
        np.hstack([problem.X, problem.X[:, :1]]), problem.y, problem.model, problem.likelihood
    )
    theta = np.array([[0.3, -0.2, 0.1]])
    found = finish(alignment(doubled, theta, 0.0))
    assert found.singular.all()
    g, F, EF = doubled.gradient_and_matrices(theta[0])
    plain = [np.linalg.pinv(M, rcond=1e-12) @ g for M in (F, EF)]
    assert found.undamped[0] == pytest.approx(cos(*plain), abs=1e-6)


@pytest.mark.parametrize("name", ["boston", "wine"])
def test_far_out_the_ef_step_shrinks_like_one_over_the_gradient(name):
    """Section 4.3, for least squares: slope -1 for EF, +1 for the natural gradient."""
    problem = optimization_problem(name)
    distances = np.geomspace(1e3, 1e6, 7)
    found = finish(step_lengths(problem, -problem.theta_star, distances))
    size = np.log(found.gradient)
    slopes = {m: np.polyfit(size, np.log(v), 1)[0] for m, v in found.directions.items()}
    assert slopes["EFGD"] == pytest.approx(-1, abs=0.01)
    assert slopes["NGD"] == pytest.approx(1, abs=1e-6)


def test_a_newton_step_is_as_long_as_the_distance_to_the_minimum():
    problem = optimization_problem("boston")
    found = finish(step_lengths(problem, -problem.theta_star, [0.5, 2.0]))
    way = np.linalg.norm(problem.theta_star) * np.array([0.5, 2.0])
    assert_allclose(found.directions["NGD"], way, rtol=1e-6)


def test_a_run_and_its_cosines_have_the_same_number_of_points():
    problem = optimization_problem("wine")
    path = run(problem, "EFGD", np.zeros(problem.D), step_size=1e-2, damping=1e-3, n_steps=20)
    found = finish(alignment(problem, path.thetas, 1e-3))
    assert found.damped.shape == path.losses.shape == (21,)


@pytest.mark.parametrize("key", ["fig1", "fig2"])
def test_directions_along_a_path_equal_the_vector_field(key, method):
    problem = listed_problem(key)
    thetas = some_thetas(problem, 3, 7)
    thetas[1, 4:] = np.nan  # this run stopped
    found = finish(path_directions(problem, (method, "GD"), thetas, damping=1e-3))
    assert list(found) == list(dict.fromkeys([method, "GD"]))
    for at in np.ndindex(3, 7):
        if np.isnan(thetas[at]).any():
            assert np.isnan(found[method][at]).all()
        else:
            slow = vector_field(problem, method, thetas[at], damping=1e-3)
            assert_allclose(found[method][at], slow, rtol=1e-9, atol=1e-12)
            assert_allclose(found["GD"][at], -problem.gradient(thetas[at]), rtol=1e-9, atol=1e-12)


def test_many_examples_are_computed_in_slices(monkeypatch):
    problem = listed_problem("fig2")
    thetas = some_thetas(problem, 10)
    whole = finish(path_directions(problem, ("NGD",), thetas))["NGD"]
    monkeypatch.setattr("efviz.studies.slices.SLICE", 3 * problem.N)
    work = path_directions(problem, ("NGD",), thetas)
    seen = []
    pieces = finish(work, seen.append)["NGD"]
    assert_allclose([progress.fraction for progress in seen], [0.3, 0.6, 0.9, 1.0])
    assert_allclose(pieces, whole, rtol=1e-12)

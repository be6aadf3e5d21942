"""Balls of two distances: their boundaries, their minimisers, and the natural gradient as limit."""

import numpy as np
import pytest
from conftest import listed_problem, small_problem, some_thetas
from numpy.testing import assert_allclose
from reference import Slow, central_differences, reference_likelihood

from efviz.curvature.conics import ellipse
from efviz.optimizers import direction
from efviz.optimizers.steepest_descent import DISTANCES, divergence, steepest_descent
from efviz.problems import linear_regression, logistic_regression

RADII = (0.3, 0.1, 0.01, 1e-3)


def somewhere(problem):
    """Away from the minimum, by a third of the size of what H can see."""
    return problem.theta_star + np.array([0.3, -0.21])


@pytest.fixture(params=list(DISTANCES))
def distance(request):
    return request.param


def slow_divergence(problem, theta, delta, moved_first):
    """A mean over examples of sums over labels of p (log p - log q)."""
    slow, labels = Slow(problem), reference_likelihood(problem.likelihood)
    total = 0.0
    for x in problem.X:
        f, g = slow.model.f(x, theta), slow.model.f(x, theta + delta)
        f, g = (g, f) if moved_first else (f, g)
        total += sum(p * (labels.nll(g, y) - labels.nll(f, y)) for p, y in labels.labels(f))
    return total / problem.N


@pytest.mark.parametrize("moved_first", [False, True])
def test_the_divergence_is_a_mean_of_sums_over_labels(small, moved_first):
    theta = some_thetas(small)
    deltas = np.random.default_rng(2).normal(size=(3, small.D)) / 3
    got = divergence(small, theta, deltas, moved_first=moved_first)
    expected = [slow_divergence(small, theta, delta, moved_first) for delta in deltas]
    assert_allclose(got, expected, rtol=1e-8)


def test_the_hessian_of_either_divergence_is_the_fisher(small):
    theta, zero = some_thetas(small), np.zeros(small.D)
    fisher = Slow(small).fisher(theta)
    for moved_first in (False, True):

        def slope(delta, moved_first=moved_first):
            return central_differences(
                lambda v: divergence(small, theta, v, moved_first=moved_first), delta, h=1e-3
            )

        curvature = central_differences(slope, zero, h=1e-3)
        assert_allclose(curvature, fisher, rtol=1e-3, atol=1e-4 * np.abs(fisher).max())


def test_every_point_of_a_boundary_is_one_radius_away(listed, distance):
    theta = somewhere(listed)
    balls = steepest_descent(listed, theta, distance, RADII)
    assert balls.boundary.shape == (4, 65, 2)
    assert_allclose(balls.boundary[:, 0], balls.boundary[:, -1])
    for boundary, eps in zip(balls.boundary, RADII, strict=True):
        seen = np.isfinite(boundary).all(axis=-1)
        assert seen.mean() > 0.5
        squared = DISTANCES[distance].squared(listed, theta, boundary[seen] - theta)
        assert_allclose(np.sqrt(squared), eps, rtol=1e-5)


def test_no_point_of_a_ball_has_a_lower_loss_than_its_minimiser(listed, distance):
    theta = somewhere(listed)
    balls = steepest_descent(listed, theta, distance, RADII)
    rng = np.random.default_rng(0)
    for k, eps in enumerate(RADII):
        lowest = listed.loss(balls.minimisers[k])
        ends = balls.boundary[k][np.isfinite(balls.boundary[k]).all(axis=-1)]
        inside = theta + rng.uniform(0, 1, (40, 1, 1)) * (ends - theta)
        scale = abs(float(lowest)) + abs(float(listed.loss(theta)))
        assert lowest <= listed.loss(inside).min() + 1e-12 * scale
        assert lowest <= listed.loss(ends).min() + 1e-12 * scale
        d2 = DISTANCES[distance].squared(listed, theta, balls.minimisers[k] - theta)
        assert np.sqrt(d2) <= eps * (1 + 1e-6)


def test_small_balls_point_along_the_gradient_or_the_natural_gradient(listed, distance):
    """In direction and in length, to first order in the radius."""
    theta = somewhere(listed)
    method = "GD" if distance == "euclidean" else "NGD"
    step = -direction(listed, method, theta).x
    g = listed.gradient(theta)
    radii = np.array([4e-3, 1e-3, 2.5e-4])
    balls = steepest_descent(listed, theta, distance, radii)
    expected = step / np.sqrt(-(g @ step))
    assert_allclose(balls.limit, expected, rtol=1e-9)
    moved = (balls.minimisers - theta) / radii[:, None]
    assert_allclose(moved[-1], expected, atol=2e-2 * np.linalg.norm(expected))
    assert (balls.angles <= np.maximum(0.3 * radii / radii[0] * balls.angles[0] * 4, 2e-3)).all()
    assert not balls.interior.any()


def test_on_least_squares_the_two_orders_are_one_ellipse():
    problem = listed_problem("fig4")
    theta = somewhere(problem)
    one, other = (steepest_descent(problem, theta, d, RADII) for d in ("kl", "kl_moved_first"))
    assert_allclose(one.boundary, other.boundary, rtol=1e-9)
    F = Slow(problem).fisher(theta)
    exact = ellipse(F, theta, RADII[0] ** 2, 65)
    delta = one.boundary[0] - theta
    assert_allclose(np.einsum("ni,ij,nj->n", delta, F, delta), RADII[0] ** 2, rtol=1e-5)
    assert_allclose(np.ptp(one.boundary[0], axis=0), np.ptp(exact, axis=0), rtol=2e-3)
    assert_allclose(one.angles, 0, atol=1e-3)


def test_away_from_least_squares_the_order_matters():
    problem = listed_problem("fig2")
    theta = somewhere(problem)
    one, other = (steepest_descent(problem, theta, d, RADII) for d in ("kl", "kl_moved_first"))
    gap = np.abs(one.boundary - other.boundary).max(axis=(1, 2)) / np.array(RADII)
    assert gap[0] > 5 * gap[2]
    assert gap[2] > 5 * gap[3]


def test_a_ball_around_the_minimum_has_it_inside(distance):
    problem = listed_problem("fig2")
    balls = steepest_descent(problem, problem.theta_star + 0.01, distance, (1.0, 1e-4))
    assert balls.interior.tolist() == [True, False]
    assert_allclose(balls.minimisers[0], problem.theta_star)


def test_a_divergence_that_stays_finite_leaves_a_ball_without_an_end():
    """KL(q || p) of labels is at most -log p: beyond that radius nothing ends the ball."""
    X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    problem = logistic_regression(X, [0, 1, 1])
    balls = steepest_descent(problem, np.zeros(2), "kl_moved_first", (3.0, 0.1))
    assert balls.unbounded.tolist() == [True, False]
    assert np.isnan(balls.boundary[0]).any()
    assert np.isfinite(balls.boundary[1]).all()
    forward = steepest_descent(problem, np.zeros(2), "kl", (3.0, 0.1))
    assert not forward.unbounded.any()


def test_where_the_gradient_is_zero_there_is_no_direction(distance):
    X = np.array([[1.0, 0.0], [0.0, 1.0]])
    problem = linear_regression(X, [1.0, 2.0])
    balls = steepest_descent(problem, [1.0, 2.0], distance, (0.1,))
    assert np.isnan(balls.limit).all()
    assert np.isnan(balls.angles).all()


def test_a_singular_fisher_is_no_obstacle():
    problem = linear_regression(np.array([[1.0, 1.0], [2.0, 2.0]]), [1.0, 3.0])
    balls = steepest_descent(problem, [0.0, 0.0], "kl", (0.1,))
    assert np.isfinite(balls.limit).all()
    assert np.isfinite(balls.minimisers).all()


def test_bad_arguments_are_named():
    problem = listed_problem("fig1")
    with pytest.raises(ValueError, match="manhattan"):
        steepest_descent(problem, [0.0, 0.0], "manhattan", (0.1,))
    with pytest.raises(ValueError, match="positive"):
        steepest_descent(problem, [0.0, 0.0], "kl", (0.1, 0.0))
    with pytest.raises(ValueError, match="2 parameters"):
        steepest_descent(small_problem("linear-gaussian"), np.zeros(3), "kl", (0.1,))

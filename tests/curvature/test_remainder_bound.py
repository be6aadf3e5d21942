"""Proposition 2: the norm of H - G is bounded as proved, its square not as printed."""

import numpy as np
import pytest
from conftest import listed_problem, small_problem, some_thetas
from numpy.testing import assert_allclose, assert_array_equal
from reference import Slow, relative_error

from efviz import PROBLEMS
from efviz.curvature.remainder_bound import ray, remainder_bound
from efviz.problems import saturation_regression
from efviz.problems.models.linear import Linear
from efviz.problems.models.saturation import Saturation

BOXES = [
    ([1.0, 0.2], [3.0, 2.2]),
    ([-3.0, 0.5], [1.0, 4.0]),
    ([-1.0, -0.7], [2.0, 0.4]),
    ([0.5, -1.5], [0.6, -0.2]),
]


def spectral_norms(x, a, b):
    """||d2f||_2 of a (1 - exp(-b x)) from its three second derivatives, by LAPACK."""
    mixed, last = x * np.exp(-b * x), -a * x**2 * np.exp(-b * x)
    second = np.stack([np.zeros_like(mixed), mixed, mixed, last], axis=-1)
    return np.linalg.norm(second.reshape(*mixed.shape, 2, 2), ord=2, axis=(-2, -1))


@pytest.mark.parametrize(("low", "high"), BOXES)
@pytest.mark.parametrize("inputs", ["positive", "either sign"])
def test_beta_is_above_every_curvature_in_the_box_and_close_to_the_largest(low, high, inputs):
    rng = np.random.default_rng(0)
    x = rng.uniform(0 if inputs == "positive" else -4, 4, 50)
    beta = Saturation().smoothness(x[:, None], np.array(low), np.array(high))
    n, theta = rng.integers(0, 50, 100_000), rng.uniform(low, high, (100_000, 2))
    sampled = spectral_norms(x[n], theta[:, 0], theta[:, 1])
    assert sampled.max() <= beta
    corners = np.array([(a, b) for a in (low[0], high[0]) for b in (low[1], high[1])])
    at_corners = spectral_norms(x[:, None], corners[:, 0], corners[:, 1]).max()
    assert_allclose(max(at_corners, sampled.max()), beta, rtol=1e-12)
    narrow = rng.uniform(0.98, 1.0, (20_000, 2))
    worst = corners[np.argmax(spectral_norms(x[:, None], *corners.T).max(axis=0))]
    other = np.array(low) + np.array(high) - worst
    near = other + (worst - other) * narrow
    index = rng.integers(0, 50, 20_000)
    assert spectral_norms(x[index], near[:, 0], near[:, 1]).max() > 0.97 * beta


def test_linear_models_have_no_curvature():
    assert Linear(3).smoothness(np.ones((4, 2)), -np.ones(6), np.ones(6)) == 0.0


def test_both_sides_are_those_of_slow_loops(small):
    thetas = some_thetas(small, 4)
    bound = remainder_bound(small, thetas, thetas.min(0) - 0.1, thetas.max(0) + 0.1)
    slow = Slow(small)
    for theta, norm, residual in zip(thetas, bound.norm, bound.residual, strict=True):
        difference = slow.hessian(theta) - slow.ggn(theta)
        assert_allclose(norm, np.linalg.norm(difference, ord=2), rtol=1e-9, atol=1e-14)
        sums = sum(
            np.abs(slow.likelihood.gradient(slow.model.f(x, theta), y)).sum()
            for x, y in zip(small.X, small.y, strict=True)
        )
        assert relative_error(residual, sums / small.N) < 1e-12


def box_and_rays(problem, n=41):
    low, high = (np.array(v) for v in zip(*PROBLEMS["saturation"].settings.plane, strict=True))
    start = problem.theta_star
    targets = [(high[0], high[1]), (low[0], low[1]), (low[0], high[1]), (start[0], low[1])]
    return low, high, [ray(start, t, low, high, n) for t in targets]


def test_the_proved_bound_holds_everywhere_and_the_printed_square_fails():
    problem = listed_problem("saturation", N=1000)
    low, high, rays = box_and_rays(problem)
    bounds = [remainder_bound(problem, thetas, low, high) for thetas in rays]
    for bound in bounds:
        assert not bound.proved_fails.any()
        assert (bound.norm <= bound.proved).all()
        assert_allclose(bound.printed, (bound.N * bound.norm) ** 2 / bound.N)
    fails = np.concatenate([bound.printed_fails for bound in bounds])
    assert fails.mean() > 0.5
    # Where the model fits best both hold.
    assert not bounds[0].printed_fails[0]


def test_the_square_fails_in_means_too_where_residuals_are_large():
    """Whatever the number of examples, so that no choice of units saves it."""
    x = np.array([1.0, 1.0, 1.0])[:, None]
    problem = saturation_regression(x, np.array([-40.0, -41.0, -39.0]))
    low, high = np.array([0.9, 0.1]), np.array([1.1, 0.2])
    edge = ray(low, [1.1, 0.1], low, high, 5)
    bound = remainder_bound(problem, edge, low, high)
    assert (bound.norm**2 > bound.proved).all()
    assert not bound.proved_fails.any()
    # All residuals of one sign and one x: the bound is nearly attained at the worst corner.
    assert bound.norm.max() > 0.97 * bound.proved.max()


def test_without_residuals_or_curvature_both_sides_are_zero():
    problem = small_problem("linear-bernoulli")
    thetas = some_thetas(problem, 3)
    bound = remainder_bound(problem, thetas, thetas.min(0), thetas.max(0))
    assert_array_equal(bound.norm, 0)
    assert_array_equal(bound.proved, 0)
    assert (bound.residual > 0).all()
    assert not (bound.printed_fails | bound.proved_fails).any()


def test_a_ray_goes_from_its_start_to_the_edge_of_the_box():
    thetas = ray([1.0, 1.0], [2.0, 1.5], [0.0, 0.0], [3.0, 3.0], 5)
    assert_allclose(thetas[[0, -1]], [[1, 1], [3, 2]])
    assert_allclose(np.diff(thetas, axis=0), np.full((4, 2), [0.5, 0.25]))
    assert_allclose(ray([1.0, 1.0], [1.0, 0.0], [0.0, 0.0], [3.0, 3.0], 2)[-1], [1, 0])


def test_paths_that_leave_the_box_are_refused():
    problem = listed_problem("saturation")
    with pytest.raises(ValueError, match="outside the box"):
        remainder_bound(problem, [[1.0, 1.0], [4.0, 1.0]], [0.0, 0.0], [3.0, 3.0])
    with pytest.raises(ValueError, match="starts at"):
        ray([4.0, 1.0], [0.0, 0.0], [0.0, 0.0], [3.0, 3.0], 5)
    with pytest.raises(ValueError, match="twice"):
        ray([1.0, 1.0], [1.0, 1.0], [0.0, 0.0], [3.0, 3.0], 5)


def test_the_length_of_a_path_is_walked_distance():
    problem = listed_problem("saturation")
    bound = remainder_bound(problem, [[1, 1], [1, 2], [2, 2.0]], [0.0, 0.0], [3.0, 3.0])
    assert_allclose(bound.length, [0, 1, 2])

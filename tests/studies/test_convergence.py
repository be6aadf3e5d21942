"""The distance of EF from F against N: each point is a fit, and Eq. 17 holds."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from efviz import PROBLEMS
from efviz.curvature import empirical_fisher, fisher
from efviz.problems import logistic_regression
from efviz.studies.convergence import Convergence, converge, distance_at_minimum, sizes
from efviz.work import finish

CASES = {
    "fig2": (("A", 0.0), ("A", 1.0), ("B", 1.0)),
    "fig4": (("noise", 0.0), ("noise", 1.0), ("quadratic", 1.0)),
    "poisson": (("overdispersion", 0.0), ("overdispersion", 1.0), ("quadratic", 1.0)),
}


def sample_of(key):
    entry = PROBLEMS[key]

    def sample(N, seed):
        draws = entry.family.draws(N, seed)
        for path, s in CASES[key]:
            yield entry.problem(entry.family.sample(N, seed, path, s, draws=draws))

    return sample


@pytest.fixture(scope="module")
def workers():
    with ThreadPoolExecutor(2) as pool:
        yield pool


@pytest.fixture(scope="module", params=list(CASES))
def finished(request, workers):
    """Key, and the finished work: 6 seeds up to 30,000 examples."""
    key = request.param
    every = []
    work = converge(sample_of(key), 3, range(6), sizes(100, 31_623), workers)
    last = finish(work, lambda progress: every.append(progress.so_far()))
    return key, [*every, last]


def test_sizes_are_evenly_spread_in_log_n_with_both_ends():
    assert sizes() == (10, 32, 100, 316, 1000, 3162, 10_000, 31_623, 100_000, 316_228, 1_000_000)
    assert sizes(10, 150) == (10, 39, 150)
    assert sizes(7, 7) == (7,)


def test_every_point_is_the_problem_of_that_n_and_seed(finished):
    key, every = finished
    found = every[-1]
    entry = PROBLEMS[key]
    for i, k in ((0, 0), (2, 5), (5, 3)):
        for case, (path, s) in enumerate(CASES[key]):
            data = entry.dataset(path=path, strength=s, N=found.sizes[i], seed=k)
            problem = entry.problem(data)
            F = fisher(problem, problem.theta_star)
            difference = empirical_fisher(problem, problem.theta_star) - F
            expected = np.linalg.norm(difference) / np.linalg.norm(F)
            assert_allclose(found.distances[case, k, i], expected, rtol=1e-8)


def test_the_distance_falls_with_the_correct_model_alone(finished):
    """Eq. 17: like N^(-1/2) if the model is correct; otherwise it levels off or even grows."""
    _, every = finished
    found = every[-1]
    N = np.log(found.sizes)
    typical = np.log(np.median(found.distances, axis=1))
    slopes = np.polynomial.polynomial.polyfit(N, typical.T, 1)[1]
    assert -0.62 < slopes[0] < -0.38
    assert (slopes[1:] > -0.1).all()
    assert (found.distances[1:, :, -1] > 5 * found.distances[:1, :, -1]).all()


def test_small_samples_come_first_and_none_is_missing(finished):
    _, every = finished
    fractions = [c.fraction for c in every]
    assert fractions == sorted(fractions)
    assert every[-1].fraction == pytest.approx(1)
    assert np.isfinite(every[-1].distances).all()
    half = every[len(every) // 2]
    assert half.computed[:, 0].all()
    assert not half.computed[:, -1].any()
    # Results that were yielded earlier do not change.
    assert not every[0].computed.all()


def test_quantiles_ignore_missing_distances():
    distances = np.array([[[0.1, np.nan], [0.3, np.nan]], [[1.0, 2.0], [np.nan, 4.0]]])
    found = Convergence((10, 20), distances, np.array([[True, True], [True, False]]))
    low, middle, high = found.quantiles((0, 0.5, 1))
    assert_allclose(low, [[0.1, np.nan], [1.0, 2.0]])
    assert_allclose(middle, [[0.2, np.nan], [1.0, 3.0]])
    assert_allclose(high, [[0.3, np.nan], [1.0, 4.0]])
    assert_array_equal(found.without_minimum(0), [0, 1])
    assert_array_equal(found.without_minimum(1), [1, 0])
    assert found.fraction == pytest.approx((10 + 10 + 20) / 60)


def test_separable_samples_have_no_distance():
    problem = logistic_regression([[1.0, 1.0], [1.0, -1.0]], [1, 0])
    assert np.isnan(distance_at_minimum(problem))


def test_no_work_continues_after_the_caller_stops(workers):
    asked = []

    def sample(N, seed):
        asked.append((N, seed))
        yield PROBLEMS["fig4"].problem(PROBLEMS["fig4"].dataset(N=N, seed=seed))

    work = converge(sample, 1, range(50), (10, 20), workers)
    next(work)
    next(work)
    workers.submit(lambda: None).result()
    assert len(asked) <= 8


def test_an_error_in_a_sample_reaches_the_caller(workers):
    def sample(N, seed):
        raise ValueError("no such sample")

    with pytest.raises(ValueError, match="no such sample"):
        finish(converge(sample, 1, range(2), (10,), workers))

"""Where a label may come from: each source against slow loops, and what it estimates."""

from contextvars import Context
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from conftest import listed_problem, small_problem, some_thetas
from given import REFERENCE, figure
from numpy.testing import assert_allclose, assert_array_equal
from reference import Slow, reference_likelihood, reference_model, relative_error

from efviz import PROBLEMS
from efviz.curvature import (
    LABEL_BY_LABEL,
    LABEL_SOURCES,
    empirical_fisher,
    fisher,
    improved_empirical_fisher,
    mc_fisher,
)
from efviz.curvature.label_sources import (
    batch_fisher,
    logits_reversal,
    most_likely_fisher,
    realised_batches,
    sampled_error,
)
from efviz.problems import Problem, logistic_regression
from efviz.problems.declared import NotStated
from efviz.work import finish


def from_source(name: str, problem: Problem, theta, n_samples: int = 3, seed: int = 0):
    rng = np.random.default_rng(seed)
    matrix = LABEL_SOURCES[name].matrix
    return matrix(problem, theta, rng=rng, n_samples=n_samples, batch_size=problem.N)


def most_probable_label(slow, f) -> float:
    """By trying: of the labels 0, 1, 2, ..., or a fine grid, the one of least surprise."""
    name = type(slow).__name__
    grid = {
        "GaussianNoise": f[0] + np.linspace(-2, 2, 401),
        "BernoulliLabels": [0.0, 1.0],
        "ExponentialWaits": np.linspace(0, 3, 301),
    }.get(name)
    if name == "PoissonCounts":
        return float(max((p, y) for p, y in slow.labels(f))[1])
    if name == "CategoricalLabels":
        return float(np.argmax(slow.probabilities(f)))
    return float(min((slow.nll(f, y), i, y) for i, y in enumerate(grid))[2])


def slow_source(name: str, problem: Problem, theta, n_samples: int):
    slow = Slow(problem)
    if name == "observed":
        return slow.empirical_fisher(theta)
    if name == "exact":
        return slow.fisher(theta)
    if name == "squared_mean":
        return np.outer(slow.gradient(theta), slow.gradient(theta))
    if name == "reversed":
        total = 0
        for x, y in zip(problem.X, problem.y, strict=True):
            g = slow.model.J(x, theta).T @ slow.likelihood.gradient(-slow.model.f(x, theta), y)
            total = total + np.outer(g, g)
        return total / problem.N
    model, likelihood = reference_model(problem.model), reference_likelihood(problem.likelihood)
    outputs = [model.f(x, theta) for x in problem.X]
    if name == "sampled":
        rng = np.random.default_rng(0)
        labels = problem.likelihood.sample(np.array(outputs), rng, n_samples).T
    else:
        labels = [[most_probable_label(likelihood, f)] for f in outputs]
    total = 0
    for x, f, ys in zip(problem.X, outputs, labels, strict=True):
        for y in ys:
            g = model.J(x, theta).T @ likelihood.gradient(f, y)
            total = total + np.outer(g, g) / len(ys)
    return total / problem.N


def sources(problem: Problem) -> list[str]:
    """Those that there are for such targets."""
    return [name for name in LABEL_SOURCES if name != "reversed" or problem.likelihood.classes]


@pytest.mark.parametrize("name", LABEL_SOURCES)
def test_every_source_gives_the_matrix_of_the_slow_loops(small, name):
    if name not in sources(small):
        with pytest.raises(NotStated, match="only where the targets are classes"):
            from_source(name, small, some_thetas(small))
        return
    for theta in some_thetas(small, 3):
        got, expected = from_source(name, small, theta), slow_source(name, small, theta, 3)
        if name == "most_likely" and small.likelihood.name == "gaussian":
            assert not got.any()
        else:
            assert relative_error(got, expected) < 1e-10


@pytest.mark.parametrize("name", LABEL_SOURCES)
def test_every_source_takes_a_batch_of_theta(small, name):
    if name not in sources(small):
        return
    thetas = some_thetas(small, 2, 3)
    batch = from_source(name, small, thetas)
    assert batch.shape == (2, 3, small.D, small.D)
    if name != "sampled":
        assert_allclose(batch[1, 2], from_source(name, small, thetas[1, 2]), rtol=1e-12, atol=1e-14)


def test_the_most_likely_label_has_the_largest_probability_or_density(kind):
    problem = small_problem(kind, N=200)
    f = problem.model.outputs(problem.X, some_thetas(problem))
    slow = reference_likelihood(problem.likelihood)
    expected = [most_probable_label(slow, fn) for fn in f]
    assert_allclose(problem.likelihood.most_likely(f), expected, atol=1e-12)


def test_ties_are_settled_as_stated():
    def label(kind: str, f: list[float]) -> float:
        likelihood = small_problem(kind).likelihood
        return float(likelihood.most_likely(np.array([f]))[0])

    assert label("linear-bernoulli", [0.0]) == 0
    assert label("linear-poisson", [np.log(3) + 1e-15]) == 3  # as likely as 2
    assert label("contrast-categorical", [0.0, 1.0, 1.0]) == 1


@pytest.mark.parametrize("name", LABEL_SOURCES)
def test_the_mean_of_a_source_is_the_fisher_exactly_if_it_says_unbiased(name):
    source, off = LABEL_SOURCES[name], []
    for key in ("fig1", "fig2", "softmax", "poisson", "saturation"):
        problem = listed_problem(key)
        if name not in sources(problem):
            continue
        theta = problem.theta_star + np.array([0.3, -0.2])
        F = fisher(problem, theta)
        draws = np.array([from_source(name, problem, theta, 4, seed) for seed in range(400)])
        error = np.abs(draws.mean(0) - F)
        off.append(bool((error > 5 * draws.std(0) / 20 + 1e-12 * np.abs(F).max()).any()))
    assert not any(off) if source.unbiased else all(off)


@pytest.mark.parametrize("key", ["fig1", "fig4", "saturation", "wine"])
def test_the_most_likely_label_of_least_squares_gives_zero(key):
    problem = listed_problem(key)
    assert not most_likely_fisher(problem, some_thetas(problem, 4)).any()


def test_the_most_likely_label_of_two_classes_gives_too_small_a_matrix():
    problem = listed_problem("fig2")
    for theta in some_thetas(problem, 10):
        w = np.linalg.eigvalsh(fisher(problem, theta) - most_likely_fisher(problem, theta))
        assert w[0] > 0
    # min(p, 1 - p)^2 <= p (1 - p), with equality at 1/2 alone
    zero = np.zeros(2)
    assert_allclose(most_likely_fisher(problem, zero), fisher(problem, zero), rtol=1e-13)


def test_the_most_likely_waiting_time_gives_the_fisher_by_chance():
    problem = small_problem("linear-exponential")
    theta = some_thetas(problem)
    assert_allclose(most_likely_fisher(problem, theta), fisher(problem, theta), rtol=1e-12)


def test_the_square_of_the_mean_gradient_has_rank_one_and_vanishes_at_the_minimum(listed):
    theta = listed.theta_star
    away = batch_fisher(listed, theta + np.array([0.3, -0.2]), listed.N)
    w = np.linalg.eigvalsh(away)
    assert abs(w[0]) < 1e-14 * w[1]
    assert np.linalg.norm(batch_fisher(listed, theta, listed.N)) < 1e-10 * w[1]
    one = replace(listed, X=listed.X[:1], y=listed.y[:1])
    assert_allclose(
        batch_fisher(one, theta, 1), empirical_fisher(one, theta), rtol=1e-9, atol=1e-14
    )


@pytest.mark.parametrize("B", range(1, 7))
def test_a_batch_gradient_squared_is_the_mean_over_all_batches(kind, B):
    """By going through every batch of B among 6 examples, with and without replacement."""
    problem = small_problem(kind, N=6)
    theta = some_thetas(problem)
    g = Slow(problem).per_example_gradients(theta)
    means = [g[list(batch)].mean(0) for batch in combinations(range(6), B)]
    expected = np.mean([np.outer(mean, mean) for mean in means], axis=0)
    assert_allclose(batch_fisher(problem, theta, B), expected, rtol=1e-9, atol=1e-13)
    if B <= 3:
        means = [g[list(batch)].mean(0) for batch in product(range(6), repeat=B)]
        expected = np.mean([np.outer(mean, mean) for mean in means], axis=0)
        got = batch_fisher(problem, theta, B, replacement=True)
        assert_allclose(got, expected, rtol=1e-9, atol=1e-13)


def test_the_ends_of_the_batch_size_are_the_empirical_fisher_and_the_squared_gradient(listed):
    theta = some_thetas(listed)
    assert_allclose(batch_fisher(listed, theta, 1), empirical_fisher(listed, theta), rtol=1e-13)
    g = listed.gradient(theta)
    assert_allclose(batch_fisher(listed, theta, listed.N), np.outer(g, g), rtol=1e-10)
    for B in (0, listed.N + 1):
        with pytest.raises(ValueError, match=f"between 1 and N = {listed.N}, got {B}"):
            batch_fisher(listed, theta, B)


def test_partitions_into_batches_have_few_ranks_and_the_stated_mean():
    problem = small_problem("contrast-categorical", N=20)
    theta = some_thetas(problem)
    for B in (3, 5, 10, 20):
        draws = [
            realised_batches(problem, theta, B, np.random.default_rng(seed)) for seed in range(2000)
        ]
        assert max(np.linalg.matrix_rank(draw, tol=1e-12) for draw in draws[:20]) <= 20 // B
        error = np.abs(np.mean(draws, axis=0) - batch_fisher(problem, theta, B))
        assert (error <= 5 * np.std(draws, axis=0) / np.sqrt(2000) + 1e-14).all()


@pytest.mark.parametrize("k", [0, 1, 2, 4, 8])
def test_traces_at_multiples_of_the_minimum_are_those_given(k):
    """How confident the model is decides what its labels say: Fig. 2 A at k theta*."""
    problem, given = figure("fig2", "A", 1.0), REFERENCE["confidence"][f"k={k}"]
    theta = k * problem.theta_star
    found = {
        "F": fisher(problem, theta),
        "EF": empirical_fisher(problem, theta),
        "argmax": most_likely_fisher(problem, theta),
        "LR": logits_reversal(problem, theta),
        "iEF": improved_empirical_fisher(problem, theta),
        **{f"EF_B={B}": batch_fisher(problem, theta, B) for B in (1, 16, 128)},
    }
    for name, matrix in found.items():
        # At the minimum, batches of all examples leave rounding.
        assert_allclose(np.trace(matrix), given[name], rtol=1e-8), name


def test_reversed_logits_of_two_classes_weigh_the_square_of_the_observed_probability():
    problem = listed_problem("fig2")
    theta = some_thetas(problem)
    p = 1 / (1 + np.exp(-(2 * problem.y - 1) * (problem.X @ theta)))
    expected = (problem.X.T * p**2) @ problem.X / problem.N
    assert_allclose(logits_reversal(problem, theta), expected, rtol=1e-11)


def test_costs_count_backward_passes():
    cost = {name: (s.cost(100, 50, 3), s.least(100, 50, 3)) for name, s in LABEL_SOURCES.items()}
    assert cost == {
        "observed": (100, 100),
        "exact": (300, 300),
        "sampled": (5000, 300),
        "most_likely": (100, 100),
        "reversed": (100, 100),
        "squared_mean": (100, 100),
    }
    assert LABEL_SOURCES["sampled"].least(100, 2, 3) == 200


@pytest.mark.parametrize("name", LABEL_SOURCES)
def test_every_source_is_described(name):
    source = LABEL_SOURCES[name]
    assert source.title
    assert source.words.endswith(".")
    assert source.formula.count("{") == source.formula.count("}")


def test_fourth_moments_are_those_of_the_slow_sums_over_labels(kind):
    problem = small_problem(kind)
    f = problem.model.outputs(problem.X, some_thetas(problem))
    A = np.random.default_rng(1).normal(size=(*f.shape, f.shape[-1]))
    K = A + np.swapaxes(A, -1, -2)
    slow = reference_likelihood(problem.likelihood)
    expected = [
        sum(p * (r @ k @ r) ** 2 for p, y in slow.labels(fn) for r in [slow.gradient(fn, y)])
        for fn, k in zip(f, K, strict=True)
    ]
    assert_allclose(problem.likelihood.fourth_moment(f, K), expected, rtol=1e-9)


def test_sums_of_labels_drawn_at_once_are_distributed_as_sums_of_single_labels(kind):
    problem = small_problem(kind)
    likelihood, R = problem.likelihood, 8000
    # Few labels tell most; counts are drawn at once only where there are more labels than counts.
    M = 100 if likelihood.name == "poisson" else 3
    f = problem.model.outputs(problem.X, some_thetas(problem))[:4]
    rng = np.random.default_rng(5)
    at_once = likelihood.sampled_fisher(np.broadcast_to(f, (R, *f.shape)), rng, M)
    if at_once is None:
        assert likelihood.name == "exponential"
        return
    r = likelihood.gradient(f, likelihood.sample(f, rng, M * R)).reshape(M, R, *f.shape)
    singly = np.einsum("mrnc,mrnd->rncd", r, r) / M
    error = np.sqrt((at_once.var(0) + singly.var(0)) / R)
    assert (np.abs(at_once.mean(0) - singly.mean(0)) <= 5 * error + 1e-14).all()
    assert_allclose(at_once.std(0), singly.std(0), rtol=0.1, atol=1e-14)
    skew = [((v - v.mean(0)) ** 3).mean(0) / (v.std(0) ** 3 + 1e-30) for v in (at_once, singly)]
    assert_allclose(*skew, rtol=0.2, atol=0.3)


def test_few_labels_are_drawn_one_by_one_from_the_stream_of_sample(small):
    theta = some_thetas(small)
    rng = np.random.default_rng(6)
    f = small.model.outputs(small.X, theta)
    r = small.likelihood.gradient(f, small.likelihood.sample(f, rng, LABEL_BY_LABEL))
    W = np.einsum("m...c,m...d->...cd", r, r) / LABEL_BY_LABEL
    expected = small.model.gram(small.X, theta, W) / small.N
    got = mc_fisher(small, theta, np.random.default_rng(6), LABEL_BY_LABEL)
    assert_allclose(got, expected, rtol=1e-12)


def test_counts_of_a_large_rate_are_drawn_singly_and_of_a_small_one_at_once():
    likelihood = small_problem("linear-poisson").likelihood
    rng = np.random.default_rng(7)
    assert likelihood.sampled_fisher(np.full((3, 1), 6.0), rng, 10_000) is None
    assert likelihood.sampled_fisher(np.full((3, 1), 1.0), rng, 40) is None
    assert likelihood.sampled_fisher(np.full((3, 1), 1.0), rng, 1000) is not None


SIZES = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)


@pytest.fixture(scope="module", params=["fig1", "fig2", "softmax", "poisson", "saturation"])
def error(request):
    problem = listed_problem(request.param)
    theta = problem.theta_star + np.array([0.2, -0.1])
    return finish(sampled_error(problem, theta, SIZES, repetitions=60))


def test_the_error_of_the_sampled_fisher_falls_with_the_root_of_M_over_four_decades(error):
    slope = np.polyfit(np.log(error.sizes), np.log(error.mean), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.02)


def test_the_root_mean_square_error_is_the_exact_one(error):
    # chi^2 with at least 60 degrees of freedom, but for heavy tails at M = 1
    ratio = error.root_mean_square / error.theory
    assert_allclose(ratio[1:], 1, atol=0.4)
    assert np.sqrt(np.mean(ratio[1:] ** 2)) == pytest.approx(1, abs=0.1)


def test_the_coefficient_is_that_of_the_slow_sums_over_labels(small):
    theta = some_thetas(small)
    slow_model, slow = reference_model(small.model), reference_likelihood(small.likelihood)
    variance, F = 0.0, Slow(small).fisher(theta)
    for x in small.X:
        f, J = slow_model.f(x, theta), slow_model.J(x, theta)
        F_n = sum(
            p * np.outer(g, g) for p, y in slow.labels(f) for g in [J.T @ slow.gradient(f, y)]
        )
        for p, y in slow.labels(f):
            g = J.T @ slow.gradient(f, y)
            variance += p * np.sum((np.outer(g, g) - F_n) ** 2)
    expected = np.sqrt(variance) / small.N / np.linalg.norm(F)
    got = finish(sampled_error(small, theta, (1,), repetitions=1)).coefficient
    assert got == pytest.approx(expected, rel=1e-9)


def test_quantiles_enclose_the_mean_and_end_at_the_extremes(error):
    low, high = error.quantiles()
    assert_array_equal(low, error.distances.min(1))
    assert_array_equal(high, error.distances.max(1))
    assert (low < error.mean).all()
    assert (error.mean < high).all()


def test_other_sizes_and_more_repetitions_leave_an_estimate_as_it_is():
    problem = listed_problem("fig2")
    theta = problem.theta_star
    few = finish(sampled_error(problem, theta, (10, 100), repetitions=2, seed=4))
    more = finish(sampled_error(problem, theta, (100, 1000), repetitions=5, seed=4))
    assert_array_equal(few.distances[1], more.distances[0, :2])
    other = finish(sampled_error(problem, theta, (100,), repetitions=2, seed=5))
    assert (other.distances[0] != few.distances[1]).all()


def test_the_error_is_that_of_estimates_by_mc_fisher():
    problem = listed_problem("fig2")
    theta = problem.theta_star
    got = finish(sampled_error(problem, theta, (200,), repetitions=3, seed=2))
    for r in range(3):
        estimate = mc_fisher(problem, theta, np.random.default_rng((2, 200, r)), 200)
        expected = relative_error(estimate, fisher(problem, theta))
        assert got.distances[0, r] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("key", ["fig1", "fig2", "softmax", "poisson"])
def test_work_comes_in_small_slices_and_reports_how_far_it_is(key):
    entry = PROBLEMS[key]
    problem = entry.problem(entry.dataset(N=100_000))
    work = sampled_error(problem, np.array([0.4, 0.2]), (1, 10_000), repetitions=2)
    shares = [progress.fraction for progress in work]
    assert shares[-1] == 1
    assert (np.diff(shares) >= 0).all()
    assert max(np.diff(shares)) <= 1 / 4
    assert len(shares) > 1000


@pytest.mark.parametrize(("sizes", "repetitions"), [((), 3), ((0, 10), 3), ((10,), 0)])
def test_sizes_and_repetitions_below_one_are_named(sizes, repetitions):
    problem = listed_problem("fig1")
    with pytest.raises(ValueError, match=rf"at least 1, got \[.*\] and {repetitions}"):
        finish(sampled_error(problem, np.zeros(2), sizes, repetitions=repetitions))


def test_one_theta_is_asked_for_and_a_fisher_of_zero_has_no_relative_error():
    problem = listed_problem("fig1")
    with pytest.raises(ValueError, match=r"theta must be \(2,\), got \(3, 2\)"):
        finish(sampled_error(problem, np.zeros((3, 2)), (1,)))
    nowhere = logistic_regression(np.zeros((4, 2)), [0, 1, 1, 0])
    found = finish(sampled_error(nowhere, np.zeros(2), (1,), repetitions=2))
    assert np.isnan(found.coefficient)
    assert np.isnan(found.distances).all()


def test_work_begun_in_one_thread_is_taken_up_in_another():
    work = sampled_error(small_problem("linear-gaussian", P=2), np.zeros(2), (1,), repetitions=2)
    # Settings of numpy are those of a context, and each thread has its own.
    shares = [Context().run(next, work).fraction for _ in range(3)]
    assert shares == [0.0, 0.5, 1.0]

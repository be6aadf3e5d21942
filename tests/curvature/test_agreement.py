"""Why two matrices agree: every reason holds where it says so, and fails in a counterexample."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from conftest import KINDS, listed_problem, small_problem, some_thetas
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from efviz import CURVATURES, PROBLEMS
from efviz.curvature import empirical_fisher, fisher
from efviz.curvature.agreement import COINCIDENCE, THEOREMS, agreements, symmetric_distance
from efviz.problems import (
    Problem,
    contrast_regression,
    linear_regression,
    logistic_regression,
    poisson_regression,
    softmax_regression,
)
from efviz.problems.likelihoods.bernoulli import Bernoulli
from efviz.problems.likelihoods.gaussian import Gaussian
from efviz.problems.models.linear import Linear
from efviz.problems.models.saturation import Saturation

Case = tuple[Problem, np.ndarray]


def pair(found, first, second):
    (one,) = [a for a in found if {a.first, a.second} == {first, second}]
    return one


def rng_of(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def certain(seed: int) -> Case:
    X = rng_of(seed).uniform(1, 2, (8, 2)) * np.repeat([1, -1], 4)[:, None]
    return logistic_regression(X, X[:, 0] > 0), np.array([600.0, 500.0])


def no_slope(seed: int) -> Case:
    """a (1 - exp(-b x)) at a = b = 0, with labels that are not zero."""
    X = rng_of(seed).uniform(0.1, 2, (8, 1))
    return Problem(X, rng_of(seed).normal(size=8), Saturation(), Gaussian(0.7)), np.zeros(2)


def natural(seed: int) -> Case:
    kinds = [kind for kind in KINDS if not kind.endswith("exponential")]
    problem = small_problem(kinds[seed % len(kinds)], seed=seed)
    return problem, some_thetas(problem, seed=seed)


def linear(seed: int) -> Case:
    kinds = [kind for kind in KINDS if not kind.startswith("saturation")]
    problem = small_problem(kinds[seed % len(kinds)], seed=seed)
    return problem, some_thetas(problem, seed=seed)


def interpolation(seed: int) -> Case:
    likelihood = ("gaussian", "exponential")[seed % 2]
    problem = small_problem(f"saturation-{likelihood}", seed=seed)
    theta = some_thetas(problem, seed=seed)
    f = problem.model.outputs(problem.X, theta)
    return replace(problem, y=problem.likelihood.mean(f)[:, 0]), theta


def unit_variance(seed: int) -> Case:
    """Counts of events at the rate at which their variance is 1, or noise of variance 1."""
    rng = rng_of(seed)
    X = rng.normal(size=(9, 2))
    if seed % 2:
        return linear_regression(X, rng.normal(size=9)), rng.normal(size=2)
    return poisson_regression(X, 2 * rng.integers(0, 2, 9)), np.zeros(2)


def one_half(seed: int) -> Case:
    rng = rng_of(seed)
    X, y = rng.normal(size=(9, 2)), rng.integers(0, 2, 9)
    build = (logistic_regression, softmax_regression, contrast_regression)[seed % 3]
    y[:2] = (0, 1)
    problem = build(X, y)
    return problem, np.zeros(problem.D)


def even_classes(seed: int) -> Case:
    """The inputs of each class are those of another one, turned in sign."""
    X = rng_of(seed).normal(size=(4, 2))
    C = 3 + seed % 2
    blocks = [X * (-1) ** c for c in range(C)]
    build = (softmax_regression, contrast_regression)[seed // 2 % 2]
    problem = build(np.concatenate(blocks), np.repeat(np.arange(C), 4))
    return problem, np.zeros(problem.D)


def spread(seed: int) -> Case:
    """Counts of labels at two inputs, and the model that predicts their shares."""
    rng = rng_of(seed)
    if seed % 3 == 0:  # residuals of exactly one standard deviation
        X, theta = rng.normal(size=(7, 2)), rng.normal(size=2)
        return linear_regression(X, X @ theta + rng.choice([-1, 1], 7) * 0.3, sigma=0.3), theta
    ones = rng.integers(1, 5, 2)
    y = np.concatenate([np.arange(5) < k for k in ones]).astype(float)
    X = np.repeat(rng.normal(size=(2, 2)), 5, axis=0)
    logits = np.log(ones / (5 - ones))
    theta = np.linalg.solve(X[::5], logits)
    if seed % 3 == 1:
        return logistic_regression(X, y), theta
    return softmax_regression(X, y), np.concatenate([-theta / 2, theta / 2])


HOLDS = {
    "certain": certain,
    "no_slope": no_slope,
    "natural": natural,
    "linear": linear,
    "interpolation": interpolation,
    "unit_variance": unit_variance,
    "one_half": one_half,
    "even_classes": even_classes,
    "spread": spread,
}


def wrong_label(make, seed: int) -> Case:
    problem, theta = make(seed)
    y = problem.y.copy()
    y[0] = 1 - y[0]
    return replace(problem, y=y), theta


def moved(make, seed: int) -> Case:
    problem, theta = make(seed)
    return problem, theta + rng_of(seed).uniform(0.2, 0.4, theta.shape)


def uneven(seed: int) -> Case:
    """Three classes at theta = 0: equal probabilities alone are not enough."""
    rng = rng_of(seed)
    problem = contrast_regression(rng.normal(size=(12, 1)), np.arange(12) % 3)
    return problem, np.zeros(2)


def of_kind(kind: str, seed: int) -> Case:
    problem = small_problem(kind, seed=seed)
    return problem, some_thetas(problem, seed=seed)


COUNTEREXAMPLES = {
    "certain": lambda seed: wrong_label(certain, seed),
    "no_slope": lambda seed: moved(no_slope, seed),
    "natural": lambda seed: of_kind("linear-exponential", seed),
    "linear": lambda seed: of_kind("saturation-poisson", seed),
    "interpolation": lambda seed: moved(interpolation, seed),
    "unit_variance": lambda seed: of_kind("linear-gaussian", seed),
    "one_half": lambda seed: moved(one_half, seed),
    "even_classes": uneven,
    "spread": lambda seed: moved(spread, seed),
}


def test_every_reason_is_tried():
    assert list(HOLDS) == list(COUNTEREXAMPLES) == list(THEOREMS)


@pytest.mark.parametrize("key", THEOREMS)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_where_a_condition_holds_the_matrices_agree_and_the_reason_is_given(key, seed):
    problem, theta = HOLDS[key](seed)
    assert THEOREMS[key].holds(problem, theta)
    found = agreements(problem, theta)
    for first, second in combinations(THEOREMS[key].matrices, 2):
        assert pair(found, first, second).agree
        assert pair(found, first, second).theorems


@pytest.mark.parametrize("key", THEOREMS)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_where_a_condition_fails_the_matrices_may_differ(key, seed):
    problem, theta = COUNTEREXAMPLES[key](seed)
    assert not THEOREMS[key].holds(problem, theta)
    found = agreements(problem, theta)
    ours = [pair(found, *names) for names in combinations(THEOREMS[key].matrices, 2)]
    assert max(a.distance for a in ours) > 1e-6


@given(kind=st.sampled_from(KINDS), seed=st.integers(0, 10**6), N=st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_whatever_condition_holds_its_matrices_agree(kind, seed, N):
    problem = small_problem(kind, N=N, seed=seed)
    for theta in (np.zeros(problem.D), some_thetas(problem, seed=seed)):
        matrices = {name: entry.matrix(problem, theta) for name, entry in CURVATURES.items()}
        for theorem in THEOREMS.values():
            if theorem.holds(problem, theta):
                for first, second in combinations(theorem.matrices, 2):
                    assert symmetric_distance(matrices[first], matrices[second]) < 1e-12


@pytest.mark.parametrize("key", THEOREMS)
def test_the_words_of_a_reason_make_a_sentence(key):
    words = THEOREMS[key].words
    assert not words.endswith(".")
    assert words[0].islower()
    assert set(THEOREMS[key].matrices) <= set(CURVATURES)


@pytest.mark.parametrize("key", list(PROBLEMS))
def test_all_that_agree_on_a_listed_problem_agree_for_a_reason(key):
    problem = listed_problem(key)
    for theta in (problem.theta_star, *some_thetas(problem, 2)):
        for a in agreements(problem, theta):
            assert a.agree == bool(a.theorems)
            assert a.agree == bool(a.reason)
            assert COINCIDENCE not in a.reason


def test_reasons_combine_along_the_shortest_way():
    problem = listed_problem("fig2")
    found = agreements(problem, np.zeros(2))
    assert pair(found, "hessian", "fisher").theorems == ("linear", "natural")
    assert pair(found, "hessian", "empirical_fisher").theorems == ("linear", "natural", "one_half")
    assert pair(found, "ggn", "fisher").theorems == ("natural",)
    reason = pair(found, "hessian", "fisher").reason
    assert reason.startswith("The model is linear in θ")
    assert "; and the likelihood is an exponential family" in reason
    assert reason.endswith(".")


def test_matrices_that_differ_have_no_reason():
    problem = listed_problem("fig1")
    found = agreements(problem, problem.theta_star)
    assert len(found) == 10
    one = pair(found, "fisher", "empirical_fisher")
    assert not one.agree
    assert (one.theorems, one.reason) == ((), "")
    F, EF = fisher(problem, problem.theta_star), empirical_fisher(problem, problem.theta_star)
    expected = np.linalg.norm(F - EF) / max(np.linalg.norm(F), np.linalg.norm(EF))
    assert one.distance == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("build", [linear_regression, logistic_regression, poisson_regression])
def test_one_parameter_has_a_theta_where_the_two_agree_by_coincidence(build):
    rng = rng_of(3)
    x = rng.normal(size=(30, 1))
    y = {linear_regression: 3 * x[:, 0] + 0.3 * rng.normal(size=30)}.get(
        build, rng.integers(0, 2, 30)
    )
    problem = build(x, y)

    def excess(t):
        return float((empirical_fisher(problem, [t]) - fisher(problem, [t])).item())

    grid = np.linspace(-6, 6, 200)
    at = next(
        i for i in range(199) if excess(grid[i]) * excess(grid[i + 1]) < 0 and abs(grid[i]) > 0.1
    )
    root = optimize.brentq(excess, grid[at], grid[at + 1], xtol=1e-15, rtol=1e-15)
    one = pair(agreements(problem, np.array([root])), "fisher", "empirical_fisher")
    assert one.agree
    assert one.theorems == ()
    assert one.reason.lower() == f"{COINCIDENCE}.".lower()


def test_a_single_logistic_example_agrees_at_one_half_and_nowhere_else():
    for y in (0.0, 1.0):
        problem = Problem(np.ones((1, 1)), np.array([y]), Linear(), Bernoulli())
        for t in np.linspace(-5, 5, 101):
            one = pair(agreements(problem, np.array([t])), "fisher", "empirical_fisher")
            assert one.agree == (abs(t) < 1e-9)


def test_no_single_label_of_three_even_classes_has_the_outer_product_of_the_fisher():
    for y in (0, 1, 2):
        problem = contrast_regression([[1.0]], [y], n_classes=3)
        one = pair(agreements(problem, np.zeros(2)), "fisher", "empirical_fisher")
        assert one.distance > 0.5


def test_the_distance_is_symmetric_scale_free_and_zero_for_zeros():
    A, B = rng_of(0).normal(size=(2, 3, 3))
    assert symmetric_distance(A, B) == symmetric_distance(B, A)
    assert symmetric_distance(1e-200 * A, 1e-200 * B) == pytest.approx(symmetric_distance(A, B))
    assert symmetric_distance(A, -A) == pytest.approx(2)
    assert symmetric_distance(A, 0 * A) == pytest.approx(1)
    assert symmetric_distance(0 * A, 0 * A) == 0
    assert np.isnan(symmetric_distance(A, np.full((3, 3), np.nan)))


def test_matrices_that_are_not_finite_agree_with_none():
    problem = small_problem("linear-poisson")
    found = agreements(problem, np.full(3, 1e6))
    assert not any(a.agree for a in found if np.isnan(a.distance))


def test_matrices_of_ones_own_are_compared_by_name_and_one_theta_is_asked_for():
    problem = listed_problem("fig1")
    matrices = {"fisher": np.eye(2), "another": np.eye(2) * (1 + 1e-9)}
    (strict,) = agreements(problem, np.zeros(2), matrices)
    (loose,) = agreements(problem, np.zeros(2), matrices, tolerance=1e-8)
    assert (strict.first, strict.second) == ("fisher", "another")
    assert not strict.agree
    assert loose.agree
    # A coincidence is one only between matrices that the theorems are about.
    assert (loose.theorems, loose.reason) == ((), "")
    with pytest.raises(ValueError, match=r"theta must be \(2,\), got \(5, 2\)"):
        agreements(problem, np.zeros((5, 2)))

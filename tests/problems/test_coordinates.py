"""Collinear, nearly collinear and unseen parameters: steps and minima that no rounding decides."""

from functools import cache

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

from efviz.optimizers import METHODS, direction, run
from efviz.problems import (
    Problem,
    linear_regression,
    logistic_regression,
    poisson_regression,
    softmax_regression,
)
from efviz.problems.likelihoods.gaussian import Gaussian
from efviz.problems.likelihoods.poisson import Poisson
from efviz.problems.models.linear import Centred, Linear
from efviz.problems.models.saturation import Saturation

pytestmark = pytest.mark.numerics

N = 60
RNG = np.random.default_rng(0)
A, B, NOISE = RNG.normal(size=(3, N))
LABELS = {
    "linear": A - B + NOISE,
    "logistic": (A + NOISE > 0).astype(float),
    "poisson": RNG.poisson(np.exp(0.3 * A)).astype(float),
    "softmax": RNG.integers(0, 3, N).astype(float),
}
BUILD = {
    "linear": linear_regression,
    "logistic": logistic_regression,
    "poisson": poisson_regression,
    "softmax": softmax_regression,
}
KINDS = list(BUILD)


def _problem(kind: str, *columns) -> Problem:
    return BUILD[kind](np.column_stack(columns), LABELS[kind])


def _exact_system(problem: Problem, method: str, theta):
    """M and g in 60 digits, from per-example gradients and outputs in 60 digits."""
    mpmath.mp.dps = 60
    X = [[mpmath.mpf(float(x)) for x in row] for row in problem.X]
    D = problem.D
    g, M = mpmath.zeros(D, 1), mpmath.zeros(D, D)
    for x, y in zip(X, problem.y, strict=True):
        f = mpmath.fsum(a * mpmath.mpf(float(t)) for a, t in zip(x, theta, strict=True))
        mean, variance = {
            "gaussian": lambda f: (f, mpmath.mpf(1)),
            "bernoulli": lambda f: (1 / (1 + mpmath.exp(-f)), 1 / (2 + 2 * mpmath.cosh(f))),
            "poisson": lambda f: (mpmath.exp(f), mpmath.exp(f)),
        }[problem.likelihood.name](f)
        r = mean - mpmath.mpf(float(y))
        w = r**2 if method == "EFGD" else variance
        for i in range(D):
            g[i] += r * x[i] / problem.N
            for j in range(D):
                M[i, j] += w * x[i] * x[j] / problem.N
    return M, g


def _exact_direction(M, g, damping: float):
    """(M + damping I)^-1 g in 60 digits, rounded once."""
    mpmath.mp.dps = 60
    damped = M + mpmath.mpf(damping) * mpmath.eye(len(g))
    return np.array(mpmath.lu_solve(damped, g).tolist(), dtype=float)[:, 0]


@cache
def _near_columns(kind: str, method: str, near: float):
    """A problem whose columns differ a little, a theta, and M and g there."""
    problem, theta = _problem(kind, A, A + near * B), np.array([0.5, -0.25])
    return problem, theta, *_exact_system(problem, method, theta)


@pytest.mark.parametrize("near", [1e-3, 1e-6, 1e-8, 1e-10])
@pytest.mark.parametrize("damping", [0.0, 1e-22, 1e-12, 1.0])
@pytest.mark.parametrize("method", ["NGD", "EFGD"])
@pytest.mark.parametrize("kind", ["linear", "logistic", "poisson"])
def test_columns_that_differ_a_little_get_the_direction_that_their_condition_allows(
    kind, method, damping, near
):
    problem, theta, M, g = _near_columns(kind, method, near)
    x, deficient = direction(problem, method, theta, damping=damping)
    assert not deficient
    expected = _exact_direction(M, g, damping)
    assert np.linalg.norm(x - expected) <= 1e-13 / near * np.linalg.norm(expected)


@pytest.mark.parametrize("units", [(1, 1), (1e8, 1e-8), (1e-12, 1e12)])
@pytest.mark.parametrize("kind", KINDS)
def test_units_of_columns_only_rescale_undamped_directions(kind, units):
    units = np.tile(units, 3 if kind == "softmax" else 1)
    plain = _problem(kind, A, A + 1e-3 * B)
    scaled = _problem(kind, units[0] * A, units[1] * (A + 1e-3 * B))
    theta = 0.3 * np.arange(1.0, plain.D + 1)
    for method in ("NGD", "EFGD", "Newton") if kind != "softmax" else ():
        x, _ = direction(plain, method, theta)
        y, _ = direction(scaled, method, theta / units)
        assert_allclose(y * units, x, rtol=1e-9)
    ours, theirs = scaled.minimum, plain.minimum
    assert ours.exists
    if ours.unique:
        assert_allclose(ours.theta * units, theirs.theta, rtol=1e-8)


@pytest.mark.parametrize("factor", [0.1, 0.7, 3.0, 1e6])
@pytest.mark.parametrize("method", list(METHODS))
@pytest.mark.parametrize("kind", KINDS)
def test_a_multiple_of_a_column_adds_nothing_to_directions_and_runs(kind, method, factor):
    # Both columns together are one column, of this length times A, along this unit vector.
    length = np.hypot(1, factor)
    along = np.array([1, factor]) / length
    single, double = _problem(kind, length * A), _problem(kind, A, factor * A)
    blocks = single.D
    z = 0.1 * np.arange(1.0, blocks + 1) / length
    theta = np.kron(z, along)
    for damping in (0.0, 0.3):
        x, deficient = direction(double, method, theta, damping=damping)
        expected, _ = direction(single, method, z, damping=damping)
        assert deficient == (method != "GD" and damping == 0)
        assert_allclose(x, np.kron(expected, along), rtol=1e-10, atol=1e-14)
        step = 0.1 / max(1, length**2)
        settings = {"step_size": step, "damping": damping, "n_steps": 20}
        ours, theirs = (run(p, method, t, **settings) for p, t in ((double, theta), (single, z)))
        assert_allclose(ours.final_theta, np.kron(theirs.final_theta, along), rtol=1e-9, atol=1e-12)
        assert_allclose(ours.losses, theirs.losses, rtol=1e-12)
        assert ours.rank_deficient == (method != "GD" and damping == 0)
        assert ours.status == theirs.status


@pytest.mark.parametrize("n", [1000, 100_000])
@pytest.mark.parametrize("method", ["NGD", "EFGD"])
def test_constant_columns_are_one_whatever_the_sum_of_their_products_rounds_to(n, method):
    y = np.random.default_rng(n).normal(size=n)
    problem = linear_regression(np.full((n, 2), [0.3, 1.5]), y)
    x, deficient = direction(problem, method, [1.0, 2.0])
    assert deficient
    assert_allclose(x[1] / x[0], 5, rtol=1e-12)
    if method == "NGD":
        assert_allclose(x @ [0.3, 1.5], 3.3 - y.mean(), rtol=1e-12)


def test_one_undamped_natural_step_reaches_the_minimum_of_nearly_collinear_columns():
    for near in (1e-4, 1e-8, 1e-11):
        problem = _problem("linear", A, A + near * B)
        reached = run(problem, "NGD", [1.0, 2.0], step_size=1.0, n_steps=1).final_loss
        lowest = problem.minimum.loss
        assert abs(reached - lowest) <= problem.minimum.rounding
        # Outputs of a theta of size 1 / near are rounded by u / near.
        assert_allclose(problem.loss(problem.theta_star), lowest, rtol=1e-13 + 1e-15 / near)
        fit = np.linalg.lstsq(np.column_stack([A, B]), LABELS["linear"], rcond=None)[1][0]
        assert_allclose(lowest, fit / (2 * N), rtol=1e-13 + 1e-15 / near)


def test_a_matrix_that_few_residuals_make_singular_is_decided_by_its_examples():
    # Of two examples one fits exactly.
    exact = linear_regression([[1.0, 2.0], [3.0, 1.0]], [0.0, 0.0])
    x, deficient = direction(exact, "EFGD", [2.0, -1.0])
    assert deficient
    assert_allclose(x, np.array([3.0, 1.0]) / (5 * 10), rtol=1e-14)


def test_nearly_certain_labels_leave_a_regular_fisher_however_small_its_weights():
    problem = logistic_regression([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0, 1, 1])
    theta = np.array([60.0, 20.0])
    x, deficient = direction(problem, "NGD", theta)
    assert not deficient
    assert_allclose(x, _exact_direction(*_exact_system(problem, "NGD", theta), 0.0), rtol=1e-10)


def test_centred_outputs_are_those_of_their_combination():
    X, theta = RNG.normal(size=(7, 2)), RNG.normal(size=(5, 4))
    model, free = Centred(3), Linear(2)
    E = model.combination
    assert_allclose(E.T @ E, np.eye(2), atol=1e-15)
    assert_allclose(E.sum(0), 0, atol=1e-15)
    f = model.outputs(X, theta)
    assert_allclose(f, free.outputs(X, theta) @ E.T)
    assert_allclose(np.einsum("bncd,bd->bnc", model.jacobian(X, theta), theta), f)
    W = RNG.normal(size=(5, 7, 3, 3))
    W, v, J = W + np.swapaxes(W, -1, -2), RNG.normal(size=(5, 7, 3)), model.jacobian(X, theta)
    assert_allclose(model.pull_back(X, theta, v), np.einsum("bncd,bnc->bd", J, v))
    assert_allclose(model.gram(X, theta, W), np.einsum("bnci,bncd,bndj->bij", J, W, J))


@pytest.mark.parametrize("likelihood", [Gaussian(), Poisson()], ids=lambda k: k.name)
def test_no_run_raises_whatever_the_search_for_its_minimum_meets(likelihood):
    for seed in range(100):
        rng = np.random.default_rng(seed)
        x = rng.exponential(3, (5, 1)) * 10.0 ** rng.integers(-3, 4)
        y = rng.poisson(3.0 * 10.0 ** rng.integers(0, 3), 5).astype(float)
        problem = Problem(x, y, Saturation(), likelihood, start=np.array([1.0, 1.0]))
        with np.errstate(all="ignore"):
            found = run(problem, "EFGD", [1.0, 1.0], step_size=0.1, n_steps=5)
        assert str(found.status) in ("converged", "running", "diverged")

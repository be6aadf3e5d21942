"""The compiled loops of sweeps against NumPy, and as plain Python."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from efviz.arrays import pairs, symmetric
from efviz.numerics.columns import Columns
from efviz.problems.likelihoods.bernoulli import bernoulli_terms
from efviz.sweeps import loops
from efviz.sweeps.batch import packed
from efviz.sweeps.designs import Dense, Sparse, dense, design

pytestmark = pytest.mark.numerics


def solve(B, metric, damping, g, terms=100):
    d, solved = np.empty_like(g), np.zeros(len(g), dtype=bool)
    flat = np.stack([packed(each) for each in B])
    loops.solve_runs(flat, packed(metric), damping, terms, g, d, solved)
    return d, solved


@pytest.mark.parametrize("K", [1, 2, 5, 14, 40, 125])
def test_many_systems_are_solved_as_each_alone(K):
    rng = np.random.default_rng(K)
    A = rng.normal(size=(5, K, 2 * K)) * 10.0 ** rng.integers(-9, 9, (K, 1))
    B = A @ np.swapaxes(A, 1, 2)
    metric = np.diag(rng.uniform(1, 2, K))
    damping, g = rng.uniform(0, 1, 5), rng.normal(size=(5, K))
    d, solved = solve(B, metric, damping, g)
    assert solved.all()
    damped = B + damping[:, None, None] * metric
    unit = 1 / np.sqrt(np.diagonal(damped, axis1=1, axis2=2))
    scaled = damped * unit[:, :, None] * unit[:, None, :]
    expected = unit * np.linalg.solve(scaled, (unit * g)[..., None])[..., 0]
    assert_allclose(d, expected, rtol=1e-8, atol=1e-12 * np.abs(expected).min())


def test_one_system_that_cannot_be_solved_leaves_the_others():
    B = np.stack([np.eye(3), np.diag([1.0, 0, 1]), np.diag([1.0, -2, 1]), np.full((3, 3), np.nan)])
    B[2, 0, 1] = B[2, 1, 0] = 3
    g = np.tile([1.0, 2.0, 3.0], (4, 1))
    d, solved = solve(B, np.eye(3), np.zeros(4), g)
    assert solved.tolist() == [True, False, True, False]
    assert_array_equal(d[0], g[0])
    assert_allclose(d[2], np.linalg.solve(B[2], g[2]), rtol=1e-12)
    assert np.isnan(d[[1, 3]]).all()


@pytest.mark.parametrize("K", [2, 3, 8, 30])
@pytest.mark.parametrize("N", [40, 1000])
def test_no_rounded_gram_matrix_of_collinear_columns_passes_for_regular(K, N):
    rng = np.random.default_rng([K, N])
    A = rng.normal(size=(20, N, K)) * 10.0 ** rng.integers(-8, 8, (1, 1, K))
    A[..., -1] = A[..., :-1] @ rng.normal(size=K - 1) if K > 2 else 3 * A[..., 0]
    for products in (np.swapaxes(A, 1, 2) @ A, np.einsum("rni,rnj->rij", A, A)):
        _, solved = solve(products / N, np.eye(K), np.zeros(20), rng.normal(size=(20, K)), N)
        assert not solved.any()


@pytest.mark.parametrize("K", [2, 8, 30])
def test_a_matrix_is_regular_as_soon_as_its_bound_is_passed(K):
    """An eigenvalue ten times K^2 N u from zero is enough, a tenth of K N u is not."""
    rng, N = np.random.default_rng(K), 1000
    V = np.linalg.qr(rng.normal(size=(K, K)))[0]
    # The smallest eigenvector is spread evenly, so that the diagonal is near 1.
    V = np.linalg.qr(np.column_stack([np.ones(K), V[:, 1:]]))[0]
    for factor, regular in ((10 * K, True), (0.1, False)):
        w = np.ones(K)
        w[0] = factor * K * N * 2.0**-53
        B = (V * w) @ V.T
        assert solve(B[None], np.eye(K), np.zeros(1), np.ones((1, K)), N)[1][0] == regular


def test_a_negative_definite_matrix_is_as_regular_as_its_opposite():
    rng = np.random.default_rng(5)
    A = rng.normal(size=(4, 9)) * [[1e-9], [1], [1e5], [1e9]]
    g = rng.normal(size=(1, 4))
    plus, solved = solve((A @ A.T)[None], np.eye(4), np.zeros(1), g)
    minus, as_well = solve(-(A @ A.T)[None], np.eye(4), np.zeros(1), g)
    assert solved.all()
    assert as_well.all()
    assert_allclose(minus, -plus, rtol=1e-10)


@pytest.mark.parametrize("fisher", [False, True])
def test_logistic_terms_keep_their_digits_in_both_tails(fisher):
    f = np.concatenate([np.linspace(-40, 40, 801), [0.0, 700, -700, 745, -745, 1e5, -1e5]])
    f = np.stack([f, -f])
    y = (np.arange(f.shape[1]) % 2).astype(float)
    s, w = np.empty_like(f), np.empty_like(f)
    hinge = bernoulli_terms(f, y, float(fisher), float(not fisher), s, w)
    slope = np.where(y == 1, -expit(-f), expit(f))
    assert_allclose(s, slope, rtol=1e-14, atol=1e-300)
    assert_allclose(w, expit(f) * expit(-f) if fisher else slope**2, rtol=3e-14, atol=1e-300)
    loss = np.logaddexp(0, np.where(y == 1, -f, f)).mean(-1)
    assert (hinge <= loss).all()
    assert (loss <= hinge + np.log(2)).all()


def test_a_logistic_output_that_is_no_number_shows():
    f = np.array([[0.0, np.nan], [1.0, np.inf], [-np.inf, 2.0]])
    s, w = np.empty_like(f), np.empty_like(f)
    # As in every step of a sweep.
    with np.errstate(all="ignore"):
        hinge = bernoulli_terms(f, np.zeros(2), 1.0, 0.0, s, w)
    assert np.isnan(hinge[0])
    assert np.isinf(hinge[1])
    assert hinge[2] == 1


def sparse_inputs() -> np.ndarray:
    rng = np.random.default_rng(0)
    X = np.zeros((200, 48))
    for group in range(4):
        X[np.arange(200), 12 * group + rng.integers(0, 12, 200)] = rng.uniform(1, 2, 200)
    return np.column_stack([X, X[:, :2].sum(axis=1), np.zeros(200)])


@pytest.mark.parametrize(
    ("X", "kind"), [(sparse_inputs(), Sparse), (sparse_inputs()[:, :9], Dense)]
)
def test_a_design_gives_outputs_gradients_matrices_and_leverages(X, kind):
    rng = np.random.default_rng(1)
    D = design(Columns(X))
    assert isinstance(D, kind)
    K, N = len(D.metric), len(X)
    assert np.linalg.matrix_rank(X) == K
    Q = D.outputs(np.eye(K)).T
    # Q spans what X does, and T T^T is what makes steps in theta steps in u.
    T = np.linalg.lstsq(Q, X, rcond=None)[0]
    assert_allclose(Q @ T, X, atol=1e-12)
    assert_allclose(D.spread, T @ T.T, atol=1e-9 * np.abs(D.spread).max())
    assert_allclose(D.metric @ D.spread, np.eye(K), atol=1e-9)
    weights = rng.uniform(size=(3, N))
    assert_allclose(D.gradient(weights), weights @ Q / N, atol=1e-13)
    B = symmetric(D.gram(weights), K)
    assert_allclose(B, np.einsum("rn,ni,nj->rij", weights, Q, Q) / N, atol=1e-12)
    assert_allclose(D.gram(weights[:1]), weights[:1] @ pairs(Q) / N, atol=1e-12)
    inverse = np.linalg.inv(B + np.eye(K))
    assert_allclose(D.leverages(inverse), np.einsum("ni,lij,nj->ln", Q, inverse, Q) / N, rtol=1e-9)


def test_columns_of_any_size_leave_the_design_well_scaled():
    X = np.random.default_rng(2).normal(size=(60, 5))
    scale = 10.0 ** np.array([-12, -3, 0, 6, 12])
    D = dense(Columns(X * scale))
    assert_allclose(D.Q.T @ D.Q / 60, np.eye(5), atol=1e-13)
    expected = np.linalg.slogdet((X * scale).T @ (X * scale) / 60)[1]
    assert_allclose(np.log(D.scale**2).sum(), expected, rtol=1e-9)


@pytest.mark.slow
def test_sweeps_run_as_plain_python_too():
    script = (
        "from efviz.problems.catalogue import optimization_problem as p\n"
        "from efviz.sweeps import *\n"
        "for name in ('wine', 'breast-cancer'):\n"
        "    s = grid_search(p(name), 'EFGD', [1e-3, 1e-1], [1e-2], n_steps=3, cache=False)\n"
        "    print(*s.final_loss.ravel())"
    )
    ends = [
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parents[2],
            env=os.environ | {"NUMBA_DISABLE_JIT": flag},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for flag in ("0", "1")
    ]
    assert len(ends[0]) == 4
    assert_allclose(np.array(ends[0], float), np.array(ends[1], float), rtol=1e-10)

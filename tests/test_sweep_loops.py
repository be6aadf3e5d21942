"""The compiled loops of sweeps against NumPy, and as plain Python."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit

from efviz.models import pairs, symmetric
from efviz.sweeps import loops
from efviz.sweeps.batch import packed
from efviz.sweeps.designs import Dense, Sparse, dense, design


def solve(B, metric, damping, g):
    d, outcome = np.empty_like(g), np.full(len(g), -1, dtype=np.int8)
    flat = np.stack([packed(each) for each in B])
    loops.solve_runs(flat, packed(metric), damping, g, d, outcome)
    return d, outcome


@pytest.mark.parametrize("K", [1, 2, 14, 40])
def test_many_systems_are_solved_as_each_alone(K):
    rng = np.random.default_rng(K)
    A = rng.normal(size=(5, K, 2 * K))
    B, metric = A @ np.swapaxes(A, 1, 2), np.diag(rng.uniform(1, 2, K))
    damping, g = rng.uniform(0, 1, 5), rng.normal(size=(5, K))
    d, outcome = solve(B, metric, damping, g)
    expected = np.linalg.solve(B + damping[:, None, None] * metric, g[..., None])[..., 0]
    assert_allclose(d, expected, rtol=1e-9)
    assert_array_equal(outcome, loops.SOLVED)


def test_one_system_that_cannot_be_solved_leaves_the_others():
    B = np.stack([np.eye(3), np.diag([1.0, 0, 1]), np.diag([1.0, -2, 1]), np.full((3, 3), np.nan)])
    B[2, 0, 1] = B[2, 1, 0] = 3
    g = np.tile([1.0, 2.0, 3.0], (4, 1))
    d, outcome = solve(B, np.eye(3), np.zeros(4), g)
    assert outcome.tolist() == [
        loops.SOLVED,
        loops.SINGULAR,
        loops.NEARLY_SINGULAR,
        loops.SINGULAR,
    ]
    assert_array_equal(d[0], g[0])
    assert_allclose(d[2], np.linalg.solve(B[2], g[2]), rtol=1e-12)
    assert np.isnan(d[[1, 3]]).all()


@pytest.mark.parametrize("fisher", [False, True])
def test_logistic_terms_keep_their_digits_in_both_tails(fisher):
    f = np.concatenate([np.linspace(-40, 40, 801), [0.0, 700, -700, 745, -745, 1e5, -1e5]])
    f = np.stack([f, -f])
    y = (np.arange(f.shape[1]) % 2).astype(float)
    s, w = np.empty_like(f), np.empty_like(f)
    hinge = loops.bernoulli_terms(f, y, fisher, s, w)
    slope = np.where(y == 1, -expit(-f), expit(f))
    assert_allclose(s, slope, rtol=1e-14, atol=1e-300)
    assert_allclose(w, expit(f) * expit(-f) if fisher else slope**2, rtol=3e-14, atol=1e-300)
    loss = np.logaddexp(0, np.where(y == 1, -f, f)).mean(-1)
    assert (hinge <= loss).all()
    assert (loss <= hinge + np.log(2)).all()


def test_a_logistic_output_that_is_no_number_shows():
    f = np.array([[0.0, np.nan], [1.0, np.inf], [-np.inf, 2.0]])
    s, w = np.empty_like(f), np.empty_like(f)
    hinge = loops.bernoulli_terms(f, np.zeros(2), True, s, w)
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
    D = design(X)
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
    D = dense(X * scale)
    assert_allclose(D.Q.T @ D.Q / 60, np.eye(5), atol=1e-13)
    expected = np.linalg.slogdet((X * scale).T @ (X * scale) / 60)[1]
    assert_allclose(np.log(D.scale**2).sum(), expected, rtol=1e-9)


def test_sweeps_run_as_plain_python_too():
    script = (
        "from efviz.catalogue import optimization_problem as p; from efviz.sweeps import *\n"
        "for name in ('wine', 'breast-cancer'):\n"
        "    s = grid_search(p(name), 'EFGD', [1e-3, 1e-1], [1e-2], n_steps=3, cache=False)\n"
        "    print(*s.final_loss.ravel())"
    )
    ends = [
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=Path(__file__).parent.parent,
            env=os.environ | {"NUMBA_DISABLE_JIT": flag},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for flag in ("0", "1")
    ]
    assert len(ends[0]) == 4
    assert_allclose(np.array(ends[0], float), np.array(ends[1], float), rtol=1e-10)

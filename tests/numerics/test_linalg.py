"""Damped symmetric systems: a solve where they are regular, a pseudo-inverse where they are not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from efviz.numerics.linalg import solve_damped
from efviz.numerics.systems import gram_rounding, solve

pytestmark = pytest.mark.numerics


@st.composite
def symmetric_systems(draw):
    """(B, g, rank): B = Q diag(w) Q^T with entries of w apart by at most 1e8, or exactly zero."""
    D = draw(st.integers(1, 5))
    rank = draw(st.integers(0, D))
    exponents = st.floats(-4, 4)
    signs = st.sampled_from([-1.0, 1.0])
    w = [draw(signs) * 10 ** draw(exponents) for _ in range(rank)] + [0.0] * (D - rank)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    Q = np.linalg.qr(rng.normal(size=(D, D)))[0]
    B = (Q * w) @ Q.T
    return (B + B.T) / 2, rng.normal(size=D), rank


@given(symmetric_systems())
@settings(max_examples=150)
def test_without_damping_the_solution_is_that_of_the_pseudo_inverse(system):
    B, g, rank = system
    expected = np.linalg.pinv(B, rcond=1e-12, hermitian=True) @ g
    condition = np.linalg.cond(B, 2) if rank == len(g) else 1e8
    for x, deficient in (solve_damped(B, g), solve(B, g, gram_rounding(len(g), 1))[:2]):
        assert deficient == (rank < len(g))
        assert np.linalg.norm(x - expected) <= 1e-14 * condition * (1 + np.linalg.norm(expected))


@given(symmetric_systems(), st.floats(-3, 10))
@settings(max_examples=100)
def test_damping_is_added_to_the_diagonal(system, exponent):
    B, g, _ = system
    B, damping = B @ B, 10**exponent  # positive semidefinite
    expected = np.linalg.solve(B + damping * np.eye(len(g)), g)
    x, deficient = solve_damped(B, g, damping)
    assert not deficient
    condition = 1 + np.linalg.norm(B, 2) / damping
    assert np.linalg.norm(x - expected) <= 1e-14 * condition * np.linalg.norm(expected)


def test_a_batch_with_its_own_dampings_is_one_system_at_a_time():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(4, 3, 2, 2))
    B, g, damping = A @ np.swapaxes(A, -1, -2), rng.normal(size=(4, 3, 2)), rng.uniform(size=3)
    x, deficient = solve_damped(B, g, damping)
    assert x.shape == (4, 3, 2)
    assert deficient.shape == (4, 3)
    for at in np.ndindex(4, 3):
        expected = np.linalg.solve(B[at] + damping[at[1]] * np.eye(2), g[at])
        assert_allclose(x[at], expected, rtol=1e-10)


@pytest.mark.parametrize("D", [1, 2, 5, 30])
def test_columns_of_very_different_size_do_no_harm(D):
    rng = np.random.default_rng(D)
    A = rng.normal(size=(D, 2 * D))
    A, g = A @ A.T, rng.normal(size=D)
    scale = 2.0 ** rng.integers(-40, 40, D)
    system = A * np.outer(scale, scale), g * scale
    for x, deficient in (solve_damped(*system), solve(*system, gram_rounding(D, 1))[:2]):
        assert_allclose(x * scale, np.linalg.solve(A, g), rtol=1e-9)
        assert not deficient


def test_a_matrix_of_zeros_gives_zero_and_is_deficient():
    x, deficient = solve_damped(np.zeros((3, 3)), np.ones(3))
    assert_array_equal(x, 0)
    assert deficient


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_gives_nan_for_itself_alone(bad):
    B, g = np.stack([np.eye(2)] * 3), np.ones((3, 2))
    B[0, 0, 1] = bad
    g[1, 1] = bad
    x, deficient = solve_damped(B, g)
    assert np.isnan(x[:2]).all()
    assert_array_equal(x[2], 1)
    assert not deficient.any()


@pytest.mark.parametrize("tiny", [1e-300, 5e-324])
def test_a_solution_too_large_for_a_float_is_not_finite_and_never_warns(tiny):
    x, deficient = solve_damped(tiny * np.eye(2), np.full(2, 1e10))
    assert not np.isfinite(x).any()
    assert not deficient


@pytest.mark.parametrize("N", [3, 50, 3000, 100_000])
@pytest.mark.parametrize("factor", [0.7, 3.0, 1e3])
def test_the_rounding_of_a_sum_over_many_examples_does_not_hide_a_zero(N, factor):
    x = np.random.default_rng(N).normal(size=N)
    X = np.stack([x, factor * x], axis=1)
    for weight in (np.ones(N), np.random.default_rng(1).uniform(size=N)):
        B = (X * weight[:, None]).T @ X / N
        assert solve_damped(B, B @ [1.0, 0.0], terms=N).rank_deficient
        _, deficient, far = solve(B, B @ [1.0, 0.0], gram_rounding(2, N))
        assert deficient
        assert not far

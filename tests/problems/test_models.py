"""f(X, theta): Jacobians against differences, sums over examples against loops."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from reference import central_differences, reference_model, relative_error

from efviz import MODELS
from efviz.arrays import pairs, symmetric, upper
from efviz.problems.models.linear import Contrast, Linear
from efviz.problems.models.saturation import Saturation

VARIANTS = {
    "linear": Linear(),
    "linear, 3 outputs": Linear(3),
    "contrast": Contrast(),
    "contrast, 2 classes": Contrast(2),
    "saturation": Saturation(),
}


@pytest.fixture(params=list(VARIANTS))
def model(request):
    return VARIANTS[request.param]


@pytest.fixture
def X(model):
    rng = np.random.default_rng(0)
    return rng.normal(size=(7, 4)) if model.linear else rng.uniform(0, 2, (7, 1))


@pytest.fixture
def thetas(model, X):
    return np.random.default_rng(1).normal(size=(2, 3, model.n_parameters(X.shape[1])))


@pytest.fixture
def v(model):
    return np.random.default_rng(2).normal(size=(2, 3, 7, model.n_outputs))


@pytest.fixture
def W(model, v):
    A = np.random.default_rng(3).normal(size=(*v.shape, v.shape[-1]))
    return A + np.swapaxes(A, -1, -2)


def test_every_model_is_tried():
    assert {type(model) for model in VARIANTS.values()} == set(MODELS.values())
    assert_array_equal(list(MODELS), [kind.name for kind in MODELS.values()])


def test_outputs_jacobian_and_second_derivatives_are_those_of_the_slow_loops(model, X, thetas, v):
    slow = reference_model(model)
    for at in np.ndindex(2, 3):
        theta = thetas[at]
        f, J = model.outputs(X, theta), model.jacobian(X, theta)
        assert relative_error(f, [slow.f(x, theta) for x in X]) < 1e-13
        assert relative_error(J, [slow.J(x, theta) for x in X]) < 1e-13
        expected = sum(np.tensordot(v[at][n], slow.d2f(x, theta), 1) for n, x in enumerate(X))
        assert_allclose(model.second_order(X, theta, v[at]), expected, rtol=1e-12, atol=1e-13)


def test_every_theta_may_have_examples_of_its_own(model, X, thetas, v):
    rows = np.random.default_rng(4).integers(len(X), size=(3, 5))
    f = model.outputs(X[rows], thetas)
    assert f.shape == (2, 3, 5, model.n_outputs)
    sums = model.pull_back(X[rows], thetas, v[:, :, :5])
    for i, j in np.ndindex(2, 3):
        own, theta = X[rows[j]], thetas[i, j]
        assert_allclose(f[i, j], model.outputs(own, theta), rtol=1e-13)
        assert_allclose(sums[i, j], model.pull_back(own, theta, v[i, j, :5]), rtol=1e-12)


def test_the_jacobian_is_the_derivative_of_the_outputs(model, X, thetas):
    theta = thetas[0, 0]
    expected = central_differences(lambda t: model.outputs(X, t), theta)
    assert_allclose(model.jacobian(X, theta), expected, rtol=1e-8, atol=1e-9)


def test_the_second_order_term_is_the_derivative_of_the_pull_back(model, X, thetas, v):
    theta = thetas[0, 1]
    expected = central_differences(lambda t: model.pull_back(X, t, v[0, 1]), theta)
    assert_allclose(model.second_order(X, theta, v[0, 1]), expected, rtol=1e-7, atol=1e-8)


def test_sums_over_examples_are_loops_over_the_jacobian(model, X, thetas, v, W):
    for at in np.ndindex(2, 3):
        J = model.jacobian(X, thetas[at])
        pulled = sum(J[n].T @ v[at][n] for n in range(7))
        gram = sum(J[n].T @ W[at][n] @ J[n] for n in range(7))
        assert relative_error(model.pull_back(X, thetas, v)[at], pulled) < 1e-13
        assert relative_error(model.gram(X, thetas, W)[at], gram) < 1e-13
        if model.linear:
            assert relative_error(model.gram(X, thetas, W, pairs(X))[at], gram) < 1e-13


def test_a_batch_of_theta_is_one_theta_at_a_time(model, X, thetas, v):
    for at in np.ndindex(2, 3):
        for function in (model.outputs, model.jacobian):
            assert_allclose(function(X, thetas)[at], function(X, thetas[at]), rtol=1e-13)
        assert_allclose(
            model.second_order(X, thetas, v)[at],
            model.second_order(X, thetas[at], v[at]),
            rtol=1e-13,
        )


def test_a_linear_model_says_so_and_has_no_second_derivative(model, X, thetas, v):
    assert (not model.second_order(X, thetas, v).any()) == model.linear


def test_saturation_takes_one_input_and_says_how_many_it_got():
    with pytest.raises(ValueError, match="got 2"):
        Saturation().n_parameters(2)


def test_saturation_keeps_its_digits_where_b_x_is_tiny():
    f = Saturation().outputs(np.array([[1e-3]]), np.array([2.0, 1e-9]))
    assert_allclose(f, 2 * (1e-12 - 0.5e-24), rtol=1e-15)


@pytest.mark.parametrize("D", [1, 2, 5])
def test_packing_pairs_and_unpacking_gives_the_outer_product(D):
    a = np.random.default_rng(4).normal(size=(6, D))
    assert_array_equal(symmetric(pairs(a), D), a[:, :, None] * a[:, None, :])
    assert_array_equal(upper(D), np.triu_indices(D))

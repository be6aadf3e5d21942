"""What `check` says of declarations that contradict themselves, one fault in each."""

import re

import numpy as np
import pytest

import efviz
from efviz import Curvature
from efviz.extensions import check, register


def _weights(function):
    return Curvature("Own", "A", weights=lambda likelihood, f, y: function(f, y))


def _upper(f, y):
    C = f.shape[-1]
    return np.broadcast_to(np.triu(np.ones((C, C))), (*f.shape, C))


def _centred(f, y):
    """The square of f minus its mean over the examples."""
    r = f - f.mean(-2, keepdims=True)
    return r[..., :, None] * r[..., None, :]


WEIGHTS = {
    "`weights` is not symmetric in its last two axes": _upper,
    "the weights of an example depend on the other examples": _centred,
    "the weights of an example depend on": lambda f, y: _diagonal(f / f[..., :1, :]),
    "returns a float instead of an array (2, 3, 12, 1, 1)": lambda f, y: 1.0,
    "returns a list instead of an array": lambda f, y: _diagonal(f).tolist(),
    "`weights` has shape (12, 1, 1) instead of (..., N, C, C)": lambda f, y: np.ones(
        (len(y), 1, 1)
    ),
    "On softmax regression `weights` has shape (2, 3, 12, 1, 1)": lambda f, y: np.ones(
        (*f.shape[:-1], 1, 1)
    ),
    "`weights` holds complex numbers": lambda f, y: 1j * _diagonal(f),
    "`weights` holds values that are not finite numbers": lambda f, y: _diagonal(f / 0.0),
    "`weights` raises TypeError: unsupported": lambda f, y: 1 + None,
}


def _diagonal(f):
    return f[..., None] * np.eye(f.shape[-1])


@pytest.mark.parametrize("words", list(WEIGHTS))
def test_weights_that_no_sum_over_examples_can_take_are_refused(words):
    matrix = _weights(WEIGHTS[words])
    with pytest.raises(ValueError, match=re.escape(words)):
        register("own", matrix)
    assert "own" not in efviz.CURVATURES
    assert len(check(matrix)) == 1


def test_weights_of_each_example_alone_are_accepted():
    assert check(_weights(lambda f, y: _diagonal(1 + f**2))) == []

"""Whether the weights of a matrix are what its sum over examples takes them for."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from efviz.arrays import Array
from efviz.curvature.matrices import Curvature, Weights
from efviz.problems import Problem

ROUNDING = 1e-9
"""The relative error of sums over a few examples."""


def check_weights(weights: Weights, where: str, problem: Problem, theta: Array) -> Iterator[str]:
    """The first thing wrong with W = weights(likelihood, f, y) at theta (..., D), if anything.

    W has to be an array (..., N, C, C) of finite real numbers, symmetric, and W_n a function of
    f_n and y_n alone: sums over examples are made in pieces. A ValueError refuses the problem.
    """
    f = problem.model.outputs(problem.X, theta)

    def at(examples: slice) -> Any:
        with np.errstate(all="ignore"):
            return weights(problem.likelihood, f[..., examples, :], problem.y[examples])

    try:
        W, shape = at(slice(None)), (*f.shape, f.shape[-1])
        if not isinstance(W, np.ndarray):
            yield f"On {where} `weights` returns a {type(W).__name__} instead of an array {shape}."
        elif W.shape != shape:
            yield (
                f"On {where} `weights` has shape {W.shape} instead of (..., N, C, C), which is "
                f"{shape} for f {f.shape}."
            )
        elif np.iscomplexobj(W):
            yield f"On {where} `weights` holds complex numbers."
        elif not np.isfinite(W).all():
            yield f"On {where} `weights` holds values that are not finite numbers."
        elif not _same(W, np.swapaxes(W, -1, -2)):
            yield f"On {where} `weights` is not symmetric in its last two axes."
        elif _look_across(at, W):
            yield (
                f"On {where} the weights of an example depend on the other examples: W_n has to "
                "be a function of f_n and y_n alone."
            )
    except ValueError:
        return
    except Exception as error:  # what somebody else's code may raise is anybody's guess
        yield f"On {where} `weights` raises {type(error).__name__}: {error}"


def check_forms(curvature: Curvature, where: str, problem: Problem, theta: Array) -> Iterator[str]:
    """Whether `term` and `rows` are what the weights say at theta (..., D)."""
    model, likelihood, X, y = problem.model, problem.likelihood, problem.X, problem.y
    assert curvature.weights is not None
    f, J = model.outputs(X, theta), model.jacobian(X, theta)
    try:
        W, found = curvature.weights(likelihood, f, y), curvature.matrix(problem, theta)
    except ValueError:
        return
    B = np.einsum("...ncd,...nce,...nef->...df", J, W, J) / problem.N
    if curvature.second_order:
        B = B + model.second_order(X, theta, likelihood.gradient(f, y)) / problem.N
    if not _same(found, B):
        yield f"On {where} `term` is not what the weights say."
    first = (0,) * (theta.ndim - 1)
    rows = curvature.rows(problem, theta[first])
    if rows is None:
        return
    g = problem.gradient(theta[first])
    if not (
        _same(rows.A.T @ rows.A / problem.N, B[first]) and _same(rows.A.T @ rows.b / problem.N, g)
    ):
        yield f"On {where} `rows` are not those of the matrix that the weights say."


def _look_across(at: Callable[[slice], Array], W: Array) -> bool:
    """Whether some examples, every second one or one alone, have other weights than in W, or none.

    W (..., N, C, C) are the weights of all examples, and `at` gives those of a part.
    """
    parts = [slice(None, None, 2), *(slice(n, n + 1) for n in range(W.shape[-3]))]
    try:
        return not all(_same(at(part), W[..., part, :, :]) for part in parts)
    except ValueError:
        return True


def _same(a: Array, b: Array) -> bool:
    return a.shape == b.shape and close(a, b)


def close(a: Array, b: Array, tolerance: float = ROUNDING) -> bool:
    """Whether a is b, up to a fraction of the largest number in b."""
    size = max(float(np.abs(b).max(initial=0)), 1e-6)
    return bool(np.allclose(a, b, rtol=0, atol=tolerance * size))

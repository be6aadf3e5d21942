"""f(X, theta): outputs, Jacobian and the sums over examples that gradients and matrices need.

Shapes: X (N, P), theta (..., D), outputs f (..., N, C), Jacobian J (..., N, C, D). `outputs` and
`jacobian` also take X (..., N, P): separate examples for every theta, as in a mini-batch. A model
with more than one output states `n_outputs`.

The rest has defaults made from these two. The sums take weights in output space, v (..., N, C) or
W (..., N, C, C), symmetric:

    pull_back     sum_n J_n^T v_n              (..., D)
    gram          sum_n J_n^T W_n J_n          (..., D, D)
    second_order  sum_{n,c} v_nc d2f_nc/dtheta2  (..., D, D), by default by central differences of J
    smoothness    the least beta with ||d2f_nc/dtheta2||_2 <= beta for all n, c and
                  low <= theta <= high, (D,) each: Proposition 2 of Kunstner et al. (2019)
    seen          for a model whose outputs are combinations of x . theta_1, ..., x . theta_c: the
                  model without the part that a shift-invariant likelihood (unchanged when a number
                  is added to all outputs) cannot determine, with the orthonormal columns E (C, c)
                  such that theta = E (theta_1, ..., theta_c); else None

`products` are the pair products of the columns of X, if the caller has them already.

Facts are False unless stated: code relies on them, and tests hold the numbers against them.

    linear     f is affine in theta: J does not depend on theta
    on_inputs  f_c = x . theta_c + offset with a number `offset`, theta = (theta_1, ..., theta_C)

A subclass that changes one of the members without a default has to state its facts again, and gets
the defaults of all other members that it does not define: see `Declared`.
"""

from abc import abstractmethod
from typing import ClassVar

import numpy as np

from efviz.arrays import Array
from efviz.problems.declared import Declared, NotStated

# Central differences of J err least for steps near the cube root of the rounding.
_STEP = float(np.finfo(float).eps) ** (1 / 3)


class Model(Declared):
    defining: ClassVar[frozenset[str]] = frozenset(
        {"n_parameters", "n_outputs", "outputs", "jacobian"}
    )
    name: ClassVar[str]
    offset: float
    linear: ClassVar[bool] = False
    on_inputs: ClassVar[bool] = False

    @property
    def n_outputs(self) -> int:
        return 1

    @abstractmethod
    def n_parameters(self, P: int) -> int: ...

    @abstractmethod
    def outputs(self, X: Array, theta: Array) -> Array: ...

    @abstractmethod
    def jacobian(self, X: Array, theta: Array) -> Array: ...

    def pull_back(self, X: Array, theta: Array, v: Array) -> Array:
        return np.einsum("...ncd,...nc->...d", self.jacobian(X, theta), v)

    def gram(self, X: Array, theta: Array, W: Array, products: Array | None = None) -> Array:
        J = self.jacobian(X, theta)
        N, C, D = J.shape[-3:]
        weighted = W @ J if C > 1 else W * J
        rows = J.reshape(*J.shape[:-3], N * C, D)
        full = np.swapaxes(rows, -1, -2) @ weighted.reshape(*weighted.shape[:-3], N * C, D)
        return np.asarray(full + np.swapaxes(full, -1, -2)) / 2

    def second_order(self, X: Array, theta: Array, v: Array) -> Array:
        D = theta.shape[-1]
        H = np.zeros((*np.broadcast_shapes(theta.shape[:-1], v.shape[:-2]), D, D))
        if self.linear:
            return H
        for i in range(D):
            step = np.zeros(theta.shape)
            step[..., i] = _STEP * np.maximum(np.abs(theta[..., i]), 1.0)
            ahead, behind = theta + step, theta - step
            change = self.pull_back(X, ahead, v) - self.pull_back(X, behind, v)
            H[..., i, :] = change / (ahead - behind)[..., i, None]
        return (H + np.swapaxes(H, -1, -2)) / 2

    def smoothness(self, X: Array, low: Array, high: Array) -> float:
        if self.linear:
            return 0.0
        raise NotStated(
            f"The model {self.name!r} does not state `smoothness`, a bound of the second "
            "derivatives of its outputs, which is needed for Proposition 2."
        )

    def seen(self, shift_invariant: bool) -> "tuple[Model, Array] | None":
        return None

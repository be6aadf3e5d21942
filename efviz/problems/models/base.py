"""f(X, theta): outputs, Jacobian and the sums over examples that gradients and matrices need.

Shapes: X (N, P), theta (..., D), outputs f (..., N, C), Jacobian J (..., N, C, D). The sums take
weights in output space, v (..., N, C) or W (..., N, C, C), symmetric:

    pull_back     sum_n J_n^T v_n              (..., D)
    gram          sum_n J_n^T W_n J_n          (..., D, D)
    second_order  sum_{n,c} v_nc d2f_nc/dtheta2  (..., D, D), zero for a linear model

`smoothness` is the least beta with ||d2f_nc/dtheta2||_2 <= beta for all n, c and low <= theta <=
high, (D,) each: Proposition 2 of Kunstner et al. (2019).

`seen` is the model without the part that a shift-invariant likelihood (unchanged when a number is
added to all outputs) cannot determine, with the orthonormal columns E (C, c) such that
theta = E (theta_1, ..., theta_c).

`outputs` and `pull_back` also take X (..., N, P): separate examples for every theta, as in a
mini-batch. `products` are the pair products of the columns of X, if the caller has them already.
"""

from typing import ClassVar, Protocol

from efviz.arrays import Array


class Model(Protocol):
    name: ClassVar[str]
    linear: ClassVar[bool]

    def n_parameters(self, P: int) -> int: ...
    @property
    def n_outputs(self) -> int: ...
    def outputs(self, X: Array, theta: Array) -> Array: ...
    def jacobian(self, X: Array, theta: Array) -> Array: ...
    def pull_back(self, X: Array, theta: Array, v: Array) -> Array: ...
    def gram(self, X: Array, theta: Array, W: Array, products: Array | None = None) -> Array: ...
    def second_order(self, X: Array, theta: Array, v: Array) -> Array: ...
    def smoothness(self, X: Array, low: Array, high: Array) -> float: ...
    def seen(self, shift_invariant: bool) -> tuple["Model", Array]: ...

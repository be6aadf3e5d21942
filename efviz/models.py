"""f(X, theta): outputs, Jacobian and the sums over examples that gradients and matrices need.

Shapes: X (N, P), theta (..., D), outputs f (..., N, C), Jacobian J (..., N, C, D). The sums take
weights in output space, v (..., N, C) or W (..., N, C, C), symmetric:

    pull_back     sum_n J_n^T v_n              (..., D)
    gram          sum_n J_n^T W_n J_n          (..., D, D)
    second_order  sum_{n,c} v_nc d2f_nc/dtheta2  (..., D, D), zero for a linear model

`smoothness` is the least beta with ||d2f_nc/dtheta2||_2 <= beta for all n, c and low <= theta <=
high, (D,) each: Proposition 2 of Kunstner et al. (2019).

`seen` is the model without what a likelihood cannot see that does not change when a number is added
to all outputs, and the orthonormal columns E (C, c) with theta = E (theta_1, ..., theta_c).

`outputs` and `pull_back` also take X (..., N, P): every theta its own examples, as a mini-batch.
`products`, where a caller has them already, are the pair products of the columns of X.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Protocol

import numpy as np
import scipy
from numpy.typing import NDArray

from efviz.data import Array
from efviz.lazy import cached_property


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


@lru_cache
def upper(D: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """np.triu_indices, remembered: inner loops ask for it all the time."""
    return np.triu_indices(D)


def pairs(A: Array) -> Array:
    """Products of two columns: (N, D) -> (N, D (D + 1) / 2), in the order of `upper`."""
    i, j = upper(A.shape[-1])
    return A[..., i] * A[..., j]


def symmetric(packed: Array, D: int) -> Array:
    """The inverse of packing by `upper`: (..., D (D + 1) / 2) -> (..., D, D)."""
    i, j = upper(D)
    full = np.empty((*packed.shape[:-1], D, D))
    full[..., i, j] = packed
    full[..., j, i] = packed
    return full


@dataclass(frozen=True)
class Linear:
    """f_c = x . theta_c + offset, theta = (theta_1, ..., theta_C) one after the other.

    X is used as is; the offset is known, as an intercept that is held at some value.
    """

    name: ClassVar[str] = "linear"
    linear: ClassVar[bool] = True
    n_outputs: int = 1
    offset: float = 0.0

    def n_parameters(self, P: int) -> int:
        return P * self.n_outputs

    def outputs(self, X: Array, theta: Array) -> Array:
        if X.ndim > 2:
            rows = theta.reshape(*theta.shape[:-1], self.n_outputs, X.shape[-1])
            f = X @ np.swapaxes(rows, -1, -2)
        else:
            f = theta.reshape(-1, X.shape[1]) @ X.T
            f = np.swapaxes(f.reshape(*theta.shape[:-1], self.n_outputs, len(X)), -1, -2)
        return f + self.offset if self.offset else f

    def jacobian(self, X: Array, theta: Array) -> Array:
        C, (N, P) = self.n_outputs, X.shape
        J = np.zeros((N, C, C, P))
        J[:, np.arange(C), np.arange(C)] = X[:, None, :]
        return np.broadcast_to(J.reshape(N, C, C * P), (*theta.shape[:-1], N, C, C * P))

    def pull_back(self, X: Array, theta: Array, v: Array) -> Array:
        if X.ndim > 2:
            sums = np.swapaxes(v, -1, -2) @ X
            return sums.reshape(*sums.shape[:-2], self.n_outputs * X.shape[-1])
        sums = np.swapaxes(v, -1, -2).reshape(-1, len(X)) @ X
        return sums.reshape(*v.shape[:-2], sums.shape[1] * self.n_outputs)

    def gram(self, X: Array, theta: Array, W: Array, products: Array | None = None) -> Array:
        """One matrix product with the pair products of the columns, for the whole batch.

        Without `products`, and one output, one product X^T W X a theta.
        """
        C, P = self.n_outputs, X.shape[1]
        if products is None and C == 1:
            full = np.swapaxes(W[..., 0] * X, -1, -2) @ X
            return (full + np.swapaxes(full, -1, -2)) / 2
        lead, N = W.shape[:-3], len(X)
        i, j = upper(C)
        weights = np.moveaxis(W[..., i, j] if C > 1 else W[..., 0], -1, -2).reshape(-1, N)
        packed = weights @ (pairs(X) if products is None else products)
        blocks = symmetric(packed, P).reshape(*lead, len(i), P, P)
        if C == 1:
            return blocks[..., 0, :, :]
        full = np.empty((*lead, C, C, P, P))
        full[..., i, j, :, :] = blocks
        full[..., j, i, :, :] = blocks
        return np.swapaxes(full, -3, -2).reshape(*lead, C * P, C * P)

    def second_order(self, X: Array, theta: Array, v: Array) -> Array:
        D = theta.shape[-1]
        return np.zeros((*theta.shape[:-1], D, D))

    def smoothness(self, X: Array, low: Array, high: Array) -> float:
        return 0.0

    def seen(self, shift_invariant: bool) -> tuple["Model", Array]:
        if not (shift_invariant and self.n_outputs > 1):
            return self, np.eye(self.n_outputs)
        centred = Centred(self.n_outputs)
        return centred, centred.combination


@dataclass(frozen=True)
class _Combined(ABC):
    """f = E (x . theta_1, ..., x . theta_c): several outputs made of fewer linear ones.

    Softmax does not see a number added to all outputs: with C - 1 parameters an input it sees all.
    """

    name: ClassVar[str]
    linear: ClassVar[bool] = True
    n_outputs: int = 3

    @property
    @abstractmethod
    def combination(self) -> Array:
        """E (C, c)."""

    @cached_property
    def _free(self) -> Linear:
        return Linear(self.combination.shape[1])

    def n_parameters(self, P: int) -> int:
        return self._free.n_parameters(P)

    def outputs(self, X: Array, theta: Array) -> Array:
        return self._free.outputs(X, theta) @ self.combination.T

    def jacobian(self, X: Array, theta: Array) -> Array:
        return self.combination @ self._free.jacobian(X, theta)

    def pull_back(self, X: Array, theta: Array, v: Array) -> Array:
        return self._free.pull_back(X, theta, v @ self.combination)

    def gram(self, X: Array, theta: Array, W: Array, products: Array | None = None) -> Array:
        E = self.combination
        return self._free.gram(X, theta, E.T @ W @ E, products)

    def second_order(self, X: Array, theta: Array, v: Array) -> Array:
        return self._free.second_order(X, theta, v)

    def smoothness(self, X: Array, low: Array, high: Array) -> float:
        return 0.0

    def seen(self, shift_invariant: bool) -> tuple["Model", Array]:
        return self, np.eye(self.combination.shape[1])


@dataclass(frozen=True)
class Contrast(_Combined):
    """f = (0, x . theta_1, ..., x . theta_{C-1}): class 0 is what the others are compared with."""

    name: ClassVar[str] = "contrast"

    @cached_property
    def combination(self) -> Array:
        return np.eye(self.n_outputs)[:, 1:]


@dataclass(frozen=True)
class Centred(_Combined):
    """Outputs that sum to zero, in an orthonormal basis of them."""

    name: ClassVar[str] = "centred"

    @cached_property
    def combination(self) -> Array:
        return np.asarray(scipy.linalg.helmert(self.n_outputs).T)


@dataclass(frozen=True)
class Saturation:
    """f = a (1 - exp(-b x)), theta = (a, b), one input: the model whose Hessian is not its GGN."""

    name: ClassVar[str] = "saturation"
    linear: ClassVar[bool] = False
    n_outputs: ClassVar[int] = 1

    def n_parameters(self, P: int) -> int:
        if P != 1:
            raise ValueError(f"a (1 - exp(-b x)) takes one input column, got {P}")
        return 2

    def outputs(self, X: Array, theta: Array) -> Array:
        a, b = theta[..., :1], theta[..., 1:]
        return (-a * np.expm1(-b * X[..., 0]))[..., None]

    def jacobian(self, X: Array, theta: Array) -> Array:
        a, b = theta[..., :1], theta[..., 1:]
        x = X[..., 0]
        return np.stack([-np.expm1(-b * x), a * x * np.exp(-b * x)], axis=-1)[..., None, :]

    def pull_back(self, X: Array, theta: Array, v: Array) -> Array:
        return np.einsum("...ncd,...nc->...d", self.jacobian(X, theta), v)

    def gram(self, X: Array, theta: Array, W: Array, products: Array | None = None) -> Array:
        J = self.jacobian(X, theta)[..., 0, :]
        return np.swapaxes(J, -1, -2) @ (W[..., 0] * J)

    def second_order(self, X: Array, theta: Array, v: Array) -> Array:
        a, b = theta[..., :1], theta[..., 1:]
        x = X[:, 0]
        slope = x * np.exp(-b * x) * v[..., 0]
        H = np.zeros((*theta.shape[:-1], 2, 2))
        H[..., 0, 1] = H[..., 1, 0] = slope.sum(-1)
        H[..., 1, 1] = -(a * x * slope).sum(-1)
        return H

    def smoothness(self, X: Array, low: Array, high: Array) -> float:
        """d2f = x exp(-b x) [[0, 1], [1, -a x]] grows with |a| and with -b x: a corner is worst."""
        x = X[:, 0]
        bend = max(abs(low[0]), abs(high[0])) * np.abs(x)
        steepest = np.exp(np.maximum(-low[1] * x, -high[1] * x))
        return float((np.abs(x) * steepest * (bend + np.hypot(bend, 2)) / 2).max())

    def seen(self, shift_invariant: bool) -> tuple["Model", Array]:
        return self, np.eye(2)


MODELS: dict[str, type[Model]] = {kind.name: kind for kind in (Linear, Contrast, Saturation)}

"""Models that are linear in theta."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import scipy

from efviz.arrays import Array, pairs, symmetric, upper
from efviz.lazy import cached_property
from efviz.problems.models.base import Model


@dataclass(frozen=True)
class Linear(Model):
    """f_c = x . theta_c + offset, theta = (theta_1, ..., theta_C) one after the other.

    X is used unchanged; the offset is known, such as an intercept held at some value.
    """

    name: ClassVar[str] = "linear"
    linear: ClassVar[bool] = True
    on_inputs: ClassVar[bool] = True
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

        Without `products`, and with one output, one product X^T W X for each theta.
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

    def seen(self, shift_invariant: bool) -> tuple[Model, Array]:
        if not (shift_invariant and self.n_outputs > 1):
            return self, np.eye(self.n_outputs)
        centred = Centred(self.n_outputs)
        return centred, centred.combination


@dataclass(frozen=True)
class _Combined(Model):
    """f = E (x . theta_1, ..., x . theta_c): several outputs made from fewer linear ones.

    Softmax does not change when a number is added to all outputs: with C - 1 parameters for each
    input, all of them are determined.
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

    def seen(self, shift_invariant: bool) -> tuple[Model, Array]:
        return self, np.eye(self.combination.shape[1])


@dataclass(frozen=True)
class Contrast(_Combined):
    """f = (0, x . theta_1, ..., x . theta_{C-1}): class 0 is the reference class."""

    name: ClassVar[str] = "contrast"

    @cached_property
    def combination(self) -> Array:
        return np.eye(self.n_outputs)[:, 1:]


@dataclass(frozen=True)
class Centred(_Combined):
    """Outputs that sum to zero, in an orthonormal basis of such outputs."""

    name: ClassVar[str] = "centred"

    @cached_property
    def combination(self) -> Array:
        return np.asarray(scipy.linalg.helmert(self.n_outputs).T)

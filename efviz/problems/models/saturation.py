"""The model whose Hessian is not its generalized Gauss-Newton matrix."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from efviz.arrays import Array
from efviz.problems.models.base import Model


@dataclass(frozen=True)
class Saturation(Model):
    """f = a (1 - exp(-b x)), theta = (a, b), one input: the model whose Hessian is not its GGN."""

    name: ClassVar[str] = "saturation"

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

    def second_order(self, X: Array, theta: Array, v: Array) -> Array:
        a, b = theta[..., :1], theta[..., 1:]
        x = X[:, 0]
        slope = x * np.exp(-b * x) * v[..., 0]
        H = np.zeros((*theta.shape[:-1], 2, 2))
        H[..., 0, 1] = H[..., 1, 0] = slope.sum(-1)
        H[..., 1, 1] = -(a * x * slope).sum(-1)
        return H

    def smoothness(self, X: Array, low: Array, high: Array) -> float:
        """d2f = x exp(-b x) [[0, 1], [1, -a x]] grows with |a| and -b x: a corner is worst."""
        x = X[:, 0]
        bend = max(abs(low[0]), abs(high[0])) * np.abs(x)
        steepest = np.exp(np.maximum(-low[1] * x, -high[1] * x))
        return float((np.abs(x) * steepest * (bend + np.hypot(bend, 2)) / 2).max())

"""Several classes: softmax regression."""

from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np
import scipy
from numpy.random import Generator

from efviz.arrays import Array, Mask
from efviz.numerics.elementary import excess
from efviz.problems import softmax
from efviz.problems.likelihoods.base import Likelihood, Quality


def _rows_of_outputs(f: Array, y: Array) -> tuple[Array, Array, tuple[int, ...]]:
    """f (..., N, C) and y (..., N) as a kernel's f (B, N, C) and y (N,), and their joint shape."""
    C, shape = f.shape[-1], np.broadcast_shapes(f.shape[:-1], y.shape)
    if y.ndim > 1:
        # Labels differ between rows: use one long row.
        f, y = np.broadcast_to(f, (*shape, C)), np.broadcast_to(y, shape).reshape(-1)
    rows = np.ascontiguousarray(f).reshape(prod(shape) // len(y), len(y), C)
    return rows, np.ascontiguousarray(y), shape


@dataclass(frozen=True)
class Categorical(Likelihood):
    """p(y = c | f) = softmax(f)_c: l = -f_y + scipy.special.logsumexp(f). Eqs. 31-34."""

    name: ClassVar[str] = "categorical"
    natural: ClassVar[bool] = True
    convex: ClassVar[bool] = True
    keeps_digits: ClassVar[bool] = True
    # Third and second cumulants of v_y, which lies within max v - min v of its mean.
    self_concordant: ClassVar[bool] = True
    shift_invariant: ClassVar[bool] = True
    discrete: ClassVar[bool] = True
    classes: ClassVar[bool] = True

    def nll(self, f: Array, y: Array) -> Array:
        rows, labels, shape = _rows_of_outputs(f, y)
        return softmax.nll(rows, labels).reshape(shape)

    def gradient(self, f: Array, y: Array) -> Array:
        rows, labels, shape = _rows_of_outputs(f, y)
        return softmax.gradient(rows, labels).reshape(*shape, f.shape[-1])

    def hessian(self, f: Array, y: Array) -> Array:
        return self.fisher(f)

    def fisher(self, f: Array) -> Array:
        C = f.shape[-1]
        rows = np.ascontiguousarray(f).reshape(prod(f.shape[:-2]), f.shape[-2], C)
        return softmax.fisher(rows).reshape(*f.shape, C)

    def gradient_and_fisher(self, f: Array, y: Array) -> tuple[Array, Array]:
        """Both at the cost of one if all of f share the same labels."""
        if y.ndim > 1:
            return self.gradient(f, y), self.fisher(f)
        rows, labels, _ = _rows_of_outputs(f, y)
        gradient, fisher = softmax.gradient_and_fisher(rows, labels)
        return gradient.reshape(f.shape), fisher.reshape(*f.shape, f.shape[-1])

    def mean(self, f: Array) -> Array:
        return np.asarray(scipy.special.softmax(f, axis=-1))

    def sample(self, f: Array, rng: Generator, n_samples: int) -> Array:
        cumulative = np.cumsum(scipy.special.softmax(f, axis=-1), axis=-1)[..., :-1]
        u = rng.random((n_samples, *f.shape[:-1]))
        return (u[..., None] > cumulative).sum(-1).astype(float)

    def log_base(self, y: Array) -> Array:
        return np.zeros(y.shape)

    def most_likely(self, f: Array) -> Array:
        """The first of the labels with the largest output."""
        return f.argmax(-1).astype(float)

    def _gradient_of_each_label(self, f: Array) -> Array:
        """(..., N, C, C): row c is dl/df at y = c."""
        labels = (np.full(f.shape[-2], float(c)) for c in range(f.shape[-1]))
        return np.stack([self.gradient(f, y) for y in labels], axis=-2)

    def fourth_moment(self, f: Array, K: Array) -> Array:
        r = self._gradient_of_each_label(f)
        form = np.einsum("...kc,...cd,...kd->...k", r, K, r, optimize=True)
        return (self.mean(f) * form**2).sum(-1)

    def sampled_fisher(self, f: Array, rng: Generator, n_samples: int) -> Array | None:
        r = self._gradient_of_each_label(f)
        share = rng.multinomial(n_samples, np.nan_to_num(self.mean(f))) / n_samples
        return np.swapaxes(r, -1, -2) @ (share[..., None] * r)

    def kl(self, f: Array, g: Array) -> Array:
        step = g - f
        pi = scipy.special.softmax(f, axis=-1)
        # Outputs are free to move together: subtract the mean step.
        step = step - (pi * step).sum(-1, keepdims=True)
        with np.errstate(over="ignore", invalid="ignore"):
            near = np.log1p((pi * excess(step)).sum(-1))
        far = scipy.special.logsumexp(scipy.special.log_softmax(f, axis=-1) + step, axis=-1)
        return np.where(np.abs(step).max(-1) < 1, near, far)

    def quality(self, f: Array, y: Array) -> Quality:
        return Quality("accuracy", float(np.mean(f.argmax(-1) == y)))

    def check(self, y: Array) -> None:
        if not (np.isfinite(y).all() and (y >= 0).all() and (y == np.floor(y)).all()):
            raise ValueError("class labels must be whole numbers 0, 1, ..., C - 1")

    def recession(self, y: Array, C: int) -> tuple[Array, Mask]:
        # f_c - f_y must not grow, for every other class c.
        rows = np.eye(C)[:, None, :] - np.eye(C)[y.astype(int)][None]
        return rows, np.zeros((C, len(y)), dtype=bool)

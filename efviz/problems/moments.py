r"""Least squares in few dimensions from moments of the data: the cost does not depend on N.

With residuals r_n(theta) = x_n . (theta - c) - e_n and z_n = (x_n, e_n), phi = (theta - c, -1):

    L(theta)  = 1/2 phi^T S phi / sigma^2,               S = 1/N sum_n z_n z_n^T
    g(theta)  = (S phi)_{1..D} / sigma^2
    EF(theta) = T : phi phi^T / sigma^4,   T_ij,kl = 1/N sum_n x_i x_j z_k z_l

The expansion point c lies near the least-squares solution, so that small residuals at the minimum
are not differences of large moments.
"""

from dataclasses import dataclass

import numpy as np

from efviz.arrays import Array, pairs, symmetric, upper
from efviz.numerics.columns import gram_far_from_singular, least_squares
from efviz.numerics.sums import moment_sums
from efviz.problems.likelihoods.base import Combination

# Up to this many parameters, the (D (D + 1) / 2)-fold moments cost little.
MAX_PARAMETERS = 8
# The expansion point is the solution of about this many examples, evenly spaced.
_CENTER_EXAMPLES = 20_000


@dataclass(frozen=True, eq=False)
class Moments:
    """S (D + 1, D + 1), and T as (D (D + 1) / 2, (D + 1)(D + 2) / 2): pairs by pairs."""

    center: Array
    S: Array
    T: Array
    sigma: float
    exact_center: bool

    def phi(self, theta: Array) -> Array:
        return np.concatenate([theta - self.center, np.full((*theta.shape[:-1], 1), -1.0)], axis=-1)

    def loss(self, theta: Array) -> Array:
        phi = self.phi(theta)
        return np.einsum("...i,ij,...j->...", phi, self.S, phi) / (2 * self.sigma**2)

    def gradient(self, theta: Array) -> Array:
        return self.phi(theta) @ self.S[:, :-1] / self.sigma**2

    def minimum(self) -> Array:
        """argmin L: the expansion point, corrected if only some examples determined it."""
        if self.exact_center:
            return self.center
        return self.center + np.linalg.solve(self.S[:-1, :-1], self.S[:-1, -1])

    def matrix(self, weights: Combination, theta: Array) -> Array:
        """1/N sum_n J_n^T W_n J_n at theta (..., D), W_n = c / sigma^2 + gradient r_n^2."""
        constant = weights.fisher + weights.hessian
        parts = [constant * self.fisher(theta)] if constant or not weights.gradient else []
        if weights.gradient:
            parts.append(weights.gradient * self.empirical_fisher(theta))
        return sum(parts[1:], parts[0])

    def fisher(self, theta: Array) -> Array:
        D = theta.shape[-1]
        return np.broadcast_to(self.S[:-1, :-1] / self.sigma**2, (*theta.shape[:-1], D, D)).copy()

    def empirical_fisher(self, theta: Array) -> Array:
        D = theta.shape[-1]
        return symmetric(pairs(self.phi(theta)) @ self.T.T, D) / self.sigma**4


def moments(X: Array, y: Array, sigma: float) -> Moments | None:
    """All moments that least squares on (X, y) needs, in one pass over the data.

    None if columns are so nearly collinear that residuals, which are small differences of large
    terms, have to be computed example by example.
    """
    N, D = X.shape
    thin = slice(None, None, -(-N // _CENTER_EXAMPLES))
    center = least_squares(X[thin], y[thin])[0]
    k, l = upper(D + 1)
    S, T = moment_sums(np.ascontiguousarray(X), y, center, np.flatnonzero(l < D))
    if not gram_far_from_singular(S[:-1, :-1]):
        return None
    # phi phi^T is packed for k <= l only, so off-diagonal entries count twice.
    return Moments(center, S / N, T * np.where(k == l, 1.0, 2.0) / N, sigma, N <= _CENTER_EXAMPLES)

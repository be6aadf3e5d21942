"""Sums over examples for whole batches of theta, in pieces that fit into the processor's cache.

A piece combines some of the thetas (b, D) with some of the examples (n, P). The terms to be summed
are functions of a piece; all requested terms share one pass over the data.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from efviz.arrays import Array, pairs
from efviz.breaks import pause
from efviz.lazy import cached_property
from efviz.numerics.sums import linear_outputs, weighted_sums
from efviz.problems.likelihoods.base import Likelihood
from efviz.problems.models.base import Model
from efviz.problems.softmax import outer_products

# Examples, and outputs f, in one piece: a few arrays of this size fit into a core's cache.
_EXAMPLES = 8192
_OUTPUTS = 2**16
# Up to this many columns a compiled loop over examples beats a matrix product of their pairs.
_FEW = 4
# Products of pairs of columns, formed once, pay off for few columns or for many thetas.
_SMALL, _BATCH = 8, 16
# Pieces long enough that threads working on several samples seldom wait for the interpreter.
_LONG = 2**15


@dataclass(frozen=True, eq=False)
class Examples:
    X: Array
    y: Array

    @cached_property
    def products(self) -> Array:
        return pairs(self.X)


@dataclass(frozen=True, eq=False)
class Piece:
    """b thetas and n examples; outputs and derivatives are computed once, on first access.

    `jointly`: both the gradient and the Fisher will be needed.
    """

    model: Model
    likelihood: Likelihood
    examples: Examples
    theta: Array
    jointly: bool = False

    @cached_property
    def f(self) -> Array:
        return self.model.outputs(self.examples.X, self.theta)

    @cached_property
    def residual(self) -> Array:
        """dl/df (b, n, C): for least squares f - y."""
        if self.jointly:
            return self._both[0]
        return self.likelihood.gradient(self.f, self.examples.y)

    @cached_property
    def fisher(self) -> Array:
        """E[dl/df dl/df^T] (b, n, C, C) over the model's own labels."""
        if self.jointly:
            return self._both[1]
        return self.likelihood.fisher(self.f)

    @cached_property
    def _both(self) -> tuple[Array, Array]:
        return self.likelihood.gradient_and_fisher(self.f, self.examples.y)

    def gram(self, W: Array) -> Array:
        D, b = self.examples.X.shape[1], len(self.theta)
        shared = self.model.linear and (D <= _SMALL or b >= _BATCH)
        products = self.examples.products if shared else None
        return self.model.gram(self.examples.X, self.theta, W, products)


Term = Callable[[Piece], Array]


def loss_term(piece: Piece) -> Array:
    return piece.likelihood.nll(piece.f, piece.examples.y).sum(-1)


def gradient_term(piece: Piece) -> Array:
    return piece.model.pull_back(piece.examples.X, piece.theta, piece.residual)


def ggn_term(piece: Piece) -> Array:
    return piece.gram(piece.likelihood.hessian(piece.f, piece.examples.y))


def fisher_term(piece: Piece) -> Array:
    return piece.gram(piece.fisher)


def empirical_fisher_term(piece: Piece) -> Array:
    return squares(piece, piece.residual)


def squares(piece: Piece, r: Array) -> Array:
    """sum_n J_n^T r_n r_n^T J_n (b, D, D) for r (b, n, C)."""
    one = r.shape[-1] == 1
    return piece.gram((r * r)[..., None] if one else outer_products(np.ascontiguousarray(r)))


def hessian_term(piece: Piece) -> Array:
    G = ggn_term(piece)
    if piece.model.linear:
        return G
    return G + second_order_term(piece)


def second_order_term(piece: Piece) -> Array:
    return piece.model.second_order(piece.examples.X, piece.theta, piece.residual)


def sum_over_examples(
    model: Model, likelihood: Likelihood, X: Array, y: Array, theta: Array, terms: Sequence[Term]
) -> list[Array]:
    """For each term, its sum over all examples: theta (..., D) -> (..., *shape of the term)."""
    lead, flat = theta.shape[:-1], theta.reshape(-1, theta.shape[-1])
    n_step = min(len(X), _EXAMPLES)
    b_step = max(1, _OUTPUTS // (n_step * model.n_outputs))

    jointly = fisher_term in terms and len(terms) > 1

    def part(n: int) -> list[Array]:
        examples = Examples(X[n : n + n_step], y[n : n + n_step])
        # A theta far out overflows to inf or nan; the result shows that, without a warning.
        with np.errstate(all="ignore"):
            sums = []
            for b in range(0, max(1, len(flat)), b_step):
                piece = Piece(model, likelihood, examples, flat[b : b + b_step], jointly)
                sums.append([term(piece) for term in terms])
                pause()
            return [np.concatenate(parts) for parts in zip(*sums, strict=True)]

    with np.errstate(all="ignore"):
        added = reduce(_add, map(part, range(0, len(X), n_step)))
    return [total.reshape((*lead, *total.shape[1:])) for total in added]


def gradient_and_matrices(
    model: Model, likelihood: Likelihood, X: Array, y: Array, theta: Array
) -> tuple[Array, Array, Array]:
    """Sums of gradient (D,), Fisher (D, D) and empirical Fisher (D, D) at ONE theta (D,).

    The same as `sum_over_examples` of the three terms, in a third of the time for one linear
    output.
    """
    if not (model.on_inputs and model.n_outputs == 1 and X.shape[1] <= _FEW):
        terms = (gradient_term, fisher_term, empirical_fisher_term)
        g, F, E = sum_over_examples(model, likelihood, X, y, theta, terms)
        return g, F, E

    def part(n: int) -> list[Array]:
        pause()
        x = X[n : n + _LONG]
        f = linear_outputs(x, theta)[:, None]
        if model.offset:
            f += model.offset
        v, w = likelihood.gradient_and_fisher(f, y[n : n + _LONG])
        return list(weighted_sums(x, v[:, 0], w[:, 0, 0]))

    with np.errstate(all="ignore"):
        g, F, E = reduce(_add, map(part, range(0, len(X), _LONG)))
    return g, F, E


def _add(totals: list[Array], more: list[Array]) -> list[Array]:
    return [a + b for a, b in zip(totals, more, strict=True)]

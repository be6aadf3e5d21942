r"""Curvature matrices (problem, theta) -> (..., D, D), all MEANS over n; CURVATURES lists them.

With l_n = -log p(y_n | f_n), f_n = f(x_n, theta), J_n = df_n/dtheta, g_n = nabla_theta l_n.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.numerics.linalg import Rows
from efviz.problems import Problem, batches

Matrix = Callable[[Problem, ArrayLike], Array]


def hessian(problem: Problem, theta: ArrayLike) -> Array:
    """H = 1/N sum_n J_n^T (d2l_n/df2) J_n + 1/N sum_n,c (dl_n/df_c) d2f_nc/dtheta2.

    theta (..., D) -> (..., D, D). Kunstner et al. (2019), Eq. 9; indefinite in general.
    """
    if problem.moments:
        return problem.moments.fisher(problem.check_theta(theta))
    return problem.mean_over_examples(theta, batches.hessian_term)[0]


def ggn(problem: Problem, theta: ArrayLike) -> Array:
    """Generalized Gauss-Newton matrix of the canonical split: H without the curvature of f.

        G = 1/N sum_n J_n^T (d2l_n/df2) J_n

    theta (..., D) -> (..., D, D). Kunstner et al. (2019), Eqs. 10 and 12.
    """
    if problem.moments:
        return problem.moments.fisher(problem.check_theta(theta))
    return problem.mean_over_examples(theta, batches.ggn_term)[0]


def fisher(problem: Problem, theta: ArrayLike) -> Array:
    """Fisher information of prod_n p(y | x_n), expectations over the MODEL's y, exact.

        F = 1/N sum_n J_n^T E_{y ~ p(. | f_n)}[dl/df dl/df^T] J_n

    theta (..., D) -> (..., D, D). Kunstner et al. (2019), Eqs. 2 and 6, divided by N.
    """
    if problem.moments:
        return problem.moments.fisher(problem.check_theta(theta))
    return problem.mean_over_examples(theta, batches.fisher_term)[0]


def empirical_fisher(problem: Problem, theta: ArrayLike) -> Array:
    """Uncentred second moment of the per-example gradients.

        EF = 1/N sum_n g_n g_n^T

    theta (..., D) -> (..., D, D). Kunstner et al. (2019), Eq. 3, divided by N. The y_n are the
    observed labels, so this is not a Monte Carlo estimate of the Fisher; see `mc_fisher`.
    """
    if problem.moments:
        return problem.moments.empirical_fisher(problem.check_theta(theta))
    return problem.mean_over_examples(theta, batches.empirical_fisher_term)[0]


def mc_fisher(problem: Problem, theta: ArrayLike, rng: Generator, n_samples: int = 1) -> Array:
    """Unbiased estimate of the Fisher from labels drawn from the model.

        1/N sum_n 1/M sum_m g_nm g_nm^T,   g_nm at y_m ~ p(. | f_n),  M = n_samples

    theta (..., D) -> (..., D, D). Kunstner et al. (2019), Eq. 38. One Jacobian per example serves
    all its labels. Up to M = LABEL_BY_LABEL, every label comes from `likelihood.sample`. For larger
    M, if the likelihood supports it, only sufficient statistics are drawn (the sum of squares of
    normal residuals, the counts of classes): same distribution, different use of `rng`.
    """
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, got {n_samples}")
    theta = problem.check_theta(theta)
    total = sampled_sum(problem, problem.X, theta, rng, n_samples)
    return total / problem.N


LABEL_BY_LABEL = 32


def sampled_sum(problem: Problem, X: Array, theta: Array, rng: Generator, n_samples: int) -> Array:
    """`mc_fisher` as a sum, over inputs X (n, P) that are a part of the problem's."""
    model, likelihood = problem.model, problem.likelihood
    # A large theta overflows to inf or nan, as in `batches`.
    with np.errstate(all="ignore"):
        f = model.outputs(X, theta)
        W = likelihood.sampled_fisher(f, rng, n_samples) if n_samples > LABEL_BY_LABEL else None
        if W is None:
            W = np.zeros((*f.shape, f.shape[-1]))
            # Draws come in pieces, so that M = 10,000 needs no M copies of f.
            step = max(1, 2**20 // max(1, f.size))
            for m in range(0, n_samples, step):
                y = likelihood.sample(f, rng, min(step, n_samples - m))
                r = likelihood.gradient(f, y)
                W += np.einsum("m...c,m...d->...cd", r, r) / n_samples
        return model.gram(X, theta, W)


def _weighted_rows(problem: Problem, theta: Array, W: Array, r: Array) -> Rows | None:
    """Rows of sum_n J_n^T W_n J_n, W (N, C, C), and of the gradient; None if a W_n is indefinite.

    With W_n = V diag(w) V^T: A_n = diag(w)^(1/2) V^T J_n and b_n = diag(w)^(-1/2) V^T r_n.
    """
    J = problem.model.jacobian(problem.X, theta)
    if W.shape[-1] == 1:
        w, V = W[..., 0], np.ones_like(W)
    else:
        w, V = np.linalg.eigh(W)
        w[np.abs(w) <= w.shape[-1] * np.finfo(float).eps * np.abs(w).max(-1, keepdims=True)] = 0
    if (w < 0).any():
        return None
    root = np.sqrt(w)
    with np.errstate(all="ignore"):
        b = np.where(root > 0, np.einsum("ncd,nc->nd", V, r) / root, 0.0)
    A = root[..., None] * (np.swapaxes(V, -1, -2) @ J)
    return Rows(A.reshape(-1, problem.D), b.reshape(-1))


def _fisher_rows(problem: Problem, theta: Array) -> Rows | None:
    f = problem.model.outputs(problem.X, theta)
    r, W = problem.likelihood.gradient_and_fisher(f, problem.y)
    return _weighted_rows(problem, theta, W, r)


def _ggn_rows(problem: Problem, theta: Array) -> Rows | None:
    f, likelihood = problem.model.outputs(problem.X, theta), problem.likelihood
    W, r = likelihood.hessian(f, problem.y), likelihood.gradient(f, problem.y)
    return _weighted_rows(problem, theta, W, r)


def _hessian_rows(problem: Problem, theta: Array) -> Rows | None:
    return _ggn_rows(problem, theta) if problem.model.linear else None


def _empirical_rows(problem: Problem, theta: Array) -> Rows | None:
    return Rows(problem.per_example_gradients(theta), np.ones(problem.N))


@dataclass(frozen=True)
class Curvature:
    """A curvature matrix: its name, its symbol in KaTeX, and its summand per example.

    `rows(problem, theta (D,))` are A, b with matrix = A^T A / N and gradient = A^T b / N, which
    carry twice the digits; None where no such rows exist.
    """

    title: str
    symbol: str
    matrix: Matrix
    term: batches.Term
    rows: Callable[[Problem, Array], Rows | None]


CURVATURES: dict[str, Curvature] = {
    "hessian": Curvature("Hessian", r"\nabla^2 L", hessian, batches.hessian_term, _hessian_rows),
    "ggn": Curvature("Generalized Gauss-Newton", "G", ggn, batches.ggn_term, _ggn_rows),
    "fisher": Curvature("Fisher", "F", fisher, batches.fisher_term, _fisher_rows),
    "empirical_fisher": Curvature(
        "Empirical Fisher",
        r"\tilde F",
        empirical_fisher,
        batches.empirical_fisher_term,
        _empirical_rows,
    ),
}

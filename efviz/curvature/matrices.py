r"""Curvature matrices (problem, theta) -> (..., D, D), all MEANS over n; CURVATURES lists them.

With l_n = -log p(y_n | f_n), f_n = f(x_n, theta), J_n = df_n/dtheta, g_n = nabla_theta l_n.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.curvature.improved import unit_gradients
from efviz.curvature.vocabulary import Term
from efviz.numerics.linalg import Rows
from efviz.problems import Problem, batches
from efviz.problems.declared import asking
from efviz.problems.likelihoods.base import Combination, Likelihood
from efviz.style import AMBER, BLACK, GREEN, RED, SLATE, Style

Matrix = Callable[[Problem, ArrayLike], Array]
Weights = Callable[[Likelihood, Array, Array], Array]


def _no_rows(problem: Problem, theta: Array) -> Rows | None:
    return None


@dataclass(frozen=True)
class Curvature:
    """A curvature matrix B(theta), a mean over the examples, with its title and symbol in KaTeX.

    It is given in one of three ways:

        function     (problem, theta (..., D)) -> (..., D, D), symmetric; with `batched` False,
                     theta is (D,) only
        weights      (likelihood, f (..., N, C), y (N,)) -> W (..., N, C, C), symmetric:
                     B = 1/N sum_n J_n^T W_n J_n
        combination  the same, with W a Combination of the likelihood's own matrices

    and with `second_order`, 1/N sum_n,c (dl_n/df_c) d2f_nc/dtheta2 is added. The later ways are the
    faster ones: runs and sweeps take their shortcuts only as far as the matrix is stated. `rotates`
    says that after a rotation of the parameters the matrix is the rotated one, which always holds
    for weights. `term` and `rows` are faster forms of what the weights say: its summand, and
    A, b at theta (D,) with B = A^T A / N and gradient = A^T b / N, which carry twice the digits.

    `short` names it in figures and tables; without it, it is the key in CURVATURES. `style` is how
    it is drawn; without one it gets a place in a palette. `vocabulary` is its entry in VOCABULARY,
    which has those of efviz itself.
    """

    title: str
    symbol: str
    function: Callable[[Problem, Array], Array] | None = None
    batched: bool = True
    rotates: bool = False
    weights: Weights | None = None
    combination: Combination | None = None
    second_order: bool = False
    term: batches.Term | None = None
    rows: Callable[[Problem, Array], Rows | None] = _no_rows
    short: str = ""
    style: Style | None = None
    vocabulary: Term | None = None

    def __post_init__(self) -> None:
        # In a copy made by `replace`, the weights of a combination are the combination.
        given = {id(way) for way in (self.function, self.weights, self.combination) if way}
        if len(given) != 1:
            raise ValueError(
                f"the matrix {self.title!r} is given by a function, weights or a combination, by "
                "exactly one of them"
            )
        if self.combination is not None:
            object.__setattr__(self, "weights", self.combination)
        weights, second_order = self.weights, self.second_order
        if weights is None:
            return
        object.__setattr__(self, "rotates", True)
        if self.term is None:
            object.__setattr__(self, "term", _summand(self.title, weights, second_order))
        if self.rows is _no_rows:
            object.__setattr__(self, "rows", _rows(weights, second_order))

    def matrix(self, problem: Problem, theta: ArrayLike) -> Array:
        """B(theta), (..., D) -> (..., D, D)."""
        theta = problem.check_theta(theta)
        if problem.moments and self.combination is not None:
            return problem.moments.matrix(self.combination, theta)
        if self.term is not None:
            return problem.mean_over_examples(theta, self.term)[0]
        with asking(f"The matrix {self.title!r} cannot be computed here"):
            return self._by_function(problem, theta)

    def _by_function(self, problem: Problem, theta: Array) -> Array:
        assert self.function is not None
        with np.errstate(all="ignore"):
            if self.batched:
                found = np.asarray(self.function(problem, theta), dtype=float)
            else:
                each = [self.function(problem, one) for one in theta.reshape(-1, problem.D)]
                found = np.asarray(each, dtype=float)
                found = found.reshape(*theta.shape[:-1], *found.shape[1:])
        if found.shape != (*theta.shape, problem.D):
            raise ValueError(f"its shape is {found.shape} instead of {(*theta.shape, problem.D)}")
        return found


def _summand(title: str, weights: Weights, second_order: bool) -> batches.Term:
    def term(piece: batches.Piece) -> Array:
        with asking(f"The matrix {title!r} cannot be computed here"):
            W = np.asarray(weights(piece.likelihood, piece.f, piece.examples.y), dtype=float)
        total = piece.gram(W)
        if second_order and not piece.model.linear:
            total = total + batches.second_order_term(piece)
        return total

    return term


def _rows(weights: Weights, second_order: bool) -> Callable[[Problem, Array], Rows | None]:
    """Rows of sum_n J_n^T W_n J_n, W (N, C, C), and of the gradient.

    With W_n = V diag(w) V^T: A_n = diag(w)^(1/2) V^T J_n and b_n = diag(w)^(-1/2) V^T r_n. There
    are none where a W_n is indefinite, or r_n has a part that it does not see.
    """

    def rows(problem: Problem, theta: Array) -> Rows | None:
        if second_order and not problem.model.linear:
            return None
        f = problem.model.outputs(problem.X, theta)
        W, r = weights(problem.likelihood, f, problem.y), problem.likelihood.gradient(f, problem.y)
        if W.shape[-1] == 1:
            w, V = W[..., 0], np.ones_like(W)
        else:
            w, V = np.linalg.eigh(W)
            tiny = w.shape[-1] * np.finfo(float).eps * np.abs(w).max(-1, keepdims=True)
            w[np.abs(w) <= tiny] = 0
        if (w < 0).any():
            return None
        root, parts = np.sqrt(w), np.einsum("ncd,nc->nd", V, r)
        rounding = 8 * r.shape[-1] * np.finfo(float).eps * np.abs(r).max(-1, keepdims=True)
        if ((root == 0) & (np.abs(parts) > rounding)).any():
            return None
        with np.errstate(all="ignore"):
            b = np.where(root > 0, parts / root, 0.0)
        A = root[..., None] * (np.swapaxes(V, -1, -2) @ problem.model.jacobian(problem.X, theta))
        return Rows(A.reshape(-1, problem.D), b.reshape(-1))

    return rows


def _empirical_rows(problem: Problem, theta: Array) -> Rows | None:
    return Rows(problem.per_example_gradients(theta), np.ones(problem.N))


CURVATURES: dict[str, Curvature] = {
    "hessian": Curvature(
        "Hessian",
        r"\nabla^2 L",
        combination=Combination(hessian=1),
        second_order=True,
        term=batches.hessian_term,
        short="H",
        style=SLATE.named("Hessian"),
    ),
    "ggn": Curvature(
        "Generalized Gauss-Newton",
        "G",
        combination=Combination(hessian=1),
        term=batches.ggn_term,
        short="G",
        style=BLACK.named("Gauss-Newton"),
    ),
    "fisher": Curvature(
        "Fisher",
        "F",
        combination=Combination(fisher=1),
        term=batches.fisher_term,
        short="F",
        style=AMBER.named("Fisher"),
    ),
    "empirical_fisher": Curvature(
        "Empirical Fisher",
        r"\tilde F",
        combination=Combination(gradient=1),
        term=batches.empirical_fisher_term,
        rows=_empirical_rows,
        short="EF",
        style=RED.named("empirical Fisher"),
    ),
    "improved_empirical_fisher": Curvature(
        "Improved empirical Fisher",
        r"\tilde F_{\mathrm{iEF}}",
        weights=unit_gradients,
        short="iEF",
        style=GREEN.named("improved EF"),
    ),
}


def keys_by_short() -> dict[str, str]:
    """The keys of CURVATURES by the short names of their matrices."""
    return {curvature.short or key: key for key, curvature in CURVATURES.items()}


def hessian(problem: Problem, theta: ArrayLike) -> Array:
    """H = 1/N sum_n J_n^T (d2l_n/df2) J_n + 1/N sum_n,c (dl_n/df_c) d2f_nc/dtheta2.

    theta (..., D) -> (..., D, D). Kunstner et al. (2019), Eq. 9; indefinite in general.
    """
    return CURVATURES["hessian"].matrix(problem, theta)


def ggn(problem: Problem, theta: ArrayLike) -> Array:
    """Generalized Gauss-Newton matrix of the canonical split: H without the curvature of f.

        G = 1/N sum_n J_n^T (d2l_n/df2) J_n

    theta (..., D) -> (..., D, D). Kunstner et al. (2019), Eqs. 10 and 12.
    """
    return CURVATURES["ggn"].matrix(problem, theta)


def fisher(problem: Problem, theta: ArrayLike) -> Array:
    """Fisher information of prod_n p(y | x_n), expectations over the MODEL's y, exact.

        F = 1/N sum_n J_n^T E_{y ~ p(. | f_n)}[dl/df dl/df^T] J_n

    theta (..., D) -> (..., D, D). Kunstner et al. (2019), Eqs. 2 and 6, divided by N.
    """
    return CURVATURES["fisher"].matrix(problem, theta)


def empirical_fisher(problem: Problem, theta: ArrayLike) -> Array:
    """Uncentred second moment of the per-example gradients.

        EF = 1/N sum_n g_n g_n^T

    theta (..., D) -> (..., D, D). Kunstner et al. (2019), Eq. 3, divided by N. The y_n are the
    observed labels, so this is not a Monte Carlo estimate of the Fisher; see `mc_fisher`.
    """
    return CURVATURES["empirical_fisher"].matrix(problem, theta)


def improved_empirical_fisher(problem: Problem, theta: ArrayLike) -> Array:
    """Mean of the outer products of the gradients, each divided by its size in output space.

        iEF = 1/N sum_n g_n g_n^T / |dl_n/df|^2,   0/0 := 0

    theta (..., D) -> (..., D, D). Wu et al. (2024), arXiv:2406.06420, Eq. 14. For one output it is
    1/N sum_n J_n^T J_n wherever no residual is 0: sigma^2 F for least squares, X^T X / N for
    logistic regression at every theta.
    """
    return CURVATURES["improved_empirical_fisher"].matrix(problem, theta)


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

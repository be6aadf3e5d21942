r"""Splits of the loss, l_n = a_n(b_n(theta)), and the generalised Gauss-Newton matrix of each.

    H = 1/N sum_n J_b^T (d2a_n/db2) J_b  +  1/N sum_n,m (da_n/db)_m d2b_nm/dtheta2      (Eq. 9)
        `ggn` (Eq. 10): b linearised        `remainder`: the rest

All MEANS over n, theta (..., D) -> (..., D, D). SPLITS lists them. Definition 1 of Kunstner et al.
(2019) requires of a split that the outer gradient da_n/db can reach zero for every example, because
it is a factor of everything that the matrix ignores; `vanishing` says whether it can.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array, Mask
from efviz.curvature.matrices import Matrix, empirical_fisher, ggn, hessian
from efviz.problems import Problem, batches

Reach = Literal["attained", "approached", "never"]


@dataclass(frozen=True)
class Vanishing:
    """Whether the outer gradient can reach zero, in theory, as a function of the outputs f.

    "approached": it tends to zero, but only as f goes to infinity. Definition 1, which requires a
    b* in the image of b_n, then does not hold literally.
    """

    reach: Reach
    reason: str

    @property
    def possible(self) -> bool:
        return self.reach != "never"


@dataclass(frozen=True)
class Sizes:
    """Smallest, median and largest norm of N outer gradients, as log10; -inf for zero.

    Logarithms are stored because 1/p overflows for an example that the model considers impossible.
    """

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class Split:
    """One split: its formulas in KaTeX and its parts as functions of (problem, theta).

    outer_gradient  da_n/db at b_n(theta), NOT divided by N; (..., N, M). inf where it overflows
    log_size        natural logarithm of its Euclidean norm, (..., N), which does not overflow
    """

    title: str
    outer: str
    inner: str
    equation: str
    ggn: Matrix
    remainder: Matrix
    outer_gradient: Matrix
    log_size: Matrix
    vanishing: Callable[[Problem], Vanishing]

    def sizes(self, problem: Problem, theta: ArrayLike) -> Sizes:
        """The sizes of the outer gradients at one theta (D,)."""
        log10 = self.log_size(problem, theta) / np.log(10)
        return Sizes(float(log10.min()), float(np.median(log10)), float(log10.max()))


def _outputs(problem: Problem, theta: ArrayLike) -> Array:
    with np.errstate(all="ignore"):
        return problem.model.outputs(problem.X, problem.check_theta(theta))


def _log_norm(gradient: Array) -> Array:
    with np.errstate(all="ignore"):
        return np.asarray(np.log(np.linalg.norm(gradient, axis=-1)))


# The canonical split: a = -log p(y_n | b), b = f(x_n, theta).


def _curvature_of_outputs(problem: Problem, theta: ArrayLike) -> Array:
    """1/N sum_n,c (dl_n/df_c) d2f_nc/dtheta2."""
    return problem.mean_over_examples(theta, batches.second_order_term)[0]


def _residual(problem: Problem, theta: ArrayLike) -> Array:
    with np.errstate(all="ignore"):
        return problem.likelihood.gradient(_outputs(problem, theta), problem.y)


def _attainable(problem: Problem) -> Mask | None:
    """Whether some finite f minimises l_n, (N,): l_n decreases for ever along no line."""
    cones = problem.likelihood.recession(problem.y, problem.model.n_outputs)
    return None if cones is None else np.asarray(cones[1].all(axis=0))


def _canonical_vanishing(problem: Problem) -> Vanishing:
    attained = _attainable(problem)
    if attained is None:
        return Vanishing("approached", "The residual ∇_f l goes to zero as the model interpolates.")
    if attained.all():
        return Vanishing(
            "attained",
            "The residual ∇_f l is zero for every example that the model fits exactly.",
        )
    share = (
        "every example" if not attained.any() else f"{np.sum(~attained)} of {problem.N} examples"
    )
    return Vanishing(
        "approached",
        "The residual ∇_f l goes to zero as the model interpolates, but for "
        f"{share} it is zero only at infinite f.",
    )


# The empirical Fisher's split: a = -log b, b = p(y_n | f(x_n, theta)).


def _curvature_of_probability_term(piece: batches.Piece) -> Array:
    """-(1/p) d2p/dtheta2, through l = -log p: d2p / p = r r^T - h in outputs, and -r along d2f."""
    r = piece.residual
    h = piece.likelihood.hessian(piece.f, piece.examples.y)
    return piece.gram(h - r[..., :, None] * r[..., None, :]) + batches.second_order_term(piece)


def _curvature_of_probability(problem: Problem, theta: ArrayLike) -> Array:
    return problem.mean_over_examples(theta, _curvature_of_probability_term)[0]


def _log_inverse_probability(problem: Problem, theta: ArrayLike) -> Array:
    with np.errstate(all="ignore"):
        nll = problem.likelihood.nll(_outputs(problem, theta), problem.y)
        return nll - problem.likelihood.log_base(problem.y)


def _minus_inverse_probability(problem: Problem, theta: ArrayLike) -> Array:
    with np.errstate(over="ignore"):
        return -np.exp(_log_inverse_probability(problem, theta))[..., None]


def _never_for_probability(problem: Problem) -> Vanishing:
    why = (
        "p(y|f) is a probability, at most 1: −1/p is at most −1"
        if problem.likelihood.discrete
        else "p(y|f) is a density, finite at every f: −1/p is below zero"
    )
    return Vanishing("never", f"{why}, even where the model fits the example exactly.")


# The two extreme splits: b = theta (Eq. 11, right) and a(b) = b.


def _zero(problem: Problem, theta: ArrayLike) -> Array:
    theta = problem.check_theta(theta)
    return np.zeros((*theta.shape, problem.D))


def _gradients(problem: Problem, theta: ArrayLike) -> Array:
    return problem.per_example_gradients(theta)


def _ones(problem: Problem, theta: ArrayLike) -> Array:
    return np.ones((*problem.check_theta(theta).shape[:-1], problem.N, 1))


def _parameters_vanishing(problem: Problem) -> Vanishing:
    reach = _canonical_vanishing(problem).reach
    return Vanishing(
        reach,
        "The outer gradient is g_n itself, zero where the model fits example n"
        + (
            "; the remainder is zero everywhere, because b = θ has no curvature."
            if reach == "attained"
            else ", which takes infinite f; the remainder is zero everywhere, because b = θ has no "
            "curvature."
        ),
    )


SPLITS: dict[str, Split] = {
    "canonical": Split(
        "Canonical: curvature of −log p in f",
        r"a_n(b) = -\log p(y_n \mid b)",
        r"b_n(\theta) = f(x_n, \theta)",
        "Eq. 12",
        ggn,
        _curvature_of_outputs,
        _residual,
        lambda problem, theta: _log_norm(_residual(problem, theta)),
        _canonical_vanishing,
    ),
    "empirical_fisher": Split(
        "The empirical Fisher's: curvature of −log in p",
        r"a_n(b) = -\log b",
        r"b_n(\theta) = p(y_n \mid f(x_n, \theta))",
        "Eq. 14",
        empirical_fisher,
        _curvature_of_probability,
        _minus_inverse_probability,
        _log_inverse_probability,
        _never_for_probability,
    ),
    "parameters": Split(
        "All outside: b is θ itself",
        r"a_n(b) = -\log p(y_n \mid f(x_n, b))",
        r"b_n(\theta) = \theta",
        "Eq. 11, right",
        hessian,
        _zero,
        _gradients,
        lambda problem, theta: _log_norm(_gradients(problem, theta)),
        _parameters_vanishing,
    ),
    "identity": Split(
        "All inside: a is the identity",
        r"a_n(b) = b",
        r"b_n(\theta) = -\log p(y_n \mid f(x_n, \theta))",
        "Eq. 9",
        _zero,
        hessian,
        _ones,
        lambda problem, theta: _ones(problem, theta)[..., 0] * 0.0,
        lambda problem: Vanishing(
            "never", "The outer gradient is 1 everywhere: the matrix contains no curvature at all."
        ),
    ),
}

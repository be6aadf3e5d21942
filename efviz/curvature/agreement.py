r"""Which matrices agree at one theta and, for those of efviz, the theorem that explains it.

THEOREMS lists the known reasons. Each makes two or more of them equal under a condition on the
problem and theta. Reasons combine: H = G and G = F together give H = F. Nothing is known about
matrices from elsewhere: they agree, or not, by their numbers alone.
"""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.curvature.matrices import CURVATURES
from efviz.problems import Problem

TOLERANCE = 1e-10
"""Two matrices agree if their relative distance is at most this."""

# Tolerance of the conditions: below TOLERANCE, because matrices are quadratic in the residuals.
_ROUNDING = 1e-12

COINCIDENCE = "by coincidence at this θ: no known theorem makes them equal"


def symmetric_distance(A: Array, B: Array) -> float:
    """|A - B| / max(|A|, |B|) in Frobenius norms, from 0 to 2; 0 where both matrices are zero."""
    # In units of the largest entry; otherwise squares of tiny entries would underflow.
    size = max(float(np.abs(A).max()), float(np.abs(B).max()))
    if size == 0:
        return 0.0
    with np.errstate(all="ignore"):
        A, B = A / size, B / size
        return float(np.linalg.norm(A - B) / max(np.linalg.norm(A), np.linalg.norm(B)))


Condition = Callable[[Problem, Array], bool]


@dataclass(frozen=True)
class Theorem:
    """All of `matrices` (keys of CURVATURES) are equal if `holds(problem, theta)`; see `words`."""

    matrices: tuple[str, ...]
    holds: Condition
    words: str


def _outputs(problem: Problem, theta: Array) -> Array:
    return problem.model.outputs(problem.X, theta)


def _natural(problem: Problem, theta: Array) -> bool:
    return problem.likelihood.natural


def _linear(problem: Problem, theta: Array) -> bool:
    return problem.model.linear


def _no_residuals(problem: Problem, theta: Array) -> bool:
    """dl/df = 0 for every example, measured by its spread under the model."""
    f = _outputs(problem, theta)
    r = problem.likelihood.gradient(f, problem.y)
    spread = np.sqrt(np.einsum("ncc->nc", problem.likelihood.fisher(f)))
    return bool((np.abs(r) <= _ROUNDING * spread).all())


def _unit_variance(problem: Problem, theta: Array) -> bool:
    """E[r^2] = 1 and r != 0 for every example, with one output."""
    f = _outputs(problem, theta)
    r, W = problem.likelihood.gradient(f, problem.y), problem.likelihood.fisher(f)
    return f.shape[-1] == 1 and bool(r.all()) and bool((np.abs(W - 1) <= _ROUNDING).all())


def _one_half(problem: Problem, theta: Array) -> bool:
    """Two classes, each with probability 1/2 for every example."""
    mean = problem.likelihood.mean(_outputs(problem, theta))
    two = problem.likelihood.classes and problem.likelihood.natural and mean.shape[-1] <= 2
    return two and bool((np.abs(mean - 0.5) <= _ROUNDING).all())


def _even_classes(problem: Problem, theta: Array) -> bool:
    """C equal probabilities, and the same sum of x x^T over the examples of each class."""
    likelihood, model = problem.likelihood, problem.model
    if not (likelihood.classes and likelihood.natural and model.seen(False) is not None):
        return False
    mean = problem.likelihood.mean(_outputs(problem, theta))
    C = mean.shape[-1]
    if C < 2 or not (np.abs(mean - 1 / C) <= _ROUNDING).all():
        return False
    X, labels = problem.X, problem.y[:, None] == np.arange(C)
    sums = np.einsum("nc,ni,nj->cij", labels, X, X, optimize=True)
    return bool(np.abs(sums - sums.mean(0)).max() <= _ROUNDING * np.abs(sums).max())


def _as_the_model_says(problem: Problem, theta: Array) -> bool:
    """At every distinct input the mean of r r^T over its examples is its expected value."""
    f = _outputs(problem, theta)
    r = problem.likelihood.gradient(f, problem.y)
    W = problem.likelihood.fisher(f)
    excess = r[:, :, None] * r[:, None, :] - W
    _, group = np.unique(problem.X, axis=0, return_inverse=True)
    sums = np.zeros((group.max() + 1, *W.shape[1:]))
    np.add.at(sums, group.ravel(), excess)
    return bool(np.abs(sums).max() <= _ROUNDING * len(W) * np.abs(W).max())


def _certain(problem: Problem, theta: Array) -> bool:
    """Every label has probability 1 in floating point: no residual, no variance."""
    f = _outputs(problem, theta)
    return not (
        problem.likelihood.gradient(f, problem.y).any() or problem.likelihood.fisher(f).any()
    )


def _no_slope(problem: Problem, theta: Array) -> bool:
    return not problem.model.jacobian(problem.X, theta).any()


THEOREMS: dict[str, Theorem] = {
    "certain": Theorem(
        ("hessian", "ggn", "fisher", "empirical_fisher", "improved_empirical_fisher"),
        _certain,
        "the model predicts every label correctly and with certainty: all matrices are zero",
    ),
    "no_slope": Theorem(
        ("ggn", "fisher", "empirical_fisher", "improved_empirical_fisher"),
        _no_slope,
        "no output depends on θ to first order here: the Jacobian of f is zero for every example",
    ),
    "natural": Theorem(
        ("ggn", "fisher"),
        _natural,
        "the likelihood is an exponential family with f as its natural parameter, whose Hessian in "
        "f does not depend on the labels (Proposition 1)",
    ),
    "linear": Theorem(
        ("hessian", "ggn"),
        _linear,
        "the model is linear in θ, so the second derivative of f is zero (Eq. 9)",
    ),
    "interpolation": Theorem(
        ("hessian", "ggn"),
        _no_residuals,
        "all residuals are zero, and so is the part of H that G leaves out (Eq. 15)",
    ),
    "unit_variance": Theorem(
        ("fisher", "improved_empirical_fisher"),
        _unit_variance,
        "every label has variance 1 under the model and a residual that is not zero, so that both "
        "matrices weigh all examples alike",
    ),
    "one_half": Theorem(
        ("fisher", "empirical_fisher"),
        _one_half,
        "all predicted probabilities are 1/2, where (σ(f) − y)² = σ(f)(1 − σ(f)) for either label "
        "(Eq. 53, printed without the y)",
    ),
    "even_classes": Theorem(
        ("fisher", "empirical_fisher"),
        _even_classes,
        "all classes are equally probable, and the inputs of each class have the same sum of "
        "squares and products",
    ),
    "spread": Theorem(
        ("fisher", "empirical_fisher"),
        _as_the_model_says,
        "at every distinct input the observed labels vary exactly as the model predicts",
    ),
}

_EXPLAINED = frozenset(key for theorem in THEOREMS.values() for key in theorem.matrices)
"""The matrices that theorems are about."""


@dataclass(frozen=True)
class Agreement:
    """Two matrices by name, their distance, and why they agree.

    The reason is "" if they do not, or if no theorem is about one of them. `theorems` are the keys
    of THEOREMS that explain it, empty for a coincidence.
    """

    first: str
    second: str
    distance: float
    agree: bool
    theorems: tuple[str, ...]
    reason: str


def agreements(
    problem: Problem,
    theta: ArrayLike,
    matrices: Mapping[str, Array] | None = None,
    *,
    tolerance: float = TOLERANCE,
) -> list[Agreement]:
    """All pairs of `matrices` (by default those of CURVATURES) at one theta (D,).

    A pair agrees if its `symmetric_distance` is at most `tolerance`; a matrix that is not finite
    agrees with none. The reason is one sentence, with the smallest number of theorems holding here
    that lead from one matrix to the other; there is none where THEOREMS do not know the matrix.
    """
    theta = problem.check_theta(theta)
    if theta.ndim != 1:
        raise ValueError(f"theta must be ({problem.D},), got {theta.shape}")
    if matrices is None:
        matrices = {key: entry.matrix(problem, theta) for key, entry in CURVATURES.items()}
    distances = {
        pair: symmetric_distance(matrices[pair[0]], matrices[pair[1]])
        for pair in combinations(matrices, 2)
    }
    equal = {frozenset(pair) for pair, distance in distances.items() if distance <= tolerance}
    with np.errstate(all="ignore"):
        known = [key for key, t in THEOREMS.items() if _seen(t, equal) and t.holds(problem, theta)]
    found = []
    for (first, second), distance in distances.items():
        agree = frozenset((first, second)) in equal
        theorems = _path(first, second, known) if agree else ()
        explained = agree and {first, second} <= _EXPLAINED
        reason = _sentence(theorems) if explained else ""
        found.append(Agreement(first, second, distance, agree, theorems, reason))
    return found


def _seen(theorem: Theorem, equal: Set[frozenset[str]]) -> bool:
    """Whether some pair that agrees needs this theorem: some conditions are slow to check."""
    return any(pair <= set(theorem.matrices) for pair in equal)


def _sentence(theorems: tuple[str, ...]) -> str:
    words = [THEOREMS[key].words for key in theorems] or [COINCIDENCE]
    sentence = "; and ".join(words)
    return sentence[0].upper() + sentence[1:] + "."


def _path(first: str, second: str, known: list[str]) -> tuple[str, ...]:
    """The shortest chain of known theorems from one matrix to the other, () if there is none."""
    reached: dict[str, tuple[str, ...]] = {first: ()}
    while second not in reached:
        step = {
            name: (*reached[at], key)
            for key in reversed(known)
            for at in THEOREMS[key].matrices
            if at in reached
            for name in THEOREMS[key].matrices
            if name not in reached
        }
        if not step:
            return ()
        reached |= step
    return reached[second]

"""The mean of g g^T with labels from one source, and its distance from the Fisher."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from efviz.arrays import Array
from efviz.curvature import LABEL_SOURCES, fisher
from efviz.curvature.distance import relative_distance
from efviz.curvature.label_sources import realised_batches, sampled_error, sampled_fisher
from efviz.problems import Problem
from efviz.problems.declared import NotStated
from efviz.work import Progress, Work, part

SAMPLED = "sampled"
"""The source that draws labels, of which M can be chosen."""
BATCHES = "squared_mean"
"""The source that squares gradients of batches, whose size can be chosen."""
SIZES = (1, 3, 10, 32, 100, 316, 1_000, 3_162, 10_000)
REPETITIONS = 12
OTHERS: dict[str, str] = {
    "observed": "EF",
    "most_likely": "most likely",
    "reversed": "reversed logits",
    "squared_mean": "∇L ∇Lᵀ",
}
"""Sources whose distance does not depend on M, and the names of their lines."""


@dataclass(frozen=True, eq=False)
class LabelMatrix:
    """The matrix (D, D) of one source of labels, and its distance from the exact F relative to |F|.

    `cost` and `least` are numbers of gradient evaluations: see `LabelSource`. Where the matrix is
    an expectation over batches, `realised` is the mean over the batches of one partition, and
    `n_batches` their number, which bounds its rank.
    """

    matrix: Array
    distance: float
    cost: int
    least: int
    realised: Array | None = None
    n_batches: int = 0


def label_matrix(
    problem: Problem, theta: Array, *, source: str, M: int, seed: int, batch_size: int = 1
) -> Work[LabelMatrix]:
    """Work towards the matrix of one of LABEL_SOURCES at theta (D,).

    M is the number of labels drawn per example, and `batch_size` that of examples whose gradients
    are averaged before they are squared; only SAMPLED depends on the one, only BATCHES on the
    other.
    """
    chosen, count = LABEL_SOURCES[source], M if source == SAMPLED else 1
    if source == SAMPLED:
        drawing = sampled_fisher(problem, theta, n_samples=count, seed=seed)
        matrix = yield from part(drawing, 0, 1)
    else:
        matrix = _without_draws(problem, theta, source, batch_size)
    size = problem.N, count, problem.model.n_outputs
    off = distance(matrix, fisher(problem, theta))
    found = LabelMatrix(matrix, off, chosen.cost(*size), chosen.least(*size))
    if source != BATCHES:
        return found
    rng = np.random.default_rng((seed, batch_size))
    one = realised_batches(problem, theta, batch_size, rng)
    return replace(found, realised=one, n_batches=problem.N // batch_size)


def _without_draws(problem: Problem, theta: Array, source: str, batch_size: int) -> Array:
    rng = np.random.default_rng(0)
    matrix = LABEL_SOURCES[source].matrix
    return matrix(problem, theta, rng=rng, n_samples=1, batch_size=batch_size)


def distance(matrix: Array, F: Array) -> float:
    """|matrix - F| / |F|; 0 where both are zero."""
    return 0.0 if np.array_equal(matrix, F) else float(relative_distance(matrix, F))


@dataclass(frozen=True, eq=False)
class LabelDistances:
    """Distances from the exact F relative to |F|, for `sizes` (S,) labels drawn per example.

    errors (R, S) are those of R repetitions of the sampled Fisher, nan if not computed yet; theory
    (S,) is their expected size; `others` has those of the sources that draw no labels, by name.
    What the likelihood does not state, a moment or a most likely label, is nan or left out.
    """

    sizes: tuple[int, ...]
    errors: Array
    theory: Array
    others: dict[str, float]


def unknown_distances(
    sizes: Sequence[int] = SIZES, repetitions: int = REPETITIONS
) -> LabelDistances:
    """The distances before any is computed."""
    nothing = np.full((repetitions, len(sizes)), np.nan)
    return LabelDistances(tuple(sizes), nothing, nothing[0], {})


def label_distances(
    problem: Problem,
    theta: Array,
    *,
    seed: int,
    sizes: Sequence[int] = SIZES,
    repetitions: int = REPETITIONS,
) -> Work[LabelDistances]:
    """Work towards the distances at theta (D,): other sources first, then the sampled Fisher."""
    found, F = unknown_distances(sizes, repetitions), fisher(problem, theta)
    off = {}
    for source, name in OTHERS.items():
        with suppress(NotStated):
            off[name] = distance(_without_draws(problem, theta, source, problem.N), F)
    if not np.isfinite(F).all():
        return found
    errors, theory = found.errors, found.theory

    def so_far() -> LabelDistances:
        return LabelDistances(found.sizes, errors, theory, off)

    yield Progress(0.0, so_far)
    for s, M in enumerate(sizes):
        drawing = sampled_error(problem, theta, (M,), repetitions=repetitions, seed=seed)
        begin, end = s / len(sizes), (s + 1) / len(sizes)
        drawn = yield from part(drawing, begin, end, meanwhile=so_far)
        errors = errors.copy()
        errors[:, s] = drawn.distances[0]
        theory = drawn.coefficient / np.sqrt(np.array(sizes))
        yield Progress(end, so_far)
    return so_far()

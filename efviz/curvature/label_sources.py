r"""Where do the labels come from? The same outer products g g^T with labels from many sources.

With g_n(y) = nabla_theta -log p(y | f_n), F = 1/N sum_n E_{y ~ p(. | f_n)}[g_n(y) g_n(y)^T]. The
matrices of LABEL_SOURCES, all means over the examples, differ in the labels, and the last in how
many examples are averaged before their gradient is squared.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.curvature.distance import relative_distance
from efviz.curvature.matrices import Matrix, empirical_fisher, fisher, mc_fisher, sampled_sum
from efviz.lazy import cached_property
from efviz.problems import Problem, batches
from efviz.problems.declared import NotStated
from efviz.work import Progress, Work, part


def most_likely_fisher(problem: Problem, theta: ArrayLike) -> Array:
    """1/N sum_n g_n g_n^T at y_n = argmax_y p(y | f_n), theta (..., D) -> (..., D, D).

    This is not an estimate of the Fisher: the most likely label has the smallest residual. For
    least squares it is f_n itself, and the matrix is zero. `Likelihood.most_likely` breaks ties.
    """
    return problem.mean_over_examples(theta, _most_likely_term)[0]


def _most_likely_term(piece: batches.Piece) -> Array:
    likelihood, f = piece.likelihood, piece.f
    return batches.squares(piece, likelihood.gradient(f, likelihood.most_likely(f)))


def logits_reversal(problem: Problem, theta: ArrayLike) -> Array:
    """1/N sum_n J_n^T r_n r_n^T J_n, r_n = dl_n/df at -f_n, theta (..., D) -> (..., D, D).

    The gradients at the observed labels with all logits of the output turned in sign, which makes
    unlikely what was likely: for two classes, examples weigh p_n^2 with p_n the probability of the
    observed label, where the empirical Fisher has (1 - p_n)^2. NotStated for targets that are no
    classes.
    """
    if not problem.likelihood.classes:
        raise NotStated("The logits can be reversed only where the targets are classes.")
    return problem.mean_over_examples(theta, _reversed_term)[0]


def _reversed_term(piece: batches.Piece) -> Array:
    return batches.squares(piece, piece.likelihood.gradient(-piece.f, piece.examples.y))


def batch_fisher(
    problem: Problem, theta: ArrayLike, batch_size: int, *, replacement: bool = False
) -> Array:
    """E[g_B g_B^T], g_B the mean gradient of a random batch of B examples: (..., D) -> (..., D, D).

        g g^T + c (EF - g g^T),   c = (N - B) / (B (N - 1)), or 1/B with replacement

    What squaring the gradient of a batch loss estimates: the empirical Fisher for B = 1, and for
    B = N, without replacement, the square of the mean gradient, of rank one and zero at the
    minimum.
    """
    N = problem.N
    _check(batch_size, N)
    share = 1 / batch_size
    if not replacement:
        share *= (N - batch_size) / max(1, N - 1)
    terms = batches.gradient_term, batches.empirical_fisher_term
    g, EF = problem.mean_over_examples(theta, *terms)
    # Where gradients overflow, so does the matrix.
    with np.errstate(all="ignore"):
        square = g[..., :, None] * g[..., None, :]
        return np.asarray((1 - share) * square + share * EF)


def _check(batch_size: int, N: int) -> None:
    if not 1 <= batch_size <= N:
        raise ValueError(f"batch_size must be between 1 and N = {N}, got {batch_size}")


def realised_batches(problem: Problem, theta: Array, batch_size: int, rng: Generator) -> Array:
    """Mean of g_B g_B^T over the batches of one random partition, theta (D,) -> (D, D).

    Its rank is at most the number of batches. Examples that do not fill a batch are left out, and
    its expectation is `batch_fisher`.
    """
    _check(batch_size, problem.N)
    K = problem.N // batch_size
    order = rng.permutation(problem.N)[: K * batch_size]
    with np.errstate(all="ignore"):
        each = problem.per_example_gradients(theta)[order].reshape(K, batch_size, -1).mean(1)
        return np.asarray(each.T @ each / K)


class SourceMatrix(Protocol):
    def __call__(
        self,
        problem: Problem,
        theta: ArrayLike,
        *,
        rng: Generator,
        n_samples: int,
        batch_size: int,
    ) -> Array: ...


Cost = Callable[[int, int, int], int]


@dataclass(frozen=True)
class LabelSource:
    """A source of labels and the matrix that results from it.

    `matrix(problem, theta, *, rng, n_samples, batch_size)` -> (..., D, D); only the sampled source
    uses rng and n_samples, and only batches use their size. `unbiased`: the mean over its own
    randomness is F at every theta. `cost(N, M, C)` counts gradient evaluations, one backward pass
    per label of an example; `least(N, M, C)` counts those needed if the C rows of the Jacobian of
    an example, one backward pass each, are kept, as all gradients of the example are combinations
    of them.
    """

    title: str
    formula: str
    matrix: SourceMatrix
    unbiased: bool
    cost: Cost
    least: Cost
    words: str


def _without_draws(matrix: Matrix) -> SourceMatrix:
    def of_source(
        problem: Problem, theta: ArrayLike, *, rng: Generator, n_samples: int, batch_size: int
    ) -> Array:
        return matrix(problem, theta)

    return of_source


def _sampled(
    problem: Problem, theta: ArrayLike, *, rng: Generator, n_samples: int, batch_size: int
) -> Array:
    return mc_fisher(problem, theta, rng, n_samples)


def _of_batches(
    problem: Problem, theta: ArrayLike, *, rng: Generator, n_samples: int, batch_size: int
) -> Array:
    return batch_fisher(problem, theta, batch_size)


def _each_example(N: int, M: int, C: int) -> int:
    return N


def _each_output(N: int, M: int, C: int) -> int:
    return N * C


LABEL_SOURCES: dict[str, LabelSource] = {
    "observed": LabelSource(
        "Observed labels",
        r"\tilde F = \tfrac1N \sum_n g_n(y_n)\, g_n(y_n)^\top",
        _without_draws(empirical_fisher),
        unbiased=False,
        cost=_each_example,
        least=_each_example,
        words="The labels of the data, which are draws from the model only if it is correct: "
        "the empirical Fisher.",
    ),
    "exact": LabelSource(
        "Exact expectation",
        r"F = \tfrac1N \sum_n \mathbb E_{y \sim p(\cdot \mid f_n)}"
        r"[g_n(y)\, g_n(y)^\top]",
        _without_draws(fisher),
        unbiased=True,
        cost=_each_output,
        least=_each_output,
        words="Every label possible under the model, weighted by its probability: the Fisher.",
    ),
    "sampled": LabelSource(
        "Labels sampled from the model",
        r"\hat F_M = \tfrac1N \sum_n \tfrac1M \sum_{m=1}^M g_n(y_{nm})\, g_n(y_{nm})^\top,"
        r"\quad y_{nm} \sim p(\cdot \mid f_n)",
        _sampled,
        unbiased=True,
        cost=lambda N, M, C: N * M,
        least=lambda N, M, C: N * min(M, C),
        words="M draws from the model for each example: unbiased, with an error that falls "
        "like 1/√M.",
    ),
    "most_likely": LabelSource(
        "The most likely label",
        r"\tfrac1N \sum_n g_n(\hat y_n)\, g_n(\hat y_n)^\top,"
        r"\quad \hat y_n = \arg\max_y p(y \mid f_n)",
        _without_draws(most_likely_fisher),
        unbiased=False,
        cost=_each_example,
        least=_each_example,
        words="The model's best guess, with the smallest residual: zero for least squares, too "
        "small for two classes.",
    ),
    "reversed": LabelSource(
        "Reversed logits",
        r"\tfrac1N \sum_n J_n^\top r_n r_n^\top J_n,\quad"
        r" r_n = \nabla_f \ell(y_n, f)\big|_{f = -f_n}",
        _without_draws(logits_reversal),
        unbiased=False,
        cost=_each_example,
        least=_each_example,
        words="The observed labels with all logits reversed in sign, so that examples that are "
        "predicted well weigh the most.",
    ),
    "squared_mean": LabelSource(
        "Square of a batch gradient",
        r"\mathbb E\Bigl[\bigl(\tfrac1B \sum_{n \in \mathcal B} g_n(y_n)\bigr)"
        r" \bigl(\tfrac1B \sum_{n \in \mathcal B} g_n(y_n)\bigr)^\top\Bigr]",
        _of_batches,
        unbiased=False,
        cost=_each_example,
        least=_each_example,
        words="The gradient that automatic differentiation returns for a batch, squared. For B = 1 "
        "this is the empirical Fisher; for B = N it has rank one and is zero at the minimum.",
    ),
}


@dataclass(frozen=True, eq=False)
class SampledError:
    """|F_M - F| / |F| in Frobenius norms for each M of `sizes` and each repetition.

    distances (S, R); `coefficient` is c in the exact root-mean-square error c M^(-1/2), nan where
    the likelihood does not state its fourth moment.
    """

    sizes: tuple[int, ...]
    distances: Array
    coefficient: float

    @cached_property
    def theory(self) -> Array:
        """c M^(-1/2), (S,)."""
        return self.coefficient / np.sqrt(self.sizes)

    @cached_property
    def mean(self) -> Array:
        return np.asarray(self.distances.mean(axis=1))

    @cached_property
    def root_mean_square(self) -> Array:
        return np.sqrt((self.distances**2).mean(axis=1))

    def quantiles(self, levels: Sequence[float] = (0.0, 1.0)) -> Array:
        """(len(levels), S); by default the smallest and the largest."""
        return np.quantile(self.distances, levels, axis=1)


def sampled_error(
    problem: Problem,
    theta: ArrayLike,
    sample_sizes: Sequence[int],
    *,
    repetitions: int = 20,
    seed: int = 0,
) -> Work[SampledError]:
    """Work towards the error of `mc_fisher` at one theta (D,), in slices of some 10 ms.

    Each estimate has its own random stream, seeded by (seed, M, repetition), so other sizes or more
    repetitions do not change it.
    """
    theta = problem.check_theta(theta)
    if theta.ndim != 1:
        raise ValueError(f"theta must be ({problem.D},), got {theta.shape}")
    if repetitions < 1 or min(sample_sizes, default=0) < 1:
        raise ValueError(
            f"sizes and repetitions must be at least 1, got {list(sample_sizes)} and {repetitions}"
        )
    variance, F = yield from part(_variance_of_one_label(problem, theta), 0, 0)
    norm = float(np.linalg.norm(F))
    coefficient = float(np.sqrt(variance)) / norm if norm else float("nan")
    distances = np.empty((len(sample_sizes), repetitions))
    total, done = distances.size * problem.N, 0
    for s, M in enumerate(sample_sizes):
        for r in range(repetitions):
            estimate = np.zeros_like(F)
            for piece, n in _parts(problem, theta, default_rng((seed, M, r)), M):
                estimate += piece
                done += n
                yield Progress(done / total)
            distances[s, r] = relative_distance(estimate, F)
    return SampledError(tuple(sample_sizes), distances, coefficient)


def sampled_fisher(
    problem: Problem, theta: ArrayLike, *, n_samples: int, seed: int = 0
) -> Work[Array]:
    """Work towards `mc_fisher` at one theta (D,): the first repetition of `sampled_error`."""
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, got {n_samples}")
    theta = problem.check_theta(theta)
    estimate, done = np.zeros((problem.D, problem.D)), 0
    for piece, n in _parts(problem, theta, default_rng((seed, n_samples, 0)), n_samples):
        estimate += piece
        done += n
        yield Progress(done / problem.N)
    return estimate


def _parts(
    problem: Problem, theta: Array, rng: Generator, n_samples: int
) -> Iterator[tuple[Array, int]]:
    """The contribution to `mc_fisher` of some examples at a time, and their number."""
    step = max(64, 2**18 // n_samples)
    for n in range(0, problem.N, step):
        X = problem.X[n : n + step]
        yield sampled_sum(problem, X, theta, rng, n_samples) / problem.N, len(X)


def _variance_of_one_label(problem: Problem, theta: Array) -> Work[tuple[float, Array]]:
    """E |F_1 - F|^2 in the Frobenius norm, for one label per example, and F.

        1/N^2 sum_n (E |g_n|^4 - |E g_n g_n^T|^2)

    with |g|^4 = (r^T K r)^2, K = J J^T, r the gradient in output space. With M labels the variance
    is M times smaller.
    """
    model, likelihood = problem.model, problem.likelihood
    variance, step = 0.0, 2**13
    for n in range(0, problem.N, step):
        # Not around the yield: another thread may continue the work, and could not restore this
        # state.
        with np.errstate(all="ignore"):
            X = problem.X[n : n + step]
            J, f = model.jacobian(X, theta), model.outputs(X, theta)
            K = J @ np.swapaxes(J, -1, -2)
            KW = K @ likelihood.fisher(f)
            mean_squared = (KW * np.swapaxes(KW, -1, -2)).sum((-2, -1))
            try:
                variance += float((likelihood.fourth_moment(f, K) - mean_squared).sum())
            except NotStated:
                variance = np.nan
        yield Progress(n / problem.N)
    return variance / problem.N**2, fisher(problem, theta)

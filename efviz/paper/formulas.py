"""The functions that the checks take from the library, in one place, where tests can break them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from numpy.random import Generator

from efviz import curvature, optimizers, results
from efviz.arrays import Array
from efviz.curvature import Matrix, gradient_noise, label_sources
from efviz.curvature.improved import stationary_point
from efviz.curvature.remainder_bound import RemainderBound
from efviz.curvature.splits import SPLITS, Split
from efviz.curvature.vocabulary import VOCABULARY, Term
from efviz.datasets.dataset import Dataset
from efviz.numerics.linalg import Solution
from efviz.optimizers import steepest_descent
from efviz.optimizers.stochastic import STOCHASTIC_METHODS, StochasticMethod
from efviz.problems import LIKELIHOODS, PROBLEMS, Problem
from efviz.problems.catalogue import optimization_problem
from efviz.problems.likelihoods.base import Likelihood
from efviz.studies.alignment import StepSizes, step_lengths
from efviz.sweeps import DAMPINGS, STEP_SIZES
from efviz.work import Work


def _sample(
    problem: str, path: str = "", strength: float = 0.0, N: int = 1000, seed: int = 0
) -> Dataset:
    return PROBLEMS[problem].dataset(path=path, strength=strength, N=N, seed=seed)


@dataclass(frozen=True)
class Formulas:
    """The functions that the checks compare with independent computations; by default the
    library's.

    `bounded` is the quantity that Proposition 2 bounds by r beta.
    """

    loss: Matrix = Problem.loss
    gradients: Matrix = Problem.per_example_gradients
    hessian: Matrix = curvature.hessian
    ggn: Matrix = curvature.ggn
    fisher: Matrix = curvature.fisher
    empirical_fisher: Matrix = curvature.empirical_fisher
    mc_fisher: Callable[[Problem, Array, Generator, int], Array] = curvature.mc_fisher
    most_likely_fisher: Matrix = label_sources.most_likely_fisher
    batch_fisher: Callable[[Problem, Array, int], Array] = label_sources.batch_fisher
    improved: Matrix = curvature.improved_empirical_fisher
    stationary_point: Callable[[Problem], Array] = stationary_point
    bounded: Callable[[RemainderBound], Array] = attrgetter("norm")
    splits: Mapping[str, Split] = field(default_factory=lambda: SPLITS)
    likelihoods: Mapping[str, type[Likelihood]] = field(default_factory=lambda: LIKELIHOODS)
    divergence: Callable[..., Array] = steepest_descent.divergence
    descent: Callable[..., steepest_descent.Balls] = steepest_descent.steepest_descent
    noise: Callable[..., gradient_noise.GradientNoise] = gradient_noise.gradient_noise
    adaptation: Callable[..., Array] = gradient_noise.adaptation
    errors: Callable[..., dict[str, Array]] = gradient_noise.expected_errors
    stochastic: Mapping[str, StochasticMethod] = field(default_factory=lambda: STOCHASTIC_METHODS)
    direction: Callable[..., Solution] = optimizers.direction
    run: Callable[..., optimizers.Trajectory] = optimizers.run
    step_lengths: Callable[..., Work[StepSizes]] = step_lengths
    sample: Callable[..., Dataset] = _sample
    table: Callable[[str], Problem] = optimization_problem
    grid: tuple[Array, Array] = (STEP_SIZES, DAMPINGS)
    lines: Callable[[], Sequence[results.Line]] = results.lines
    vocabulary: Mapping[str, Term] = field(default_factory=lambda: VOCABULARY)
    sources: Mapping[str, label_sources.LabelSource] = field(
        default_factory=lambda: label_sources.LABEL_SOURCES
    )

    def problem(self, name: str, path: str = "", strength: float = 0.0, **more: int) -> Problem:
        """An entry of PROBLEMS with data from `sample`."""
        return PROBLEMS[name].problem(self.sample(name, path, strength, **more))

    def line(self, name: str, method: str) -> results.Line:
        """The line of Table 6 on a data set and a method."""
        return next(line for line in self.lines() if (line.name, line.method) == (name, method))

    def ratios(self) -> dict[str, float]:
        """The best loss of EFGD relative to that of NGD, by the names of the sets in the paper."""
        best = {(line.paper, line.method): line.best_loss for line in self.lines()}
        names = dict.fromkeys(paper for paper, _ in best)
        return {paper: best[paper, "EFGD"] / best[paper, "NGD"] for paper in names}


LIBRARY = Formulas()

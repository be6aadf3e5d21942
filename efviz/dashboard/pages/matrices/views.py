"""What the Four matrices page shows: the matrices at one theta, one example, whose label it is."""

from dataclasses import dataclass, replace

import numpy as np

from efviz.arrays import Array
from efviz.curvature import CURVATURES, LABEL_SOURCES
from efviz.curvature.agreement import Agreement, agreements
from efviz.curvature.conics import Conic
from efviz.curvature.distance import relative_distance
from efviz.curvature.label_sources import sampled_error, sampled_fisher
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.jobs import Job
from efviz.dashboard.session.problem_choice import Knobs, problem_of
from efviz.dashboard.session.theta_choice import loss_on_plane, plane_of, theta_of
from efviz.datasets.dataset import Dataset, number_of
from efviz.fields import Plane
from efviz.figures.matrices import conics, level_for
from efviz.problems import Problem
from efviz.studies.one_example import Contribution, OneStep, contribution, one_step
from efviz.work import Progress, Work, part

SYMBOLS: dict[str, str] = {"H": "hessian", "G": "ggn", "F": "fisher", "EF": "empirical_fisher"}
"""What the matrices are called on the page, and their keys in CURVATURES."""
COMPARED = ("GD", "NGD", "EFGD")
SIZES = (1, 3, 10, 32, 100, 316, 1_000, 3_162, 10_000)
REPETITIONS = 12


@dataclass(frozen=True)
class Controls(Knobs):
    """All that the matrices depend on: the key of the caches."""

    theta: tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class Picture:
    """What is known at theta (2,); the loss on the plane comes later."""

    dataset: Dataset
    problem: Problem
    plane: Plane
    theta: Array
    matrices: dict[str, Array]
    spectra: dict[str, Array]
    agreements: list[Agreement]
    drawn: dict[str, Conic]
    loss: Array | None

    @property
    def finite(self) -> bool:
        return all(np.isfinite(matrix).all() for matrix in self.matrices.values())


def work(c: Controls) -> Work[Picture]:
    """The numbers at theta, then the loss on the plane, some rows at a time."""
    dataset, problem = problem_of(c.knobs)
    plane = plane_of(c.values, problem)
    picture = _at_theta(dataset, problem, plane, theta_of(c.values, plane))
    grid = loss_on_plane(c.knobs, problem, plane)
    loss = yield from part(grid, 0, 1, meanwhile=lambda: picture)
    return replace(picture, loss=loss)


def _at_theta(dataset: Dataset, problem: Problem, plane: Plane, theta: Array) -> Picture:
    matrices = {s: CURVATURES[key].matrix(problem, theta) for s, key in SYMBOLS.items()}
    finite = all(np.isfinite(matrix).all() for matrix in matrices.values())
    drawn = {}
    if finite:
        # By the Fisher, which is never indefinite; where it is zero, by the next that is not.
        scale = next((matrices[s] for s in ("F", "EF", "H") if matrices[s].any()), matrices["F"])
        level = level_for(scale, plane.half_widths.min(), problem.N)
        drawn = conics(matrices, theta, level, plane, problem.N)
    return Picture(
        dataset,
        problem,
        plane,
        theta,
        matrices,
        {symbol: _spectrum(matrix) for symbol, matrix in matrices.items()},
        agreements(problem, theta, matrices={SYMBOLS[s]: m for s, m in matrices.items()}),
        drawn,
        None,
    )


def _spectrum(matrix: Array) -> Array:
    if not np.isfinite(matrix).all():
        return np.full(len(matrix), np.nan)
    return np.asarray(np.linalg.eigvalsh(matrix))


@cached
def picture_job(c: Controls) -> Job[Picture]:
    return Job(work(c))


@dataclass(frozen=True, eq=False)
class Example:
    """One example, by its row and number: its terms, what a step of each method does to it."""

    row: int
    number: int
    x: Array
    y: float
    mean: Array
    terms: Contribution
    steps: dict[str, OneStep]


@cached
def example_at(c: Controls, row: int, step_size: float, damping: float) -> Example:
    dataset, problem = problem_of(c.knobs)
    theta = theta_of(c.values, plane_of(c.values, problem))
    terms = contribution(problem, theta, row)
    with np.errstate(all="ignore"):
        mean = problem.likelihood.mean(terms.f[None])[0]
    return Example(
        row,
        number_of(dataset, row),
        dataset.X[row],
        float(dataset.y[row]),
        mean,
        terms,
        one_step(problem, COMPARED, theta, row, step_size=step_size, damping=damping),
    )


@dataclass(frozen=True, eq=False)
class Labels:
    """The matrix of one source of labels, and its distance to the exact F relative to |F|."""

    matrix: Array
    distance: float
    cost: int
    least: int


def labels_work(c: Controls, source: str, M: int) -> Work[Labels]:
    _, problem = problem_of(c.knobs)
    theta = theta_of(c.values, plane_of(c.values, problem))
    chosen = LABEL_SOURCES[source]
    if source == "sampled":
        drawing = sampled_fisher(problem, theta, n_samples=M, seed=c.seed)
        matrix = yield from part(drawing, 0, 1)
    else:
        matrix = chosen.matrix(problem, theta, rng=np.random.default_rng(c.seed), n_samples=M)
    F = LABEL_SOURCES["exact"].matrix(problem, theta, rng=np.random.default_rng(0), n_samples=1)
    size = problem.N, M, problem.model.n_outputs
    return Labels(matrix, distance(matrix, F), chosen.cost(*size), chosen.least(*size))


def distance(matrix: Array, F: Array) -> float:
    """|matrix - F| / |F|; 0 where both are zero."""
    return 0.0 if np.array_equal(matrix, F) else float(relative_distance(matrix, F))


@cached
def labels_job(c: Controls, source: str, M: int) -> Job[Labels]:
    return Job(labels_work(c, source, M))


@dataclass(frozen=True, eq=False)
class Curve:
    """Distances of the sampled Fisher (REPETITIONS, S), nan where still to come, and of others."""

    errors: Array
    theory: Array
    others: dict[str, float]


OTHERS: dict[str, str] = {
    "observed": "EF",
    "most_likely": "most likely",
    "squared_mean": "∇L ∇Lᵀ",
}
"""Sources that are off by the same whatever M, and their names at their lines."""


def curve_work(c: Controls) -> Work[Curve]:
    """The other sources first, then the sampled Fisher, one M after the other."""
    _, problem = problem_of(c.knobs)
    theta = theta_of(c.values, plane_of(c.values, problem))
    rng = np.random.default_rng(0)
    F, *others = (
        LABEL_SOURCES[key].matrix(problem, theta, rng=rng, n_samples=1)
        for key in ("exact", *OTHERS)
    )
    off = {name: distance(matrix, F) for name, matrix in zip(OTHERS.values(), others, strict=True)}
    errors = np.full((REPETITIONS, len(SIZES)), np.nan)
    if not np.isfinite(F).all():
        return Curve(errors, errors[0], {})
    curve = Curve(errors, np.full(len(SIZES), np.nan), off)

    def so_far() -> Curve:
        return curve

    yield Progress(0.0, so_far)
    for s, M in enumerate(SIZES):
        drawing = sampled_error(problem, theta, (M,), repetitions=REPETITIONS, seed=c.seed)
        begin, end = s / len(SIZES), (s + 1) / len(SIZES)
        found = yield from part(drawing, begin, end, meanwhile=so_far)
        errors = errors.copy()
        errors[:, s] = found.distances[0]
        curve = Curve(errors, found.coefficient / np.sqrt(np.array(SIZES)), off)
        yield Progress(end, so_far)
    return curve


@cached
def curve_job(c: Controls) -> Job[Curve]:
    return Job(curve_work(c))

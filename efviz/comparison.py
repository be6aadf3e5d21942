"""How far the empirical Fisher is from the Fisher at the minimum, in numbers."""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.polynomial import chebyshev

from efviz.curvature import CURVATURES, hessian
from efviz.data import Array
from efviz.fields import Work
from efviz.lazy import cached_property
from efviz.likelihoods import Quality
from efviz.linalg import eigenvalues
from efviz.numerics.columns import gram_far_from_singular, powers_of_two, reduce_columns
from efviz.optimizers import Trajectory, run
from efviz.problems import Problem


def relative_distance(EF: Array, F: Array) -> Array:
    """|EF - F| / |F| in Frobenius norms, (..., D, D) -> (...); inf where F is zero."""
    with np.errstate(all="ignore"):
        return np.asarray(np.linalg.norm(EF - F, axis=(-2, -1)) / np.linalg.norm(F, axis=(-2, -1)))


def generalized_eigenvalues(EF: Array, F: Array, terms: int = 1) -> Array:
    """mu with EF v = mu F v, ascending (D,): all 1 where EF = F; nan for a singular F.

    mu is the ratio v^T EF v / v^T F v at its stationary directions, in any parametrisation. Both
    are rounded means over `terms` examples.
    """
    if not (eigenvalues(F, terms) > 0).all():
        return np.full(len(F), np.nan)
    unit = 1 / powers_of_two(np.sqrt(np.diagonal(F)))
    scale = np.outer(unit, unit)
    return np.asarray(scipy.linalg.eigh(EF * scale, F * scale, eigvals_only=True))


def ratios(problem: Problem, theta: Array, EF: Array, F: Array) -> Array:
    """`generalized_eigenvalues` of EF and F (D, D) at theta (D,).

    From their examples where rounding has left too little of the matrices themselves.
    """
    seen = problem.coordinates
    if seen is not None:
        if not seen.complete:
            return np.full(problem.D, np.nan)
        problem, theta = seen.problem, seen.reduce(theta)
        _, F, EF = problem.gradient_and_matrices(theta)
    rows = None if gram_far_from_singular(F) else CURVATURES["fisher"].rows(problem, theta)
    if rows is None:
        return generalized_eigenvalues(EF, F, problem.N)
    reduced = reduce_columns(rows.A)
    if reduced.rank < problem.D:
        return np.full(problem.D, np.nan)
    # Parameters in which N F is the identity.
    g = problem.per_example_gradients(theta) @ reduced.inverse
    return np.asarray(np.linalg.eigvalsh(g.T @ g))


def angle_between_axes(EF: Array, F: Array) -> float:
    """Degrees from 0 to 90 between the eigenvectors of the largest eigenvalues."""
    a, b = (np.linalg.eigh(matrix)[1][:, -1] for matrix in (EF, F))
    # From sine and cosine: the cosine alone would lose half of the digits of a small angle.
    cosine, sine = abs(a @ b), np.linalg.norm(a - b * (a @ b))
    return float(np.degrees(np.arctan2(sine, cosine)))


def roundness(matrix: Array) -> float:
    """Shortest by longest semi-axis of theta^T M theta = 1: 1 is a circle, which has no axis."""
    w = np.linalg.eigvalsh(matrix)
    return float(np.sqrt(max(w[0], 0.0) / w[-1])) if w[-1] > 0 else 0.0


@dataclass(frozen=True, eq=False)
class Comparison:
    """H, F and EF (D, D), means over n, at theta (D,), and how well the model fits there.

    `eigenvalues` (D,) are those of EF relative to F: see `generalized_eigenvalues`.
    """

    N: int
    theta: Array
    loss: float
    hessian: Array
    fisher: Array
    empirical_fisher: Array
    eigenvalues: Array
    quality: Quality

    @cached_property
    def distance(self) -> float:
        return float(relative_distance(self.empirical_fisher, self.fisher))

    @cached_property
    def rescaled_distance(self) -> float:
        """The distance if the model's fixed spread were fitted; nan where it has none.

        With residual variance (or dispersion) s^2 in place of the model's own, EF / F shrinks by
        their ratio: what is left is not a matter of scale.
        """
        expected = self.quality.expected
        if expected is None or not self.quality.value > 0:
            return float("nan")
        scale = self.quality.value / expected
        return float(relative_distance(self.empirical_fisher / scale, self.fisher))

    @cached_property
    def angle(self) -> float:
        return angle_between_axes(self.empirical_fisher, self.fisher)


def compare(problem: Problem, theta: Array) -> Comparison:
    """All matrices at theta (D,). Kunstner et al. (2019), section 4.2, takes theta_star."""
    _, F, EF = problem.gradient_and_matrices(theta)
    likelihood, model = problem.likelihood, problem.model
    H = F if likelihood.natural and model.linear else hessian(problem, theta)
    quality = likelihood.quality(model.outputs(problem.X, theta), problem.y)
    mu = ratios(problem, theta, EF, F)
    return Comparison(problem.N, theta, float(problem.loss(theta)), H, F, EF, mu, quality)


def smooth_loss_grid(
    problem: Problem, center: Array, half_width: float, n: int, degree: int = 8
) -> Work[Array]:
    """Work towards L on the n x n grid over center +- half_width, (n, n) like `Plane.grid`.

    Interpolated by a Chebyshev polynomial from (degree + 1)^2 values where that is exact to 1e-4 of
    the rise of the loss, else computed point by point: close to its minimum a loss of a million
    examples is a polynomial to far more digits than a screen shows.
    """
    nodes = chebyshev.chebpts1(degree + 1)
    fit = np.linalg.inv(chebyshev.chebvander(nodes, degree))
    rows = []
    for theta in _square(center, half_width, nodes):
        rows.append(problem.loss(theta))
        yield len(rows) / len(nodes)
    at_nodes = np.stack(rows)
    line = np.linspace(-1, 1, n)
    coefficients = fit @ at_nodes @ fit.T
    rise = float(np.ptp(at_nodes))
    tail = np.abs(coefficients[-2:]).sum() + np.abs(coefficients[:, -2:]).sum()
    if np.isfinite(rise) and tail <= 1e-4 * rise:
        return np.asarray(chebyshev.chebgrid2d(line, line, coefficients))
    return problem.loss(_square(center, half_width, line))


def _square(center: Array, half_width: float, line: Array) -> Array:
    """theta (n, n, 2) at [row, column] = (line[column], line[row]) in half-widths from center."""
    return center + half_width * np.stack(np.meshgrid(line, line), axis=-1)


def redraw(problem: Problem, rng: np.random.Generator) -> Array:
    """Targets that the model itself would give at its minimum; where there is none, as they are.

    Least squares takes its noise from the residuals: the model says nothing of its size.
    """
    if not problem.minimum.exists:
        return problem.y
    f = problem.model.outputs(problem.X, problem.theta_star)
    return np.asarray(problem.likelihood.sample(f, rng, 1)[0])


RUNAWAY_STEPS = 12
RUNAWAY_POINTS = 41


@dataclass(frozen=True, eq=False)
class Runaway:
    """Where there is no minimum: iterates, the matrices on the way, and the loss around."""

    path: Trajectory
    comparisons: list[Comparison]
    axes: tuple[Array, Array]
    loss: Array


def run_off(problem: Problem) -> Runaway:
    """Natural gradient steps of size 1, which for logistic regression are Newton's."""
    path = run(problem, "NGD", problem.start[None], step_size=1.0, n_steps=RUNAWAY_STEPS)
    thetas = path.thetas[0][np.isfinite(path.thetas[0]).all(axis=-1)]
    steps = [compare(problem, theta) for theta in thetas]
    low, high = thetas.min(axis=0), thetas.max(axis=0)
    half = 0.6 * float((high - low).max()) or 1.0
    axes = [np.linspace(m - half, m + half, RUNAWAY_POINTS) for m in (low + high) / 2]
    grid = np.stack(np.meshgrid(*axes), axis=-1)
    return Runaway(path, steps, (axes[0], axes[1]), problem.loss(grid))

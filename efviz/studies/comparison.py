"""The distance of the empirical Fisher from the Fisher at the minimum, in numbers."""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev

from efviz.arrays import Array
from efviz.curvature import hessian
from efviz.curvature.distance import angle_between_axes, ratios, relative_distance
from efviz.lazy import cached_property
from efviz.numbers import number, percent
from efviz.problems import Problem
from efviz.problems.likelihoods.base import Quality
from efviz.shown import Shown, spread, vector
from efviz.work import Progress, Work


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Shown):
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

    def facts(self) -> dict[str, str]:
        return {
            "N": f"{self.N:,}",
            "theta": vector(self.theta),
            "loss": number(self.loss),
            "EF differs from F by": percent(self.distance),
            "ratios of EF to F": spread(self.eigenvalues),
        }

    @cached_property
    def distance(self) -> float:
        return float(relative_distance(self.empirical_fisher, self.fisher))

    @cached_property
    def rescaled_distance(self) -> float:
        """The distance if the model's fixed spread were fitted; nan if it has none.

        With residual variance (or dispersion) s^2 in place of the model's own, EF / F shrinks by
        the ratio of the two: the rest of the distance is not a matter of scale.
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
    the rise of the loss, otherwise computed at every point: close to its minimum, the loss of a
    million examples is a polynomial to far more digits than a screen shows.
    """
    nodes = chebyshev.chebpts1(degree + 1)
    fit = np.linalg.inv(chebyshev.chebvander(nodes, degree))
    rows = []
    for theta in _square(center, half_width, nodes):
        rows.append(problem.loss(theta))
        yield Progress(len(rows) / len(nodes))
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
    """Targets drawn from the model at its minimum; unchanged if there is none.

    For least squares, the noise is taken from the residuals, as the model does not predict its
    size.
    """
    if not problem.minimum.exists:
        return problem.y
    f = problem.model.outputs(problem.X, problem.theta_star)
    return np.asarray(problem.likelihood.sample(f, rng, 1)[0])

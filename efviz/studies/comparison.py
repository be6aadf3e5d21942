"""The distance of the empirical Fisher from the Fisher at the minimum, in numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
from efviz.studies.four_matrices import Names, finite, joined, matrix_or_reason, short_of
from efviz.work import Progress, Work

COMPARED = ("hessian", "fisher", "empirical_fisher")
"""The matrices of every comparison, by their keys in CURVATURES."""


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Shown):
    """H, F and EF (D, D), means over n, at theta (D,), and how well the model fits there.

    `eigenvalues` (D,) are those of EF relative to F: see `generalized_eigenvalues`. `others` are
    further matrices by their keys in CURVATURES. One that refuses the problem is nan, and `refused`
    has the reason.
    """

    N: int
    theta: Array
    loss: float
    hessian: Array
    fisher: Array
    empirical_fisher: Array
    eigenvalues: Array
    quality: Quality
    others: Mapping[str, Array] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

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

    def matrix(self, key: str) -> Array:
        """One of the matrices that were compared, by its key in CURVATURES."""
        return self.others[key] if key in self.others else getattr(self, key)

    def distinct(self, keys: Sequence[str]) -> dict[Names, Array]:
        """The matrices to draw: F and EF first, equal ones once, none that is not finite."""
        first = [key for key in ("fisher", "empirical_fisher") if key in keys]
        order = dict.fromkeys([*first, *keys])
        return joined(finite({short_of(key): self.matrix(key) for key in order}))


def compare(problem: Problem, theta: Array, others: Sequence[str] = ()) -> Comparison:
    """H, F, EF and `others` of CURVATURES at theta (D,).

    Kunstner et al. (2019), section 4.2, takes theta_star.
    """
    _, F, EF = problem.gradient_and_matrices(theta)
    likelihood, model = problem.likelihood, problem.model
    H = F if likelihood.natural and model.linear else hessian(problem, theta)
    quality = likelihood.quality(model.outputs(problem.X, theta), problem.y)
    mu = ratios(problem, theta, EF, F)
    found = {key: matrix_or_reason(problem, theta, key) for key in others}
    return Comparison(
        problem.N,
        theta,
        float(problem.loss(theta)),
        H,
        F,
        EF,
        mu,
        quality,
        {key: matrix for key, (matrix, _) in found.items()},
        {key: reason for key, (_, reason) in found.items() if reason},
    )


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

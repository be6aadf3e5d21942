r"""Steepest descent under two distances: minimisers of L over shrinking balls around theta.

    delta(eps) = argmin L(theta + delta)  subject to  d(theta, theta + delta) <= eps

Kunstner et al. (2019), Eq. 20: as eps -> 0, delta / eps becomes the direction of steepest descent.
Here d is a length: |delta|, or sqrt(2 KL) of the EXACT divergence, a mean over x_n, which equals
sqrt(delta^T F delta) only in the limit. (With the KL divergence itself instead, as printed,
delta / eps would grow like eps^(-1/2); its direction is the same.) For two parameters only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import elementwise

from efviz.arrays import Array, Mask
from efviz.curvature import fisher
from efviz.problems import Problem

# Outputs in one piece: a few arrays of this size fit into a core's cache.
_OUTPUTS = 2**16
_SECANTS = 12

PRECISION = 3e-4
"""Degrees to which an angle is known: a loss is flat around its minimum."""


def divergence(
    problem: Problem, theta: ArrayLike, deltas: ArrayLike, *, moved_first: bool = False
) -> Array:
    """1/N sum_n KL(p(. | f_n(theta)) || p(. | f_n(theta + delta))), exact: (..., D) -> (...).

    Eq. 21; with `moved_first`, KL(p_(theta + delta) || p_theta), the order in the text before it.
    Both have the Fisher as Hessian at delta = 0.
    """
    theta, deltas = problem.check_theta(theta), problem.check_theta(deltas)
    model, likelihood = problem.model, problem.likelihood
    flat = deltas.reshape(-1, problem.D)
    step = max(1, _OUTPUTS // (problem.N * model.n_outputs))
    means = []
    # A theta far out overflows to inf, which is a valid distance.
    with np.errstate(all="ignore"):
        f = model.outputs(problem.X, theta)
        for i in range(0, len(flat), step):
            g = model.outputs(problem.X, theta + flat[i : i + step])
            means.append((likelihood.kl(g, f) if moved_first else likelihood.kl(f, g)).mean(-1))
    return np.concatenate(means).reshape(deltas.shape[:-1])


@dataclass(frozen=True)
class Distance:
    """`squared` (problem, theta, deltas) -> d^2, and the `metric` (D, D) of its limit."""

    title: str
    formula: str
    squared: Callable[[Problem, Array, Array], Array]
    metric: Callable[[Problem, Array], Array]


DISTANCES: dict[str, Distance] = {
    "euclidean": Distance(
        "Euclidean",
        r"\|\delta\|",
        lambda problem, theta, deltas: (deltas**2).sum(-1),
        lambda problem, theta: np.eye(problem.D),
    ),
    "kl": Distance(
        "Kullback–Leibler",
        r"\sqrt{2\,\mathrm{KL}(p_\theta \,\|\, p_{\theta+\delta})}",
        lambda problem, theta, deltas: 2 * divergence(problem, theta, deltas),
        fisher,
    ),
    "kl_moved_first": Distance(
        "Kullback–Leibler, reverse order",
        r"\sqrt{2\,\mathrm{KL}(p_{\theta+\delta} \,\|\, p_\theta)}",
        lambda problem, theta, deltas: 2 * divergence(problem, theta, deltas, moved_first=True),
        fisher,
    ),
}


@dataclass(frozen=True, eq=False)
class Balls:
    """Balls of one distance around theta (2,), of `radii` (K,), and the minimiser of L in each.

    boundary   (K, A, 2) closed curves: the first crossing seen from theta; nan in directions in
               which the ball is unbounded
    unbounded  (K,) whether there are such directions
    minimisers (K, 2); nan where L has no minimiser in the ball
    interior   (K,) whether the minimiser is that of L itself, inside the ball
    limit      (2,) limit of (minimiser - theta) / eps: -M^-1 g / sqrt(g^T M^-1 g), M the metric
    angles     (K,) degrees between minimiser - theta and the limit
    """

    distance: str
    theta: Array
    radii: Array
    boundary: Array
    unbounded: Mask
    minimisers: Array
    interior: Mask
    limit: Array
    angles: Array


def steepest_descent(
    problem: Problem, theta: ArrayLike, distance: str, radii: Sequence[float], *, n_angles: int = 64
) -> Balls:
    """Balls of the named distance around one theta (2,), their minimisers and their limit.

    Raises ValueError unless there are two parameters, the distance is known and all radii are
    positive. A ball that is not star-shaped (nonlinear models) is searched only as far as it is
    visible from theta.
    """
    theta, eps = problem.check_theta(theta), np.asarray(radii, dtype=float)
    if theta.shape != (2,):
        raise ValueError(f"theta must be one vector of 2 parameters, got {theta.shape}")
    if distance not in DISTANCES:
        raise ValueError(f"unknown distance {distance!r}; there are {', '.join(DISTANCES)}")
    if not (eps > 0).all():
        raise ValueError(f"radii must be positive, got {eps.min()}")
    rays = _Rays(problem, theta, DISTANCES[distance])
    angles = np.linspace(0, 2 * np.pi, n_angles, endpoint=False)
    r = rays.radius(angles, eps[:, None], 1e-6)
    boundary = rays.points(angles, r)
    minimisers = _minimisers(problem, rays, angles, boundary, eps)
    interior = np.zeros(len(eps), dtype=bool)
    if problem.minimum.exists:
        inside = rays.squared(problem.theta_star - theta) < eps**2
        interior = np.asarray(
            inside & (problem.loss(problem.theta_star) <= rays.lowest(minimisers))
        )
        minimisers = np.where(interior[:, None], problem.theta_star, minimisers)
    limit = rays.limit()
    return Balls(
        distance,
        theta,
        eps,
        np.concatenate([boundary, boundary[:, :1]], axis=1),
        np.asarray(np.isinf(r).any(axis=1)),
        minimisers,
        interior,
        limit,
        _degrees(minimisers - theta, limit),
    )


@dataclass(frozen=True, eq=False)
class _Rays:
    """Rays from theta, in coordinates in which small balls are round."""

    problem: Problem
    theta: Array
    distance: Distance
    metric: Array = field(init=False)
    axes: Array = field(init=False)

    def __post_init__(self) -> None:
        metric = self.distance.metric(self.problem, self.theta)
        w, V = np.linalg.eigh(metric)
        # In directions that the metric ignores, the search starts far out and comes back.
        w = np.maximum(w, 1e-12 * w[-1]) if w[-1] > 0 else np.ones(2)
        object.__setattr__(self, "metric", metric)
        object.__setattr__(self, "axes", V / np.sqrt(w))

    def squared(self, delta: Array) -> Array:
        return self.distance.squared(self.problem, self.theta, delta)

    def points(self, angle: Array, r: Array) -> Array:
        direction = np.stack([np.cos(angle), np.sin(angle)], axis=-1) @ self.axes.T
        with np.errstate(invalid="ignore"):
            return self.theta + np.where(np.isfinite(r), r, np.nan)[..., None] * direction

    def length(self, angle: Array, r: Array) -> Array:
        return np.sqrt(np.maximum(self.squared(self.points(angle, r) - self.theta), 0))

    def radius(self, angle: Array, eps: Array, precision: float) -> Array:
        """The extent of the ball of radius eps at each angle; inf where no boundary was found."""
        angle, eps = np.broadcast_arrays(angle, eps)
        shape, angle, eps = angle.shape, angle.ravel(), eps.ravel()
        r = self._by_secants(angle, eps, precision)
        lost = np.isnan(r)
        if lost.any():
            r[lost] = self._by_brackets(angle[lost], eps[lost])
        return r.reshape(shape)

    def _by_secants(self, angle: Array, eps: Array, precision: float) -> Array:
        """Two or three secant steps, as lengths are nearly linear in r; nan without convergence."""
        before, r = np.zeros_like(eps), eps.copy()
        found = np.full_like(r, np.nan)
        todo = np.arange(len(r))
        with np.errstate(all="ignore"):
            d_before = before
            for _ in range(_SECANTS):
                d, target = self.length(angle[todo], r), eps[todo]
                good = np.abs(d - target) <= precision * target
                found[todo[good]] = r[good]
                step = (target - d) * (r - before) / (d - d_before)
                keep = ~good & (r + step > r / 2) & (r + step < 2 * r)
                before, d_before = r[keep], d[keep]
                todo, r = todo[keep], (r + step)[keep]
                if not len(todo):
                    break
        return found

    def _by_brackets(self, angle: Array, eps: Array) -> Array:
        def excess(r: Array, angle: Array, eps: Array) -> Array:
            d = self.length(angle, r) / eps
            # Far outside any value will do, but it must be a finite number.
            return np.where(d < 10, d, 10.0) - 1

        bracket = elementwise.bracket_root(
            excess, 0.95 * eps, 1.05 * eps, xmin=0.0, args=(angle, eps), maxiter=60
        )
        found = elementwise.find_root(
            excess, bracket.bracket, args=(angle, eps), tolerances={"xrtol": 1e-11, "fatol": 1e-13}
        )
        return np.where(bracket.success & found.success, found.x, np.inf)

    def lowest(self, points: Array) -> Array:
        loss = self.problem.loss(np.where(np.isfinite(points), points, self.theta))
        return np.where(np.isfinite(points).all(-1), loss, np.inf)

    def limit(self) -> Array:
        g = self.problem.gradient(self.theta)
        direction = np.linalg.lstsq(self.metric, g, rcond=None)[0]
        size = g @ direction
        return -direction / np.sqrt(size) if size > 0 else np.full(2, np.nan)


def _minimisers(problem: Problem, rays: _Rays, angles: Array, boundary: Array, eps: Array) -> Array:
    """The lowest point of each boundary (K, A, 2), refined between its two neighbours: (K, 2)."""
    loss = rays.lowest(boundary)
    best = np.argmin(loss, axis=1)
    width = 2 * np.pi / len(angles)

    def along(angle: Array, eps: Array) -> Array:
        return rays.lowest(rays.points(angle, rays.radius(angle, eps, 1e-12)))

    middle = angles[best]
    refined = elementwise.find_minimum(
        along,
        (middle - width, middle, middle + width),
        args=(eps,),
        tolerances={"xatol": 1e-8, "xrtol": 0.0, "fatol": 0.0, "frtol": 0.0},
        maxiter=40,
    )
    angle = np.where(np.isfinite(refined.x), refined.x, middle)
    return rays.points(angle, rays.radius(angle, eps, 1e-12))


def _degrees(a: Array, b: Array) -> Array:
    """Degrees between vectors (..., 2) and b (2,), from 0 to 180."""
    cross = a[..., 0] * b[1] - a[..., 1] * b[0]
    return np.degrees(np.abs(np.arctan2(cross, a @ b)))

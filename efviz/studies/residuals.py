r"""Residuals going to zero: F approaches H while EF approaches 0 (Kunstner et al. (2019), Eq. 15).

Three paths, listed in RESIDUAL_PATHS, lead there. `shrink_noise` and `add_parameters` look at the
minimum; `grow_margins`, for labels, at where a minimum would be: their residuals vanish only at
infinite outputs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.random import RandomState
from numpy.typing import ArrayLike

from efviz.arrays import Array
from efviz.curvature import hessian
from efviz.curvature.distance import relative_distance
from efviz.problems import Problem, linear_regression
from efviz.work import Progress, Work


@dataclass(frozen=True, eq=False)
class ResidualPath:
    """Over K steps: `values` (K,) of `knob`, and F, H and EF at each, all (K,).

    residual   max_n,c |dl_n/df_c|
    fisher     |F|, Frobenius norm of a mean over n
    ef         |EF| / |F|
    h_minus_f  |H - F| / |F|
    ef_minus_f |EF - F| / |F|

    nan where there is no minimum, or F is zero.
    """

    knob: str
    values: Array
    residual: Array
    fisher: Array
    ef: Array
    h_minus_f: Array
    ef_minus_f: Array


def _measure(problem: Problem, theta: Array) -> tuple[float, float, float, float, float]:
    if not np.isfinite(theta).all():
        return (float("nan"),) * 5
    f = problem.model.outputs(problem.X, theta)
    residual = np.abs(problem.likelihood.gradient(f, problem.y)).max()
    _, F, EF = problem.gradient_and_matrices(theta)
    size = np.linalg.norm(F)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.linalg.norm(EF) / size
    # Where the ratio is one in theory, rounding must not be drawn as a distance.
    same = problem.likelihood.natural and problem.model.linear
    H = F if same else hessian(problem, theta)
    gaps = relative_distance(np.stack([H, EF]), F)
    return float(residual), float(size), float(share), float(gaps[0]), float(gaps[1])


def _path(
    knob: str, values: Sequence[float], at: Callable[[Any], tuple[Problem, Array]]
) -> Work[ResidualPath]:
    """Work towards the sizes for the problem and theta that `at` returns for each value."""
    rows: list[tuple[float, ...]] = []
    for value in values:
        rows.append(_measure(*at(value)))
        yield Progress(len(rows) / len(values))
    columns = np.array(rows, dtype=float).reshape(-1, 5).T
    return ResidualPath(knob, np.array(values, dtype=float), *columns)


def shrink_noise(
    problem: Problem, levels: Sequence[float], theta_true: ArrayLike | None = None
) -> Work[ResidualPath]:
    """Work towards the path y(s) = f(x, theta_true) + s (y - f(x, theta_true)) at its minima.

    `theta_true` (D,) defaults to the problem's own minimum; then the residuals of a linear model at
    its minima, and those of any model at theta_true, are those at s = 1 times s. Raises ValueError
    for a likelihood without noise around f: labels and counts cannot be shrunk towards f.
    """
    if not problem.likelihood.additive:
        raise ValueError(f"only Gaussian noise can be shrunk, not {problem.likelihood.name} labels")
    true = problem.theta_star if theta_true is None else problem.check_theta(theta_true)
    f = problem.model.outputs(problem.X, true)[:, 0]

    def shrunk(s: float) -> tuple[Problem, Array]:
        one = replace(problem, y=f + s * (problem.y - f), start=true)
        return one, one.theta_star

    return (yield from _path("noise s", levels, shrunk))


def few_examples(N: int = 20, seed: int = 0) -> tuple[Array, Array]:
    """x (N,) evenly over [-1, 1] and y = sin(3 x) + 0.3 noise (N,): enough for `add_parameters`."""
    x = np.linspace(-1, 1, N)
    return x, np.sin(3 * x) + 0.3 * RandomState(seed).standard_normal(N)


def orthogonal_polynomials(x: ArrayLike) -> Array:
    """Columns (N, N): polynomials of degree 0, 1, ..., N - 1 with X^T X / N = I on the points x.

    Raises ValueError if two points coincide: N columns cannot be independent then.
    """
    x = np.asarray(x, dtype=float)
    if len(np.unique(x)) < len(x):
        raise ValueError(f"{len(x)} polynomials need {len(x)} different points, got repeated ones")
    low, high = x.min(), x.max()
    unit = (2 * x - low - high) / max(high - low, 1e-300)
    Q, R = np.linalg.qr(legendre.legvander(unit, len(x) - 1))
    return Q * np.sign(np.diagonal(R)) * np.sqrt(len(x))


def add_parameters(x: ArrayLike, y: ArrayLike) -> Work[ResidualPath]:
    """Work towards least squares on the first D = 1, ..., N orthogonal polynomials.

    F = I at every D; at D = N the model interpolates and EF is zero to rounding.
    """
    columns = orthogonal_polynomials(x)

    def first(D: int) -> tuple[Problem, Array]:
        one = linear_regression(columns[:, :D], y)
        return one, one.theta_star

    return (yield from _path("parameters D", range(1, len(columns) + 1), first))


def grow_margins(
    problem: Problem, scales: Sequence[float], direction: ArrayLike | None = None
) -> Work[ResidualPath]:
    """Work towards theta = t times `direction` (D,), with the most likely labels there.

    Such labels are separable: the loss has no minimum, and its residuals go to zero as t grows.
    F = H goes to zero as well, but so does EF / F in the end, once even the smallest margin is
    large.
    `direction` defaults to the problem's own minimum. Raises ValueError for a likelihood without
    class labels.
    """
    if not problem.likelihood.classes:
        raise ValueError(f"margins need class labels, got the {problem.likelihood.name} likelihood")
    w = problem.theta_star if direction is None else problem.check_theta(direction)
    f = problem.model.outputs(problem.X, w)
    choices = np.arange(max(2.0, f.shape[-1]))
    losses = [problem.likelihood.nll(f, np.full(problem.N, label)) for label in choices]
    labelled = replace(problem, y=choices[np.argmin(losses, axis=0)])
    return (yield from _path("margin t", scales, lambda t: (labelled, t * w)))


@dataclass(frozen=True)
class ToZero:
    """A path of residuals to zero: `obstacle` says why a problem has none, and nothing if it has.

    `work(problem, theta)` takes theta (D,) where the problem has no minimum; with `logarithmic` the
    values of the path are positive and go over orders of magnitude.
    """

    title: str
    obstacle: Callable[[Problem], str]
    work: Callable[[Problem, Array], Work[ResidualPath]]
    logarithmic: bool


NOISE: list[float] = np.geomspace(1, 1e-3, 13).tolist()
POINTS = 20


def _no_noise(problem: Problem) -> str:
    if problem.likelihood.additive:
        return ""
    kind = "Classes" if problem.likelihood.classes else "Counts"
    return f"{kind} carry no noise that could be shrunk towards f(x, θ)."


def _no_labels(problem: Problem) -> str:
    if problem.likelihood.classes:
        return ""
    return "Margins grow where labels are classes; here they are numbers."


def _start(problem: Problem, theta: Array) -> Array:
    return problem.theta_star if problem.minimum.exists else theta


def _scales(problem: Problem, theta: Array) -> list[float]:
    """As far as the smallest margin but rounding is large."""
    f = problem.model.outputs(problem.X, theta)
    ordered = np.sort(f if f.shape[-1] > 1 else np.concatenate([f, -f], axis=-1) / 2, axis=-1)
    margin = ordered[:, -1] - ordered[:, -2]
    seen = margin[margin > 1e-9 * margin.max()]
    far = 10 / float(seen.min()) if seen.size else 1.0
    scales: list[float] = np.geomspace(0.1, max(10.0, far), 17).tolist()
    return scales


def _all_margins(problem: Problem, theta: Array) -> Work[ResidualPath]:
    direction = _start(problem, theta)
    return grow_margins(problem, _scales(problem, direction), direction)


RESIDUAL_PATHS: dict[str, ToZero] = {
    "noise": ToZero(
        "Shrink the noise",
        _no_noise,
        lambda problem, theta: shrink_noise(problem, NOISE, _start(problem, theta)),
        logarithmic=True,
    ),
    "margins": ToZero("Grow the margins", _no_labels, _all_margins, logarithmic=True),
    "parameters": ToZero(
        "Add parameters",
        lambda problem: "",
        lambda problem, theta: add_parameters(*few_examples(POINTS)),
        logarithmic=False,
    ),
}


def residual_paths(problem: Problem) -> list[str]:
    """The names of those of RESIDUAL_PATHS that the problem has."""
    return [name for name, path in RESIDUAL_PATHS.items() if not path.obstacle(problem)]


def residual_path(problem: Problem, theta: Array, path: str) -> Work[ResidualPath]:
    """Work along one of RESIDUAL_PATHS, from the minimum, or from theta (D,) where there is none.

    Raises ValueError for a path that the problem does not have.
    """
    return (yield from RESIDUAL_PATHS[path].work(problem, theta))

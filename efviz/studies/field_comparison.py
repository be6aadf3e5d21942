"""Fields of several methods on one plane, and the angle between one of them and the natural one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from efviz.arrays import Array, cosine
from efviz.curvature import fisher
from efviz.fields import Plane
from efviz.numerics.linalg import Solution
from efviz.optimizers.methods import Methods, chosen_methods, directions, method_named
from efviz.problems import Problem
from efviz.studies.rest import at_rest
from efviz.studies.slices import in_slices
from efviz.work import Work, part


@dataclass(frozen=True, eq=False)
class FieldComparison:
    """Fields of several methods on one plane, and the cosine between a `pair` of methods.

    tails (n, n, 2) and vectors[method] (n, n, 2) on a coarse grid; x, y (m,), loss and cosines
    (m, m) on a fine one. `cosines` are between the directions of the pair, which need not be among
    the others; the first is that of the natural gradient with the inverse of F, however the
    `methods` are varied. They are Euclidean in the parameters units * theta, or in the `metric` of
    the Fisher, where units do not matter. `rank_deficient` counts the coarse grid's points with a
    singular matrix, per method. Where theta is `at_rest`, vectors are 0 and cosines nan.
    """

    plane: Plane
    tails: Array
    vectors: dict[str, Array]
    rank_deficient: dict[str, int]
    x: Array
    y: Array
    loss: Array
    cosines: Array
    pair: tuple[str, str]
    metric: str = "Euclidean"

    def typical_length(self, method: str) -> float:
        """The median length of a method's updates on the coarse grid, nan if none is finite."""
        lengths = self._lengths(method)
        return float(np.median(lengths)) if lengths.size else float("nan")

    def longest(self, method: str) -> float:
        """The length of the longest update of a method on the coarse grid."""
        return float(self._lengths(method).max(initial=0.0))

    def _lengths(self, method: str) -> Array:
        """The lengths on the coarse grid that are finite."""
        lengths = np.linalg.norm(self.vectors[method], axis=-1)
        return np.asarray(lengths[np.isfinite(lengths)])

    @property
    def negative_share(self) -> float:
        """The fraction of the fine grid on which the cosine is negative."""
        return float(np.mean(self._known < 0))

    @property
    def mean_cosine(self) -> float:
        """The mean over the fine grid."""
        return float(np.mean(self._known))

    @property
    def _known(self) -> Array:
        return np.asarray(self.cosines[np.isfinite(self.cosines)])


METRICS = ("Euclidean", "Fisher")


def compare_fields(
    problem: Problem,
    methods: Methods,
    plane: Plane,
    *,
    density: int,
    fine: int,
    damping: float,
    pair: tuple[str, str] = ("NGD", "EFGD"),
    units: Sequence[float] = (),
    metric: str = "Euclidean",
) -> Work[FieldComparison]:
    """Work towards a FieldComparison on a density x density and a fine x fine grid."""
    if metric not in METRICS:
        raise ValueError(f"unknown metric {metric!r}; there are {', '.join(METRICS)}")
    methods = chosen_methods(methods)
    first, second = pair
    compared = {first: method_named(first), second: methods.get(second, method_named(second))}
    tails, detail = plane.grid(density), plane.grid(fine)
    n_coarse = len(methods) * tails[..., 0].size
    share = n_coarse / (n_coarse + (len(pair) + 1) * detail[..., 0].size)

    def directions_at(theta: Array) -> dict[str, Solution]:
        return directions(problem, methods, theta, damping=damping)

    def compared_at(theta: Array) -> tuple[Array, Array]:
        """The cosines of the pair, and the losses."""
        solved = directions(problem, compared, theta, damping=damping)
        one, other = solved[first].x, solved[second].x
        if metric == "Fisher":
            return cosine(one, other, fisher(problem, theta)), problem.loss(theta)
        scale = np.array(units or (1.0, 1.0))
        return cosine(scale * one, scale * other), problem.loss(theta)

    found = yield from part(in_slices(problem, tails.reshape(-1, 2), directions_at), 0, share)
    finer = in_slices(problem, detail.reshape(-1, 2), compared_at)
    fine_values = yield from part(finer, share, 1)
    cosines = np.concatenate([some for some, _ in fine_values]).reshape(fine, fine)
    cosines[at_rest(problem, detail)] = np.nan
    vectors = {m: -np.concatenate([some[m].x for some in found]) for m in methods}
    moving = ~at_rest(problem, tails)[..., None]
    x, y = plane.axes(fine)
    return FieldComparison(
        plane,
        tails,
        {m: np.where(moving, each.reshape(tails.shape), 0) for m, each in vectors.items()},
        {m: sum(int(some[m].rank_deficient.sum()) for some in found) for m in methods},
        x,
        y,
        np.concatenate([loss for _, loss in fine_values]).reshape(fine, fine),
        cosines,
        pair,
        metric,
    )

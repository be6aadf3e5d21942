"""Fields of several methods on one plane, and the angle between two of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from efviz.arrays import Array, cosine
from efviz.fields import Plane
from efviz.numerics.linalg import Solution
from efviz.optimizers import directions
from efviz.problems import Problem
from efviz.studies.rest import at_rest
from efviz.studies.slices import in_slices
from efviz.work import Work, part


@dataclass(frozen=True, eq=False)
class FieldComparison:
    """Fields of several methods on one plane, and the cosine between a `pair` of methods.

    tails (n, n, 2) and vectors[method] (n, n, 2) on a coarse grid; x, y (m,), loss and cosines
    (m, m) on a fine one. `cosines` are between the directions of the pair, which need not be among
    the others; `rank_deficient` counts the coarse grid's points with a singular matrix, per method.
    Where theta is `at_rest`, vectors are 0 and cosines nan.
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

    def typical_length(self, method: str) -> float:
        """The median length of a method's updates on the coarse grid, nan if none is finite."""
        length = np.linalg.norm(self.vectors[method], axis=-1)
        length = length[np.isfinite(length)]
        return float(np.median(length)) if length.size else float("nan")

    @property
    def negative_share(self) -> float:
        """The fraction of the fine grid on which the cosine is negative."""
        return float(np.mean(self.cosines[np.isfinite(self.cosines)] < 0))


def compare_fields(
    problem: Problem,
    methods: Sequence[str],
    plane: Plane,
    *,
    density: int,
    fine: int,
    damping: float,
    pair: tuple[str, str] = ("NGD", "EFGD"),
) -> Work[FieldComparison]:
    """Work towards a FieldComparison on a density x density and a fine x fine grid."""
    tails, detail = plane.grid(density), plane.grid(fine)
    n_coarse = len(methods) * tails[..., 0].size
    share = n_coarse / (n_coarse + (len(pair) + 1) * detail[..., 0].size)

    def directions_at(names: Sequence[str], theta: Array) -> dict[str, Solution]:
        return directions(problem, names, theta, damping=damping)

    coarse = in_slices(problem, tails.reshape(-1, 2), partial(directions_at, methods))
    found = yield from part(coarse, 0, share)
    finer = in_slices(
        problem, detail.reshape(-1, 2), lambda at: (directions_at(pair, at), problem.loss(at))
    )
    fine_values = yield from part(finer, share, 1)
    one, other = (np.concatenate([solved[m].x for solved, _ in fine_values]) for m in pair)
    cosines = cosine(one, other).reshape(fine, fine)
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
    )

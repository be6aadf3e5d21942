"""Fields of several methods on one plane, and the angle between the last two."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from efviz.arrays import Array, cosine
from efviz.fields import Plane
from efviz.optimizers import directions
from efviz.problems import Problem
from efviz.work import SLICE, Progress, Work, part


@dataclass(frozen=True, eq=False)
class FieldComparison:
    """Fields of several methods on one plane, and the cosine between the last two of them.

    tails (n, n, 2) and vectors[method] (n, n, 2) on a coarse grid; x, y (m,), loss and cosines
    (m, m) on a fine one. `cosines` are between the directions of the last two methods;
    `rank_deficient` counts the coarse grid's points with a singular matrix, per method.
    """

    plane: Plane
    tails: Array
    vectors: dict[str, Array]
    rank_deficient: dict[str, int]
    x: Array
    y: Array
    loss: Array
    cosines: Array

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
) -> Work[FieldComparison]:
    """Work towards a FieldComparison on a density x density and a fine x fine grid."""
    tails, detail = plane.grid(density), plane.grid(fine)
    last, n_coarse = methods[-2:], len(methods) * tails[..., 0].size
    share = n_coarse / (n_coarse + (len(last) + 1) * detail[..., 0].size)

    def along(theta: Array, names: Sequence[str], loss: bool) -> Work[list[list[Array]]]:
        flat = theta.reshape(-1, 2)
        step = len(flat) if problem.moments else max(1, SLICE // problem.N)
        parts = []
        for i in range(0, len(flat), step):
            piece = flat[i : i + step]
            solved = directions(problem, names, piece, damping=damping)
            extra = [problem.loss(piece)] if loss else []
            parts.append([*(np.asarray(v) for s in solved.values() for v in s), *extra])
            yield Progress((i + len(piece)) / len(flat))
        return [list(columns) for columns in zip(*parts, strict=True)]

    coarse = yield from part(along(tails, methods, loss=False), 0, share)
    finer = yield from part(along(detail, last, loss=True), share, 1)
    coarse_values = [np.concatenate(column) for column in coarse]
    fine_values = [np.concatenate(column) for column in finer]
    x, y = plane.axes(fine)
    return FieldComparison(
        plane,
        tails,
        {name: -coarse_values[2 * i].reshape(tails.shape) for i, name in enumerate(methods)},
        {name: int(coarse_values[2 * i + 1].sum()) for i, name in enumerate(methods)},
        x,
        y,
        fine_values[-1].reshape(fine, fine),
        cosine(fine_values[0], fine_values[2]).reshape(fine, fine),
    )

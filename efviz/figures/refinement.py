"""Values on a coarse grid, made finer for contours that look smooth."""

from functools import cache

import numpy as np

from efviz.arrays import Array

FINE = 91
"""So many points on a side are enough for a panel: a cell is about four pixels wide."""

_REACH = 4
"""The number of points between which a value is interpolated, along each axis."""


def refinement(n: int) -> int:
    """By how much a grid of n x n points is made finer; 1 leaves it as it is."""
    return max(1, -(-(FINE - 1) // (n - 1))) if _REACH <= n < FINE else 1


def refined(values: Array, times: int) -> Array:
    """Values (n, m) on an even grid, with `times` as many cells along each axis.

    By cubic convolution (Keys, IEEE Trans. ASSP 29, 1981), which is exact for quadratic functions,
    but never outside the range of the 4 x 4 values around: a steep wall makes no valley beside it.
    nan where one of these is not finite.
    """
    if times == 1:
        return values
    known = np.isfinite(values)
    filled = np.where(known, values, 0.0)
    down, across = (_weights(n, times) for n in values.shape)
    fine = down @ filled @ across.T
    low, high = (_around(filled, pick, times) for pick in (np.minimum, np.maximum))
    fine = np.clip(fine, low, high)
    if not known.all():
        fine[_around(known, np.minimum, times) == 0] = np.nan
    return np.asarray(fine)


@cache
def _weights(n: int, times: int) -> Array:
    """The matrix that interpolates n values at (n - 1) `times` + 1 places."""
    at = np.arange((n - 1) * times + 1) / times
    cell = np.minimum(at.astype(int), n - 2)
    t = (at - cell)[:, None]
    # The values at -1, 0, 1 and 2.
    kernel = np.hstack(
        [
            t * (-1 + t * (2 - t)),
            2 + t * t * (-5 + 3 * t),
            t * (1 + t * (4 - 3 * t)),
            t * t * (t - 1),
        ]
    )
    # Outside the grid the values are those of the parabola through the last three.
    extended = np.zeros((n + 2, n))
    extended[1:-1] = np.eye(n)
    extended[0, :3] = extended[-1, :-4:-1] = 3, -3, 1
    weights = np.zeros((len(at), n + 2))
    np.put_along_axis(weights, cell[:, None] + np.arange(_REACH), kernel / 2, axis=1)
    return np.asarray(weights @ extended)


def _around(values: Array, pick: np.ufunc, times: int) -> Array:
    """The smallest or largest of the 4 x 4 values around each point of the finer grid."""
    for axis in (0, 1):
        n = values.shape[axis]
        padded = np.concatenate(
            [values.take([0], axis), values, values.take([n - 1, n - 1], axis)], axis
        )
        cells = pick.reduce([padded.take(range(k, k + n - 1), axis) for k in range(_REACH)])
        values = np.concatenate([np.repeat(cells, times, axis), cells.take([-1], axis)], axis)
    return values

"""Runs that hardly turn: a few points of the path determine its end.

Most step sizes of a wide grid are so small that a run ends on the line of its first direction, or
on a parabola; all steps of such runs are taken at once.
"""

import numpy as np

from efviz.arrays import Array, Mask
from efviz.sweeps.outcome import FINISHED, Outcome
from efviz.sweeps.outputs import OutputBatch

# The relative error allowed in a loss: for straight paths a bound, for parabolas an estimate, which
# is two to four orders of magnitude too cautious.
_STRAIGHT, _PARABOLA = 1e-12, 1e-10
# Runs whose direction changes by more than this are not worth trying.
_SMOOTH = 0.1


def close_still(
    batch: OutputBatch,
    step_size: Array,
    damping: Array,
    n_steps: int,
    left: Mask,
    outcome: Outcome,
    *,
    smooth: bool,
) -> Mask:
    """Close the runs among `left` that go straight or, if `smooth`, along a parabola: (R,).

    All runs with one damping share the first matrix A = B + lambda M and direction d = A^-1 g. With
    h_n the leverage of example n in A, and changes from the first point to the last,

        |A^-1/2 (change of B) A^-1/2| <= sum_n h_n |change of w_n|,

    so the error of the loss is at most its decrease times this and the gradient's change along d.
    """
    closed = np.zeros(len(step_size), dtype=bool)
    levels, level = np.unique(damping, return_inverse=True)
    if not n_steps or not len(levels):
        return closed
    first = batch.first_steps(levels)
    d, df, slope, good, h = first.d, first.df, first.slope, first.good, first.leverages
    s_0, w_0 = first.start.weights()
    first_loss = abs(float(first.start.loss()[0]))
    candidates = np.flatnonzero(
        left & good[level] & (n_steps * step_size * slope[level] <= _SMOOTH * first_loss)
    )
    with np.errstate(all="ignore"):
        for a in range(0, len(candidates), batch.size):
            runs = candidates[a : a + batch.size]
            at, way = level[runs], n_steps * step_size[runs]
            end = batch.outputs(-way[:, None] * df[at])
            s, w = end.weights()
            matrix = (np.abs(w - w_0) * h[at]).sum(-1)
            gradient = (np.abs(s - s_0) * np.abs(df[at])).mean(-1)
            change = matrix + gradient / slope[at]
            straight = way * slope[at] * change <= _STRAIGHT * first_loss
            closed[runs[straight]] = True
            outcome.close(runs[straight], FINISHED, end.part(straight).loss(), n_steps)
            bent = ~straight & (change <= _SMOOTH)
            if smooth and n_steps > 2 and bent.any():
                runs, at = runs[bent], at[bent]
                error, loss = _parabola(batch, d[at], step_size[runs], damping[runs], n_steps, s_0)
                small = error <= _PARABOLA * first_loss
                closed[runs[small]] = True
                outcome.close(runs[small], FINISHED, loss[small], n_steps)
    return closed


def _parabola(
    batch: OutputBatch, d_0: Array, step_size: Array, damping: Array, n_steps: int, s_0: Array
) -> tuple[Array, Array]:
    """The last loss (R,) if directions are d_0 + a t + b t^2 in t, and an estimate of its error.

    The parabola goes through the directions at the middle and at the last step, which in turn
    depend on it, so it is found by iteration. Each iteration, and each order in t, is smaller than
    the previous one by about the same ratio, which the estimate extrapolates by one step.
    """
    gamma, last = step_size[:, None], n_steps - 1.0
    a, b = np.zeros_like(d_0), np.zeros_like(d_0)

    def u(t: float) -> Array:
        # minus gamma times the sum of d_0 + a s + b s^2 over s = 0 ... t - 1
        return -gamma * (t * d_0 + t * (t - 1) / 2 * a + (t - 1) * t * (2 * t - 1) / 6 * b)

    def direction(t: float) -> Array:
        point = batch.at(u(t))
        return batch.solve(point.matrix(), damping, point.gradient())[0]

    ends = []
    for _ in range(3):
        middle, end = direction(last / 2), direction(last)
        a = (4 * middle - end - 3 * d_0) / last
        b = (2 * end - 4 * middle + 2 * d_0) / last**2
        ends.append(u(n_steps))
    parts = (
        n_steps * gamma * d_0,
        n_steps**2 / 2 * gamma * a,
        n_steps**3 / 3 * gamma * b,
        ends[2] - ends[1],
    )
    straight, linear, quadratic, repeated = (batch.design.outputs(part) for part in parts)
    sizes = [np.linalg.norm(part, axis=1) for part in (straight, linear, quadratic)]
    ratio = np.maximum(sizes[1] / sizes[0], sizes[2] / sizes[1])
    error = ratio * (np.abs(s_0) * (np.abs(quadratic) + np.abs(repeated))).mean(-1)
    # A direction that does not change at all has no ratio, and no error.
    return np.where(sizes[1] == 0, 0, error), batch.at(ends[2]).loss()

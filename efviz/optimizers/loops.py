"""Compiled steps of least squares, each of which depends on the last: NumPy cannot batch them."""

import numpy as np
from numpy.typing import NDArray

from efviz.arrays import Array, Mask
from efviz.numerics.compiling import njit
from efviz.numerics.systems import precondition, solve

CONSTANT, EMPIRICAL, VARIED = 0, 1, 2
"""How the preconditioner depends on theta: not at all, by T : phi phi^T as in the EF, or by that in
another way than the inverse."""

LEAP = 16
"""With a constant preconditioner, more steps than this are taken by powers of one matrix."""


@njit(cache=True, nogil=True)
def steps(
    phi: Array,
    center: Array,
    S: Array,
    T: Array,
    scale: Array,
    kind: int,
    M: Array,
    step_size: float,
    damping: float,
    rounding: float,
    exponent: float,
    diagonal: bool,
    relative: bool,
    units: Array,
    n_steps: int,
    loss_limit: float,
) -> tuple[int, float, bool]:
    """Take n_steps from phi = (theta - center, -1) in place; stop where the loss exceeds its limit.

    gradient = scale[0] S phi. An EMPIRICAL preconditioner is the first D columns of M plus
    scale[1] T : phi phi^T, and a VARIED one what `precondition` makes of the same matrix; with a
    CONSTANT one the direction is M phi. Returns the number of steps taken, the loss there and
    whether any preconditioner was rank deficient. A step that changes no bit of theta ends the
    loop, because theta no longer moves.
    """
    D = len(phi) - 1
    g = np.zeros(D)
    d = np.zeros(D)
    B = np.zeros((D, D))
    products = np.zeros(T.shape[1])
    deficient = False
    loss = 0.0
    for t in range(n_steps + 1):
        loss = 0.0
        for i in range(D + 1):
            s = 0.0
            for j in range(D + 1):
                s += S[i, j] * phi[j]
            loss += phi[i] * s
            if i < D:
                g[i] = scale[0] * s
        loss *= scale[0] / 2
        if not loss <= loss_limit:
            return t, loss, deficient
        if t == n_steps:
            break
        if kind != CONSTANT:
            col = 0
            for k in range(D + 1):
                for m in range(k, D + 1):
                    products[col] = scale[1] * phi[k] * phi[m]
                    col += 1
            row = 0
            for i in range(D):
                for j in range(i, D):
                    s = 0.0
                    for col in range(len(products)):
                        s += T[row, col] * products[col]
                    B[i, j] = B[j, i] = M[i, j] + s
                    row += 1
            if kind == VARIED:
                d, singular = precondition(
                    B, g, damping, exponent, diagonal, relative, units, rounding
                )
            else:
                for i in range(D):
                    B[i, i] += damping
                d, singular, _ = solve(B, g, rounding)
            deficient = deficient or singular
        else:
            for i in range(D):
                s = 0.0
                for j in range(D + 1):
                    s += M[i, j] * phi[j]
                d[i] = s
        moved = False
        for i in range(D):
            new = phi[i] - step_size * d[i]
            moved = moved or center[i] + new != center[i] + phi[i]
            phi[i] = new
        if not moved:
            return n_steps, loss, deficient
    return n_steps, loss, deficient


@njit(cache=True, nogil=True)
def leap(
    phi: Array, S: Array, scale: float, M: Array, step_size: float, n_steps: int, loss_limit: float
) -> tuple[bool, float]:
    """Take n_steps with a constant preconditioner at once, in place: phi -> A^n phi.

    The excess loss is a sum of modes c rho^(2 t), convex in t: if it is within its limit now and
    after n steps, it was so in between. If it is not, returns False and leaves phi unchanged.
    """
    D = len(phi) - 1
    A = np.eye(D + 1)
    A[:D] -= step_size * M
    power = np.eye(D + 1)
    n = n_steps
    while n:
        if n & 1:
            power = A @ power
        A = A @ A
        n >>= 1
    new = power @ phi
    loss = scale / 2 * (new @ (S @ new))
    done = bool(loss <= loss_limit)
    if done:
        phi[:] = new
    return done, float(loss)


@njit(cache=True, nogil=True)
def steps_of_runs(
    phi: Array,
    center: Array,
    S: Array,
    T: Array,
    scale: Array,
    kind: int,
    M: Array,
    step_size: Array,
    damping: Array,
    rounding: float,
    exponent: float,
    diagonal: bool,
    relative: bool,
    units: Array,
    counts: NDArray[np.int64],
    limit: Array,
    going: Mask,
    loss: Array,
    taken: NDArray[np.int64],
    rank_deficient: Mask,
    thetas: Array,
    losses: Array,
) -> None:
    """Take counts[0], counts[1], ... steps of every run (R,) that is going, updating it in place.

    thetas (R, K, D) and losses (R, K) receive the values after each of the K counts.
    """
    D = phi.shape[1] - 1
    for r in range(len(phi)):
        for k in range(len(counts)):
            if not going[r]:
                break
            n = counts[k]
            done = False
            if kind == CONSTANT and n > LEAP:
                done, loss[r] = leap(phi[r], S, scale[0], M[r], step_size[r], n, limit[r])
                taken[r] += n if done else 0
            if not done:
                n, loss[r], deficient = steps(
                    phi[r],
                    center,
                    S,
                    T,
                    scale,
                    kind,
                    M[r],
                    step_size[r],
                    damping[r],
                    rounding,
                    exponent,
                    diagonal,
                    relative,
                    units,
                    n,
                    limit[r],
                )
                taken[r] += n
                rank_deficient[r] |= deficient
                going[r] = loss[r] <= limit[r]
            if going[r]:
                for i in range(D):
                    thetas[r, k, i] = center[i] + phi[r, i]
                losses[r, k] = loss[r]

"""Compiled inner loops: sigmoids, moments of least-squares data, and many damped steps from them.

`numba` compiles them; with NUMBA_DISABLE_JIT=1 the same code runs as plain Python.
"""

from math import exp, expm1, log1p

import numpy as np
from numpy.typing import NDArray

from efviz.compiling import njit
from efviz.data import Array, Mask
from efviz.numerics.systems import solve

CONSTANT, EMPIRICAL = 0, 1
"""How the preconditioner depends on theta: not at all, or as the empirical Fisher T : phi phi^T."""

LEAP = 16
"""More steps than this with a constant preconditioner are taken by powers of one matrix."""


@njit(cache=True, nogil=True)
def bernoulli_nll(f: Array, y: Array) -> Array:
    """-log sigmoid((2 y - 1) f) for f (B, N), y (N,); exp(-|f|) never overflows nor rounds to 1."""
    out = np.empty_like(f)
    for b in range(f.shape[0]):
        for n in range(f.shape[1]):
            wrong = (1.0 - 2.0 * y[n]) * f[b, n]
            out[b, n] = log1p(exp(-abs(wrong))) + max(wrong, 0.0)
    return out


@njit(cache=True, nogil=True)
def bernoulli_gradient(f: Array, y: Array) -> Array:
    """sigmoid(f) - y as sign sigmoid(sign f), sign = 1 - 2 y: no cancellation for a good fit."""
    out = np.empty_like(f)
    for b in range(f.shape[0]):
        for n in range(f.shape[1]):
            sign = 1.0 - 2.0 * y[n]
            e = exp(-abs(f[b, n]))
            out[b, n] = sign * (1.0 if sign * f[b, n] > 0.0 else e) / (1.0 + e)
    return out


@njit(cache=True, nogil=True)
def bernoulli_fisher(f: Array) -> Array:
    """sigmoid(f) sigmoid(-f) for f (B, N), to full relative precision in both tails."""
    out = np.empty_like(f)
    for b in range(f.shape[0]):
        for n in range(f.shape[1]):
            e = exp(-abs(f[b, n]))
            out[b, n] = e / ((1.0 + e) * (1.0 + e))
    return out


@njit(cache=True, nogil=True)
def bernoulli_gradient_and_fisher(f: Array, y: Array) -> tuple[Array, Array]:
    """Both of the above with one exponential, which is what they cost."""
    gradient, fisher = np.empty_like(f), np.empty_like(f)
    for b in range(f.shape[0]):
        for n in range(f.shape[1]):
            sign = 1.0 - 2.0 * y[n]
            e = exp(-abs(f[b, n]))
            share = 1.0 / (1.0 + e)
            gradient[b, n] = sign * (1.0 if sign * f[b, n] > 0.0 else e) * share
            fisher[b, n] = e * share * share
    return gradient, fisher


@njit(cache=True, nogil=True)
def excess_at(x: float) -> float:
    """exp(x) - 1 - x, by its series near zero, where the difference loses its digits."""
    if abs(x) < 0.02:
        return x * x / 2 * (1 + x / 3 * (1 + x / 4 * (1 + x / 5 * (1 + x / 6 * (1 + x / 7)))))
    return expm1(x) - x


@njit(cache=True, nogil=True)
def excess(x: Array) -> Array:
    """exp(x) - 1 - x of every element, to 13 digits and more."""
    out = np.empty(x.size)
    flat = x.ravel()
    for i in range(x.size):
        out[i] = excess_at(flat[i])
    return out.reshape(x.shape)


@njit(cache=True, nogil=True)
def bernoulli_kl(f: Array, g: Array) -> Array:
    """KL(Bernoulli(sigmoid f) || Bernoulli(sigmoid g)) for f, g (n,).

    Written for the less likely label under f, of probability p, which keeps its digits.
    """
    out = np.empty_like(f)
    for n in range(f.shape[0]):
        sign = -1.0 if f[n] > 0.0 else 1.0
        step = sign * (g[n] - f[n])
        e = exp(-abs(f[n]))
        q = 1.0 / (1.0 + e)
        p = e * q
        if abs(step) < 1.0:
            out[n] = log1p(q * excess_at(-p * step) + p * excess_at(q * step))
        else:
            moved = sign * g[n]
            out[n] = log1p(exp(-abs(moved))) + max(moved, 0.0) - log1p(e) - p * step
    return out


@njit(cache=True, nogil=True)
def poisson_quantile(u: Array, rate: Array) -> Array:
    """The smallest k with P(Poisson(rate) <= k) >= u, for u (N,), rate (N,) up to some hundreds.

    Probabilities are added up from k = 0; scipy's `poisson.ppf` takes twenty times as long.
    """
    k = np.zeros(len(u))
    for n in range(len(u)):
        term = exp(-rate[n])
        total = term
        while total < u[n] and term > 0.0:
            k[n] += 1.0
            term *= rate[n] / k[n]
            total += term
    return k


@njit(cache=True, nogil=True)
def affine(z: Array, M: Array, mu: Array, out: Array) -> None:
    """out = z M + mu for z (N, D): so small an M is no work for BLAS and its threads."""
    N, D = z.shape
    for n in range(N):
        for j in range(D):
            total = 0.0
            for i in range(D):
                total += z[n, i] * M[i, j]
            out[n, j] = total + mu[j]


@njit(cache=True, nogil=True)
def linear_outputs(X: Array, theta: Array) -> Array:
    """X theta (N,): few columns need no BLAS, whose threads would wait for each other."""
    N, D = X.shape
    f = np.zeros(N)
    for n in range(N):
        for i in range(D):
            f[n] += X[n, i] * theta[i]
    return f


_Sums = tuple[float, float, float, float, float, float, float, float]
_NOTHING: _Sums = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


# Written out, so that the compiler keeps the sums in registers: three times as fast.
@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})
def _added(sums: _Sums, a: float, b: float, v: float, w: float) -> _Sums:
    """The sums of `weighted_sums` for D = 2, and one example x = (a, b) more."""
    g0, g1, F00, F01, F11, E00, E01, E11 = sums
    aa, ab, bb, vv = a * a, a * b, b * b, v * v
    g0 += v * a
    g1 += v * b
    F00 += w * aa
    F01 += w * ab
    F11 += w * bb
    E00 += vv * aa
    E01 += vv * ab
    E11 += vv * bb
    return g0, g1, F00, F01, F11, E00, E01, E11


@njit(cache=True, nogil=True)
def _unpacked(sums: _Sums) -> tuple[Array, Array, Array]:
    g, F, E = np.empty(2), np.empty((2, 2)), np.empty((2, 2))
    g[0], g[1], F[0, 0], F[0, 1], F[1, 1], E[0, 0], E[0, 1], E[1, 1] = sums
    F[1, 0], E[1, 0] = F[0, 1], E[0, 1]
    return g, F, E


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract", "reassoc"})
def weighted_sums(X: Array, v: Array, w: Array) -> tuple[Array, Array, Array]:
    """sum_n v_n x_n, sum_n w_n x_n x_n^T and sum_n v_n^2 x_n x_n^T for X (N, D), v, w (N,)."""
    N, D = X.shape
    if D == 2:
        sums = _NOTHING
        for n in range(N):
            sums = _added(sums, X[n, 0], X[n, 1], v[n], w[n])
        return _unpacked(sums)
    g, F, E = np.zeros(D), np.zeros((D, D)), np.zeros((D, D))
    for n in range(N):
        for i in range(D):
            g[i] += v[n] * X[n, i]
            for j in range(i + 1):
                product = X[n, i] * X[n, j]
                F[i, j] += w[n] * product
                E[i, j] += v[n] * v[n] * product
    for i in range(D):
        for j in range(i):
            F[j, i] = F[i, j]
            E[j, i] = E[i, j]
    return g, F, E


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
    n_steps: int,
    loss_limit: float,
) -> tuple[int, float, bool]:
    """Take n_steps from phi = (theta - center, -1), in place; stop where loss exceeds its limit.

    gradient = scale[0] S phi and EF = scale[1] T : phi phi^T. With a CONSTANT preconditioner the
    direction is M phi. Returns the number of steps taken, the loss there and whether a
    preconditioner was rank deficient. A step that changes no bit of theta ends the loop: theta has
    come to rest.
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
        if kind == EMPIRICAL:
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
                    B[i, j] = B[j, i] = s
                    row += 1
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
    """n_steps with a constant preconditioner at once, in place: phi -> A^n phi.

    The excess loss is a sum of modes c rho^(2 t), convex in t, so if it is within its limit now
    and n steps on, it was in between. Returns False, with phi as it was, if it is not.
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
    counts: NDArray[np.int64],
    limit: Array,
    going: Mask,
    loss: Array,
    taken: NDArray[np.int64],
    rank_deficient: Mask,
    thetas: Array,
    losses: Array,
) -> None:
    """counts[0], counts[1], ... steps of every run (R,) that is going; all is kept in place.

    thetas (R, K, D) and losses (R, K) take what is reached after each of the K counts.
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


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def moment_sums(X: Array, y: Array, center: Array, rows: NDArray[np.int64]) -> tuple[Array, Array]:
    """Sums over n of z z^T and of pairs(x) pairs(z)^T, z = (x, y - x . center), in one pass.

    `rows` says which of the pairs of z are the pairs of x. Sums may be reordered to use the
    processor's vector unit.
    """
    N, D = X.shape
    block = 64
    S = np.zeros((D + 1, D + 1))
    T = np.zeros((len(rows), (D + 1) * (D + 2) // 2))
    z = np.zeros((D + 1, block))
    products = np.zeros((T.shape[1], block))
    for n in range(0, N, block):
        size = min(block, N - n)
        for b in range(size):
            residual = y[n + b]
            for i in range(D):
                z[i, b] = X[n + b, i]
                residual -= center[i] * X[n + b, i]
            z[D, b] = residual
        q = 0
        for i in range(D + 1):
            for j in range(i, D + 1):
                s = 0.0
                for b in range(size):
                    product = z[i, b] * z[j, b]
                    products[q, b] = product
                    s += product
                S[i, j] += s
                q += 1
        for r in range(len(rows)):
            for q in range(T.shape[1]):
                s = 0.0
                for b in range(size):
                    s += products[rows[r], b] * products[q, b]
                T[r, q] += s
    for i in range(D + 1):
        for j in range(i):
            S[i, j] = S[j, i]
    return S, T

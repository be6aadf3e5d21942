r"""Which columns of a matrix are independent: the one place where rank is decided.

A column counts as a combination of others if it may be one that was merely rounded. Where b is
computed as sum_i w_i a_i, i = 1 ... k, in float64, it errs, example by example and to first order
in u = 2^-53, by at most

    (k + 1) u (|b| + sum_i |w_i| |a_i|):

no term passes through more than k + 1 roundings, of its product, of the sums and of b itself
(Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., section 3.1). So b is dependent
if what the others leave of it is at most MARGIN times this, in Euclidean norms. The rule knows no
units, neither of columns nor of examples, and no N.

What the others leave must itself be known to far better than u. `reduce_columns` works with 32
digits; its own error, of order N D 2^-102 / DISTINCT^2, does not matter for any N in sight. Its
digits are the same everywhere, and with them the decisions. As this costs some 30 float64
operations for one, columns which a rounded Gram matrix proves to be far from collinear are spared
it: see FAR. Of others those that are clearly distinct are taken at once, by products of matrices.
"""

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from efviz.arrays import Array
from efviz.lazy import cached_property
from efviz.numerics.extended import Extended
from efviz.numerics.products import product

UNIT_ROUNDOFF = 2.0**-53
MARGIN = 4.0
"""Columns are read, converted, centred and scaled besides: a few more roundings."""

FAR = 1e-6
"""Columns are far from collinear if the smallest eigenvalue of their Gram matrix, in units in which
its diagonal is 1, exceeds this.

Entries of a rounded Gram matrix of N examples err by at most N u in these units, the eigenvalue by
D N u: less than a tenth of FAR for N D < 1e9. What is computed from the Gram matrix has lost at
most six digits then; else it has to come from the columns.
"""

DISTINCT = 1e-3
"""Of a column more than this share of its length is left by others: see `take_distinct`."""

_EQUAL = 1e-12
"""Shares of columns that differ by less, relatively, may differ by rounding alone."""

NEAR = 1e-6
"""Unit columns are nearly collinear if their smallest singular value is at most this."""

# Elements in one piece: a few arrays of this size stay in a core's cache.
_PIECE = 2**14


def _pieces(A: Array) -> list[slice]:
    """The rows of A (N, D), a piece at a time."""
    rows = max(1, _PIECE // max(1, A.shape[1]))
    return [slice(n, n + rows) for n in range(0, len(A), rows)]


def powers_of_two(size: Array) -> Array:
    """The powers of two just above these sizes, 1 for 0: dividing by one of them rounds nothing."""
    return np.where(size > 0, np.ldexp(1.0, np.frexp(size)[1]), 1.0)


def column_sizes(A: Array) -> Array:
    """max_n |A_nd| for each column of A (N, D), (D,)."""
    size = np.zeros(A.shape[1])
    # Along the first axis of a tall array NumPy takes long; in pieces it does not.
    for piece in _pieces(A):
        np.maximum(size, np.abs(A[piece]).max(axis=0), out=size)
    return size


def far_from_collinear(A: Array) -> bool:
    """Whether a rounded Gram matrix proves the columns of A (N, D) independent: see FAR."""
    if len(A) < A.shape[1]:
        return False
    unit = A / powers_of_two(column_sizes(A))
    return gram_far_from_singular(unit.T @ unit)


def gram_far_from_singular(B: Array) -> bool:
    """`far_from_collinear` for columns whose Gram matrix, up to a factor, is B (D, D)."""
    length = np.sqrt(np.diagonal(B))
    if not (np.isfinite(B).all() and length.all()):
        return False
    return bool(np.linalg.eigvalsh(B / np.outer(length, length))[0] > FAR)


@dataclass(frozen=True, eq=False)
class Reduced:
    """A = Q R S for A (N, D): Q (N, K) orthonormal, R (K, D), S = diag(size) of powers of two.

    `kept` (K,) are independent columns in the order in which they were chosen, `dropped` (D - K,)
    the combinations of them. The columns of `basis` (D, K) and `free` (D, D - K) are, in the units
    of S, parameters with A S^-1 basis = Q and A S^-1 free = 0. Of further columns Y (N, M), `fit`
    (D, M) are parameters of A S^-1 that bring it nearest to Y, `rest` (N, M) is what is left.
    """

    size: Array
    kept: NDArray[np.intp]
    dropped: NDArray[np.intp]
    Q: Extended
    R: Extended
    basis: Extended
    free: Extended
    fit: Extended
    rest: Extended

    @property
    def rank(self) -> int:
        return len(self.kept)

    def shortest(self, parameters: Extended) -> Array:
        """The x (D, M) of least norm with A x = A S^-1 parameters, in the units of A."""
        unit = Extended.of(self.size[:, None])
        x = parameters / unit
        if len(self.dropped):
            free, x = _solved_for_the_largest(self.free / unit, x)
            x = _reduce(free, x).rest
        return x.hi + x.lo

    @cached_property
    def inverse(self) -> Array:
        """(R S)^+ (D, K): the shortest theta with A theta = Q u is `inverse @ u`."""
        return self.shortest(self.basis)


def reduce_columns(A: Array, Y: Array | None = None) -> Reduced:
    """A (N, D) reduced to independent columns, and Y (N, M) to what they do not explain."""
    return _reduce(Extended.of(A), Extended.of(np.zeros((len(A), 0)) if Y is None else Y))


def rank(A: Array) -> int:
    """How many columns of A (N, D) are independent to working precision."""
    return A.shape[1] if far_from_collinear(A) else reduce_columns(A).rank


def least_squares(A: Array, y: Array) -> tuple[Array, int]:
    """The shortest of all x (D,) that minimise |A x - y|, and the rank of A (N, D); y (N,)."""
    scale = float(powers_of_two(np.abs(y).max(initial=0)))
    y = y / scale
    x = _by_refinement(A, y)
    if x is not None:
        return x * scale, A.shape[1]
    reduced = reduce_columns(A, y[:, None])
    return reduced.shortest(reduced.fit)[:, 0] * scale, reduced.rank


def _by_refinement(A: Array, y: Array) -> Array | None:
    """The solution for columns that are not nearly collinear; None for others.

    With R^T R near A^T A, errors of x shrink by a factor of some D N u / FAR from step to step, so
    that few bring it to what the last residual allows, which has 32 digits.
    """
    if len(A) < A.shape[1]:
        return None
    size = powers_of_two(column_sizes(A))
    unit = A / size
    B = unit.T @ unit
    length = np.sqrt(np.diagonal(B))
    if not (np.isfinite(B).all() and length.all()):
        return None
    R = _triangle(unit / length, B / np.outer(length, length))
    if R is None:
        return None

    def step(right: Array) -> Array:
        return np.asarray(scipy.linalg.cho_solve((R, False), right / length) / length)

    x = step(unit.T @ y)
    for _ in range(2):
        x = x + step(unit.T @ (y - unit @ x))
    return (x + step(_slope(unit, y, x))) / size


def _triangle(A: Array, B: Array) -> Array | None:
    """R (D, D), upper triangular, with R^T R = B = A^T A for unit columns A (N, D).

    From B if they are far from collinear, else from A, which carries twice the digits, if their
    smallest singular value exceeds NEAR and the error of the factorisation by far. They are
    independent then: a column of which the others, times w, leave r has r >= |(1, w)| sigma.
    """
    if gram_far_from_singular(B):
        return np.asarray(np.linalg.cholesky(B).T)
    R = np.linalg.qr(A, mode="r")
    error = A.size * UNIT_ROUNDOFF
    smallest = float(scipy.linalg.svdvals(R)[-1])
    return np.asarray(R) if smallest > max(NEAR, 10 * error) else None


def _slope(A: Array, y: Array, x: Array) -> Array:
    """A^T (y - A x), (D,), in 32 digits, a piece of the examples at a time."""
    pieces = _pieces(A)
    parts = Extended.of(np.zeros((len(pieces), len(x))))
    for i, piece in enumerate(pieces):
        a, rest = Extended.of(A[piece]), Extended.of(y[piece])
        for d in range(len(x)):
            rest = rest - a[:, d] * Extended.of(x[d : d + 1])
        parts[i] = (a * rest[:, None]).sum()
    return parts.sum().hi


def _reduce(A: Extended, Y: Extended) -> Reduced:
    """Gram-Schmidt with pivoting: of the columns neither chosen nor dependent, the one of which
    most is left, relatively, is next; of several the first."""
    reduction = _Reduction(A, Y)
    reduction.take_distinct()
    reduction.take_one_by_one()
    return reduction.result()


class _Reduction:
    """Columns of A S^-1 (N, D) and Y (N, M) on their way to a `Reduced`.

    Each is its column of `weights` of the columns kept, Q times its column of `products`, and what
    is `left` of it. Those of A that are kept are no longer among the `active`, whose `left` are
    stored side by side; `candidates` are the columns of A that may still be kept.
    """

    def __init__(self, A: Extended, Y: Extended) -> None:
        (N, D), M = A.hi.shape, Y.hi.shape[1]
        self.D, self.size = D, powers_of_two(column_sizes(A.hi))
        self.left = Extended(
            np.hstack([A.hi / self.size, Y.hi]), np.hstack([A.lo / self.size, Y.lo])
        )
        self.length = _lengths(self.left.hi[:, :D])
        self.weights = Extended.of(np.zeros((D, D + M)))
        self.products = Extended.of(np.zeros((D, D + M)))
        self.basis = Extended.of(np.zeros((D, D)))
        self.Q = Extended.of(np.zeros((N, D)))
        self.kept: list[int] = []
        self.active = np.arange(D + M)
        self.candidates = np.flatnonzero(self.length)

    def take_distinct(self) -> None:
        """Keep the columns of which more than DISTINCT is left, all at once.

        By Cholesky's method from the Gram matrix, which loses twice as many digits as DISTINCT has;
        32 leave enough. Where Q was not quite orthogonal to what it left, that is done again.
        """
        whole = self.left
        gram = product(whole[:, : self.D].T, whole)
        while len(self.candidates):
            now = np.sqrt(np.maximum(gram.hi[self.candidates, self.candidates], 0))
            share = now / self.length[self.candidates]
            if not share.max() > DISTINCT:
                break
            j = self._first(self.candidates[share > share.max() * (1 - _EQUAL)], whole)
            r = gram[j : j + 1, j].sqrt()[0]
            row = gram[j] / r
            self._keep(j, r, row)
            rows = self.active[self.active < self.D]
            at = np.ix_(rows, self.active)
            gram[at] = gram[at] - row[rows][:, None] * row[self.active]
        K = len(self.kept)
        if not K:
            return
        chosen, basis = whole[:, self.kept], self.basis[self.kept, :K]
        Q = product(chosen, basis)
        left = whole[:, self.active] - product(Q, self.products[:K, self.active])
        again = product(Q.T, left)
        self.left = left - product(Q, again, 53)
        self._add(self.products, np.arange(K), again)
        self._add(self.weights, np.array(self.kept), product(basis, again, 53))
        self.Q[:, :K] = Q

    def _first(self, equal: NDArray[np.intp], whole: Extended) -> int:
        """Of columns of which the same share is left, but for rounding, the one that
        `take_one_by_one` would choose."""
        if len(equal) > 1:
            known = product(whole[:, self.kept], self.weights[self.kept][:, equal])
            now = _lengths((whole[:, equal] - known).hi)
            equal = equal[[np.argmax(now / self.length[equal])]]
        return int(equal[0])

    def take_one_by_one(self) -> None:
        """Keep all others that are independent; each column is projected out of those left."""
        while True:
            bound = MARGIN * (len(self.kept) + 1) * UNIT_ROUNDOFF * self._rounding()
            now = np.zeros(self.D)
            inputs = self.active < self.D
            now[self.active[inputs]] = _lengths(self.left.hi[:, inputs])
            some = self.candidates[now[self.candidates] > bound[self.candidates]]
            if not len(some):
                return
            self.candidates = some
            j, k = int(some[np.argmax(now[some] / self.length[some])]), len(self.kept)
            chosen = self.active == j
            self.Q[:, k], r = _normalised(self.left[:, chosen][:, 0])
            self.left = self.left[:, ~chosen]
            row = Extended.of(np.zeros(len(self.products.hi[0])))
            row[self.active[~chosen]] = _project_out(self.left, self.Q[:, k])
            self._keep(j, r, row)

    def _rounding(self) -> Array:
        """|b| + sum_i |w_i| |a_i| for each column b of A, as a combination of those kept."""
        weights = np.abs(self.weights.hi[:, : self.D])
        return self.length + (weights * self.length[:, None]).sum(axis=0)

    def _keep(self, j: int, r: Extended, row: Extended) -> None:
        """Column j, of which r is left, is the next; `row` are the products of all with it."""
        k = len(self.kept)
        self.kept.append(j)
        self.active = self.active[self.active != j]
        self.candidates = self.candidates[self.candidates != j]
        unit = Extended.of(np.zeros(k + 1))
        unit.hi[k] = 1.0
        basis = (unit - self.weights[self.kept, j]) / r
        self.basis[self.kept, k] = basis
        self.products[k, self.active] = row[self.active]
        self.products[k, j] = r
        self._add(self.weights, np.array(self.kept), basis[:, None] * row[self.active])

    def _add(self, sums: Extended, rows: NDArray[np.intp], change: Extended) -> None:
        """Add to these rows of the active columns."""
        at = np.ix_(rows, self.active)
        sums[at] = sums[at] + change

    def result(self) -> Reduced:
        D, K = self.D, len(self.kept)
        dropped = np.setdiff1d(np.arange(D), self.kept)
        free = -self.weights[:, dropped]
        free.hi[dropped, np.arange(len(dropped))] = 1.0
        return Reduced(
            size=self.size,
            kept=np.array(self.kept, dtype=np.intp),
            dropped=dropped,
            Q=self.Q[:, :K],
            R=self.products[:K, :D],
            basis=self.basis[:, :K],
            free=free,
            fit=self.weights[:, D:],
            rest=self.left[:, self.active >= D],
        )


def _solved_for_the_largest(free: Extended, x: Extended) -> tuple[Extended, Extended]:
    """Well-scaled columns with the same span as `free` (D, F), and x (D, M) up to that span.

    Gaussian elimination with complete pivoting: each column is 1 in one parameter, where the other
    columns and x become 0. Without it, columns that share an entry of 1e17 and differ in entries
    near 1 would count as one column, and the shortest x would be a small difference of large ones.
    """
    free, left = free.copy(), np.arange(free.hi.shape[1])
    while len(left):
        i, j = np.unravel_index(np.argmax(np.abs(free.hi[:, left])), (len(free), len(left)))
        k, others = left[j], np.arange(free.hi.shape[1]) != left[j]
        free[:, k] = free[:, k] / free[i : i + 1, k]
        direction = free[:, k][:, None]
        free[:, others] = free[:, others] - direction * free[i, others]
        x = x - direction * x[i]
        left = np.delete(left, j)
    return free, x


def _lengths(A: Array) -> Array:
    """The Euclidean norm of each column; added by halves, in an order that no machine changes."""
    squares = A * A
    while len(squares) > 1:
        half = len(squares) // 2
        added = squares[:half] + squares[half : 2 * half]
        if len(squares) % 2:
            added[0] += squares[-1]
        squares = added
    return np.sqrt(squares.sum(axis=0))


def _dots(q: Extended, A: Extended) -> Extended:
    """q^T A for q (N,), A (N, M), a piece of the examples at a time: (M,)."""
    pieces = _pieces(A.hi)
    parts = Extended.of(np.zeros((len(pieces), A.hi.shape[1])))
    for i, piece in enumerate(pieces):
        parts[i] = (q[piece][:, None] * A[piece]).sum()
    return parts.sum()


def _normalised(column: Extended) -> tuple[Extended, Extended]:
    """The column at unit length, and its length."""
    r = _dots(column, column[:, None]).sqrt()
    return column / r, r[0]


def _project_out(A: Extended, q: Extended) -> Extended:
    """Take from A (N, M), in place, its part along q (N,): q^T A (M,)."""
    products = _dots(q, A)
    for piece in _pieces(A.hi):
        A[piece] = A[piece] - q[piece][:, None] * products
    return products


def principal_axes(reduced: Reduced) -> tuple[Array, Array, Array]:
    """A = U diag(sigma) V^T of a reduced A (N, D): U (N, K), sigma (K,) descending, V (D, K).

    By Jacobi's method, which finds small singular values and small elements of V to their last
    digits whatever the units of the columns (Demmel and Veselic, 1992).
    """
    N, D, K = len(reduced.Q), len(reduced.size), reduced.rank
    if not K:
        return np.zeros((N, 0)), np.zeros(0), np.zeros((D, 0))
    # The routine wants as many rows as columns; V is what it finds most carefully.
    square = np.concatenate([reduced.R.hi * reduced.size, np.zeros((D - K, D))])
    values, U, V, work, _, info = scipy.linalg.lapack.dgejsv(square, joba=2, jobu=0, jobv=1)
    if info:
        raise ArithmeticError(f"the singular values were not found (dgejsv: {info})")
    sigma = np.asarray(values[:K] * (work[0] / work[1]))
    return np.asarray(reduced.Q.hi @ U[:K, :K]), sigma, np.asarray(V[:, :K])

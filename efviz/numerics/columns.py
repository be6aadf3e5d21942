r"""Which columns of a matrix are independent: the only place where rank is decided.

A column counts as a combination of others if rounding alone may be what distinguishes the two. If
b is computed as sum_i w_i a_i, i = 1 ... k, in float64, its error, example by example and to first
order in u = 2^-53, is at most

    (k + 1) u (|b| + sum_i |w_i| |a_i|):

no term passes through more than k + 1 roundings, in its product, in the sums and in b itself
(Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., section 3.1). So b is dependent
if its residual after regression on the others is at most MARGIN times this bound, in Euclidean
norms. The rule depends neither on the units of columns or examples nor on N.

The residual must itself be known far more accurately than u. `reduce_columns` works with 32 digits;
its own error, of order N D 2^-102 / DISTINCT^2, is negligible for any practical N. Its digits, and
therefore its decisions, are the same on every machine. Each of its operations costs about 30 in
float64, so columns that a rounded Gram matrix proves to be far from collinear skip it (see FAR),
and clearly distinct columns are taken together, by products of matrices.
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
"""Reading, converting, centring and scaling add a few more roundings."""

FAR = 1e-6
"""Columns are far from collinear if the smallest eigenvalue of their Gram matrix, in units in which
its diagonal is 1, exceeds this.

In these units the entries of a rounded Gram matrix of N examples have errors of at most N u, and
the eigenvalue of at most D N u: less than a tenth of FAR for N D < 1e9. Above FAR, results computed
from the Gram matrix have lost at most six digits; below it, they have to be computed from the
columns.
"""

DISTINCT = 1e-3
"""Share of its length that a distinct column keeps as residual, at least: see `take_distinct`."""

_EQUAL = 1e-12
"""Shares with a smaller relative difference may differ by rounding alone."""

NEAR = 1e-6
"""Unit columns are nearly collinear if their smallest singular value is at most this."""

# Elements of one piece: a few arrays of this size fit into the cache of a core.
_PIECE = 2**14


def _pieces(A: Array) -> list[slice]:
    """The rows of A (N, D) in pieces."""
    rows = max(1, _PIECE // max(1, A.shape[1]))
    return [slice(n, n + rows) for n in range(0, len(A), rows)]


def powers_of_two(size: Array) -> Array:
    """Powers of two just above these sizes, 1 for 0. Division by them does not round."""
    return np.where(size > 0, np.ldexp(1.0, np.frexp(size)[1]), 1.0)


def column_sizes(A: Array) -> Array:
    """max_n |A_nd| for each column of A (N, D), (D,)."""
    size = np.zeros(A.shape[1])
    # NumPy is slow along the first axis of a tall array, but not in pieces.
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
    """A = Q R S for A (N, D): Q (N, K) `orthonormal`, R (K, D), S = diag(size) of powers of two.

    `kept` (K,) are independent columns in the order in which they were chosen, `dropped` (D - K,)
    the combinations of them. The columns of `basis` (D, K) and `free` (D, D - K) are, in the units
    of S, parameters with A S^-1 basis = Q and A S^-1 free = 0. For further columns Y (N, M), `fit`
    (D, M) are the least-squares parameters of A S^-1 and `rest` (N, M) the residuals.

    Of Q only the `last` columns are stored: A S^-1 basis would give them too few digits.
    """

    size: Array
    kept: NDArray[np.intp]
    dropped: NDArray[np.intp]
    last: Extended
    R: Extended
    basis: Extended
    free: Extended
    fit: Extended
    rest: Extended

    @property
    def rank(self) -> int:
        return len(self.kept)

    def orthonormal(self, A: Array) -> Extended:
        """Q (N, K) of the matrix A (N, D) that was reduced."""
        K = self.rank - self.last.hi.shape[1]
        first = self.kept[:K]
        distinct = Extended.of(A[:, first] / self.size[first])
        return _side_by_side(product(distinct, self.basis[first, :K]), self.last)

    def shortest(self, parameters: Extended) -> Array:
        """The x (D, M) of minimum norm with A x = A S^-1 parameters, in the units of A."""
        unit = Extended.of(self.size[:, None])
        x = parameters / unit
        if len(self.dropped):
            free, x = _solved_for_the_largest(self.free / unit, x)
            x = _reduce(free, x).rest
        return x.hi + x.lo

    @cached_property
    def inverse(self) -> Array:
        """(R S)^+ (D, K): the minimum-norm theta with A theta = Q u is `inverse @ u`."""
        return self.shortest(self.basis)


def reduce_columns(A: Array, Y: Array | None = None) -> Reduced:
    """Reduce A (N, D) to independent columns, and Y (N, M) to its residuals on them."""
    return _reduce(Extended.of(A), Extended.of(np.zeros((len(A), 0)) if Y is None else Y))


def rank(A: Array) -> int:
    """The number of columns of A (N, D) that are independent to working precision."""
    return A.shape[1] if far_from_collinear(A) else reduce_columns(A).rank


def least_squares(A: Array, y: Array) -> tuple[Array, int]:
    """The minimum-norm x (D,) that minimises |A x - y|, and the rank of A (N, D); y (N,)."""
    scale = float(powers_of_two(np.abs(y).max(initial=0)))
    y = y / scale
    x = _by_refinement(A, y)
    if x is not None:
        return x * scale, A.shape[1]
    reduced = reduce_columns(A, y[:, None])
    return reduced.shortest(reduced.fit)[:, 0] * scale, reduced.rank


def _by_refinement(A: Array, y: Array) -> Array | None:
    """The solution for columns that are not nearly collinear; None for others.

    With R^T R near A^T A, each step shrinks the error of x by a factor of about D N u / FAR, so
    that a few steps reach the accuracy of the last residual, which has 32 digits.
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

    R comes from B if the columns are far from collinear; otherwise from A, which carries twice the
    digits, if their smallest singular value sigma exceeds NEAR and, by far, the error of the
    factorisation. The columns are then independent: a column whose residual on the others, with
    weights w, is r has |r| >= |(1, w)| sigma. None in all other cases.
    """
    if gram_far_from_singular(B):
        return np.asarray(np.linalg.cholesky(B).T)
    R = np.linalg.qr(A, mode="r")
    error = A.size * UNIT_ROUNDOFF
    smallest = float(scipy.linalg.svdvals(R)[-1])
    return np.asarray(R) if smallest > max(NEAR, 10 * error) else None


def _slope(A: Array, y: Array, x: Array) -> Array:
    """A^T (y - A x), (D,), to 32 digits, in pieces of the examples."""
    pieces = _pieces(A)
    parts = Extended.of(np.zeros((len(pieces), len(x))))
    for i, piece in enumerate(pieces):
        a, rest = Extended.of(A[piece]), Extended.of(y[piece])
        for d in range(len(x)):
            rest = rest - a[:, d] * Extended.of(x[d : d + 1])
        parts[i] = (a * rest[:, None]).sum()
    return parts.sum().hi


def _reduce(A: Extended, Y: Extended) -> Reduced:
    """Gram-Schmidt with pivoting on the largest relative residual; ties go to the first column."""
    reduction = _Reduction(A, Y)
    reduction.take_distinct()
    reduction.take_one_by_one()
    return reduction.result()


class _Reduction:
    """The columns of A S^-1 (N, D) and Y (N, M) while they are being reduced.

    Each column equals the kept columns times its column of `weights`, which is Q times its column
    of `products`, plus its residual `left`. Kept columns of A are no longer `active`; the residuals
    of the active ones are stored side by side. `candidates` are the columns of A that may still be
    kept.
    """

    def __init__(self, A: Extended, Y: Extended) -> None:
        (N, D), M = A.hi.shape, Y.hi.shape[1]
        self.D, self.size = D, powers_of_two(column_sizes(A.hi))
        self.left = _side_by_side(Extended(A.hi / self.size, A.lo / self.size), Y)
        self.length = _lengths(self.left.hi[:, :D])
        self.weights = Extended.of(np.zeros((D, D + M)))
        self.products = Extended.of(np.zeros((D, D + M)))
        self.basis = Extended.of(np.zeros((D, D)))
        self.last = Extended.of(np.zeros((N, 0)))
        self.kept: list[int] = []
        self.active = np.arange(D + M)
        self.candidates = np.flatnonzero(self.length)

    def take_distinct(self) -> None:
        """Keep, all at once, the columns whose relative residual exceeds DISTINCT.

        Cholesky's method on the Gram matrix loses twice as many digits as DISTINCT has, and 32
        digits leave enough. A second pass makes the residuals orthogonal to Q to the last digits.
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
        left = whole[:, self.active] - product(chosen, self.weights[self.kept][:, self.active])
        # Q = chosen basis is not formed: its entries have more digits than those of the columns,
        # so that products with it would take longer.
        again = product(basis.T, product(chosen.T, left))
        change = product(basis, again, 53)
        self.left = left - product(chosen, change, 53)
        self._add(self.products, np.arange(K), again)
        self._add(self.weights, np.array(self.kept), change)

    def _first(self, equal: NDArray[np.intp], whole: Extended) -> int:
        """Of columns with the same relative residual up to rounding, the one that
        `take_one_by_one` would choose."""
        # Before a column is chosen, each is its own residual.
        if len(equal) > 1 and self.kept:
            known = product(whole[:, self.kept], self.weights[self.kept][:, equal])
            now = _lengths((whole[:, equal] - known).hi)
            equal = equal[[np.argmax(now / self.length[equal])]]
        return int(equal[0])

    def take_one_by_one(self) -> None:
        """Keep all other independent columns, projecting each out of the residuals."""
        while True:
            bound = MARGIN * (len(self.kept) + 1) * UNIT_ROUNDOFF * self._rounding()
            now = np.zeros(self.D)
            inputs = self.active < self.D
            now[self.active[inputs]] = _lengths(self.left.hi[:, inputs])
            some = self.candidates[now[self.candidates] > bound[self.candidates]]
            if not len(some):
                return
            self.candidates = some
            j = int(some[np.argmax(now[some] / self.length[some])])
            chosen = self.active == j
            q, r = _normalised(self.left[:, chosen][:, 0])
            self.last = _side_by_side(self.last, q[:, None])
            self.left = self.left[:, ~chosen]
            row = Extended.of(np.zeros(len(self.products.hi[0])))
            row[self.active[~chosen]] = _project_out(self.left, q)
            self._keep(j, r, row)

    def _rounding(self) -> Array:
        """|b| + sum_i |w_i| |a_i| for each column b of A, a combination of the kept columns a_i."""
        weights = np.abs(self.weights.hi[:, : self.D])
        return self.length + (weights * self.length[:, None]).sum(axis=0)

    def _keep(self, j: int, r: Extended, row: Extended) -> None:
        """Keep column j, whose residual has length r; `row` (D + M,) are its products with all."""
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
        """Add `change` to these rows of the active columns."""
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
            last=self.last,
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
    near 1 would count as one, and the shortest x would be a small difference of large numbers.
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


def _side_by_side(A: Extended, B: Extended) -> Extended:
    return Extended(np.hstack([A.hi, B.hi]), np.hstack([A.lo, B.lo]))


def _lengths(A: Array) -> Array:
    """The Euclidean norm of each column, summed by halving in the same order on every machine."""
    squares = A * A
    while len(squares) > 1:
        half = len(squares) // 2
        added = squares[:half] + squares[half : 2 * half]
        if len(squares) % 2:
            added[0] += squares[-1]
        squares = added
    return np.sqrt(squares.sum(axis=0))


def _dots(q: Extended, A: Extended) -> Extended:
    """q^T A (M,) for q (N,), A (N, M), in pieces of the examples."""
    pieces = _pieces(A.hi)
    parts = Extended.of(np.zeros((len(pieces), A.hi.shape[1])))
    for i, piece in enumerate(pieces):
        parts[i] = (q[piece][:, None] * A[piece]).sum()
    return parts.sum()


def _normalised(column: Extended) -> tuple[Extended, Extended]:
    """The column scaled to unit length, and its length."""
    r = _dots(column, column[:, None]).sqrt()
    return column / r, r[0]


def _project_out(A: Extended, q: Extended) -> Extended:
    """Subtract from A (N, M), in place, its part along q (N,); returns q^T A (M,)."""
    products = _dots(q, A)
    for piece in _pieces(A.hi):
        A[piece] = A[piece] - q[piece][:, None] * products
    return products


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of A (N, D): whether they are collinear is decided once, when first asked for.

    Columns of zeros are left out of the decisions.
    """

    A: Array

    @cached_property
    def used(self) -> NDArray[np.bool_]:
        """Which columns have a nonzero entry: (D,)."""
        return np.asarray((self.A != 0).any(axis=0))

    @cached_property
    def nonzero(self) -> Array:
        """A without its columns of zeros: (N, D')."""
        return np.ascontiguousarray(self.A if self.used.all() else self.A[:, self.used])

    @cached_property
    def far(self) -> bool:
        """Whether the columns of `nonzero` are far from collinear; False if there are none."""
        return bool(self.used.any()) and far_from_collinear(self.nonzero)

    @cached_property
    def reduced(self) -> Reduced:
        """`nonzero` reduced to independent columns."""
        return reduce_columns(self.nonzero)

    def principal_axes(self) -> tuple[Array, Array, Array]:
        """A = U diag(sigma) V^T: U (N, K), sigma (K,) descending, V (D, K).

        Jacobi's method finds small singular values and small elements of V to their last digits,
        whatever the units of the columns (Demmel and Veselic, 1992).
        """
        (N, D), K = self.A.shape, self.reduced.rank
        if not K:
            return np.zeros((N, 0)), np.zeros(0), np.zeros((D, 0))
        # The routine needs at least as many rows as columns; V is its most accurate result.
        missing = np.zeros((self.nonzero.shape[1] - K, self.nonzero.shape[1]))
        square = np.concatenate([self.reduced.R.hi * self.reduced.size, missing])
        values, U, V, work, _, info = scipy.linalg.lapack.dgejsv(square, joba=2, jobu=0, jobv=1)
        if info:
            raise ArithmeticError(f"singular values did not converge (dgejsv: info = {info})")
        axes = np.zeros((D, K))
        axes[self.used] = V[:, :K]
        sigma = np.asarray(values[:K] * (work[0] / work[1]))
        return self.reduced.orthonormal(self.nonzero).hi @ U[:K, :K], sigma, axes

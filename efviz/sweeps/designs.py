r"""The inputs of a model linear in theta, in coordinates in which whole batches are cheap.

With X = Q T, T (K, D) of full rank K, and u = T (theta - theta_0), outputs are f = f_0 + Q u, and
the step theta -= gamma (B + lambda I)^-1 g reads

    u -= gamma (B_u + lambda M)^-1 g_u,   B_u = 1/N sum_n w_n q_n q_n^T,
    M = (T T^T)^-1                        g_u = 1/N sum_n s_n q_n

so directions that no example determines drop out: no gradient has a component there. K is the rank
of X, as `numerics.columns` decides. A dense design uses the singular vectors X = U diag(sigma) V^T,
Q = sqrt(N) U: M is diagonal, and B_u is well scaled whatever the units of the columns. A sparse
design uses the emptiest columns of X that span all others: few entries per row, and few pair
products.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy
from numpy.typing import NDArray

from efviz.arrays import Array, pairs, upper
from efviz.lazy import cached_property
from efviz.numerics.columns import Columns
from efviz.sweeps import loops

# Below this share of nonzero pair products, and from this many columns on, sparse sums are cheaper.
_SPARSE_SHARE, _SPARSE_COLUMNS = 0.1, 32
# An emptier column replaces one that enters it with at least this coefficient.
_SHARE = 0.1


class Design(Protocol):
    """R runs at a time: U (R, K), outputs and weights (R, N)."""

    @property
    def metric(self) -> Array: ...  # M (K, K)
    @property
    def spread(self) -> Array: ...  # its inverse T T^T
    def outputs(self, U: Array) -> Array: ...
    def gradient(self, s: Array) -> Array: ...
    def gram(self, w: Array) -> Array: ...
    def leverages(self, D: Array) -> Array: ...
    def in_reverse(self, columns: Columns) -> "Design":
        """The same except for rounding of the inputs, which are in reverse order."""


@dataclass(frozen=True, eq=False)
class Dense:
    Q: Array
    scale: Array

    @cached_property
    def metric(self) -> Array:
        return np.diag(self.scale**-2)

    @cached_property
    def spread(self) -> Array:
        return np.diag(self.scale**2)

    @cached_property
    def pairs(self) -> Array:
        return pairs(self.Q) / len(self.Q)

    @cached_property
    def mean(self) -> Array:
        return self.Q / len(self.Q)

    def outputs(self, U: Array) -> Array:
        """Q u for each run: (R, K) -> (R, N)."""
        return U @ self.Q.T

    def gradient(self, s: Array) -> Array:
        """1/N sum_n s_n q_n: (R, N) -> (R, K)."""
        return s @ self.mean

    def gram(self, w: Array) -> Array:
        """1/N sum_n w_n q_n q_n^T, packed: one matrix product with the pair products."""
        if len(w) == 1:
            return ((self.Q.T * w) @ self.mean)[upper(self.Q.shape[1])][None]
        return w @ self.pairs

    def leverages(self, inverse: Array) -> Array:
        """q_n^T A^-1 q_n / N for A^-1 (L, K, K): (L, N)."""
        return np.einsum("lnk,nk->ln", self.Q @ inverse, self.mean)

    def in_reverse(self, columns: Columns) -> "Dense":
        return dense(columns)


def dense(columns: Columns) -> Dense:
    """The singular vectors of X (N, D) by Jacobi's method, which handles columns of any size."""
    X = columns.nonzero
    if columns.far:
        values, U, _, work, _, info = scipy.linalg.lapack.dgejsv(X, joba=0, jobu=0, jobv=3)
        if info:
            raise ArithmeticError(f"the singular values of X were not found (dgejsv {info})")
        sigma = values * (work[0] / work[1])
    else:
        U, sigma, _ = columns.principal_axes()
    return Dense(np.ascontiguousarray(U) * np.sqrt(len(X)), sigma / np.sqrt(len(X)))


@dataclass(frozen=True, eq=False)
class Sparse:
    """Q by column and by row, its pair products (N, K (K + 1) / 2) by pair, and T T^T."""

    by_column: "scipy.sparse.csc_array"
    by_row: "scipy.sparse.csr_array"
    products: "scipy.sparse.csc_array"
    spread: Array

    @cached_property
    def metric(self) -> Array:
        return np.asarray(np.linalg.inv(self.spread), dtype=float)

    def outputs(self, U: Array) -> Array:
        return _sums(self.by_row, U)

    def gradient(self, s: Array) -> Array:
        return _sums(self.by_column, s) / self.by_row.shape[0]

    def gram(self, w: Array) -> Array:
        return _sums(self.products, w) / self.by_row.shape[0]

    def leverages(self, inverse: Array) -> Array:
        Q = self.by_row.toarray()
        return np.stack([((Q @ A) * Q).sum(-1) for A in inverse]) / len(Q)

    def in_reverse(self, columns: Columns) -> "Sparse":
        # Only T T^T was rounded here, which does not depend on the order of the examples.
        last_first = np.arange(len(columns.A))[::-1]
        by_row, products = self.by_row[last_first], self.products[last_first]
        products.sort_indices()
        return Sparse(scipy.sparse.csc_array(by_row), by_row, products, self.spread)


def _sums(matrix: "scipy.sparse.csc_array | scipy.sparse.csr_array", rows: Array) -> Array:
    """(R, n) -> (R, m): weighted sums over the entries of each column (csc) or row (csr)."""
    out = np.empty((len(matrix.indptr) - 1, len(rows)))
    loops.add_rows(matrix.indptr, matrix.indices, matrix.data, np.ascontiguousarray(rows.T), out)
    return np.ascontiguousarray(out.T)


def design(columns: Columns) -> Design:
    """The cheaper of the two for inputs X (N, D)."""
    X = columns.nonzero
    K = X.shape[1]
    in_a_row = (X != 0).sum(axis=1)
    share = (in_a_row * (in_a_row + 1)).mean() / max(1, K * (K + 1))
    if K < _SPARSE_COLUMNS or share > _SPARSE_SHARE:
        return dense(columns)
    return _sparse(columns)


def _sparse(columns: Columns) -> Sparse:
    X = columns.nonzero
    basis, T = _emptiest_basis(columns)
    Q = X[:, basis]
    K = Q.shape[1]
    rows = scipy.sparse.csr_array(Q)
    i, j = upper(K)
    packed = np.zeros((K, K), dtype=np.int64)
    packed[i, j] = np.arange(len(i))
    example, pair, value = [], [], []
    for n in range(len(Q)):
        at = rows.indices[rows.indptr[n] : rows.indptr[n + 1]]
        values = rows.data[rows.indptr[n] : rows.indptr[n + 1]]
        a, b = upper(len(at))
        example.append(np.full(len(a), n))
        pair.append(packed[at[a], at[b]])
        value.append(values[a] * values[b])
    where = np.concatenate(example), np.concatenate(pair)
    products = scipy.sparse.csc_array((np.concatenate(value), where), shape=(len(Q), len(i)))
    return Sparse(scipy.sparse.csc_array(Q), rows, products, T @ T.T)


def _emptiest_basis(columns: Columns) -> tuple[NDArray[np.int64], Array]:
    """Columns of X (N, D) spanning all of them, with few entries in all, and T: X = X[:, basis] T.

    Starting from any basis, columns are exchanged for emptier ones as long as there are any.
    """
    X = columns.nonzero
    D = X.shape[1]
    if columns.far:
        return np.arange(D), np.eye(D)
    reduced = columns.reduced
    entries = (X != 0).sum(axis=0)
    kept, dropped = reduced.kept.copy(), reduced.dropped.copy()
    # In units of the columns' sizes: X[:, dropped] = X[:, kept] C.
    C = -reduced.free.hi[kept]
    swapped = True
    while swapped:
        swapped = False
        for j in range(len(dropped)):
            fuller = (np.abs(C[:, j]) >= _SHARE) & (entries[kept] > entries[dropped[j]])
            if not fuller.any():
                continue
            i = int(np.argmax(np.where(fuller, entries[kept], -1)))
            row, column, pivot = C[i] / C[i, j], C[:, j].copy(), C[i, j]
            C -= np.outer(column, row)
            C[:, j] = -column / pivot
            C[i] = row
            C[i, j] = 1 / pivot
            kept[i], dropped[j] = dropped[j], kept[i]
            swapped = True
    T = np.zeros((len(kept), D))
    T[np.arange(len(kept)), kept] = 1.0
    T[:, dropped] = C * reduced.size[dropped] / reduced.size[kept, None]
    return kept, T

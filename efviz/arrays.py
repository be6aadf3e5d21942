"""Array types, cosines, and the packing of symmetric matrices."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Rows = NDArray[np.int64]


class Named(dict[str, float]):
    """Numbers by name. It is hashable, so it must not be changed."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


@lru_cache
def upper(D: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """np.triu_indices, cached because inner loops call it all the time."""
    return np.triu_indices(D)


def pairs(A: Array) -> Array:
    """Products of pairs of columns: (N, D) -> (N, D (D + 1) / 2), in the order of `upper`."""
    i, j = upper(A.shape[-1])
    return A[..., i] * A[..., j]


def symmetric(packed: Array, D: int) -> Array:
    """Unpack what `upper` packs: (..., D (D + 1) / 2) -> (..., D, D)."""
    i, j = upper(D)
    full = np.empty((*packed.shape[:-1], D, D))
    full[..., i, j] = packed
    full[..., j, i] = packed
    return full


def cosine(a: Array, b: Array, metric: Array | None = None) -> Array:
    """Cosine of the angle between vectors (..., D); nan where one of them is zero or not finite.

    With a `metric` M (..., D, D), a^T M b / sqrt(a^T M a  b^T M b), which no unit of the parameters
    changes if M changes with them.
    """
    with np.errstate(all="ignore"):
        a = a / np.abs(a).max(-1, keepdims=True)
        b = b / np.abs(b).max(-1, keepdims=True)
        Ma, Mb = (a, b) if metric is None else ((metric @ v[..., None])[..., 0] for v in (a, b))
        value = (a * Mb).sum(-1) / np.sqrt((a * Ma).sum(-1) * (b * Mb).sum(-1))
    return np.asarray(value)


def frozen(values: Array) -> Array:
    """`values`, which its maker hands over, made read-only with all that it is a view of."""
    memory: object = values
    while isinstance(memory, np.ndarray):
        memory.flags.writeable = False
        memory = memory.base
    return values


def owned(values: Array) -> Array:
    """`values` itself if nobody can change it, else a copy that nobody can change."""
    memory: object = values
    while isinstance(memory, np.ndarray) and not memory.flags.writeable:
        memory = memory.base
    return values if memory is None else frozen(values.copy())

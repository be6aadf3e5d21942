"""The memory that a result occupies, as its type declares it."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

_OBJECT = 64
"""Bytes of an object without its content."""
_PLAIN = str | bytes | int | float | None
"""What Python knows the size of."""


def nbytes(value: Any) -> int:
    """Approximate bytes of a value, in which an array counts once.

    Containers consist of their items, dataclasses of their fields, unless they state their own
    `nbytes`. Other objects, and what properties have computed, count as small.
    """
    total, arrays = 0, {}
    for part in _parts(value):
        if isinstance(part, _PLAIN):
            total += sys.getsizeof(part)
            continue
        total += _OBJECT
        if isinstance(part, np.ndarray):
            # A view keeps the whole array in memory.
            whole = part if part.base is None else part.base
            arrays[id(whole)] = int(getattr(whole, "nbytes", part.nbytes))
        else:
            total += _stated(part) or 0
    return total + sum(arrays.values())


def _stated(value: Any) -> int | None:
    found = getattr(value, "nbytes", None)
    return found if isinstance(found, int) else None


def _parts(value: Any) -> Iterator[Any]:
    """The value, and what its type declares to be in it."""
    yield value
    members: Any = ()
    if isinstance(value, Mapping):
        members = value.values()
    elif isinstance(value, list | tuple | set | frozenset):
        members = value
    elif is_dataclass(value) and not isinstance(value, type) and _stated(value) is None:
        members = [getattr(value, each.name, None) for each in fields(value)]
    for member in members:
        yield from _parts(member)

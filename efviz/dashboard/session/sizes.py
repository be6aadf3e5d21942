"""The memory that a result occupies."""

from types import FunctionType, GeneratorType, ModuleType
from typing import Any

import numpy as np

_OBJECT = 64
"""Bytes of an object without what it refers to."""
_LEAVES = (type, ModuleType, FunctionType, GeneratorType)
"""Types that are not inspected. A generator may be running in another thread, and CPython up to
3.12 reads freed memory when its frame is inspected then."""


def size_of(value: Any) -> int:
    """Approximate bytes of `value`: the arrays and strings reachable from it.

    An object with an integer `nbytes` states its own size and is not inspected. Shared objects are
    counted for each result.
    """
    seen: set[int] = set()
    pending, total = [value], 0
    while pending:
        item = pending.pop()
        if id(item) in seen or isinstance(item, _LEAVES):
            continue
        seen.add(id(item))
        total += _OBJECT
        if isinstance(item, np.ndarray):
            if item.base is None:
                total += item.nbytes
            else:
                pending.append(item.base)
        elif isinstance(item, bytes | str | memoryview):
            total += len(item)
        elif isinstance(stated := getattr(item, "nbytes", None), int):
            total += stated
        elif hasattr(item, "memory_usage"):  # a pandas table, without importing pandas
            total += int(np.sum(item.memory_usage()))
        elif isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list | tuple | set | frozenset):
            pending.extend(item)
        else:
            pending.extend(getattr(item, "__dict__", {}).values())
    return total

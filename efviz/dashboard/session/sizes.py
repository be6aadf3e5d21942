"""How much memory a result keeps."""

from types import FunctionType, GeneratorType, ModuleType
from typing import Any

import numpy as np

_OBJECT = 64
"""Bytes of an object besides what it refers to."""
_LEAVES = (type, ModuleType, FunctionType, GeneratorType)
"""What is not looked into. A generator may be running in another thread, and CPython up to 3.12
reads freed memory when its frame is inspected then."""


def size_of(value: Any) -> int:
    """About how many bytes `value` keeps: arrays and texts of all that can be reached from it.

    An object with an integer `nbytes` states its own size and is not looked into. What several
    results refer to is counted for each.
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
        elif hasattr(item, "memory_usage"):  # a table of pandas, which need not be there yet
            total += int(np.sum(item.memory_usage()))
        elif isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list | tuple | set | frozenset):
            pending.extend(item)
        else:
            pending.extend(getattr(item, "__dict__", {}).values())
    return total

"""How much memory a result keeps."""

from types import FunctionType, GeneratorType, ModuleType
from typing import Any

import numpy as np

_OBJECT = 64
"""Bytes of an object besides what it refers to."""


def size_of(value: Any) -> int:
    """About how many bytes `value` keeps: arrays and texts of all that can be reached from it.

    What several results refer to is counted for each.
    """
    seen: set[int] = set()
    pending, total = [value], 0
    while pending:
        item = pending.pop()
        if id(item) in seen or isinstance(item, type | ModuleType | FunctionType):
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
        elif hasattr(item, "memory_usage"):  # a table of pandas, which need not be there yet
            total += int(np.sum(item.memory_usage()))
        elif isinstance(item, dict):
            pending.extend(item.values())
        elif isinstance(item, list | tuple | set | frozenset):
            pending.extend(item)
        elif isinstance(item, GeneratorType):
            pending.append(item.gi_yieldfrom)
            pending.extend(item.gi_frame.f_locals.values() if item.gi_frame else ())
        else:
            pending.extend(getattr(item, "__dict__", {}).values())
    return total

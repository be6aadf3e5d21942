"""The wire format of figures: plain JSON followed by the arrays as float32 bytes.

    uint32 header length | JSON header | zero padding to a multiple of 4 | float32 arrays

An array is {"$a": [offset, n]} or {"$a": [offset, rows, columns]} in the header, with the offset
counted in floats. The library computes in float64; for the screen float32 is enough.
"""

import json
import struct
from typing import Any

import numpy as np


class _Arrays:
    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.size = 0

    def add(self, values: np.ndarray) -> dict[str, list[int]]:
        reference = {"$a": [self.size, *values.shape]}
        # float32 ends at 3.4e38; larger values are outside every chart.
        with np.errstate(over="ignore"):
            self.chunks.append(np.ascontiguousarray(values, dtype="<f4").tobytes())
        self.size += values.size
        return reference


def _plain(value: Any, arrays: _Arrays) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "fiub" and value.ndim in (1, 2):
            return arrays.add(value)
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: _plain(item, arrays) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, arrays) for item in value]
    return value


def pack(header: dict[str, Any]) -> bytes:
    """The header, with its NumPy arrays of numbers (one- or two-dimensional) as float32 bytes."""
    arrays = _Arrays()
    text = json.dumps(_plain(header, arrays), separators=(",", ":"), allow_nan=False).encode()
    padding = b" " * (-(4 + len(text)) % 4)
    return b"".join([struct.pack("<I", len(text) + len(padding)), text, padding, *arrays.chunks])


def unpack(data: bytes) -> dict[str, Any]:
    """The inverse of `pack`, with float32 arrays, for tests and for reading a recorded message."""
    (length,) = struct.unpack_from("<I", data)
    numbers = np.frombuffer(data, dtype="<f4", offset=4 + length)

    def restore(value: dict[str, Any]) -> Any:
        if "$a" not in value:
            return value
        offset, *shape = value["$a"]
        return numbers[offset : offset + int(np.prod(shape))].reshape(shape)

    return dict(json.loads(data[4 : 4 + length], object_hook=restore))

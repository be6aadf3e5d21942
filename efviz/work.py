"""Work that can be put down and taken up again: a generator of the fraction done."""

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")

Work = Generator[float, None, T]
"""A computation that can be put down at any yield (of the fraction done) and taken up again."""

SLICE = 4_000_000
"""Examples times thetas between two yields of a Work: some hundredths of a second."""


def finish(work: Work[T]) -> T:
    """Do all of the work at once."""
    while True:
        try:
            next(work)
        except StopIteration as stop:
            return stop.value

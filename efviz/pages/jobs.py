"""Long work, shared between sessions and done in slices by whoever looks at it.

A job is a generator that yields Progress. Every session that shows the same settings holds the
same job; each of its runs advances the job for a moment, shows what there is and comes back.
Nothing runs that nobody looks at, a visitor who stops keeps what is finished, and two visitors
with the same settings wait only once.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Progress(Generic[T]):
    """How much of the work is done (0 to 1), and the result so far if there is one to show."""

    fraction: float
    result: T | None

    @property
    def complete(self) -> bool:
        return self.fraction >= 1


class Job(Generic[T]):
    """One computation on its way. `advance` may be called from many threads."""

    def __init__(self, steps: Iterator[Progress[T]]) -> None:
        self._steps: Iterator[Progress[T]] | None = steps
        self._lock = threading.Lock()
        self._progress: Progress[T] = Progress(0.0, None)
        self._error: Exception | None = None

    @property
    def progress(self) -> Progress[T]:
        return self._progress

    @property
    def done(self) -> bool:
        return self._steps is None

    def advance(self, seconds: float) -> Progress[T]:
        """Work for about so many seconds. An error of the work is raised to everyone who asks."""
        deadline = time.perf_counter() + seconds
        # Whoever finds another session at work only waits for its slice.
        with self._lock:
            while self._steps is not None and self._error is None:
                try:
                    self._progress = next(self._steps)
                except StopIteration:
                    self._steps = None
                    self._progress = Progress(1.0, self._progress.result)
                except Exception as error:
                    # Any at all: the generator is dead then, and everyone who asks is to hear why.
                    self._error = error
                if time.perf_counter() >= deadline:
                    break
        if self._error is not None:
            raise self._error
        return self._progress

"""Long computations, shared between sessions and advanced in slices by those who look at them.

Every session that shows the same settings holds the same job; each of its runs advances the job
for a moment, shows the partial result and returns. Jobs that no visitor looks at do not run, a
visitor who stops keeps the partial result, and two visitors with the same settings share the work.
"""

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from efviz.dashboard.session.sizes import nbytes
from efviz.dashboard.session.turns import TURNS
from efviz.work import Progress, Work

T = TypeVar("T")

WANTED = 8.0
"""Seconds after a slice during which a visitor is expected to return for the next."""

_UNFINISHED = 0.999
"""The largest fraction reported while there is no final result."""


@dataclass(frozen=True)
class Snapshot(Generic[T]):
    """The completed fraction of a job, 1 at the end, and its result so far, if any."""

    fraction: float
    result: T | None

    @property
    def complete(self) -> bool:
        return self.fraction >= 1


class Job(Generic[T]):
    """One computation in progress. `advance` may be called from many threads.

    `nbytes` is what it keeps: its result as last measured, at the end of a slice, where no thread
    is in the generator; and until it is done, if that is more, what it took from caches.
    """

    def __init__(self, work: Work[T]) -> None:
        self._work: Work[T] | None = work
        self._lock = threading.Lock()
        self._progress: Snapshot[T] = Snapshot(0.0, None)
        self._error: Exception | None = None
        self._measured = 0.0
        self._touched = time.monotonic()
        self._looking: list[None] = []
        self._taken: dict[Hashable, int] = {}
        self.nbytes = 0

    @property
    def progress(self) -> Snapshot[T]:
        return self._progress

    @property
    def done(self) -> bool:
        return self._work is None and self._error is None

    @property
    def wanted(self) -> bool:
        """Whether it is unfinished and a thread works on it, waits to, or recently did."""
        if self._work is None:
            return False
        return bool(self._looking) or time.monotonic() < self._touched + WANTED

    @contextmanager
    def looked_at(self) -> Iterator[None]:
        """Mark the job as wanted, however long this thread waits for its turn."""
        self._looking.append(None)
        try:
            yield
        finally:
            self._looking.pop()
            self._touched = time.monotonic()

    def advance(self, seconds: float) -> Snapshot[T]:
        """Work for about this many seconds. Errors of the work are raised in every caller."""
        with self.looked_at():
            # The slice of another session that is at work on it will do.
            if not TURNS.waited_for(self._lock):
                with TURNS.turn(), TURNS.holding(self._lock):
                    self._slice(seconds)
        self.check()
        return self._progress

    def check(self) -> None:
        """Raise the error of the work, if there was one."""
        if self._error is not None:
            raise self._error

    def _slice(self, seconds: float) -> None:
        deadline = time.perf_counter() + seconds
        before, _working.job = getattr(_working, "job", None), self
        last: Progress[T] = Progress(self._progress.fraction)
        so_far: Callable[[], T] | None = None
        while self._work is not None:
            try:
                last = next(self._work)
                so_far = last.so_far or so_far
            except StopIteration as stop:
                self._progress, self._work = Snapshot(1.0, stop.value), None
            except Exception as error:
                # Any error: the generator is finished, and every caller gets the reason.
                self._error, self._work = error, None
            if time.perf_counter() >= deadline:
                break
        if not self.done:
            self._show(last.fraction, so_far)
        _working.job = before
        self._measure()

    def _show(self, fraction: float, so_far: Callable[[], T] | None) -> None:
        """Update the visible result, or keep the last one if there is nothing new."""
        try:
            result = so_far() if so_far else self._progress.result
            self._progress = Snapshot(min(fraction, _UNFINISHED), result)
        except Exception as error:
            self._error, self._work = error, None

    def _measure(self) -> None:
        """Measure the size at the end, and at most once a second before."""
        now = time.monotonic()
        if self._work is None:
            self._taken.clear()
        elif now < self._measured + 1:
            return
        self._measured = now
        self.nbytes = max(nbytes(self._progress.result), sum(self._taken.values()))


def result_of(job: Job[T], *, shown: bool = False) -> Work[T]:
    """The work of a job that others may share, to be a part of another one's.

    `shown`: what it has so far is that of the other one as well. Where it ends within its first
    bit the other one goes on at once.
    """
    while not job.done:
        snapshot = job.advance(0.05)
        if snapshot.complete:
            break
        so_far = snapshot.result if shown else None
        yield Progress(snapshot.fraction, None if so_far is None else _always(so_far))
    result: Any = job.progress.result
    return result


def _always(value: T) -> Callable[[], T]:
    return lambda: value


_working = threading.local()


def taken(key: Hashable, nbytes: int) -> None:
    """Say that the job this thread works on, if any, has taken so much from a cache."""
    job: Job[Any] | None = getattr(_working, "job", None)
    if job is not None:
        job._taken[key] = nbytes

"""Scheduling of computations: few at once, and first the visitor who has recently used least.

All long work is scheduled here. Long loops pause (`efviz.breaks`) and there give way to visitors
who have computed little: one visitor's million examples delay another's slider at the defaults by
some hundredths of a second.
"""

import itertools
import os
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from efviz import breaks
from efviz.dashboard.server import compat

HALF_LIFE = 30.0
"""Seconds after which the recorded computing time of a visitor is halved."""
LIGHT = 0.5
"""Seconds of computing up to which a visitor precedes all others, in an extra slot."""
LOOK = 0.05
"""Seconds between two checks whether a waiting visitor still wants to compute."""


@dataclass(eq=False)
class _Turn:
    """A visitor's turn, running or waiting; `begun` if it was interrupted."""

    visitor: Hashable
    number: int
    used: float = 0.0
    since: float = 0.0
    begun: bool = False
    admitted: threading.Event = field(default_factory=threading.Event)

    @property
    def light(self) -> bool:
        return self.used < LIGHT

    @property
    def place(self) -> tuple[bool, bool, float, int]:
        """Smallest first. Interrupted turns hold memory, so they go before new ones."""
        return not self.light, not self.begun, self.used, self.number


class Turns:
    """At most `at_once` threads compute, and one more if its visitor has computed little.

    No thread with a turn waits for another thread: neither for a turn, nor for a lock whose holder
    may be waiting for a turn. So every turn ends, and there is no deadlock.
    """

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._running = 0
        self._numbers = itertools.count()
        self._waiting: list[_Turn] = []
        self._used: dict[Hashable, tuple[float, float]] = {}
        self._lock = threading.Lock()
        self._mine = threading.local()

    def has_one(self) -> bool:
        """Whether this thread has a turn."""
        return self._turn is not None

    @property
    def busy(self) -> bool:
        """Whether any thread computes."""
        return self._running > 0

    @property
    def _turn(self) -> _Turn | None:
        return getattr(self._mine, "turn", None)

    @contextmanager
    def turn(
        self, visitor: Hashable | None = None, unless: Callable[[], bool] = lambda: False
    ) -> Iterator[bool]:
        """Wait for a turn; False if `unless` became true first.

        A thread that already has a turn continues at once, so that long work may start other long
        work.
        """
        if self.has_one():
            yield True
            return
        mine = _Turn(_visitor() if visitor is None else visitor, next(self._numbers))
        if not self._taken(mine, unless):
            yield False
            return
        self._mine.turn = mine
        try:
            yield True
        finally:
            self._mine.turn = None
            self._give_back(mine)

    @contextmanager
    def holding(self, lock: breaks.Lock) -> Iterator[None]:
        """Like `with lock`, with or without a turn."""
        self.acquire(lock)
        try:
            yield
        finally:
            lock.release()

    def acquire(self, lock: breaks.Lock) -> None:
        """Take the lock; while waiting for another thread, give up this thread's turn."""
        if lock.acquire(blocking=False):
            return
        mine = self._turn
        if mine is not None:
            self._give_back(mine)
        lock.acquire()
        if mine is not None:
            mine.begun = True
            self._taken(mine)

    def waited_for(self, lock: threading.Lock) -> bool:
        """Wait until another thread releases the lock; False if none holds it.

        Waiting takes no turn. A thread with a turn does not wait here, but in `acquire`.
        """
        if self.has_one() or not lock.locked():
            return False
        with lock:
            return True

    def pause(self) -> None:
        """Give way to visitors who have computed little, unless this one has too."""
        mine = self._turn
        if mine is None or not self._waiting:
            return
        if mine.used + time.thread_time() - mine.since < LIGHT:
            return
        with self._lock:
            light = any(one.light for one in self._waiting)
        if light:
            self._give_back(mine)
            mine.begun = True
            self._taken(mine)

    def _taken(self, mine: _Turn, unless: Callable[[], bool] = lambda: False) -> bool:
        """Wait until `mine` is admitted; returns whether it was."""
        mine.admitted.clear()
        with self._lock:
            mine.used = self._recent(mine.visitor)
            self._waiting.append(mine)
            self._admit()
        while not mine.admitted.wait(LOOK):
            if unless():
                with self._lock:
                    if not mine.admitted.is_set():
                        self._waiting.remove(mine)
                        return False
        mine.since = time.thread_time()
        return True

    def _admit(self) -> None:
        while self._waiting:
            first = min(self._waiting, key=lambda one: one.place)
            if self._running >= self._at_once + first.light:
                return
            self._waiting.remove(first)
            self._running += 1
            first.admitted.set()

    def _give_back(self, mine: _Turn) -> None:
        seconds = time.thread_time() - mine.since
        with self._lock:
            self._running -= 1
            self._used[mine.visitor] = self._recent(mine.visitor) + seconds, time.monotonic()
            if len(self._used) > 1000:
                for one in [one for one in self._used if self._recent(one) < 0.001]:
                    del self._used[one]
            self._admit()

    def _recent(self, visitor: Hashable) -> float:
        """Recent computing time of the visitor in seconds, with exponential decay."""
        seconds, at = self._used.get(visitor, (0.0, 0.0))
        return seconds * 0.5 ** ((time.monotonic() - at) / HALF_LIFE)


def _visitor() -> Hashable:
    return compat.session_id() or threading.get_ident()


def _cores() -> int:
    """Number of cores available to this process; of all on Windows and macOS."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


TURNS = Turns(_cores())
breaks.appoint(TURNS)

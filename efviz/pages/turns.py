"""Who computes next: few at once, and first the visitor who has computed least of late.

Everything that takes long goes through here, so that one visitor's million examples cost another,
who moves a slider at the defaults, at most the rest of a slice.
"""

import itertools
import os
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from efviz.serving import compat

HALF_LIFE = 30.0
"""Seconds after which half of what a visitor has computed is forgotten."""
LIGHT = 1.0
"""Seconds of computing up to which a visitor may go in addition to all others."""
LOOK = 0.05
"""Seconds between two looks at whether somebody who waits still wants to compute."""


@dataclass(eq=False)
class _Waiting:
    used: float
    number: int
    admitted: threading.Event = field(default_factory=threading.Event)


class Turns:
    """At most `at_once` threads compute, and one more if its visitor has computed little."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._running = 0
        self._numbers = itertools.count()
        self._waiting: list[_Waiting] = []
        self._used: dict[Hashable, tuple[float, float]] = {}
        self._lock = threading.Lock()
        self._mine = threading.local()

    def has_one(self) -> bool:
        """Whether this thread has its turn."""
        return getattr(self._mine, "turn", False)

    @contextmanager
    def turn(
        self, visitor: Hashable | None = None, unless: Callable[[], bool] = lambda: False
    ) -> Iterator[bool]:
        """Wait for a turn; False if `unless` became true first.

        A thread that has its turn already goes on at once, so that long work may ask for other
        long work. Take a lock only after the turn: who holds a lock must not wait for one.
        """
        if self.has_one():
            yield True
            return
        visitor = _visitor() if visitor is None else visitor
        if not self._admitted(visitor, unless):
            yield False
            return
        self._mine.turn, begun = True, time.thread_time()
        try:
            yield True
        finally:
            self._mine.turn = False
            self._give_back(visitor, time.thread_time() - begun)

    def _admitted(self, visitor: Hashable, unless: Callable[[], bool]) -> bool:
        with self._lock:
            me = _Waiting(self._recent(visitor), next(self._numbers))
            self._waiting.append(me)
            self._admit()
        while not me.admitted.wait(LOOK):
            if unless():
                with self._lock:
                    if not me.admitted.is_set():
                        self._waiting.remove(me)
                        return False
        return True

    def _admit(self) -> None:
        while self._waiting:
            first = min(self._waiting, key=lambda one: (one.used, one.number))
            if self._running >= self._at_once + (first.used < LIGHT):
                return
            self._waiting.remove(first)
            self._running += 1
            first.admitted.set()

    def _give_back(self, visitor: Hashable, seconds: float) -> None:
        with self._lock:
            self._running -= 1
            self._used[visitor] = self._recent(visitor) + seconds, time.monotonic()
            if len(self._used) > 1000:
                for one in [one for one in self._used if self._recent(one) < 0.001]:
                    del self._used[one]
            self._admit()

    def _recent(self, visitor: Hashable) -> float:
        """Seconds that the visitor has computed, those long ago counting less."""
        seconds, at = self._used.get(visitor, (0.0, 0.0))
        return seconds * 0.5 ** ((time.monotonic() - at) / HALF_LIFE)


def _visitor() -> Hashable:
    return compat.session_id() or threading.get_ident()


def _cores() -> int:
    """Those that this process may use; Windows and macOS only say how many there are."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


TURNS = Turns(_cores())

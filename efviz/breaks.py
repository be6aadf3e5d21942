"""Where long computations can be held up for a moment, and who decides about it.

Loops over many examples call `pause` every few milliseconds, and a thread that may have to wait for
another one's result takes the lock by `acquire`. By itself, the first does nothing. A server that
computes for many visitors appoints a scheduler, which lets short computations go before long ones.
"""

from typing import Protocol


class Lock(Protocol):
    """One of `threading`."""

    def acquire(self, blocking: bool = True) -> bool: ...

    def release(self) -> None: ...


class Scheduler(Protocol):
    """Decides at a break how long the thread waits; it may hold locks, all taken by `acquire`."""

    def pause(self) -> None: ...

    def acquire(self, lock: Lock) -> None: ...


class _Alone:
    def pause(self) -> None:
        pass

    def acquire(self, lock: Lock) -> None:
        lock.acquire()


_scheduler: Scheduler = _Alone()


def appoint(scheduler: Scheduler) -> None:
    """From now on, in all threads."""
    global _scheduler
    _scheduler = scheduler


def pause() -> None:
    _scheduler.pause()


def acquire(lock: Lock) -> None:
    _scheduler.acquire(lock)

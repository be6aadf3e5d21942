"""Points at which long computations can be paused, and the scheduler that decides on the pauses.

Loops over many examples call `pause` every few milliseconds, and a thread that may have to wait for
the result of another one takes its lock through `acquire`. By default, `pause` does nothing. A
server that computes for many visitors appoints a scheduler, which lets short computations run
before long ones.
"""

from typing import Protocol


class Lock(Protocol):
    """A lock from `threading`."""

    def acquire(self, blocking: bool = True) -> bool: ...

    def release(self) -> None: ...


class Scheduler(Protocol):
    """Decides how long a thread waits at a pause; any locks it holds were taken by `acquire`."""

    def pause(self) -> None: ...

    def acquire(self, lock: Lock) -> None: ...


class _Alone:
    def pause(self) -> None:
        pass

    def acquire(self, lock: Lock) -> None:
        lock.acquire()


_scheduler: Scheduler = _Alone()


def appoint(scheduler: Scheduler) -> None:
    """Use this scheduler from now on, in all threads."""
    global _scheduler
    _scheduler = scheduler


def pause() -> None:
    _scheduler.pause()


def acquire(lock: Lock) -> None:
    _scheduler.acquire(lock)

"""What has to go on time, also while no visitor comes: every quarter of a minute."""

import asyncio
import ctypes
import gc
import logging
from collections.abc import Callable
from contextlib import suppress

from efviz.serving import compat
from efviz.serving.uploads import LEDGER

EVERY = 15.0
_LOG = logging.getLogger("efviz")
_TASKS: list[Callable[[], int | None]] = []
_MMAP_THRESHOLD = -3


def also(task: Callable[[], int | None]) -> None:
    """Do this, too, from now on; it takes milliseconds and returns how much it let go."""
    _TASKS.append(task)


async def keep_up() -> None:
    """Until it is cancelled."""
    also(LEDGER.sweep)
    also(compat.let_closed_sessions_go)
    while True:
        await asyncio.sleep(EVERY)
        gone = 0
        for task in _TASKS:
            try:
                gone += task() or 0
            except Exception:  # the next task, and the next time, are not its fault
                _LOG.exception("upkeep failed")
        if gone:
            await asyncio.to_thread(give_memory_back)


def return_large_arrays() -> None:
    """Have the C library give large arrays back when they go, from whichever thread.

    By itself it learns from the first of them to keep what is smaller than 32 MB.
    """
    with suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, 4 * 2**20)


def give_memory_back() -> None:
    """Sessions hold themselves in circles, and the C library keeps what it has once got."""
    gc.collect()
    with suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)

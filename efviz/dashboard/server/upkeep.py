"""What has to go on time, also while no visitor comes: every quarter of a minute.

And memory, all the time: what a run of a page has used is held in circles, and Python looks for
those by the number of objects, not by their size, which may be a million examples.
"""

import asyncio
import ctypes
import gc
import logging
import mmap
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from efviz.dashboard.server import compat
from efviz.dashboard.server.uploads import LEDGER

EVERY, LOOK = 15.0, 0.25
"""Seconds between two rounds of all tasks, and between two looks at the memory."""
GROWN = 64 * 2**20
"""Bytes that the process may grow by before it looks for what nobody refers to any more."""
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
    kept, due = resident(), time.monotonic() + EVERY
    while True:
        await asyncio.sleep(LOOK)
        gone = 0
        if time.monotonic() > due:
            gone, due = do_tasks(), time.monotonic() + EVERY
        if gone or resident() > kept + GROWN:
            await asyncio.to_thread(give_memory_back)
            kept = resident()


def do_tasks() -> int:
    """Returns how much they let go."""
    gone = 0
    for task in _TASKS:
        try:
            gone += task() or 0
        except Exception:  # the next task, and the next time, are not its fault
            _LOG.exception("upkeep failed")
    return gone


def resident() -> int:
    """Bytes of memory that the process has, as Linux says; 0 elsewhere."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * mmap.PAGESIZE
    except (OSError, IndexError, ValueError):
        return 0


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

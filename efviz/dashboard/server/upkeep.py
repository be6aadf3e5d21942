"""Regular tasks: releases of what has expired, every quarter of a minute, even without visitors.

Memory is watched as well: the objects of a page's run form reference cycles, which Python collects
by their number and not by their size, which may be that of a million examples.
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
"""Seconds between rounds of all tasks, and between checks of the memory."""
GROWN = 64 * 2**20
"""Bytes by which the process may grow before garbage is collected."""
_LOG = logging.getLogger("efviz")
_TASKS: list[Callable[[], int | None]] = []
_MMAP_THRESHOLD = -3


def also(task: Callable[[], int | None]) -> None:
    """Add a task, which must take only milliseconds and returns how much it released."""
    _TASKS.append(task)


async def keep_up() -> None:
    """Run the tasks until cancelled."""
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
    """Run all tasks once; returns how much they released."""
    gone = 0
    for task in _TASKS:
        try:
            gone += task() or 0
        except Exception:  # the other tasks and the next round must still run
            _LOG.exception("upkeep failed")
    return gone


def resident() -> int:
    """The resident memory of the process in bytes, on Linux; 0 elsewhere."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * mmap.PAGESIZE
    except (OSError, IndexError, ValueError):
        return 0


def return_large_arrays() -> None:
    """Make the C library return large arrays to the system when they are freed, in any thread.

    By default, the first large array makes it keep blocks of up to 32 MB.
    """
    with suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, 4 * 2**20)


def give_memory_back() -> None:
    """Collect the reference cycles of sessions, and make the C library return free memory."""
    gc.collect()
    with suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)

"""What has to go on time, also while no visitor comes: every quarter of a minute."""

import asyncio
import ctypes
import gc
import logging
from collections.abc import Callable
from contextlib import suppress

from cachetools import TTLCache
from streamlit.runtime import Runtime

from efviz.serving.uploads import LEDGER

EVERY = 15.0
_LOG = logging.getLogger("efviz")
_TASKS: list[Callable[[], object]] = []


def also(task: Callable[[], object]) -> None:
    """Do this, too, from now on; it should take milliseconds."""
    _TASKS.append(task)


async def keep_up() -> None:
    """Until it is cancelled."""
    also(LEDGER.sweep)
    while True:
        await asyncio.sleep(EVERY)
        for task in _TASKS:
            try:
                task()
            except Exception:  # the next task, and the next time, are not its fault
                _LOG.exception("upkeep failed")
        if let_sessions_go():
            await asyncio.to_thread(give_memory_back)


def let_sessions_go() -> int:
    """Streamlit looks for closed sessions whose time is over only when another one is closed."""
    if not Runtime.exists():
        return 0
    storage = getattr(Runtime.instance()._session_mgr, "_session_storage", None)
    sessions = getattr(storage, "_cache", None)
    if not isinstance(sessions, TTLCache):
        return 0
    before = len(sessions)
    sessions.expire()
    return before - len(sessions)


def give_memory_back() -> None:
    """Sessions hold themselves in circles, and the C library keeps what it has once got."""
    gc.collect()
    with suppress(OSError, AttributeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)

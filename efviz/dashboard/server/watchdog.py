"""Ends a server that no longer answers, so that its supervisor can start another.

    EFVIZ_PATIENCE=30

seconds without a turn of the event loop end the process, after a traceback of every thread (without
values). Docker restarts a container that has ended, but not one that is unhealthy. Without the
setting there is no watchdog, so that a debugger can stop the process for any time.
"""

import asyncio
import faulthandler
import math
import os
import sys


def patience(text: str | None = None) -> float | None:
    """Seconds of EFVIZ_PATIENCE, None if it is not set. Raises ValueError for an invalid value."""
    text = os.environ.get("EFVIZ_PATIENCE", "") if text is None else text
    if not text.strip():
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 1 <= seconds < math.inf:
        raise ValueError(f"EFVIZ_PATIENCE is {text!r}; give seconds, 1 or more, such as 30")
    return seconds


async def watch(seconds: float | None) -> None:
    """Watch until cancelled. The clock is not Python's, so it runs while a thread holds the GIL."""
    if seconds is None:
        return
    try:
        while True:
            faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or sys.stderr)
            await asyncio.sleep(seconds / 10)
    finally:
        faulthandler.cancel_dump_traceback_later()

"""A server that no longer answers ends, so that whoever started it starts another.

    EFVIZ_PATIENCE=30

seconds without a turn of the event loop end the process, with what every thread was doing (places
in the code, no values). Docker restarts a container that ended, not one that is unhealthy. Without
the setting nothing is watched: a debugger may stop a process for as long as it likes.
"""

import asyncio
import faulthandler
import math
import os
import sys


def patience(text: str | None = None) -> float | None:
    """Seconds of EFVIZ_PATIENCE, None where it is not set. Raises ValueError for nonsense."""
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
    """Until it is cancelled. The clock is not Python's, and runs while a thread keeps the GIL."""
    if seconds is None:
        return
    try:
        while True:
            faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__ or sys.stderr)
            await asyncio.sleep(seconds / 10)
    finally:
        faulthandler.cancel_dump_traceback_later()

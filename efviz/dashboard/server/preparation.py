"""The start of a process: the server answers at once, pages once their imports are done.

A browser needs a second or two to load Streamlit's own files, which are served meanwhile.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable

HEAD_START = 2.5
"""Seconds reserved for visitors who are already waiting."""

_LOG = logging.getLogger("efviz")
_open = threading.Event()
_state = {"waiting": False}


def begin(prepare: Callable[[], None]) -> None:
    """Run `prepare`, which opens the doors, in its own thread. If it fails, the process ends."""

    def run() -> None:
        try:
            prepare()
        except Exception as error:  # any error: a server without pages must not stay up
            # No visitor is involved yet, so the message can be logged.
            _LOG.exception("the app could not start: %s", error)
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=run, name="preparation", daemon=True).start()


def open_doors() -> None:
    """Let the scripts of visitors run."""
    _open.set()
    if _state["waiting"]:
        time.sleep(HEAD_START)


def wait(seconds: float | None = None) -> bool:
    """Wait until the doors are open or the time is over; returns whether they are open.

    Scripts that did not wait would import the same modules as the start and slow each other down.
    """
    if not _open.is_set():
        _state["waiting"] = True
    return _open.wait(seconds)

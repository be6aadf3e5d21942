"""The start of a process: its server answers at once, its pages once their imports are done.

A browser needs a second or two to load Streamlit's own files. They are served meanwhile.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable

HEAD_START = 2.5
"""Seconds that visitors who wait already have to themselves."""

_LOG = logging.getLogger("efviz")
_open = threading.Event()
_state = {"waiting": False}


def begin(prepare: Callable[[], None]) -> None:
    """Run `prepare` in a thread of its own; it opens the doors. If it fails, the process ends."""

    def run() -> None:
        try:
            prepare()
        except Exception as error:  # whatever it was: a server without its pages must not stay up
            # No visitor has a part in it yet, so that the message may be told.
            _LOG.exception("the app could not start: %s", error)
            os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=run, name="preparation", daemon=True).start()


def open_doors() -> None:
    """Let the scripts of visitors run."""
    _open.set()
    if _state["waiting"]:
        time.sleep(HEAD_START)


def wait(seconds: float | None = None) -> bool:
    """Until the doors are open or so many seconds have passed: are they open?

    Scripts that did not wait would import what the start is importing, in each other's way.
    """
    if not _open.is_set():
        _state["waiting"] = True
    return _open.wait(seconds)

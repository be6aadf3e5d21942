"""Coroutines run by tests that are no coroutines themselves."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


def finish(task: Coroutine[Any, Any, T]) -> T:
    """What the task returns. It runs in a thread of its own: Playwright leaves an event loop
    running in the thread of the tests."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, task).result()  # noqa: TID251

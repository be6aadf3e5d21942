"""A server whose event loop hangs ends by itself; one that is busy does not."""

import subprocess
import sys
from pathlib import Path

import pytest

from efviz.serving.watchdog import patience

ROOT = Path(__file__).parents[1]
PROGRAM = """
import asyncio, ctypes, threading, time
from efviz.serving import watchdog

async def main():
    watching = asyncio.create_task(watchdog.watch({seconds}))
    await asyncio.sleep(0)
    {work}
    watching.cancel()
    await asyncio.sleep(0)
    time.sleep(1.5)
    print("still here")

asyncio.run(main())
"""
BUSY = "await asyncio.to_thread(lambda: [sum(range(1000)) for _ in range(60_000)])"


def run(work: str, seconds: float | None = 1.0) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(seconds=seconds, work=work)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.parametrize("work", ["time.sleep(15)", "ctypes.PyDLL(None).sleep(15)"])
def test_a_loop_that_hangs_ends_the_process_also_where_a_thread_keeps_the_gil(work: str) -> None:
    done = run(work)
    assert done.returncode == 1
    assert "still here" not in done.stdout
    assert "Timeout" in done.stderr
    assert "in main" in done.stderr, "it says where"


@pytest.mark.parametrize(("work", "seconds"), [(BUSY, 1.0), ("time.sleep(1.5)", None)])
def test_a_busy_server_and_one_that_is_not_watched_go_on(work: str, seconds: float | None) -> None:
    """Nor does the clock go on when the server stops."""
    done = run(work, seconds)
    assert (done.returncode, done.stdout) == (0, "still here\n"), done.stderr


def test_patience_is_given_in_seconds() -> None:
    assert patience("") is None
    assert patience(" 30 ") == 30.0


@pytest.mark.parametrize("text", ["x", "0", "-3", "nan", "inf"])
def test_nonsense_ends_the_start_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"EFVIZ_PATIENCE is .*; give seconds, 1 or more"):
        patience(text)

"""Apps served on loopback for a benchmark, each in a process of its own."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

HERE = Path(__file__).parent
ROOT = HERE.parent


@dataclass
class Server:
    url: str
    process: psutil.Popen

    def resources(self) -> str:
        """Resident memory, threads and open files of the process."""
        mb, threads, files = measured(self.process.pid)
        return f"{mb:.0f} MB, {threads} threads, {files} files"


def measured(pid: int) -> tuple[float, int, int]:
    """Resident MB, threads and open files."""
    process = psutil.Process(pid)
    return process.memory_info().rss / 2**20, process.num_threads(), process.num_fds()


def answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def ready(script: str) -> str:
    """The path to poll. efviz answers before it is warm, and only a warm process is measured."""
    return "efviz-ready" if script == "app.py" else "_stcore/health"


@contextmanager
def running(
    command: Sequence[str],
    url: str,
    *,
    ready: str = "",
    folder: Path = HERE,
    silent: bool = False,
    **environment: str,
) -> Iterator[Server]:
    """Run a command that serves `url`, and wait until `ready` below it answers.

    `silent`: what it logs is not shown.
    """
    process = psutil.Popen(
        command,
        cwd=folder,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if silent else None,
    )
    try:
        deadline = time.monotonic() + 120
        while not answers(f"{url}/{ready}"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{' '.join(command)} did not start")
            time.sleep(0.1)
        yield Server(f"{url}/", process)
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def served(script: str, port: int, *options: str, path: str = "") -> Iterator[Server]:
    """Serve `app.py` with efviz's settings, or a script beside this file with Streamlit's."""
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true"]
    command += ["--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false", *options]
    url, folder = f"http://127.0.0.1:{port}{path}", ROOT if script == "app.py" else HERE
    with running(command, url, ready=ready(script), folder=folder) as server:
        yield server

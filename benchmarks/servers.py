"""Apps served on loopback for a benchmark, each in a process of its own."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
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
def served(script: str, port: int, *options: str, path: str = "") -> Iterator[Server]:
    """Serve `app.py` with efviz's settings, or a script beside this file with Streamlit's."""
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.headless", "true"]
    command += ["--server.fileWatcherType", "none", "--browser.gatherUsageStats", "false", *options]
    process = psutil.Popen(
        command, cwd=ROOT if script == "app.py" else HERE, stdout=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}{path}"
    try:
        deadline = time.monotonic() + 120
        while not answers(f"{url}/{ready(script)}"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{script} did not start")
            time.sleep(0.1)
        yield Server(f"{url}/", process)
    finally:
        process.terminate()
        process.wait(20)

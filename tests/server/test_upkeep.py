"""Memory goes back while the server runs, and what is kept of a table is bounded."""

import asyncio
import gc
import subprocess
import sys
import time
import weakref
from pathlib import Path

import numpy as np
import pytest
from coroutines import finish
from hypothesis import settings

from efviz.dashboard.server import upkeep
from efviz.dashboard.session.jobs import Job
from efviz.work import Progress, Work

linux = pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux's /proc")
LONG = settings.get_current_profile_name() == "long"


class Circle:
    """What refers to itself, as the runs of a page do."""

    def __init__(self) -> None:
        self.me, self.examples = self, np.ones(20_000_000)


@linux
def test_garbage_goes_when_the_process_has_grown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "LOOK", 0.02)
    monkeypatch.setattr(upkeep, "_TASKS", [])
    gc.disable()

    async def grow() -> bool:
        keeping = asyncio.create_task(upkeep.keep_up())
        await asyncio.sleep(0.1)
        gone = weakref.ref(Circle())
        until = time.monotonic() + 5
        while gone() is not None and time.monotonic() < until:
            await asyncio.sleep(0.02)
        keeping.cancel()
        return gone() is None

    try:
        assert finish(grow())
    finally:
        gc.enable()


def test_a_job_is_wanted_while_somebody_waits_for_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("efviz.dashboard.session.jobs.WANTED", 0.0)

    def work() -> Work[int]:
        yield Progress(0.5)
        return 1

    job = Job(work())
    assert not job.wanted
    with job.looked_at(), job.looked_at():
        assert job.wanted
    assert not job.wanted


TABLES = """
import sys, threading
import numpy as np
import pandas
from efviz.dashboard.session import own_table
from efviz.dashboard.server import upkeep
from efviz.datasets.tables import TableError

def status(name):
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) // 1024 for line in lines if line.startswith(name))

if sys.argv[1] == "refused":
    data = b"x,y\\n" + b"1,2\\n" * (39 * 2**17)
else:
    rows = np.random.default_rng(0).standard_normal((999_000, 2))
    data = ("x,y\\n" + "\\n".join(f"{a:.6f},{b:.6f}" for a, b in rows.tolist())).encode()
    del rows
upkeep.return_large_arrays()
upkeep.give_memory_back()
before, kept, said = status("VmRSS"), [], []

def load():
    try:
        kept.append(own_table.load(data + b"\\n", "table.csv"))
    except TableError as error:
        said.append(str(error))

threads = [threading.Thread(target=load) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
upkeep.give_memory_back()
print(status("VmHWM") - before, status("VmRSS") - before, len(kept), len(said))
"""


@linux
@pytest.mark.skipif(not LONG, reason="10 s a case: in the long profile")
@pytest.mark.parametrize(("kind", "read"), [("refused", 0), ("legal", 4)])
def test_four_tables_at_the_limit_stay_within_what_a_process_is_granted(
    kind: str, read: int
) -> None:
    """4 x 19.5 MB at once: 1 GB less the 320 MB that a process has after its start."""
    command = [sys.executable, "-c", TABLES, kind]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    most, after, kept, refused = map(int, run.stdout.split()[-4:])
    print(f"{kind}: at most {most} MB more, {after} MB more afterwards")
    assert (kept, refused) == (read, 4 - read)
    assert most < 700
    # 256 MB of tables, counted, and what the first use of pandas and broken-up memory add.
    assert after < (256 + 128 if read else 128)

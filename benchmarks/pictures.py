"""A class dragging sliders: every visitor fetches the picture of a move every INTERVAL seconds.

    python benchmarks/pictures.py [--visitors 300] [--interval 1] [--seconds 20] [--lesson]
    python benchmarks/pictures.py --replicas 1 --lesson --interval 0.1     # behind nginx

Each visitor has a session, moves one slider along a random walk, and fetches its pictures over one
connection, as the page does. The session is told of a value once the slider has rested for 250 ms,
or for four times as long as the session took to answer the last time. A visitor who still waits for
a picture when the next is due waits on; that move counts as late. A move counts as lost if its
picture does not come. With --lesson all visitors move over the same forty stops of one slider.
"""

import argparse
import asyncio
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psutil
from load import next_stop
from servers import ROOT, answers, running, served
from visitors import Handle, Line, Visitor, percentile

from efviz.dashboard.server import releases

SLUG = "vector-fields"
SLIDERS = {
    "damping": ("Damping λ", Handle("", "", 1e-8, 1e3, 0.125, log=True)),
    "step": ("Step size γ", Handle("", "", 1e-6, 1e2, 0.125, log=True)),
    "s": ("Strength s", Handle("", "", 0.0, 2.0, 0.05)),
}
"""By their names in links: the labels of the sliders, and the stops that are moved over."""
LEAST, MOST, AT_EASE = 0.25, 3.0, 4
"""Seconds of rest, and their ratio to the last answer, as in pictures.js."""


@dataclass
class Report:
    moves: list[float] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)
    bytes: int = 0
    late: int = 0
    slow: int = 0
    lost: int = 0

    def show(self, seconds: float, cpu: float) -> None:
        if not self.moves:
            print(f"no picture came; lost {self.lost}, left to the session {self.slow}")
            return
        p50, p95, most = (1e3 * percentile(self.moves, q) for q in (0.5, 0.95, 1))
        print(
            f"{len(self.moves)} moves, {len(self.moves) / seconds:.0f} a second: p50 {p50:.0f}, "
            f"p95 {p95:.0f}, max {most:.0f} ms; {self.bytes / len(self.moves) / 1024:.0f} KB and "
            f"{1e3 * cpu / len(self.moves):.1f} ms of CPU each, with the sessions; "
            f"late {self.late}, left to the session {self.slow}, lost {self.lost}"
        )
        if self.commits:
            p50, p95 = (1e3 * percentile(self.commits, q) for q in (0.5, 0.95))
            print(f"{len(self.commits)} values told to sessions: p50 {p50:.0f}, p95 {p95:.0f} ms")


@dataclass(frozen=True)
class Plan:
    visitors: int
    interval: float
    seconds: float
    lesson: bool
    sessions: bool


async def drag(i: int, url: str, plan: Plan, gate: asyncio.Barrier, report: Report) -> None:
    rng, line = random.Random(i // 2), Line(url)
    visitor = Visitor(f"{url}{SLUG}")
    if plan.sessions:
        with suppress(Exception):  # one that did not open only fetches
            await visitor.open()
    await gate.wait()
    name = "damping" if plan.lesson else list(SLIDERS)[i % len(SLIDERS)]
    label, slider = SLIDERS[name]
    handle = visitor.sliders.get(label)
    stop, took, resting = slider.stops // 2, 0.0, None

    async def rest(value: float) -> None:
        nonlocal took
        await asyncio.sleep(min(MOST, max(LEAST, AT_EASE * took)))
        begun = time.perf_counter()
        with suppress(Exception):  # the load test of sessions counts what is lost there
            await visitor.move(handle, value)  # type: ignore[arg-type]
            took = time.perf_counter() - begun
            report.commits.append(took)

    start = time.perf_counter() + plan.interval * (i * 0.618 % 1)
    end, due = start + plan.seconds, start
    path = urlsplit(url).path.rstrip("/") + releases.address(SLUG)
    while due < end:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        stop = next_stop(rng, slider, stop)
        if plan.lesson:
            stop = min(max(stop, 20), 60)
        begun = time.perf_counter()
        try:
            value = slider.at(stop)
            status, size = await asyncio.wait_for(line.get(f"{path}?{name}={value!r}"), 30)
            report.moves.append(time.perf_counter() - begun)
            report.bytes += size
            report.slow += status in (202, 204)
            report.lost += status not in (200, 202, 204)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            report.lost += 1
            line = Line(url)
        if handle:
            if resting:
                resting.cancel()
            resting = asyncio.create_task(rest(value))
        due += plan.interval
        while due < time.perf_counter():
            due += plan.interval
            report.late += 1
    if resting:
        with suppress(asyncio.CancelledError):
            await resting
    with suppress(Exception):
        await visitor.close()


async def drag_all(url: str, plan: Plan) -> tuple[Report, float]:
    report, gate = Report(), asyncio.Barrier(plan.visitors + 1)
    async with asyncio.TaskGroup() as group:
        for i in range(plan.visitors):
            group.create_task(drag(i, url, plan, gate, report))
        await gate.wait()
        begun = time.perf_counter()
    return report, time.perf_counter() - begun


@contextmanager
def apps(number: int, port: int) -> Iterator[tuple[str, list[psutil.Process]]]:
    """The address and the processes of one app, or of so many behind nginx."""
    if not number:
        with served("app.py", port) as server:
            yield server.url, [server.process]
        return
    command = [sys.executable, "hosting/replicas.py", "--replicas", str(number)]
    command += ["--port", str(port)]
    with running(
        command, f"http://127.0.0.1:{port}", ready="_stcore/health", folder=ROOT
    ) as server:
        # nginx hides what is for the host alone.
        while not all(
            answers(f"http://127.0.0.1:{port + k}/efviz-ready") for k in range(1, number + 1)
        ):
            time.sleep(0.2)
        apps = server.process.children(recursive=True)
        yield server.url, [one for one in apps if "nginx" not in one.name()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--visitors", type=int, default=300)
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between two moves")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--lesson", action="store_true", help="all move over the same stops")
    parser.add_argument("--alone", action="store_true", help="pictures alone")
    parser.add_argument("--replicas", type=int, default=0, help="so many apps behind nginx")
    parser.add_argument("--port", type=int, default=8741)
    options = parser.parse_args()
    plan = Plan(
        options.visitors, options.interval, options.seconds, options.lesson, not options.alone
    )
    with apps(options.replicas, options.port) as (url, processes):

        def used() -> float:
            return sum(sum(one.cpu_times()[:2]) for one in processes)

        for when in ("first", "again"):
            before = used()
            report, seconds = asyncio.run(drag_all(url, plan))
            print(f"{when}: ", end="")
            report.show(seconds, used() - before)


if __name__ == "__main__":
    main()

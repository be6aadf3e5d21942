"""A class moving sliders: S visitors, each moving one slider every INTERVAL seconds.

    python benchmarks/load.py [--sessions 50] [--interval 1] [--seconds 20] [--page SLUG] [--fresh]
    python benchmarks/load.py --processes URL [URL ...]        # servers that are running already

Serves efviz as it is configured and `line_app.py` (one slider, one line of text, no garbage
collection after each rerun, as in efviz). Loads one after the other, twice, with the same moves,
and measures from the slider's message to script_finished. Times drift with the machine: quote the
ratios.

Visitor i moves slider i mod (number of sliders) along a random walk with seed i // 2, so that
paths overlap in parts as in a class. With --fresh every visitor has a data seed of their own in the
link, and nothing is shared. A visitor whose last move is not yet answered when the next is due
waits, as the slider does; that move counts as late. A move counts as lost if it gets no answer, the
answer to another move, or an exception.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from servers import Server, served
from visitors import Handle, Lost, Visitor, percentile
from websockets.exceptions import ConnectionClosed


@dataclass
class Report:
    moves: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)
    bytes: int = 0
    late: int = 0
    cpu: float = 0.0
    reconnected: int = 0
    lost: list[str] = field(default_factory=list)
    visitors: list[Visitor] = field(default_factory=list)

    def __str__(self) -> str:
        p50, p95, most = (1e3 * percentile(self.moves, q) for q in (0.5, 0.95, 1))
        size = self.bytes / max(1, len(self.moves)) / 1024
        return (
            f"{len(self.moves):6d} moves  p50 {p50:6.0f}  p95 {p95:6.0f}  max {most:6.0f} ms"
            f"  {size:4.0f} KB  {1e3 * self.cpu / max(1, len(self.moves)):5.1f} ms CPU"
            f"  opened p95 {1e3 * percentile(self.opened, 0.95):5.0f} ms"
            f"  late {self.late}  reconnected {self.reconnected}  lost {len(self.lost)}"
        )

    def add(self, other: "Report") -> None:
        self.moves += other.moves
        self.opened += other.opened
        self.bytes += other.bytes
        self.late += other.late
        self.cpu += other.cpu
        self.reconnected += other.reconnected
        self.lost += other.lost
        self.visitors += other.visitors


@dataclass(frozen=True)
class Plan:
    sessions: int
    interval: float
    seconds: float
    fresh: bool = False


async def visit(i: int, url: str, plan: Plan, gate: asyncio.Barrier, report: Report) -> None:
    """Open the page, wait for the others, move one slider until the time is up."""
    rng = random.Random(i // 2)
    visitor = Visitor(url, query=f"seed={i + 1}" if plan.fresh else "")
    report.visitors.append(visitor)
    try:
        report.opened.append((await visitor.open()).seconds)
    except (Lost, OSError, ConnectionClosed) as error:
        report.lost.append(f"not opened: {error!r}")
    await gate.wait()
    if not visitor.sliders:
        return
    # Spread evenly over the interval, in an order without a pattern.
    start = time.perf_counter() + plan.interval * (i * 0.618 % 1)
    end, due = start + plan.seconds, start
    name = list(visitor.sliders)[i % len(visitor.sliders)]
    stop = visitor.sliders[name].stop()
    while due < end:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        slider = visitor.sliders[name]
        stop = next_stop(rng, slider, stop)
        await move(visitor, slider, slider.at(stop), report)
        due += plan.interval
        while due < time.perf_counter():
            due += plan.interval
            report.late += 1
    report.lost += visitor.exceptions
    report.reconnected += visitor.reconnected
    await visitor.close()


def next_stop(rng: random.Random, slider: Handle, stop: int) -> int:
    """One to three steps to either side, turning back at the ends."""
    step = rng.choice((-3, -2, -1, 1, 2, 3))
    return stop + step if 0 <= stop + step <= slider.stops else stop - step


async def move(visitor: Visitor, slider: Handle, value: float, report: Report) -> None:
    try:
        answer = await visitor.move(slider, value)
        report.moves.append(answer.seconds)
        report.bytes += answer.size
    except (ConnectionClosed, OSError):
        try:
            await visitor.reconnect()
        except Lost as error:
            report.lost.append(str(error))
    except Lost as error:
        report.lost.append(str(error))


async def load(
    urls: Sequence[str], plan: Plan, at_first_move: Callable[[], None] = lambda: None
) -> Report:
    """All visitors at once, spread evenly over the urls."""
    report, gate = Report(), asyncio.Barrier(plan.sessions + 1)

    async def all_open() -> None:
        await gate.wait()
        at_first_move()

    async with asyncio.TaskGroup() as group:
        group.create_task(all_open())
        for i in range(plan.sessions):
            group.create_task(visit(i, urls[i % len(urls)], plan, gate, report))
    return report


def run(urls: Sequence[str], plan: Plan, *servers: Server) -> Report:
    """Load the urls; where their processes are given, measure the CPU time of the moves as well."""

    def used() -> float:
        return sum(sum(server.process.cpu_times()[:2]) for server in servers)

    before: list[float] = []
    report = asyncio.run(load(urls, plan, lambda: before.append(used())))
    report.cpu = used() - before[0]
    return report


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between two moves")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--page", default="vector-fields", help="the slug of a page")
    parser.add_argument("--port", type=int, default=8711)
    parser.add_argument("--fresh", action="store_true", help="visitors share nothing")
    parser.add_argument("--processes", nargs="+", metavar="URL", help="load these instead")
    options = parser.parse_args()
    rounds = 1 if options.processes else options.rounds
    plan = Plan(options.sessions, options.interval, options.seconds / rounds, options.fresh)
    if options.processes:
        report = run([f"{url.rstrip('/')}/{options.page}" for url in options.processes], plan)
        print(report)
        print("\n".join(report.lost[:5]))
        return
    with ExitStack() as stack:
        floor = stack.enter_context(
            served("line_app.py", options.port, "--runner.postScriptGC", "false")
        )
        efviz = stack.enter_context(served("app.py", options.port + 1))
        compare(floor, efviz, plan, rounds, options.page)


def compare(floor: Server, efviz: Server, plan: Plan, rounds: int, page: str) -> None:
    reports = {"floor": Report(), "efviz": Report()}
    print(f"efviz before: {efviz.resources()}")
    for _ in range(rounds):
        reports["floor"].add(run([floor.url], plan, floor))
        reports["efviz"].add(run([efviz.url + page], plan, efviz))
    for name, report in reports.items():
        print(f"{name}: {report}")
        print("".join(f"  {words}\n" for words in report.lost[:5]), end="")
    print(f"efviz after: {efviz.resources()}")
    for share in (0.5, 0.95):
        ratio = percentile(reports["efviz"].moves, share) / percentile(
            reports["floor"].moves, share
        )
        print(f"efviz / floor, p{100 * share:.0f}: {ratio:.1f}")


if __name__ == "__main__":
    main()

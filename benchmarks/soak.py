"""A semester in minutes: sessions are opened, moved and closed, and pictures fetched by their link;
what do they leave behind?

    python benchmarks/soak.py [--sessions 2000] [--at-once 20] [--page SLUG]

Prints resident memory, threads and open files of the server as sessions go by. Streamlit holds a
closed session for one minute (at most 128 of them), in case its visitor comes back. The last line
is printed after --patience seconds and one more visitor. After the first tenth of the sessions
memory should be flat. At the end there should be no more threads and files than before the first
session, except those of the server's own pools.
"""

import argparse
import asyncio
import random
import time
from urllib.parse import urlsplit

from servers import measured, served
from visitors import Line, Lost, Visitor
from websockets.exceptions import ConnectionClosed

from efviz.dashboard.server import releases


async def come_and_go(i: int, url: str, moves: int, turn: asyncio.Semaphore) -> int:
    """One session; returns how many of its moves were lost."""
    rng = random.Random(i)
    async with turn:
        visitor, pictures = Visitor(url), Line(url)
        path = urlsplit(url).path.rpartition("/")[0] + releases.address("vector-fields")
        try:
            await visitor.open()
            for _ in range(moves):
                slider = rng.choice(list(visitor.sliders.values()))
                await visitor.move(slider, slider.at(rng.randint(0, slider.stops)))
                # And a picture that nobody has asked for.
                await pictures.get(f"{path}?damping={rng.uniform(1e-8, 1)!r}")
        except (Lost, OSError, ConnectionClosed):
            return 1
        finally:
            await visitor.close()
            pictures.close()
        return len(visitor.exceptions)


async def wave(first: int, count: int, url: str, moves: int, at_once: int) -> int:
    turn = asyncio.Semaphore(at_once)
    return sum(
        await asyncio.gather(
            *(come_and_go(i, url, moves, turn) for i in range(first, first + count))
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--at-once", type=int, default=20)
    parser.add_argument("--moves", type=int, default=5, help="of each session")
    parser.add_argument("--page", default="vector-fields", help="the slug of a page")
    parser.add_argument("--port", type=int, default=8721)
    parser.add_argument(
        "--patience", type=float, default=180.0, help="seconds before the last line"
    )
    options = parser.parse_args()
    print("sessions      MB  threads  files   lost  seconds")
    start, lost = time.perf_counter(), 0

    def line(label: str, pid: int) -> None:
        mb, threads, files = measured(pid)
        seconds = time.perf_counter() - start
        print(f"{label:>8s} {mb:7.0f} {threads:8d} {files:6d} {lost:6d} {seconds:8.0f}", flush=True)

    with served("app.py", options.port) as server:
        line("0", server.process.pid)
        for k in range(10):
            first, end = (options.sessions * i // 10 for i in (k, k + 1))
            url = server.url + options.page
            lost += asyncio.run(wave(first, end - first, url, options.moves, options.at_once))
            line(str(end), server.process.pid)
        time.sleep(options.patience)
        # Streamlit also releases expired sessions when another one comes.
        url = server.url + options.page
        lost += asyncio.run(wave(options.sessions, 1, url, options.moves, 1))
        line("later", server.process.pid)


if __name__ == "__main__":
    main()

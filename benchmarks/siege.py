"""Visitors at expensive settings, and one at the defaults beside them.

    python benchmarks/siege.py [--visitors 20] [--seconds 60] [--settle 120]

Each of the many visitors opens a page, most with a million examples of a seed of their own, and
moves a slider as soon as the last move is answered. Every few seconds a new visitor opens Vector
fields at the defaults. Prints memory before the visitors come, its maximum, and memory some time
after they have left; and how long each new visitor waited for the first picture.
"""

import argparse
import asyncio
import time

from servers import measured, served
from visitors import Lost, Visitor
from websockets.exceptions import ConnectionClosed

EXPENSIVE = (
    ("vector-fields", "problem=fig2&n=1000000&seed={}&grid=31&steps=50000"),
    ("at-the-minimum", "problem=fig2&n=1000000&seed={}"),
    ("four-matrices", "problem=fig2&n=1000000&seed={}"),
    ("gradient-noise", "problem=fig2&n=1000000&seed={}&runs=64&steps=20000"),
    ("optimization", "set=a1a&start=1.{}"),
)


async def besiege(i: int, url: str, end: float) -> int:
    """One expensive visitor; returns how many answers were lost or exceptions shown."""
    slug, query = EXPENSIVE[i % len(EXPENSIVE)]
    visitor, lost = Visitor(f"{url}{slug}", query.format(i)), 0
    try:
        await visitor.open()
        for k in range(10**6):
            if time.monotonic() > end:
                break
            sliders = list(visitor.sliders.values())
            if not sliders:
                break
            slider = sliders[k % len(sliders)]
            await visitor.move(slider, slider.at((7 * k + i) % (slider.stops + 1)))
    except Lost:
        lost += 1
    except (OSError, ConnectionClosed):
        lost += 1000
    finally:
        await visitor.close()
    return lost + len(visitor.exceptions)


async def newcomers(url: str, end: float) -> list[float]:
    """Seconds to the first picture of visitors who come one after the other."""
    found = []
    await asyncio.sleep(10)
    while time.monotonic() < end:
        visitor = Visitor(f"{url}vector-fields")
        answer = await visitor.open()
        found.append(answer.to_picture or float("inf"))
        await visitor.close()
        await asyncio.sleep(3)
    return found


async def siege(options: argparse.Namespace, url: str, pid: int) -> None:
    end, most = time.monotonic() + options.seconds, [0.0]

    async def watch() -> None:
        while time.monotonic() < end + 30:
            most[0] = max(most[0], measured(pid)[0])
            await asyncio.sleep(0.2)

    watching = asyncio.create_task(watch())
    many = [besiege(i, url, end) for i in range(options.visitors)]
    waited, *lost = await asyncio.gather(newcomers(url, end), *many)
    watching.cancel()
    print(f"most memory {most[0]:.0f} MB; lost or exceptions {sum(lost)}")
    print("first picture at the defaults (s):", *(f"{t:.2f}" for t in waited))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--settle", type=float, default=120)
    parser.add_argument("--port", type=int, default=8741)
    options = parser.parse_args()
    with served("app.py", options.port) as server:
        pid = server.process.pid
        print(f"before {measured(pid)[0]:.0f} MB", flush=True)
        asyncio.run(siege(options, server.url, pid))
        for _ in range(4):
            time.sleep(options.settle / 4)
            print(f"after {measured(pid)[0]:.0f} MB", flush=True)


if __name__ == "__main__":
    main()

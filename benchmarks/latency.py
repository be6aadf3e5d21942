"""From a key press on a slider to the repainted page, and pictures a second under a dragged mouse.

    python benchmarks/latency.py [--page at-the-minimum] [--visited] [--rounds 30] [--chromium PATH]
    python benchmarks/latency.py --peers [--peers-python PATH]

Serves a page of efviz (by default Vector fields; `--page all`: one after the other) as it is
configured, and as a baseline `floor_app.py`, one slider and one small native chart, twice: under
Streamlit's default settings, and without its garbage collection after each rerun. With `--peers`,
the panels of Vector fields in the apps of other libraries in `peers/` too, for which the extra
`peers` is installed, here or for another Python. Key presses alternate between all of them.

Then each slider is dragged for three seconds at 60 stops a second, over stops that nobody has
visited. A picture counts in the animation frame in which something else is drawn. With `--visited`
it is dragged again, to and fro over stops that have all been drawn before. Times drift with the
machine: quote the ratios.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle, islice

import numpy as np
from apps import FLOORS, PAGES, PEERS, App, served_peer
from playwright.sync_api import Browser, sync_playwright
from repaints import FLAGS, MOVES_A_SECOND, Drag, Watched
from servers import served

MOVES = 3 * MOVES_A_SECOND
WARM_UP = 2
SHOWN_BY_PEERS = PAGES["vector-fields"]
WALK = 60
"""At most so many stops are visited before they are dragged over."""
HEAD = ("press to paint", "pictures/s", "between them", "after the last move")


@dataclass
class Measured:
    """An app that is served and shown, and what has been measured of it."""

    app: App
    url: str
    screen: Watched
    presses: list[float] = field(default_factory=list)
    fresh: list[Drag] = field(default_factory=list)
    visited: list[Drag] = field(default_factory=list)

    def open(self) -> None:
        self.screen.open(self.url + self.app.link)
        self.screen.place(self.app.stops[0])

    def press(self) -> None:
        passed = self.screen.press()
        if passed is None:
            raise RuntimeError(f"{self.app.name}: a key press changed nothing")
        self.presses.append(passed)

    def drag(self) -> None:
        """Drag over stops that have not been visited, at links of their own if there are some."""
        if not self.app.fresh:
            self.fresh.append(self.screen.drag(self.app.stops[len(self.presses) + 1 :]))
        for link in self.app.fresh[: round(MOVES / len(self.app.stops))]:
            self.screen.open(self.url + link)
            self.fresh.append(self.screen.drag(self.app.stops))

    def drag_again(self) -> None:
        """Visit the first stops one by one, then drag over them."""
        stops = self.app.stops[:WALK]
        self.screen.place(stops[0])
        for _ in stops[1:]:
            self.screen.press()
        to_and_fro = [*stops, *stops[-2:0:-1]]
        self.visited.append(self.screen.drag(list(islice(cycle(to_and_fro), MOVES))))


def row(name: str, presses: Sequence[float], drags: Sequence[Drag]) -> str:
    """Medians in ms, with the 95th percentile of the times between two pictures."""
    median = f"{np.median(presses):.0f} ms" if presses else ""
    line = f"{name:32s}{median:>16s}"
    if not drags:
        return line
    between = np.concatenate([np.diff(drag.followed) for drag in drags])
    rate = sum(len(drag.followed) for drag in drags) / sum(drag.length for drag in drags) * 1000
    times = "{:.0f}, {:.0f} ms".format(*np.percentile(between, [50, 95])) if len(between) else "-"
    late = np.median([drag.late for drag in drags])
    return f"{line}{rate:>16.1f}{times:>16s}{late:>20.0f} ms"


def report(page: Measured, others: Sequence[Measured]) -> None:
    print(f"\n{page.app.name:32s}{HEAD[0]:>16s}{HEAD[1]:>16s}{HEAD[2]:>16s}{HEAD[3]:>23s}")
    for one in (page, *others):
        print(row(one.app.name, one.presses[WARM_UP:], one.fresh))
        if one.visited:
            print(row("  over stops already visited", [], one.visited))
    median = np.median(page.presses[WARM_UP:])
    for one in others:
        ratio = median / np.median(one.presses[WARM_UP:])
        print(f"{page.app.name} / {one.app.name}: {ratio:.2f}")


def measure(apps: dict[App, str], browser: Browser, rounds: int, visited: bool) -> None:
    """Measure a page of efviz, the first of the apps with their addresses, beside the others."""
    with browser.new_context(viewport={"width": 1400, "height": 900}) as context:
        measured = [
            Measured(app, url, Watched(context.new_page(), app.picture, app.slider))
            for app, url in apps.items()
        ]
        for one in measured:
            one.open()
        for _ in range(WARM_UP + rounds):
            for one in measured:
                one.press()
        for one in measured:
            if one.app not in FLOORS:
                one.drag()
                if visited:
                    one.drag_again()
    report(measured[0], measured[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--page", default="vector-fields", choices=(*PAGES, "all"))
    parser.add_argument("--visited", action="store_true", help="drag over visited stops as well")
    parser.add_argument("--peers", action="store_true", help="measure the apps in peers/ as well")
    parser.add_argument(
        "--peers-python", default=sys.executable, help="a Python with the extra `peers`"
    )
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--chromium", default=os.environ.get("EFVIZ_CHROMIUM", "/usr/bin/chromium"))
    options = parser.parse_args()
    pages = list(PAGES.values()) if options.page == "all" else [PAGES[options.page]]
    if options.peers and SHOWN_BY_PEERS not in pages:
        parser.error("the peers show Vector fields")
    with ExitStack() as stack:
        ports = iter(range(8701, 8800))
        efviz = stack.enter_context(served("app.py", next(ports))).url
        floors = {
            floor: stack.enter_context(served("floor_app.py", next(ports), *settings)).url
            for floor, settings in FLOORS.items()
        }
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        for page in pages:
            with ExitStack() as beside:
                peers = {
                    peer: beside.enter_context(
                        served_peer(peer, next(ports), options.peers_python)
                    ).url
                    for peer in PEERS
                    if options.peers and page is SHOWN_BY_PEERS
                }
                measure({page: efviz} | floors | peers, browser, options.rounds, options.visited)
        browser.close()


if __name__ == "__main__":
    main()

"""Time from the start of a process to the first responsive picture in a browser that waits for it.

    python benchmarks/cold_start.py [--rounds 5] [--chromium PATH]
    python benchmarks/cold_start.py --url http://127.0.0.1:8501 --command \\
        "docker run --rm -p 8501:8501 --read-only --tmpfs /tmp --name efviz efviz" \\
        --stop "docker stop efviz"

Without --command it starts the app of this checkout. The browser is already running, with an empty
cache, and requests the page until the server answers. Then a key is pressed on the first slider: a
picture counts once its slider moves it. The start page has no slider, so Vector fields is opened as
well, in rounds of its own. Finally the same is measured on a process that has been up for a while.
"""

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from repaints import FLAGS
from servers import ROOT, answers

OWN = f"{sys.executable} -m streamlit run app.py --server.headless true"
PAGES = {"": ".efviz-contrast[data-share]", "vector-fields": ".efviz-chart[data-revision]"}


@contextmanager
def started(command: str, stop: str) -> Iterator[float]:
    """Yields the time at which the process started, and ends the process afterwards."""
    start = time.perf_counter()
    process = subprocess.Popen(
        shlex.split(command), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield start
    finally:
        if stop:
            subprocess.run(shlex.split(stop), stdout=subprocess.DEVNULL, check=False)
        else:
            process.terminate()
        process.wait(30)


def goto(page: Page, url: str, slug: str) -> None:
    """Open the page as soon as the server answers."""
    deadline = time.perf_counter() + 120
    while not answers(f"{url}/_stcore/health"):
        if time.perf_counter() > deadline:
            raise RuntimeError(f"no server answers at {url}")
        time.sleep(0.02)
    page.goto(f"{url}/{slug}", wait_until="commit")


def opened(browser: Browser, url: str, slug: str, start: float) -> list[float]:
    """Seconds from `start` until the server answers, until the first picture is painted, and
    until it has followed a key press."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    try:
        goto(page, url, slug)
        times = [time.perf_counter() - start]
        page.wait_for_selector(PAGES[slug], timeout=60_000)
        page.evaluate("() => new Promise((painted) => requestAnimationFrame(() => "
                      "requestAnimationFrame(painted)))")  # fmt: skip
        times.append(time.perf_counter() - start)
        if slug:
            slider = page.get_by_role("slider").first
            old = page.locator(PAGES[slug]).first.get_attribute("data-revision")
            slider.focus()
            page.keyboard.press("ArrowRight")
            page.wait_for_selector(f"{PAGES[slug]}:not([data-revision='{old}'])")
            times.append(time.perf_counter() - start)
        return times
    finally:
        page.close()


def report(words: str, rounds: list[list[float]]) -> None:
    names = ("answers", "first picture", "has followed a key")
    medians = [statistics.median(values) for values in zip(*rounds, strict=True)]
    listed = ", ".join(f"{n} {t:.2f} s" for n, t in zip(names, medians, strict=False))
    print(
        f"{words}: {listed} (slowest first picture {max(r[1] for r in rounds):.2f} s)", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--command", default=OWN, help="what starts the app")
    parser.add_argument("--stop", default="", help="what stops it, if ending the command does not")
    parser.add_argument("--url", default="http://127.0.0.1:8501", help="where the app will be")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--chromium", type=Path, default=os.environ.get("EFVIZ_CHROMIUM", "/usr/bin/chromium")
    )
    arguments = parser.parse_args()
    if answers(f"{arguments.url}/_stcore/health"):
        sys.exit(f"somebody answers at {arguments.url} already: stop that first")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=arguments.chromium, args=FLAGS)
        for slug in PAGES:
            rounds = []
            for _ in range(arguments.rounds):
                with started(arguments.command, arguments.stop) as start:
                    rounds.append(opened(browser, arguments.url, slug, start))
            report(f"cold, /{slug}", rounds)
        with started(arguments.command, arguments.stop) as start:
            for slug in PAGES:
                opened(browser, arguments.url, slug, start)
                rounds = [
                    opened(browser, arguments.url, slug, time.perf_counter())
                    for _ in range(arguments.rounds)
                ]
                report(f"up for long, /{slug}", rounds)
        browser.close()


if __name__ == "__main__":
    main()

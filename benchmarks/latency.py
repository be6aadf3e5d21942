"""Time from a key press on a slider to the repainted page, against a baseline in the same run.

    python benchmarks/latency.py [--page at-the-minimum] [--rounds 30] [--chromium PATH]

Serves three apps: a page of efviz (by default Vector fields) as it is configured, and
`floor_app.py` (one slider, one small native chart) twice, under Streamlit's default settings and
without its garbage collection after each rerun. Key presses alternate between the three pages. Then
the slider of efviz is dragged with the mouse and repainted pictures are counted. Times drift with
the machine: quote the ratios.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright
from servers import answers, ready

HERE = Path(__file__).parent
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")

# Resolves when `changed` holds and the browser has painted.
PAINTED = """
([selector, old, attribute]) => {
  const read = () => {
    const found = document.querySelector(selector);
    return found && (attribute ? found.getAttribute(attribute) : found.textContent);
  };
  window.efvizPainted = new Promise((resolve) => {
    addEventListener('keydown', () => {
      const pressed = performance.now();
      const look = () => {
        if (read() === old) return;
        observer.disconnect();
        requestAnimationFrame(() => {
          const channel = new MessageChannel();
          channel.port1.onmessage = () => resolve(performance.now() - pressed);
          channel.port2.postMessage(0);
        });
      };
      const observer = new MutationObserver(look);
      observer.observe(document.body, {
        subtree: true, childList: true, characterData: true, attributes: true,
      });
    }, { once: true, capture: true });
  });
}
"""


class App:
    """One served app, its page, and how to tell that it has repainted."""

    def __init__(self, name: str, script: Path, port: int, seen: tuple[str, str], path: str = ""):
        self.name, self.script, self.port, self.seen = name, script, port, seen
        self.path = path
        self.times: list[float] = []

    def serve(self, stack: ExitStack, *options: str) -> None:
        command = [sys.executable, "-m", "streamlit", "run", str(self.script)]
        command += ["--server.port", str(self.port), "--server.headless", "true"]
        command += ["--browser.gatherUsageStats", "false", *options]
        # The baseline must not read efviz's settings, so it runs in a folder without any.
        where = HERE.parent if self.script.name == "app.py" else HERE
        process = subprocess.Popen(
            command, cwd=where, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        stack.callback(process.wait)
        stack.callback(process.terminate)
        for _ in range(600):
            if answers(f"http://127.0.0.1:{self.port}/{ready(self.script.name)}"):
                return
            time.sleep(0.1)
        raise RuntimeError(f"{self.name} did not start")

    def open(self, page: Page) -> None:
        self.page = page
        page.goto(f"http://127.0.0.1:{self.port}/{self.path}")
        selector, attribute = self.seen
        page.wait_for_selector(f"{selector}[{attribute}]" if attribute else selector)
        # Wait for the work that continues behind the first picture.
        page.wait_for_timeout(1500)
        page.locator("[data-testid='stProgress']").first.wait_for(state="detached", timeout=60_000)

    def slider(self) -> Locator:
        return self.page.get_by_role("slider").first

    def press(self) -> None:
        selector, attribute = self.seen
        self.page.bring_to_front()
        found = self.page.locator(selector).first
        old = found.get_attribute(attribute) if attribute else found.text_content()
        self.slider().focus()
        self.page.evaluate(PAINTED, [selector, old, attribute])
        self.page.keyboard.press("ArrowRight")
        self.times.append(self.page.evaluate("window.efvizPainted"))
        self.page.wait_for_timeout(150)


def pictures_per_second(app: App, seconds: float = 4.0) -> float:
    """Repaints a second while the mouse drags the slider back and forth."""
    app.page.bring_to_front()
    app.page.evaluate(
        """(selector) => {
          window.efvizSeen = 0;
          const seen = (all) => { window.efvizSeen += all.length; };
          new MutationObserver(seen).observe(document.querySelector(selector),
            { attributes: true, attributeFilter: ['data-revision'] });
        }""",
        app.seen[0],
    )
    box = app.slider().bounding_box()
    assert box is not None
    y, left, width = box["y"] + box["height"] / 2, box["x"] + 10, box["width"] - 20
    app.page.mouse.move(left, y)
    app.page.mouse.down()
    start, move = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        share = move / 60 % 2
        app.page.mouse.move(left + width * (share if share < 1 else 2 - share), y)
        app.page.wait_for_timeout(16)
        move += 1
    elapsed = time.perf_counter() - start
    app.page.mouse.up()
    return float(app.page.evaluate("window.efvizSeen")) / elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--page",
        default="vector-fields",
        help="the slug of a page: vector-fields, at-the-minimum, four-matrices, gradient-noise",
    )
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--chromium", default=os.environ.get("EFVIZ_CHROMIUM", "/usr/bin/chromium"))
    options = parser.parse_args()
    native = ("[data-testid='stPlotlyChart'] .gtitle", "")
    efviz = App(
        "efviz", HERE.parent / "app.py", 8701, (".efviz-chart", "data-revision"), options.page
    )
    plain = App("floor", HERE / "floor_app.py", 8702, native)
    quick = App("floor, no GC", HERE / "floor_app.py", 8703, native)
    with ExitStack() as stack:
        efviz.serve(stack)
        plain.serve(stack)
        quick.serve(stack, "--runner.postScriptGC", "false")
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        for app in (efviz, plain, quick):
            app.open(browser.new_page(viewport={"width": 1400, "height": 900}))
        for i in range(options.rounds + 3):
            for app in (efviz, plain, quick):
                app.press()
                if i < 3:
                    app.times.clear()
        rate = pictures_per_second(efviz)
        browser.close()
    medians = {app.name: statistics.median(app.times) for app in (efviz, plain, quick)}
    for name, median in medians.items():
        print(f"{name:14s} median {median:6.0f} ms")
    for floor, goal in (("floor", 1.3), ("floor, no GC", 2.3)):
        print(
            f"efviz / {floor:12s} {medians['efviz'] / medians[floor]:.2f}   (goal: at most {goal})"
        )
    print(f"pictures a second while dragging: {rate:.1f}   (goal: at least 5)")


if __name__ == "__main__":
    main()

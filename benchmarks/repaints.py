"""What a page draws and when, recorded in its own animation frames while its slider is moved."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from playwright.sync_api import Page

FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
MOVES_A_SECOND = 60
PATIENCE = 10
"""Seconds after which no picture is expected."""

# The arrows in the fourth of the panels, the last to be drawn; it may stand in a shadow tree.
ARROWS = """
(() => {
  let panel;
  const panels = (root) => [...root.querySelectorAll('*')].flatMap((one) => [
    ...(one.matches('.js-plotly-plot') ? [one] : []),
    ...(one.shadowRoot ? panels(one.shadowRoot) : []),
  ]);
  return () => {
    if (!panel?.isConnected) panel = panels(document)[3];
    return panel?.querySelector('.shapelayer path')?.getAttribute('d');
  };
})()
"""
REVISION = "() => document.querySelector('.efviz-chart')?.dataset.revision"
TITLE = "() => document.querySelector('.gtitle')?.textContent"

# `read` returns what is drawn, or nothing while it is replaced. `pictures` are the frames in which
# it has changed, and `painted` is when the one after a key press was on the screen. Frames are
# looked at only from `begin` or a key press to the end of `quiet`: while a page asks for frames,
# the browser makes 60 of it a second, which takes a quarter of a core even if nothing changes.
RECORD = """
() => {
  const read = READ;
  const RUNNING = '[data-test-script-state="running"]'; // Streamlit may draw more
  const channel = new MessageChannel();
  const watch = { pictures: [] };
  let shown;
  let last = 0;
  let looking = false;
  let painted = () => {};
  const look = (frame) => {
    const picture = read();
    if (picture && picture !== shown) {
      shown = picture;
      last = performance.now();
      watch.pictures.push(frame);
      channel.port2.postMessage(0); // arrives when this frame is painted
    }
    if (looking) requestAnimationFrame(look);
  };
  const start = () => {
    if (looking) return;
    looking = true;
    shown = read() ?? shown;
    requestAnimationFrame(look);
  };
  channel.port1.onmessage = () => painted(performance.now());
  addEventListener('keydown', (event) => {
    start();
    watch.painted = new Promise((resolve) => {
      painted = (now) => resolve(now - event.timeStamp);
      setTimeout(() => resolve(null), PATIENCE);
    });
  }, { capture: true });
  watch.begin = () => {
    start();
    watch.pictures = [];
    return performance.now();
  };
  watch.quiet = async (ms) => {
    start();
    last = performance.now();
    const rest = () => {
      if (document.querySelector(RUNNING)) last = performance.now();
      return last + ms - performance.now();
    };
    while (rest() > 0) await new Promise((awake) => setTimeout(awake, Math.min(rest(), 50)));
    looking = false;
  };
  window.efvizWatch = watch;
}
"""


@dataclass(frozen=True)
class Slider:
    """A slider in a page: the selectors of what takes its keys and of its track.

    The middle of its handle stays `inset` pixels away from the ends of the track. `last` is the
    number of the stop at the right end; that at the left end is 0.
    """

    keyed: str
    track: str
    inset: float
    last: int

    def places(self, page: Page, stops: Sequence[int]) -> list[tuple[float, float]]:
        """Where the handle is on the screen at these stops."""
        box = page.locator(self.track).first.bounding_box()
        assert box is not None, f"no {self.track}"
        left, way = box["x"] + self.inset, box["width"] - 2 * self.inset
        return [(left + way * stop / self.last, box["y"] + box["height"] / 2) for stop in stops]


@dataclass(frozen=True)
class Drag:
    """The frames with a new picture (ms from the first move) of a drag, `length` ms to the last."""

    length: float
    frames: tuple[float, ...]

    @property
    def followed(self) -> tuple[float, ...]:
        """The frames before the last move."""
        return tuple(frame for frame in self.frames if frame <= self.length)

    @property
    def late(self) -> float:
        """From the last move to the last picture, ms."""
        return max(self.frames, default=np.nan) - self.length


class Watched:
    """A page whose pictures are recorded; `picture` is JavaScript that reads what is drawn."""

    def __init__(self, page: Page, picture: str, slider: Slider) -> None:
        self.page, self.picture, self.slider = page, picture, slider

    def open(self, url: str) -> None:
        """Open the page, and wait until it has drawn its first picture and all that follows."""
        self.page.bring_to_front()
        self.page.goto(url)
        deadline = time.monotonic() + 60
        while not self.page.evaluate(f"({self.picture})()"):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{url} draws nothing")
            time.sleep(0.1)
        self.page.locator("[data-testid='stProgress']").first.wait_for(state="detached")
        self.page.evaluate(
            RECORD.replace("READ", self.picture).replace("PATIENCE", f"{1000 * PATIENCE}")
        )
        self.quiet(300)

    def quiet(self, ms: float) -> None:
        """Wait until nothing new has been drawn for so long."""
        self.page.evaluate("(ms) => efvizWatch.quiet(ms)", ms)

    def place(self, stop: int) -> None:
        """Click the slider at a stop."""
        (place,) = self.slider.places(self.page, [stop])
        self.page.bring_to_front()
        self.page.mouse.click(*place)
        self.quiet(300)

    def press(self) -> float | None:
        """Milliseconds from a press of the right arrow until the next picture is painted.

        None if none follows.
        """
        self.page.bring_to_front()
        self.page.locator(self.slider.keyed).first.focus()
        self.page.keyboard.press("ArrowRight")
        passed: Any = self.page.evaluate("efvizWatch.painted")
        self.quiet(100)
        return passed

    def drag(self, stops: Sequence[int]) -> Drag:
        """Drag the handle over these stops, one after the other, as fast as a screen follows.

        The hand does not wait: where the page takes no moves for a while, stops are passed over.
        """
        self.place(stops[0])
        places = self.slider.places(self.page, stops)
        self.page.mouse.down()
        began: float = self.page.evaluate("efvizWatch.begin()")
        start = time.perf_counter()
        while (i := int((time.perf_counter() - start) * MOVES_A_SECOND)) < len(places) - 1:
            self.page.mouse.move(*places[i])
            time.sleep(max(0, start + (i + 1) / MOVES_A_SECOND - time.perf_counter()))
        ended: float = self.page.evaluate("performance.now()")
        self.page.mouse.move(*places[-1])
        self.page.mouse.up()
        frames: list[float] = []
        for _ in range(PATIENCE):
            self.quiet(1000)
            if frames := self.page.evaluate("efvizWatch.pictures"):
                break
        return Drag(ended - began, tuple(frame - began for frame in frames))

"""A served app, a real Chromium, and a visitor's moves.

The browser is EFVIZ_CHROMIUM or the first chromium on the path. Without one these tests are
skipped, unless EFVIZ_REQUIRE_BROWSER=1 makes that a failure.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    expect,
    sync_playwright,
)

ROOT = Path(__file__).parents[1]
NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = os.environ.get("EFVIZ_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
REQUIRED = os.environ.get("EFVIZ_REQUIRE_BROWSER") == "1"
Scheme = Literal["light", "dark"]
# Widths and themes are looked at in pairs: neither changes what the other does.
SIGHTS: tuple[tuple[int, Scheme], ...] = ((1400, "light"), (1024, "dark"), (360, "dark"))
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    # All pages of a profile compile their scripts once.
    "--process-per-site",
)

needs_chromium = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None and not REQUIRED,
        reason="no Chromium found: install one or set EFVIZ_CHROMIUM",
    ),
]


# Where more tests run than there are cores, five seconds are few for a page that opens.
expect.set_options(timeout=15_000)
_CALLS = count()


def free_port(ports: int = 1) -> int:
    """The first of so many free ports in a row, below those that connections are given."""
    # Other processes, and later calls, begin elsewhere.
    start = os.getpid() * 7 + next(_CALLS) * 50
    for offset in range(0, 12_000, ports):
        port = 20_000 + (start + offset) % 12_000
        with ExitStack() as taken:
            try:
                for each in range(port, port + ports):
                    taken.enter_context(socket.socket()).bind(("127.0.0.1", each))
            except OSError:
                continue
        return port
    raise RuntimeError(f"there are no {ports} free ports in a row from 20000 to 32000")


@contextmanager
def serve(script: str, *, port: int = 0, **environment: str) -> Iterator[str]:
    """An app under a prefix path, as a department would host it; gives its address."""
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--server.baseUrlPath", "efviz"]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    url = f"http://127.0.0.1:{port}/efviz"
    for _ in range(900):
        try:
            urllib.request.urlopen(f"{url}/_stcore/health").close()
            break
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    else:
        process.kill()
    if process.poll() is not None:
        pytest.fail(f"the server did not start:\n{process.communicate()[0]}")
    yield url
    process.terminate()
    process.communicate(timeout=20)


@contextmanager
def ready(port: int = 0) -> Iterator[str]:
    """The app as `make run` serves it, once all pages are imported and computed."""
    with serve("app.py", port=port) as url:
        for _ in range(900):
            try:
                urllib.request.urlopen(f"{url}/efviz-ready").close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            pytest.fail("the app does not become ready")
        yield url


@contextmanager
def shared(folder: Path, start: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """What the first process to ask for it starts, and stops once no other process uses it."""
    import fcntl  # which Windows lacks

    started = folder / "started"
    with (
        ExitStack() as mine,
        (folder / "turn").open("w") as turn,
        (folder / "use").open("w") as use,
    ):
        fcntl.flock(turn, fcntl.LOCK_EX)
        first = not started.exists()
        if first:
            started.write_text(mine.enter_context(start()))
        fcntl.flock(use, fcntl.LOCK_SH)
        fcntl.flock(turn, fcntl.LOCK_UN)
        try:
            yield started.read_text()
        finally:
            if first:
                fcntl.flock(turn, fcntl.LOCK_EX)
                # Whoever asks from now on starts another.
                started.unlink()
                fcntl.flock(turn, fcntl.LOCK_UN)
                fcntl.flock(use, fcntl.LOCK_EX)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of one app for all processes that run tests: to prepare it takes time."""
    folder = tmp_path_factory.getbasetemp()
    # Each process of xdist has a folder in that of the whole run.
    with shared(folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder, ready) as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("EFVIZ_REQUIRE_BROWSER is set, but there is no Chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


def harmless(message: ConsoleMessage) -> bool:
    """Streamlit looks for its server below a page's own address before it looks above it."""
    looks = "404" in message.text and "/_stcore/" in message.location["url"]
    return message.type != "error" or looks


@pytest.fixture(scope="session")
def profile(browser: Browser, server: str) -> Iterator[BrowserContext]:
    """What all visitors share: scripts, fetched and compiled once, but no cookies and no storage.

    In a profile of its own a page takes three times the CPU time to open.
    """
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    for _ in range(2):
        context.new_page().goto(f"{server}/_stcore/health")
    yield context
    context.close()


@contextmanager
def watched(page: Page) -> Iterator[None]:
    """The page that is looked at. Errors in the console and requests to other hosts fail the test.

    Behind another one it would be painted once a second.
    """
    page.bring_to_front()
    wrong: list[str] = []
    local = (page.context.pages[0].evaluate("origin") + "/", "blob:", "data:")
    listeners: dict[Any, Any] = {
        "pageerror": lambda error: wrong.append(str(error)),
        "console": lambda m: None if harmless(m) else wrong.append(m.text),
        "request": lambda r: None if r.url.startswith(local) else wrong.append(r.url),
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    try:
        yield
    finally:
        for event, listener in listeners.items():
            page.remove_listener(event, listener)
    assert not wrong, wrong


@contextmanager
def visit(
    profile: BrowserContext,
    width: int = 1400,
    scheme: Scheme = "light",
    *,
    height: int = 900,
    calm: bool = False,
    new: bool = False,
) -> Iterator[Page]:
    """The page of a fresh visitor, who prefers it light or dark, and calm: with reduced motion.

    It is `watched`. A new page is one that the
    visitor may prepare for good, by scripts or a finger; the others are cleared and used again.
    """
    # The first page stays: the compiled scripts do as long as one page of the site is open.
    site, spare = profile.pages[:2]
    page = profile.new_page() if new else spare
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(
        media="null",
        color_scheme=scheme,
        reduced_motion="reduce" if calm else "no-preference",
        forced_colors="none",
    )
    try:
        with watched(page):
            yield page
    finally:
        if new:
            page.close()
        else:
            page.unroute_all(behavior="ignoreErrors")
            page.evaluate("sessionStorage.clear()")
            page.goto(site.url)
            page.mouse.move(0, 0)
        site.evaluate("localStorage.clear()")
        profile.clear_cookies()
        profile.clear_permissions()


@pytest.fixture
def page(profile: BrowserContext) -> Iterator[Page]:
    """A fresh visitor."""
    with visit(profile) as page:
        yield page


@pytest.fixture
def new_page(profile: BrowserContext) -> Iterator[Page]:
    """A fresh visitor, whose page is used by nobody after him."""
    with visit(profile, new=True) as page:
        yield page


@pytest.fixture(scope="module")
def _kept(profile: BrowserContext) -> Iterator[list[Page]]:
    """No page, or the one that stays open from test to test."""
    kept: list[Page] = []
    yield kept
    for page in kept:
        page.close()


@pytest.fixture
def figure_1(profile: BrowserContext, server: str, _kept: list[Page]) -> Iterator[Page]:
    """The page Vector fields as it opens, for tests of what its first button resets.

    It stays open from test to test, since to open it takes longer than what is done on it. One that
    cannot be reset is used no more.
    """
    page = _kept.pop() if _kept else profile.new_page()
    with watched(page):
        if page.url == "about:blank":
            open_page(page, server)
            expect(page.locator(".stProgress")).to_have_count(0, timeout=30_000)
        before = revision(page)
        yield page
        page.mouse.move(0, 0)
        page.get_by_role("button", name="Paper Fig. 1, as published").click()
        expect(page).to_have_url(f"{server}/vector-fields", timeout=15_000)
        expect(chart(page)).to_have_attribute("data-revision", before, timeout=15_000)
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    _kept.append(page)


def assert_nothing_is_cut_off(page: Page, *charts: Locator) -> None:
    """The page is no wider than its window, and no panel of the charts reaches out of it."""
    assert page.viewport_size
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for panels in charts:
        for box in [p.bounding_box() for p in panels.locator("> div").all()]:
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width


def keep_screenshot(page: Page, name: str) -> None:
    """Into the folder that EFVIZ_SCREENSHOTS names, if it does."""
    folder = os.environ.get("EFVIZ_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png")


def chart(page: Page) -> Locator:
    """The page's first chart."""
    return page.locator(".efviz-chart").first


def panel(page: Page, name: str) -> Locator:
    return chart(page).locator(f"> [aria-label^='{name}']")


def revision(page: Page) -> str:
    return chart(page).get_attribute("data-revision") or ""


def open_page(page: Page, server: str, query: str = "", slug: str = "vector-fields") -> None:
    page.goto(f"{server}/{slug}{query and '?' + query}")
    expect(chart(page)).to_have_attribute("data-revision", re.compile(".+"), timeout=30_000)


def wait_for_picture(page: Page, old: str) -> None:
    expect(chart(page)).not_to_have_attribute("data-revision", old, timeout=15_000)


def wait_until(page: Page, holds: Callable[[], bool], seconds: float = 15) -> None:
    """Until something holds of the page: an assertion that is given time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it never holds, in {seconds:g} s"
        page.wait_for_timeout(50)


# What differs while the charts move: null before they are drawn.
PLACES = """() => {
  const charts = [...document.querySelectorAll('.efviz-chart')];
  if (charts.some((chart) => !chart.dataset.revision)) return null;
  const sides = (element) => Object.values(element.getBoundingClientRect().toJSON());
  return [charts[0]?.dataset.revision, ...charts.flatMap((c) => [...c.children].flatMap(sides))]
    .join();
}"""


def wait_for_rest(page: Page) -> None:
    """Until the first chart has been the same, and all charts where they are, for 0.3 s."""
    seen: list[object] = []

    def rests() -> bool:
        seen.append(page.evaluate(PLACES))
        page.wait_for_timeout(50)
        return len(seen) > 3 and seen[-1] is not None and len(set(seen[-4:])) == 1

    wait_until(page, rests, 30)


def slider(page: Page, label: str) -> Locator:
    return page.get_by_role("slider", name=label, exact=True)


_RAISED = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"


def read_number(text: str) -> float:
    """The number that a page shows as 1,000, −3 or 5.62·10⁻⁶."""
    text = text.replace("−", "-").replace(",", "")
    if found := re.fullmatch(rf"(-?)(?:([\d.]+)·)?10([{_RAISED}]+)", text):
        power = found[3].translate(str.maketrans(_RAISED, "-0123456789"))
        return float(f"{found[1]}{found[2] or 1}e{power}")
    return float(text)

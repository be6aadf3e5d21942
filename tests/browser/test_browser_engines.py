"""The core of the product in Chromium, Firefox and WebKit: what is painted, and a visitor's moves.

A picture is looked at, not only its nodes: what Firefox and WebKit paint in a panel is compared
with what Chromium does. Each engine is started once; one that is missing is skipped, unless
EFVIZ_REQUIRE_BROWSER=1 makes that a failure.
"""

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from browsing import REQUIRED
from engines import SIZE, Engine, missing, started
from numpy.testing import assert_allclose
from PIL import Image
from test_browser_at_minimum import CSV
from test_browser_sights import CUT_OFF

from efviz.dashboard.pages import PAGES

pytestmark = pytest.mark.browser

Painted = dict[str, np.ndarray]

NEAR = 0.1
CELLS = 5  # odd: the zero of a symmetric axis does not lie between two
FIELDS = ("GD", "NGD", "EFGD")
WHOLE = (1400, 3600)  # px: no page is longer
WITHOUT_PANELS = ("the-paper", "lessons")
BACKGROUND = 255.0

# null while anything is still to come, then what would differ if more came.
STATE = """() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const lists = '.efviz-claims, .st-key-lessons-list button';
  const seen = `.efviz-contrast[data-share], .efviz-chart, ${lists}`;
  const busy = all('.stProgress, [data-stale=true], .efviz-chart:not([data-revision])');
  if (!all(seen).length || busy.length || document.fonts.status !== 'loaded') return null;
  const panels = all('.efviz-chart > [role=figure]').map((gd) => gd._efviz.state);
  const shares = all('.efviz-contrast').map((contrast) => contrast.dataset.share);
  return [...panels, ...shares, document.documentElement.innerText.length].join();
}"""
# How many pictures were fetched by their link.
FETCHED = """() => performance.getEntriesByType('resource')
  .filter(({ name }) => name.includes('/efviz-picture/')).length"""
# [name, left, top, width, height] of what each panel draws in.
PLOTS = """() => {
  const kinds = '.efviz-chart > [role=figure], .efviz-contrast .panel > svg';
  return [...document.querySelectorAll(kinds)].map((panel, i) => {
    const { left, top, width, height } = panel.getBoundingClientRect();
    const size = panel._fullLayout?._size ?? { l: 0, t: 0, w: width, h: height };
    const name = `${i} ${panel._efviz?.name ?? ''}`;
    return [name, left + size.l, top + size.t, size.w, size.h];
  });
}"""
# Pixels of the places (x, y) in the panel of that name.
PIXELS = """(name, places) => {
  const gd = document.querySelector(`.efviz-chart > [aria-label^='${name}']`);
  const { xaxis, yaxis } = gd._fullLayout, box = gd.getBoundingClientRect();
  return places.map(([x, y]) =>
    [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)]);
}"""
# The places of all marks of a trace.
PLACES = """(name, trace) => {
  const gd = document.querySelector(`.efviz-chart > [aria-label^='${name}']`);
  const { x, y } = gd._efviz.whole.data.find((t) => t.name === trace);
  return Array.from(x, (value, i) => [value, y[i]]);
}"""
RANGES = """(name) => {
  const gd = document.querySelector(`.efviz-chart > [aria-label^='${name}']`);
  return [gd._fullLayout.xaxis.range, gd._fullLayout.yaxis.range];
}"""
# The middle of the first element that has these words.
MIDDLE = """(selector, words) => {
  const found = [...document.querySelectorAll(selector)].find((e) => e.textContent.includes(words));
  found?.scrollIntoView({ block: 'nearest' });
  const box = found?.getBoundingClientRect();
  return box && [box.x, box.y, box.width, box.height];
}"""
# Whether a panel's x-axis begins and ends there.
ZOOMED = """(name, low, high) => {
  const gd = document.querySelector(`.efviz-chart > [aria-label^='${name}']`);
  const near = (value, wanted) => Math.abs(value - wanted) < 0.1;
  const { range } = gd._fullLayout.xaxis;
  return near(range[0], low) && near(range[1], high);
}"""
# The sides of the slider of that label.
RANGE = """(label) => {
  const sliders = [...document.querySelectorAll('.efviz-slider')];
  const slider = sliders.find((s) => s.querySelector('label').textContent === label);
  const box = slider.querySelector('.range').getBoundingClientRect();
  return [box.x, box.y, box.width, box.height];
}"""
# Whether the address says what the slider of that label does.
FOLLOWED = """(label, name) => {
  const sliders = [...document.querySelectorAll('.efviz-slider')];
  const slider = sliders.find((s) => s.querySelector('label').textContent === label);
  const shown = slider.querySelector('.range').getAttribute('aria-valuetext');
  return new URLSearchParams(location.search).get(name) === shown;
}"""
# When the page changes its address from now on.
NOTE = """() => {
  const written = (window.efvizWritten = []), { replaceState } = history;
  history.replaceState = (...all) => {
    if (all[2]?.includes('?')) written.push(performance.now());
    replaceState.apply(history, all);
  };
}"""
REVISION = "() => document.querySelector('.efviz-chart').dataset.revision"
SAYS = "(selector, words) => document.querySelector(selector)?.innerText.includes(words)"


@pytest.fixture(scope="module")
def chromium(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with started("Chromium", lambda: request.getfixturevalue("profile")) as engine:
        yield engine


@pytest.fixture(scope="module", params=["Chromium", "Firefox", "WebKit"])
def an_engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if lack := missing(request.param):
        (pytest.fail if REQUIRED else pytest.skip)(lack)
    if request.param == "Chromium":
        yield request.getfixturevalue("chromium")
        return
    with started(request.param, lambda: request.getfixturevalue("profile")) as engine:
        yield engine


@pytest.fixture
def engine(an_engine: Engine) -> Iterator[Engine]:
    """Errors in the console fail the test."""
    yield an_engine
    assert an_engine.complaints() == []


@pytest.fixture(scope="module")
def by_chromium(request: pytest.FixtureRequest, server: str) -> Callable[[str], Painted]:
    """What Chromium paints on a page, which is looked at once."""
    if missing("Chromium"):
        pytest.skip("there is no Chromium to compare with")
    chromium: Engine = request.getfixturevalue("chromium")
    known: dict[str, Painted] = {}

    def look(slug: str) -> Painted:
        if slug not in known:
            show(chromium, address(server, slug), WHOLE)
            known[slug] = painted(chromium)
        return known[slug]

    return look


def address(server: str, slug: str) -> str:
    """The first page has no name."""
    return f"{server}/{slug.removeprefix(next(iter(PAGES)))}"


def settle(engine: Engine) -> None:
    """Until the picture is whole and stays as it is."""
    before = None
    until = time.monotonic() + 60
    while (now := engine.evaluate(STATE)) is None or now != before:
        before = now
        assert time.monotonic() < until, f"{engine.name}: the page does not come to rest"
        time.sleep(0.2)


def show(engine: Engine, url: str, size: tuple[int, int] = SIZE) -> None:
    engine.resize(size)
    engine.open(url)
    settle(engine)


def painted(engine: Engine) -> Painted:
    """Ink by panel, (CELLS, CELLS, 3): how far each part of it is from the background, in RGB."""
    shot = engine.screenshot()
    found = {}
    for name, left, top, width, height in engine.evaluate(PLOTS):
        rows, columns = (
            np.linspace(start, start + size, CELLS + 1).round().astype(int)
            for start, size in ((top, height), (left, width))
        )
        part = BACKGROUND - shot[rows[0] : rows[-1], columns[0] : columns[-1]]
        cells = np.add.reduceat(part, rows[:-1] - rows[0], axis=0)
        found[name] = np.add.reduceat(cells, columns[:-1] - columns[0], axis=1) / part[..., 0].size
    return found


def difference(cells: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """The ink relative to what is expected, and the share of it that lies elsewhere."""
    ink = expected.sum()
    return cells.sum() / ink, np.abs(cells - expected).sum() / ink


def painted_last(engine: Engine, expected: Painted, seconds: float = 10) -> Painted:
    """What is painted once it is what is expected, or after some seconds.

    An engine that has much to do shows for a while what the page was before.
    """
    until = time.monotonic() + seconds
    while True:
        found = painted(engine)
        alike = found.keys() == expected.keys() and all(
            abs(share - 1) < NEAR and elsewhere < NEAR
            for share, elsewhere in (difference(found[name], expected[name]) for name in found)
        )
        if alike or time.monotonic() > until:
            return found
        time.sleep(0.2)


def click(engine: Engine, selector: str, words: str = "") -> None:
    engine.wait(MIDDLE, selector, words)
    left, top, width, height = engine.evaluate(MIDDLE, selector, words)
    engine.drag((left + width / 2, top + height / 2))


def along(*places: tuple[float, float]) -> list[tuple[float, float]]:
    """A hand's way from the first place to the last."""
    (x0, y0), (x1, y1) = places
    return [(x0 + t * (x1 - x0), y0 + t * (y1 - y0)) for t in np.linspace(0, 1, 9)]


def pixels(engine: Engine, panel: str, *places: tuple[float, float]) -> list[tuple[float, float]]:
    return [(x, y) for x, y in engine.evaluate(PIXELS, panel, places)]


def ink(engine: Engine) -> np.ndarray:
    """How far every pixel is from the background, 0 to 255."""
    return BACKGROUND - engine.screenshot().min(axis=2)


def assert_points_are_painted(engine: Engine, ink: np.ndarray, panel: str, trace: str) -> None:
    """All points of a trace that lie well inside the panel, and hardly anything else."""
    places = np.array(engine.evaluate(PLACES, panel, trace))
    low, high = np.array(engine.evaluate(RANGES, panel)).T
    inside = np.all((places > low + 0.02 * (high - low)) & (places < high - 0.02 * (high - low)), 1)
    columns, rows = np.array(engine.evaluate(PIXELS, panel, places[inside].tolist())).T
    assert inside.sum() > 20
    assert np.mean(ink[rows.astype(int), columns.astype(int)] > 30) > 0.99
    left, top, width, height = next(
        box for name, *box in engine.evaluate(PLOTS) if name.endswith(panel)
    )
    part = ink[round(top) : round(top + height), round(left) : round(left + width)]
    # A point is 4 px wide: as many cannot cover more than this.
    assert np.mean(part > 30) < inside.sum() * 25 / part.size + 0.05


def assert_marks_are_painted(engine: Engine, ink: np.ndarray, panel: str, trace: str) -> None:
    """The middle of every mark, where it may carry a number, and what is around it."""
    places = engine.evaluate(PLACES, panel, trace)
    for x, y in np.round(engine.evaluate(PIXELS, panel, places)).astype(int):
        assert np.mean(ink[y - 3 : y + 4, x - 3 : x + 4] > 150) > 0.3, (panel, trace, x, y)


@pytest.mark.parametrize("slug", PAGES)
def test_a_page_paints_what_it_paints_in_chromium(
    engine: Engine, server: str, by_chromium: Callable[[str], Painted], slug: str
) -> None:
    expected = {} if slug in WITHOUT_PANELS else by_chromium(slug)
    # What needs no comparison other tests see in Chromium.
    found = expected
    if engine.name != "Chromium":
        show(engine, address(server, slug), WHOLE)
        found = painted_last(engine, expected)
    assert list(found) == list(expected)
    assert bool(found) != (slug in WITHOUT_PANELS)
    for name, cells in found.items():
        assert cells.sum() > 1, f"{name} is empty"
        share, elsewhere = difference(cells, expected[name])
        assert abs(share - 1) < NEAR, f"{name}: {share:.3f} times Chromium's ink"
        assert elsewhere < NEAR, f"{name}: {elsewhere:.3f} of the ink lies elsewhere"


def test_an_own_table_becomes_a_picture(engine: Engine, server: str, tmp_path: Path) -> None:
    file = tmp_path / "exam.csv"
    file.write_text(CSV)
    engine.resize(WHOLE)
    engine.open(f"{server}/at-the-minimum?problem=own")
    engine.wait("() => document.querySelector('input[type=file]')")
    engine.upload("input[type=file]", file)
    engine.wait(SAYS, ".efviz-sentence", "(the table)")
    settle(engine)
    assert "exam.csv" in engine.evaluate("() => document.body.innerText")
    assert all(cells.sum() > 1 for cells in painted(engine).values())


def test_points_and_marks_are_painted_where_they_are_at_every_zoom(
    engine: Engine, server: str
) -> None:
    show(engine, f"{server}/vector-fields")
    shot = ink(engine)
    assert_points_are_painted(engine, shot, "Data", "data")
    for name in FIELDS:
        assert_marks_are_painted(engine, shot, name, "minimum")
    engine.drag(*along(*pixels(engine, "Data", (1, 2), (4, 9))))
    engine.wait(ZOOMED, "Data", 1, 4)
    engine.drag(*along(*pixels(engine, "NGD", (0.5, 0.8), (3.1, 3.4))))
    engine.wait(ZOOMED, "EFGD", 0.5, 3.1)
    settle(engine)
    shot = ink(engine)
    assert_points_are_painted(engine, shot, "Data", "data")
    for name in FIELDS:
        assert_marks_are_painted(engine, shot, name, "minimum")


def test_the_picture_follows_a_slider_and_a_start_that_are_dragged(
    engine: Engine, server: str
) -> None:
    show(engine, f"{server}/vector-fields")
    before = engine.evaluate(REVISION)
    engine.evaluate(NOTE)
    left, top, width, height = engine.evaluate(RANGE, "Strength s")
    y = top + height / 2
    engine.drag(*along((left + width * 0.3, y), (left + width * 0.7, y)))
    engine.wait("(old) => (" + REVISION + ")() !== old", before)
    engine.wait(FOLLOWED, "Strength s", "s")
    # Safari refuses the 101st change in 10 s.
    written = np.array(engine.evaluate("() => window.efvizWritten"))
    assert np.all(np.diff(written) > 100)
    assert 1 < float(engine.evaluate("() => location.search").partition("=")[2]) <= 2
    assert engine.evaluate(FETCHED) > 0
    engine.drag(*pixels(engine, "NGD", (3.5, 0.6)))
    engine.wait("(count) => (" + PLACES + ")('NGD', 'starts').length === count", 5)
    settle(engine)
    engine.drag(*along(*pixels(engine, "GD", (3.5, 0.6), (3.0, 1.4))))
    engine.wait("() => Math.abs((" + PLACES + ")('EFGD', 'starts')[4][0] - 3) < 0.1")
    settle(engine)
    shot = ink(engine)
    for name in FIELDS:
        assert_allclose(engine.evaluate(PLACES, name, "starts")[4], [3.0, 1.4], atol=0.05)
        assert_marks_are_painted(engine, shot, name, "starts")
    assert "starts=" in engine.evaluate("() => location.search")


def test_images_of_a_figure_are_saved(engine: Engine, server: str) -> None:
    show(engine, f"{server}/vector-fields?s=0.5")
    click(engine, "button", "Export")
    width, height = engine.evaluate(
        "() => { const { width, height } = document.querySelector('.efviz-chart')"
        ".getBoundingClientRect(); return [width, height]; }"
    )
    click(engine, "button", "Image (SVG)")
    svg = engine.downloaded("vector-fields.svg")
    assert ElementTree.fromstring(svg).tag.endswith("svg")
    assert svg.count(b"<path") > 40
    click(engine, "button", "Image (PNG)")
    image = Image.open(io.BytesIO(engine.downloaded("vector-fields.png"))).convert("RGB")
    assert_allclose(image.size, [2 * width, 2 * height], atol=60)
    # As much as on the screen, panel by panel, apart from the letters around them.
    assert 0.02 < 1 - np.asarray(image).mean() / BACKGROUND < 0.2


def test_a_lesson_goes_on_and_back(engine: Engine, server: str) -> None:
    show(engine, f"{server}/vector-fields?lesson=straight.3")
    click(engine, "button", "Next")
    engine.wait(SAYS, ".st-key-lesson", "4 of 4")
    engine.wait("() => location.search === '?starts=4.5,3&lesson=straight.4'")
    settle(engine)
    engine.evaluate("() => history.back()")
    engine.wait(SAYS, ".st-key-lesson", "3 of 4")
    engine.wait("() => location.search === '?lesson=straight.3'")
    engine.wait("(count) => (" + PLACES + ")('NGD', 'starts').length === count", 4)


def test_a_phone_shows_the_whole_picture(engine: Engine, server: str) -> None:
    show(engine, f"{server}/vector-fields?play=1&at=100", (360, 900))
    assert engine.evaluate("() => innerWidth") == 360
    assert engine.evaluate(CUT_OFF) == []
    assert_points_are_painted(engine, ink(engine), "Data", "data")

"""What compat.js and compat.css use of Streamlit and Plotly is there in a real browser.

One visit of a few pages looks for everything. What fails here has moved with a new release.
"""

import json
import re
from pathlib import Path

from browsing import needs_chromium, open_page, panel, wait_for_rest
from numpy.testing import assert_allclose
from playwright.sync_api import Page, expect

import efviz.dashboard.components
from efviz.dashboard.server import compat

pytestmark = needs_chromium
ASSETS = Path(efviz.dashboard.components.__file__).with_name("assets")
PATIENCE = 30_000
# Pages that together have all that the sheets dress, and what shows that they are there.
PAGES = (
    ("", ".efviz-contrast[data-share]"),
    ("/lessons", ".efviz-card"),
    ("/vector-fields?s=-1&damping=0&lesson=growing-step.3", ".efviz-chart[data-revision]"),
    ("/vector-fields?cos=1", ".efviz-chart[data-revision]"),
    ("/vector-fields?lesson=straight.1", ".st-key-lesson-answers button"),
    ("/four-matrices?lesson=whose-label.2", ".st-key-lesson-controls button"),
    (
        "/four-matrices?problem=fig2&n=100&pin=problem%3Dfig2%26n%3D50&lesson=straight.1",
        ".efviz-chart[data-revision]",
    ),
)
FOUND = """selectors => selectors.filter((one) => document.querySelector(one))"""

SELECTORS = """css => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  const all = (rules) =>
    [...rules].flatMap((rule) => (rule.selectorText ? [rule.selectorText] : all(rule.cssRules)));
  return all(sheet.cssRules);
}"""


def without_states(selector: str) -> str:
    """The selector as it fits whatever the reader does: the states are the browser's and ours."""
    states = r"::after|:(hover|focus-within|focus-visible)|\.(near|dragging|clickable)(?= )"
    states += r"|\[data-efviz-sheet=\"folded\"\] "
    return re.sub(states, "", selector)


def selectors(page: Page) -> set[str]:
    """Those of every rule of the sheets that name what is Streamlit's or Plotly's."""
    sheets = [(ASSETS / name).read_text() for name in ("compat.css", "presenting.css")]
    found = page.evaluate(SELECTORS, "".join(sheets))
    return {without_states(part.strip()) for rule in found for part in rule.split(",")}


def test_every_selector_of_the_compat_sheets_finds_what_it_dresses(page: Page, server: str) -> None:
    missing: set[str] | None = None
    for place, sign in PAGES:
        page.goto(server + place)
        page.locator(sign).first.wait_for(timeout=PATIENCE)
        page.locator(".efviz-version").wait_for(state="attached", timeout=PATIENCE)
        missing = selectors(page) if missing is None else missing
        if "growing-step" in place:
            page.locator(".st-key-lesson").get_by_text("Not yet.").wait_for(timeout=PATIENCE)
        if "answers" not in sign:
            wait_for_rest(page)
        missing -= set(page.evaluate(FOUND, sorted(missing)))
    assert missing == set()


PLOT = """(gd, { plotOf, isDrawn, camera, PLOT_AREA }) => {
  const { size, xaxis, yaxis, font } = plotOf(gd);
  const box = gd.getBoundingClientRect();
  const area = gd.querySelector('.nsewdrag').getBoundingClientRect();
  const quarter = [area.left + area.width / 4, area.top + area.height / 4];
  return {
    size,
    area: { l: area.left - box.left, t: area.top - box.top, w: area.width, h: area.height },
    ranges: [xaxis.range, yaxis.range],
    public: [gd.layout.xaxis.range, gd.layout.yaxis.range],
    types: [xaxis.type, yaxis.type],
    families: [font.family, gd.layout.font.family],
    drawn: [isDrawn(gd), isDrawn(document.createElement('div'))],
    camera: typeof camera().path,
    under: document.elementFromPoint(...quarter).closest(PLOT_AREA) !== null,
    quarter,
  };
}"""
LISTEN = """(gd, { clicked }) => {
  gd.on('plotly_click', (event) => (gd.dataset.clicked = JSON.stringify(clicked(event))));
}"""


def test_compat_js_reads_of_a_panel_what_is_seen_of_it(page: Page, server: str) -> None:
    open_page(page, server, "damping=0.5")
    url = page.evaluate(
        """performance.getEntriesByType('resource').map((entry) => entry.name)
                      .find((name) => name.includes('/compat.js'))"""
    )
    compat_js = page.evaluate_handle("url => import(url)", url)
    gd = panel(page, "NGD")
    plot = gd.evaluate(PLOT, compat_js)
    assert plot["size"].keys() >= plot["area"].keys()
    for side, length in plot["area"].items():
        assert_allclose(plot["size"][side], length, atol=1, err_msg=side)
    assert_allclose(plot["ranges"], plot["public"])
    assert plot["types"] == ["linear", "linear"]
    assert plot["families"][0] == plot["families"][1]
    assert plot["drawn"] == [True, False]
    assert plot["camera"] == "string"
    assert plot["under"]

    gd.evaluate(LISTEN, compat_js)
    page.mouse.click(*plot["quarter"])
    expect(gd).to_have_attribute("data-clicked", re.compile("x"))
    place = json.loads(gd.get_attribute("data-clicked") or "")
    (left, right), (low, high) = plot["ranges"]
    assert_allclose(place["x"], left + (right - left) / 4, atol=0.01 * (right - left))
    assert_allclose(place["y"], high - (high - low) / 4, atol=0.01 * (high - low))


def test_an_element_has_the_class_that_its_key_is_said_to_give_it(page: Page, server: str) -> None:
    open_page(page, server)
    expect(page.locator(f".{compat.class_of('vector-fields.chart')} .efviz-chart")).to_have_count(1)

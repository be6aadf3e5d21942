"""On paper and in forced colours: all is whole, nothing overlaps, and what is set is seen."""

import numpy as np
import pytest
from browsing import Scheme, needs_chromium, visit
from engines import pixels
from playwright.sync_api import BrowserContext, Locator, Page, expect
from test_browser_sights import OVERPRINT, PLACES, SEEN

pytestmark = needs_chromium

PANELS = ".efviz-chart > [role=figure]"
SHEET = 700
"""Pixels between the margins of a sheet of A4."""
PLACES = PLACES | {"pinned": "vector-fields?pin=s%3D0.5"}
SHEETS = {"the-paper": 16}
"""The most that a page takes; others take at most 4."""

# Printing lays the page out anew and waits for no script: panels keep the size that they had.
ON_A_SHEET = f"""(width) => {{
  const main = document.querySelector('.stMainBlockContainer');
  main.style.cssText = `width: ${{width}}px; margin: 0`;
  const {{ left, right }} = main.getBoundingClientRect();
  return ({OVERPRINT})([left, right]);
}}"""
MOVABLE = """() =>
  [...document.querySelectorAll('button, nav, input[type=range], [role=switch]')].filter(
    (one) =>
      one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) &&
      one.getBoundingClientRect().width > 2 &&
      !one.matches('[aria-checked=true], [aria-selected=true]')
  ).map((one) => one.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("place", PLACES)
def test_a_page_is_printed_on_few_sheets_without_buttons_and_nothing_overlaps(
    profile: BrowserContext, server: str, place: str
) -> None:
    # The table of claims has a form of its own for narrow pages.
    with visit(profile, SHEET if place == "the-paper" else 1440, "light") as page:
        page.goto(f"{server}/{PLACES[place]}")
        expect(page.locator(SEEN).first).to_be_visible(timeout=30_000)
        expect(page.locator(".stProgress")).to_have_count(0, timeout=60_000)
        page.emulate_media(media="print")
        assert page.evaluate(ON_A_SHEET, SHEET) == []
        assert page.evaluate(MOVABLE) == []
        page.emulate_media(media="null")
        page.evaluate("document.querySelector('.stMainBlockContainer').style.cssText = ''")
        sheets = page.pdf(format="A4").count(b"/Type /Page\n")
        assert 1 <= sheets <= SHEETS.get(place, 4)


def shown(found: Locator) -> np.ndarray:
    return pixels(found.screenshot()).astype(int)


def ink(image: np.ndarray) -> np.ndarray:
    """Which pixels differ from the corner."""
    return np.asarray(np.abs(image - image[0, 0]).sum(-1) > 100)


def track(page: Page, name: str) -> Locator:
    return page.locator(".stCheckbox").filter(has_text=name).locator("label > span + div")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_in_forced_colours_what_is_set_is_seen(
    profile: BrowserContext, server: str, theme: Scheme
) -> None:
    with visit(profile, 1440, theme) as page:
        page.emulate_media(forced_colors="active")
        page.goto(f"{server}/vector-fields?cos=1")
        chart = page.locator(".efviz-chart[data-revision]").first
        expect(chart).to_be_visible(timeout=30_000)
        differs = ink(shown(page.locator(".efviz-slider .range").first))
        # The track from end to end, and the knob above and below it.
        assert differs.any(axis=0).mean() > 0.9
        assert differs.sum(axis=0).max() >= 10
        assert ink(shown(page.locator(PANELS).nth(2))).mean() > 0.02
        # A switch has a knob in a track, and one that is on differs from one that is off.
        on, off = (shown(track(page, name)) for name in ("Colour by the cosine", "Edit data"))
        assert on.shape == off.shape
        assert min(ink(one).mean() for one in (on, off)) > 0.1
        assert (np.abs(on - off).sum(-1) > 100).mean() > 0.3
        page.goto(f"{server}/the-paper")
        chosen, other = (page.get_by_role("radio", name=name) for name in ("All", "Tables"))
        expect(chosen).to_be_visible(timeout=30_000)
        here, there = (shown(one)[5:-5, 5:-5].reshape(-1, 3) for one in (chosen, other))
        assert np.abs(np.median(here, axis=0) - np.median(there, axis=0)).sum() > 100
        # And it can be read.
        assert np.ptp(here.sum(axis=1)) > 200

"""On paper and in forced colours: panels lie side by side, and what is set can be seen."""

import numpy as np
import pytest
from browsing import Scheme, needs_chromium, visit
from engines import pixels
from playwright.sync_api import BrowserContext, expect

pytestmark = needs_chromium

PANELS = ".efviz-chart > [role=figure]"
PAGES = ("vector-fields", "at-the-minimum", "optimization", "gradient-noise")
SHEET = 700
"""Pixels between the margins of a sheet of A4."""


# Printing lays the page out anew and waits for no script: panels keep the size that they had.
ON_A_SHEET = """([width, panels]) => {
  for (const chart of document.querySelectorAll('.efviz-chart')) chart.style.width = `${width}px`;
  return [...document.querySelectorAll(panels)].map((panel) => {
    const box = panel.getBoundingClientRect();
    const plot = panel.querySelector('.svg-container, svg').getBoundingClientRect();
    return { left: box.left, top: box.top, right: Math.max(box.right, plot.right),
             bottom: Math.max(box.bottom, plot.bottom) };
  });
}"""


@pytest.mark.parametrize("slug", PAGES)
def test_printed_panels_overlap_nowhere(profile: BrowserContext, server: str, slug: str) -> None:
    with visit(profile, 1440, "light") as page:
        page.goto(f"{server}/{slug}")
        expect(page.locator(".efviz-chart[data-revision]").first).to_be_visible(timeout=30_000)
        page.emulate_media(media="print")
        boxes = page.evaluate(ON_A_SHEET, [SHEET, PANELS])
        assert boxes
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                beside = a["right"] <= b["left"] + 1 or b["right"] <= a["left"] + 1
                below = a["bottom"] <= b["top"] + 1 or b["bottom"] <= a["top"] + 1
                assert beside or below


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_in_forced_colours_sliders_and_curves_are_seen(
    profile: BrowserContext, server: str, theme: Scheme
) -> None:
    with visit(profile, 1440, theme) as page:
        page.emulate_media(forced_colors="active")
        page.goto(f"{server}/vector-fields")
        chart = page.locator(".efviz-chart[data-revision]").first
        expect(chart).to_be_visible(timeout=30_000)
        slider = pixels(page.locator(".efviz-slider .range").first.screenshot()).astype(int)
        ground = slider[0, 0]
        differs = np.abs(slider - ground).sum(-1) > 100
        # The track from end to end, and the knob above and below it.
        assert differs.any(axis=0).mean() > 0.9
        assert differs.sum(axis=0).max() >= 10
        panel = pixels(page.locator(PANELS).nth(2).screenshot()).astype(int)
        assert (np.abs(panel - panel[0, 0]).sum(-1) > 100).mean() > 0.02

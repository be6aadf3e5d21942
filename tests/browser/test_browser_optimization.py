"""The page Optimization in a real Chromium."""

import re

from browsing import (
    chart,
    needs_chromium,
    open_page,
    revision,
    slider,
    wait_for_picture,
)
from playwright.sync_api import Page, expect

pytestmark = needs_chromium

SLUG = "optimization"


def test_the_page_opens_with_the_published_boston_runs(page: Page, server: str) -> None:
    open_page(page, server, slug=SLUG)
    expect(page.locator(".efviz-sentence")).to_contain_text("EFGD ends at 10.95", timeout=20_000)
    expect(chart(page).locator("> div")).to_have_count(2)
    expect(page.locator(".efviz-chart").nth(1).locator("> div")).to_have_count(3)


def test_a_key_on_the_efgd_slider_moves_the_runs(page: Page, server: str) -> None:
    open_page(page, server, slug=SLUG)
    expect(page.locator(".efviz-sentence")).to_contain_text("Along the path", timeout=20_000)
    old = revision(page)
    slider(page, "EFGD step size γ").focus()
    page.keyboard.press("ArrowRight")
    wait_for_picture(page, old)
    expect(page).to_have_url(re.compile(r"ef=23\.7"), timeout=15_000)


def test_a_click_in_a_grid_runs_that_cell(page: Page, server: str) -> None:
    open_page(page, server, slug=SLUG)
    expect(page.locator(".efviz-sentence")).to_contain_text("Along the path", timeout=20_000)
    grid = page.locator(".efviz-chart").nth(1).locator("> div").nth(2)
    grid.scroll_into_view_if_needed()
    expect(grid.locator(".marks polygon").first).to_be_attached(timeout=20_000)
    left, top = grid.evaluate(
        """gd => { const { xaxis, yaxis } = gd._fullLayout, box = gd.getBoundingClientRect();
            return [box.left + xaxis._offset + xaxis.d2p(-2),
                    box.top + yaxis._offset + yaxis.d2p(3)]; }"""
    )
    page.mouse.click(left, top)
    expect(page).to_have_url(re.compile(r"ef=0\.0\d+&efl=\d{3,4}"), timeout=15_000)


def test_a_sweep_of_an_own_setting_progresses_and_stops(page: Page, server: str) -> None:
    open_page(page, server, "set=wine&scaling=standardised", slug=SLUG)
    start = page.get_by_role("button", name=re.compile("Run all|Continue"))
    expect(start).to_be_visible(timeout=20_000)
    start.click()
    stop = page.get_by_role("button", name="Stop here")
    either = stop.or_(page.get_by_text("gives the lowest loss")).first
    expect(either).to_be_visible(timeout=30_000)
    expect(page.locator(".efviz-chart").nth(1)).to_be_visible(timeout=60_000)

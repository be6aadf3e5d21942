"""The page Gradient noise in a real Chromium."""

import re

from browsing import chart, needs_chromium, open_page, revision, slider, wait_for_picture
from playwright.sync_api import Page, expect

pytestmark = needs_chromium

SLUG = "gradient-noise"
PATIENCE = 30_000


def test_the_page_opens_and_its_runs_fill_in(page: Page, server: str) -> None:
    open_page(page, server, slug=SLUG)
    expect(chart(page).locator("> div")).to_have_count(4)
    expect(page.get_by_text("Median losses")).to_contain_text("after 300 steps", timeout=PATIENCE)
    expect(page.locator("[data-testid='stProgress']")).to_have_count(0, timeout=PATIENCE)
    lines = chart(page).locator("> div").nth(3).locator(".ground path[stroke-dasharray]")
    assert lines.count() >= 8


def test_a_key_on_the_batch_slider_moves_picture_and_address(page: Page, server: str) -> None:
    open_page(page, server, slug=SLUG)
    old = revision(page)
    slider(page, "Batch size B").focus()
    page.keyboard.press("ArrowRight")
    wait_for_picture(page, old)
    expect(page).to_have_url(re.compile(r"batch=25"), timeout=PATIENCE)
    expect(page.locator(".efviz-sentence")).to_contain_text("from 25 examples", timeout=PATIENCE)


def test_a_click_in_the_contours_moves_theta(page: Page, server: str) -> None:
    open_page(page, server, slug=SLUG)
    contours = chart(page).locator("> div").first
    at = contours.evaluate(
        """gd => { const { xaxis, yaxis } = gd._fullLayout, box = gd.getBoundingClientRect();
            return [box.left + xaxis._offset + xaxis.d2p(3),
                    box.top + yaxis._offset + yaxis.d2p(1)]; }"""
    )
    page.mouse.click(*at)
    expect(page).to_have_url(re.compile(r"theta=(2\.9\d*|3\.0\d*|3),(0\.9|1)"), timeout=PATIENCE)


def test_a_link_shows_what_the_sender_saw(page: Page, server: str) -> None:
    query = "problem=fig2&theta=1,1&batch=100&steps=50&draw=without"
    open_page(page, server, query, slug=SLUG)
    expect(page.locator(".efviz-sentence")).to_contain_text("from 100 examples", timeout=PATIENCE)
    expect(page.get_by_text("Median losses")).to_contain_text("after 50 steps", timeout=PATIENCE)
    expect(page).to_have_url(re.compile(re.escape("theta=1,1&batch=100&steps=50&draw=without")))

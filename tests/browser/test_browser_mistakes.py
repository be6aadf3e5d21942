"""Natural mistakes of visitors in a real Chromium: wrong addresses."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import Scheme, keep_screenshot, needs_chromium
from playwright.sync_api import BrowserContext, Page, expect

from efviz.dashboard.pages import PAGES

pytestmark = needs_chromium

PATIENCE = 30_000
"""The machine may be busy with other tests."""


def test_an_address_like_that_of_a_page_opens_the_page(page: Page, server: str) -> None:
    for wrong, right in (
        ("Lesson/?present=1", "/lessons?present=1"),
        ("vector-fields/foo?step=0.002", "/vector-fields?step=0.002"),
        ("start", "/"),
    ):
        page.goto(f"{server}/{wrong}")
        expect(page.locator("h1")).to_be_visible(timeout=PATIENCE)
        expect(page).to_have_url(server + right)
        expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1024, "dark")])
def test_any_other_address_shows_the_pages_there_are(
    profile: BrowserContext, server: str, width: int, scheme: Scheme
) -> None:
    page = profile.new_page()  # not watched: its console names the status 404
    try:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        answer = page.goto(f"{server}/foo/bar")
        assert answer
        assert answer.status == 404
        links = page.get_by_role("link")
        assert links.all_text_contents() == [one.title for one in PAGES.values()]
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 19, 24)"
        assert dark == (scheme == "dark")
        assert not Axe().run(page).response["violations"]
        keep_screenshot(page, f"no-such-page-{width}-{scheme}")
        links.filter(has_text="Gradient noise").click()
        expect(page).to_have_url(f"{server}/gradient-noise")
        expect(page.locator("h1")).to_have_text("Gradient noise", timeout=PATIENCE)
    finally:
        page.close()

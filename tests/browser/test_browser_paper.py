"""The page The paper, checked in a real Chromium."""

import re

from browsing import needs_chromium
from playwright.sync_api import Page, expect

from efviz.paper import LISTED

pytestmark = needs_chromium

SLUG = "the-paper"
CHECKS = sum(claim.check is not None for claim in LISTED.values())
PATIENCE = 90_000


def open_paper(page: Page, server: str) -> None:
    page.goto(f"{server}/{SLUG}")
    words = f"{CHECKS} of {CHECKS} checks hold."
    expect(page.locator(".efviz-sentence")).to_contain_text(words, timeout=PATIENCE)


def test_checks_fill_in_and_a_link_opens_the_page_with_its_settings(
    page: Page, server: str
) -> None:
    open_paper(page, server)
    table = page.get_by_role("table", name="Claims of the paper")
    expect(table.get_by_role("rowheader", name="Eq. 17", exact=True)).to_be_visible()
    page.get_by_role("radio", name="Figures").or_(
        page.get_by_role("button", name="Figures")
    ).first.click()
    expect(page).to_have_url(re.compile(r"show=figure"))
    expect(table.locator("th[scope=row]")).to_have_count(6)
    # Cells that are cards still are cells for those who cannot see them.
    page.set_viewport_size({"width": 360, "height": 900})
    expect(table.get_by_role("cell").first).to_be_visible()
    table.get_by_role("row", name=re.compile("^Fig. 2")).get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/efviz/at-the-minimum\?.*path=B&s=1"), timeout=PATIENCE)
    expect(page.locator(".efviz-sentence")).to_contain_text("B", timeout=PATIENCE)

"""The numbers behind every figure as a table, which keys open and close."""

import re

import numpy as np
import pytest
from browsing import (
    Scheme,
    keep_screenshot,
    needs_chromium,
    open_page,
    panel,
    read_number,
    revision,
    visit,
    wait_for_picture,
)
from playwright.sync_api import BrowserContext, Locator, Page, expect

from efviz.problems import PROBLEMS

pytestmark = needs_chromium


def numbers(page: Page) -> Locator:
    return page.get_by_role("region", name="Numbers of this figure")


def rows(page: Page) -> np.ndarray:
    """The cells of x and y."""
    cells = [
        [read_number(cell) for cell in row.locator("td").all_text_contents()[:2]]
        for row in numbers(page).locator("tbody tr").all()
    ]
    return np.array(cells)


def test_the_numbers_of_a_figure_open_by_keyboard_follow_and_close(page: Page, server: str) -> None:
    open_page(page, server, "starts=1,1;3,3")
    button = page.get_by_role("button", name="Numbers of this figure")
    assert numbers(page).locator("tr").count() == 0, "a table that nobody asked for"
    box = button.bounding_box()
    assert box
    assert box["width"] <= 1
    button.focus()
    box = button.bounding_box()
    assert box
    assert box["width"] > 100, "the button shows itself with the focus"
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    table = numbers(page).get_by_role("table")
    expect(table).to_have_accessible_name(re.compile(r"Data: data, 200 rows; 800 more rows"))
    data = PROBLEMS["fig1"].dataset()
    truth = np.stack([data.X[:200, -1], data.y[:200]], axis=-1)
    np.testing.assert_allclose(rows(page), truth, rtol=2e-5)
    page.keyboard.press("Tab")
    numbers(page).get_by_role("combobox").select_option("GD: starts")
    np.testing.assert_allclose(rows(page), [[1, 1], [3, 3]], atol=1e-6)
    # It follows the picture.
    old = revision(page)
    panel(page, "GD").locator(".handle").nth(0).focus()
    page.keyboard.press("Shift+ArrowUp")
    wait_for_picture(page, old)
    expect(table.locator("tbody tr").first).to_contain_text("1.6", timeout=15_000)
    numbers(page).get_by_role("combobox").focus()
    page.keyboard.press("Escape")
    expect(numbers(page)).to_have_count(0)
    expect(button).to_be_focused()


@pytest.mark.parametrize(("width", "scheme"), [(1024, "light"), (360, "dark")])
def test_the_numbers_fit(profile: BrowserContext, server: str, width: int, scheme: Scheme) -> None:
    with visit(profile, width, scheme) as page:
        open_page(page, server)
        page.get_by_role("button", name="Numbers of this figure").focus()
        page.keyboard.press("Enter")
        expect(numbers(page)).to_be_visible()
        numbers(page).scroll_into_view_if_needed()
        keep_screenshot(page, f"numbers-{width}-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width

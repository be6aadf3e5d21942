"""What a browser makes of names of columns and of junk in links: the same letters, nothing else."""

import re
from urllib.parse import urlencode

import pytest
from browsing import needs_chromium, open_page
from hazards import HAZARDS, NUMBERS, table
from playwright.sync_api import Page, expect

from efviz.dashboard.pages import PAGES
from efviz.dashboard.session.kinds import Number

pytestmark = needs_chromium
MADE = ", ".join(
    f"{element}:has-text('zq')" for element in ("a", "code", "b", "strong", "em", "del", ".katex")
)
"""Elements that only Markdown could have made of the hazards."""


def letters(page: Page) -> str:
    """All words of the page, without characters that are not seen."""
    return re.sub("\N{WORD JOINER}", "", page.locator("[data-testid=stMain]").inner_text())


def assert_nothing_was_made(page: Page) -> None:
    found = page.locator(f"[data-testid=stMain] :is({MADE}, img[src*='zq'], [href*='zq'])")
    assert found.all_inner_texts() == []
    assert page.locator("[data-testid=stMain] [aria-label='zq icon']").count() == 0


def test_names_of_columns_are_shown_by_their_letters(page: Page, server: str) -> None:
    page.goto(f"{server}/at-the-minimum?problem=own&editing=1")
    page.get_by_label("or pasted text").fill(table(), timeout=30_000)
    page.get_by_role("button", name="Use the text").click()
    expect(page.locator(".efviz-chart").first).to_have_attribute(
        "data-revision", re.compile(".+"), timeout=30_000
    )
    for name in NUMBERS:
        box = page.get_by_role("combobox", name="First column")
        box.click()
        page.get_by_role("option", name=name, exact=True).click()
        # Exactly, but for characters that are not seen.
        shown = re.compile("^" + "\N{WORD JOINER}?".join(map(re.escape, name)) + "$")
        label = page.locator("[data-testid=stNumberInput] label p", has_text=shown)
        expect(label.first).to_be_visible(timeout=15_000)
        assert_nothing_was_made(page)


@pytest.mark.parametrize("half", [HAZARDS[::2], HAZARDS[1::2]])
def test_junk_of_a_link_is_shown_by_its_letters(
    page: Page, server: str, half: tuple[str, ...]
) -> None:
    declared = PAGES["vector-fields"].settings.declared().values()
    keys = [one.query for one in declared if isinstance(one.kind, Number)]
    open_page(page, server, urlencode(dict(zip(keys, half, strict=False))))
    said = letters(page)
    for word in half:
        assert word in said, said
    assert_nothing_was_made(page)

"""The page Four matrices in a real Chromium."""

import re

from browsing import (
    chart,
    needs_chromium,
    open_page,
    revision,
    slider,
    wait_for_picture,
)
from playwright.sync_api import Locator, Page, expect

pytestmark = needs_chromium

SLUG = "four-matrices"
PATIENCE = 30_000


def sentence(page: Page) -> Locator:
    return page.locator(".efviz-sentence").first


def all_drawn(page: Page) -> None:
    expect(page.get_by_text("A closer look")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("[data-testid='stProgress']")).to_have_count(0, timeout=PATIENCE)


def click_at(page: Page, panel: int, x: float, y: float) -> None:
    at = (
        chart(page)
        .locator("> div")
        .nth(panel)
        .evaluate(
            """(gd, [x, y]) => {
            const { xaxis, yaxis } = gd._fullLayout, box = gd.getBoundingClientRect();
            return [box.left + xaxis._offset + xaxis.d2p(x),
                    box.top + yaxis._offset + yaxis.d2p(y)]; }""",
            [x, y],
        )
    )
    page.mouse.click(*at)


def test_the_page_opens_and_its_curve_fills_in(page: Page, server: str) -> None:
    open_page(page, server, "tab=labels", slug=SLUG)
    expect(chart(page).locator("> div")).to_have_count(3)
    expect(sentence(page)).to_contain_text("H = G = F", timeout=PATIENCE)
    all_drawn(page)
    curve = page.locator("[role=figure][aria-label^='Relative distance to the Fisher']")
    expect(curve).to_have_attribute("aria-label", re.compile(r"at M = 10,000"))
    expect(curve).not_to_have_attribute("aria-label", re.compile("–"))


def test_a_click_on_the_data_chooses_an_example(page: Page, server: str) -> None:
    open_page(page, server, "tab=example", slug=SLUG)
    expect(page.get_by_text("Example 0 of 1,000")).to_be_visible(timeout=PATIENCE)
    click_at(page, 0, 6.5, 15.2)
    expect(page).to_have_url(re.compile(r"row=\d+"), timeout=PATIENCE)
    n = re.search(r"row=(\d+)", page.url)
    assert n
    expect(page.get_by_text(f"Example {n[1]} of 1,000")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("spinbutton", name="Example n")).to_have_value(n[1])


def test_a_click_in_the_contours_moves_theta(page: Page, server: str) -> None:
    open_page(page, server, slug=SLUG)
    click_at(page, 1, 3, 1)
    expect(page).to_have_url(re.compile(r"theta=(2\.9\d*|3\.0\d*|3),(0\.9|1)"), timeout=PATIENCE)
    expect(sentence(page)).to_contain_text(re.compile(r"At θ = \((2\.9|3)"), timeout=PATIENCE)


def test_a_key_on_a_slider_of_theta_moves_picture_and_address(page: Page, server: str) -> None:
    open_page(page, server, slug=SLUG)
    old = revision(page)
    slider(page, "Coordinate b").focus()
    page.keyboard.press("ArrowRight")
    wait_for_picture(page, old)
    expect(page).to_have_url(re.compile(r"theta=2\.03,4\.5"), timeout=PATIENCE)
    expect(sentence(page)).to_contain_text("(2.03, 4.5)", timeout=PATIENCE)


def test_a_link_shows_what_the_sender_saw(page: Page, server: str) -> None:
    query = "problem=fig2&theta=0,0&row=6&labels=most_likely&closer=words"
    open_page(page, server, query, slug=SLUG)
    expect(sentence(page)).to_contain_text("H = G = F = EF", timeout=PATIENCE)
    expect(page.get_by_text("of this paper goes by")).to_be_visible(timeout=PATIENCE)
    expect(page).to_have_url(re.compile(re.escape(query)), timeout=PATIENCE)
    for tab, words, said in (
        ("Whose label is it?", "best guess", "&tab=labels"),
        ("How EF and F are built", "Example 6 of 1,000", "&tab=example"),
    ):
        page.get_by_role("radio", name=tab).click()
        expect(page.get_by_text(words)).to_be_visible(timeout=PATIENCE)
        expect(page).to_have_url(re.compile(re.escape(query + said)), timeout=PATIENCE)


def test_a_pinned_picture_invites_no_click(page: Page, server: str) -> None:
    open_page(page, server, "problem=fig2&n=100&pin=problem%3Dfig2%26n%3D50", slug=SLUG)
    now, pinned = (
        page.locator(f".st-key-{SLUG}-{name} .efviz-chart") for name in ("chart", "pinned")
    )
    for name in ("Data", "Level sets"):
        mine, theirs = (c.locator(f"> [aria-label^='{name}']") for c in (now, pinned))
        expect(mine.locator(".gtitle")).to_contain_text("click to", timeout=PATIENCE)
        expect(mine).to_have_class(re.compile("clickable"))
        expect(theirs.locator(".gtitle")).not_to_contain_text("click to", timeout=PATIENCE)
        expect(theirs).not_to_have_class(re.compile("clickable"))


def test_all_of_the_page_has_followed_once_a_dragged_slider_rests(page: Page, server: str) -> None:
    open_page(page, server, "n=100", slug=SLUG)
    all_drawn(page)
    box = slider(page, "Strength s").bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 10, y)
    page.mouse.down()
    for step in range(40):
        page.mouse.move(box["x"] + 10 + step * (box["width"] - 60) / 40, y)
        page.wait_for_timeout(16)
    page.mouse.up()
    expect(page).to_have_url(re.compile("[?&]s="), timeout=PATIENCE)
    page.wait_for_timeout(1000)
    all_drawn(page)
    tables = page.locator(".stMain table, [data-testid=stMain] table")
    moved = tables.all_inner_texts()
    page.goto(page.url)
    all_drawn(page)
    expect(tables).to_have_count(len(moved), timeout=PATIENCE)
    assert tables.all_inner_texts() == moved

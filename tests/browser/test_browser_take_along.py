"""Downloads open and hold what was on the screen; links are copied, and Back keeps its word."""

import re
from pathlib import Path

import pytest
from browsing import (
    assert_nothing_is_cut_off,
    chart,
    keep_screenshot,
    needs_chromium,
    open_page,
    panel,
    revision,
    slider,
    visit,
    wait_for_picture,
)
from playwright.sync_api import BrowserContext, Page, expect

from efviz.paper import BIBTEX

pytestmark = needs_chromium


def open_menu(page: Page) -> None:
    button = page.get_by_role("button", name="Export").first
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Code (Python)")).to_be_visible(timeout=15_000)


def take(page: Page, label: str, folder: Path) -> Path:
    """By keyboard: what hovers needs a mouse."""
    button = page.get_by_role("button", name=label)
    button.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def test_a_figure_can_be_taken_along(page: Page, server: str, tmp_path: Path) -> None:
    open_page(page, server, "s=0.5&steps=300")
    open_menu(page)
    png = take(page, "Image (PNG)", tmp_path)
    assert png.name == "vector-fields.png"
    assert png.read_bytes().startswith(b"\x89PNG")
    svg = take(page, "Image (SVG)", tmp_path).read_text()
    assert all(f"<b>{name}</b>" in svg or f">{name}<" in svg for name in ("Data", "GD", "EFGD"))
    csv = take(page, "Numbers (CSV)", tmp_path).read_text()
    x, y = panel(page, "NGD").evaluate(
        """gd => gd._efviz.whole.data.filter((t) => t.name === 'minimum')
                    .map((t) => [t.x[0], t.y[0]])[0]"""
    )
    row = next(line for line in csv.splitlines() if line.startswith("NGD,minimum,0,"))
    assert [float(v) for v in row.split(",")[3:5]] == pytest.approx([x, y], rel=1e-6)
    assert "entry.dataset(" in take(page, "Code (Python)", tmp_path).read_text()
    assert take(page, "The paper (BibTeX)", tmp_path).read_text() == BIBTEX


@pytest.mark.parametrize(
    ("slug", "panels"),
    [("vector-fields", 4), ("at-the-minimum", 8), ("optimization", 2), ("gradient-noise", 4)],
)
def test_the_interactive_page_stands_alone(
    page: Page, server: str, slug: str, panels: int, tmp_path: Path
) -> None:
    open_page(page, server, slug=slug)
    open_menu(page)
    file = take(page, "Interactive page (HTML)", tmp_path)
    other = page.context.new_page()
    wrong: list[str] = []
    other.on("request", lambda r: None if r.url.startswith("file:") else wrong.append(r.url))
    other.on("pageerror", lambda error: wrong.append(str(error)))
    other.goto(file.as_uri())
    expect(other.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    expect(other.locator(".js-plotly-plot")).to_have_count(panels)
    assert wrong == []
    other.close()


def test_the_link_is_copied(page: Page, server: str) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_page(page, server, "s=0.5")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_without_a_clipboard_the_link_is_shown_selected(new_page: Page, server: str) -> None:
    page = new_page
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    open_page(page, server, "s=0.5")
    page.get_by_role("button", name="Copy link").click()
    field = page.get_by_role("textbox", name="Link to this page")
    expect(field).to_have_value(page.url)
    assert page.evaluate("getSelection().toString()") == page.url
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()


def go(page: Page, name: str, slug: str) -> None:
    page.get_by_role("link", name=name).click()
    expect(page).to_have_url(re.compile(rf"/{slug}(\?|$)"))
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible(timeout=15_000)
    expect(chart(page)).to_have_attribute("data-revision", re.compile(".+"), timeout=15_000)


def strength(page: Page, key: str, value: str) -> None:
    slider(page, "Strength s").focus()
    page.keyboard.press(key)
    expect(page).to_have_url(re.compile(rf"[?]s={value}$"), timeout=15_000)


def test_a_page_keeps_its_settings_while_another_is_looked_at(page: Page, server: str) -> None:
    open_page(page, server, "s=0.5")
    go(page, "At the minimum", "at-the-minimum")
    page.get_by_role("link", name="Vector fields").click()
    expect(page).to_have_url(re.compile(r"/vector-fields\?s=0\.5$"), timeout=15_000)
    expect(slider(page, "Strength s")).to_have_attribute("aria-valuetext", "0.5")


@pytest.mark.parametrize("first", ["", "s=0.5"])
def test_back_restores_the_settings_of_its_link(page: Page, server: str, first: str) -> None:
    open_page(page, server, first)
    go(page, "At the minimum", "at-the-minimum")
    page.get_by_role("link", name="Vector fields").click()
    expect(page.get_by_role("slider", name="Step size γ", exact=True)).to_be_visible(timeout=15_000)
    strength(page, "Home", "-1")
    page.go_back()
    value = "0.5" if first else "0"
    expect(slider(page, "Strength s")).to_have_attribute("aria-valuetext", value, timeout=15_000)
    page.go_back()
    expect(page.get_by_role("heading", name="At the minimum", exact=True)).to_be_visible()
    page.go_back()
    expect(slider(page, "Step size γ")).to_be_visible(timeout=15_000)
    expect(slider(page, "Strength s")).to_have_attribute("aria-valuetext", value, timeout=15_000)
    address = f"{server}/vector-fields{first and '?' + first}"
    expect(page).to_have_url(address, timeout=15_000)
    page.go_forward()
    expect(page).to_have_url(re.compile("at-the-minimum"))
    page.wait_for_timeout(1500)
    page.go_forward()
    expect(slider(page, "Step size γ")).to_be_visible(timeout=15_000)
    page.go_forward()
    expect(slider(page, "Strength s")).to_have_attribute("aria-valuetext", "−1", timeout=15_000)


def test_the_pinned_picture_stays_beside_the_one_that_moves(page: Page, server: str) -> None:
    open_page(page, server, "s=0.5&steps=300")
    first = revision(page)
    page.get_by_role("button", name="Pin", exact=True).click()
    pinned = page.locator(".efviz-chart").nth(1)
    expect(pinned).to_have_attribute("data-revision", first, timeout=15_000)
    slider(page, "Strength s").focus()
    page.keyboard.press("ArrowRight")
    wait_for_picture(page, first)
    expect(page).to_have_url(re.compile(r"s=0\.55&steps=300&pin=s%3D0\.5%26steps%3D300$"))
    expect(page.get_by_text("Strength s = 0.5 instead of 0.55")).to_be_visible()
    expect(pinned).to_have_attribute("data-revision", first)
    expect(page.locator(".efviz-compared")).to_contain_text("EFGD points", timeout=15_000)
    ranges = [
        one.locator("> [aria-label^='Data']").evaluate("gd => gd._fullLayout.yaxis.range")
        for one in (chart(page), pinned)
    ]
    assert ranges[0] == ranges[1]
    here, there = (box.bounding_box() for box in (chart(page), pinned))
    assert here
    assert there
    assert here["x"] + here["width"] <= there["x"]
    page.get_by_role("button", name="Unpin").click()
    expect(pinned).to_have_count(0, timeout=15_000)
    expect(page).to_have_url(re.compile(r"s=0\.55&steps=300$"))


@pytest.mark.parametrize("width", [1024, 400])
def test_two_pictures_fit_the_window(profile: BrowserContext, server: str, width: int) -> None:
    with visit(profile, width, "light") as page:
        open_page(page, server, "s=1&steps=300&pin=s%3D0.5%26steps%3D300")
        pinned = page.locator(".efviz-chart").nth(1)
        expect(pinned).to_have_attribute("data-revision", re.compile(".+"), timeout=15_000)
        assert_nothing_is_cut_off(page, chart(page), pinned)
        keep_screenshot(page, f"pinned-{width}")
        if width == 400:
            tops = [box.bounding_box() for box in (chart(page), pinned, slider(page, "Strength s"))]
            assert [top and top["y"] for top in tops] == sorted(top["y"] for top in tops if top)

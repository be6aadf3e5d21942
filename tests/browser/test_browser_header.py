"""The header: presets at the left, tools at the right, at one place on all pages and widths."""

from browsing import (
    expect,
    needs_chromium,
    open_page,
    visit,
    wait_for_picture,
    wait_for_rest,
    wait_until,
)
from browsing import revision as revision_of
from playwright.sync_api import BrowserContext, Locator, Page

from efviz.dashboard.pages import PAGES

pytestmark = needs_chromium

WIDTHS = (360, 768, 1024, 1440, 1920)
TOOLS = ("Pin", "Copy link", "Export", "Reset")


def tool(page: Page, name: str) -> Locator:
    return page.locator(".st-key-header-tools").get_by_role("button", name=name, exact=True)


def sides(one: Locator) -> tuple[float, float, float, float]:
    box = one.bounding_box()
    assert box
    return box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]


def test_the_tools_have_names_and_one_place_on_all_pages(
    profile: BrowserContext, server: str
) -> None:
    places: dict[tuple[str, int], set[float]] = {}
    with visit(profile) as page:
        for listing in PAGES.values():
            declared = listing.page
            if declared is None:
                continue
            page.goto(f"{server}/{listing.slug}")
            expect(tool(page, "Reset")).to_be_visible(timeout=30_000)
            shown = [name for name in TOOLS if tool(page, name).count()]
            assert ("Export" in shown) == declared.charts
            assert ("Pin" in shown) == ("pin" in declared.settings.declared())
            presets = [
                page.locator(".st-key-header-presets").get_by_role("button", name=one.label)
                for one in declared.presets
            ]
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                page.wait_for_timeout(100)
                title = sides(page.locator("h1 span").first)
                first = sides(tool(page, shown[0]))
                assert title[2] <= first[0]
                for name in shown:
                    left, top, right, bottom = sides(tool(page, name))
                    assert right - left >= 40 or bottom - top >= 40, name
                    assert 0 <= left < right <= width
                    places.setdefault((name, width), set()).add(round(right))
                for one in presets:
                    left, top, right, bottom = sides(one)
                    assert 0 <= left < right <= width
                    assert right <= first[0] or top >= first[3] - 1, one
    assert places
    # The paper has nothing to export, so what stands left of Export moves by its width there.
    moved = {key: found for key, found in places.items() if len(found) > 1}
    assert set(moved) <= {("Copy link", width) for width in WIDTHS}, moved


def test_reset_and_a_chosen_chart_of_the_export_menu(page: Page, server: str) -> None:
    open_page(page, server, "n=100", slug="four-matrices")
    wait_for_rest(page)
    tool(page, "Export").click()
    menu = page.get_by_test_id("stPopoverBody")
    expect(menu.get_by_role("button", name="Code (Python)")).to_be_visible(timeout=15_000)
    menu.get_by_role("combobox", name="Chart").click()
    page.get_by_role("option", name="Entries of the matrices").click()
    with page.expect_download() as download:
        menu.get_by_role("button", name="Image (SVG)").click()
    assert download.value.suggested_filename == "four-matrices-cells.svg"
    page.keyboard.press("Escape")
    before, place = revision_of(page), sides(tool(page, "Reset"))
    tool(page, "Reset").click()
    wait_for_picture(page, before)
    expect(page).to_have_url(f"{server}/four-matrices")
    assert sides(tool(page, "Reset")) == place


def theme(page: Page) -> tuple[str, str]:
    """The scheme of the page, and the colour of a title in the chart."""
    title = page.locator(".efviz-chart .gtitle").first
    scheme: str = page.locator(".stApp").evaluate("e => getComputedStyle(e).colorScheme")
    return scheme, str(title.evaluate("e => getComputedStyle(e).fill"))


def test_the_theme_is_chosen_without_losing_settings(profile: BrowserContext, server: str) -> None:
    with visit(profile, 1024, "light", new=True) as page:
        open_page(page, server, "s=0.5&steps=300")
        address, light = page.url, theme(page)
        button = page.get_by_role("button", name="Theme:")
        expect(button).to_have_accessible_name("Theme: system")
        assert light[0] == "light"
        button.click()
        button.click()
        expect(button).to_have_accessible_name("Theme: dark")
        expect(page.locator(".stApp")).to_have_css("color-scheme", "dark")
        wait_until(page, lambda: theme(page)[1] != light[1])
        dark = theme(page)
        assert page.url == address
        # It is kept, and there before the first picture.
        page.reload(wait_until="commit")
        page.wait_for_selector(".stApp")
        assert page.locator(".stApp").evaluate("e => getComputedStyle(e).colorScheme") == "dark"
        open_page(page, server, "s=0.5&steps=300")
        wait_until(page, lambda: theme(page) == dark)
        # As the system has it, and as it changes.
        button.click()
        expect(page.locator(".stApp")).to_have_css("color-scheme", "light")
        page.emulate_media(color_scheme="dark")
        expect(page.locator(".stApp")).to_have_css("color-scheme", "dark")


def test_the_wordmark_leads_home_and_every_tab_has_a_name(page: Page, server: str) -> None:
    open_page(page, server, slug="at-the-minimum", query="n=50")
    expect(page).to_have_title("At the minimum · efviz")
    page.get_by_role("button", name="Navigate to home page").click()
    expect(page.locator(".efviz-contrast[data-share]")).to_be_visible(timeout=30_000)
    expect(page).to_have_title("efviz: the empirical Fisher, seen")
    expect(page).to_have_url(f"{server}/")

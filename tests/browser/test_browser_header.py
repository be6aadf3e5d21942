"""The header: presets at the left, tools at the right, at one place on all pages and widths."""

from browsing import expect, needs_chromium, open_page, visit, wait_for_picture, wait_for_rest
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
    open_page(page, server, "n=100&labels=observed", slug="four-matrices")
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

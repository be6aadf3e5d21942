"""The start page, the lessons and presenter mode in a real Chromium, as a visitor uses them."""

import re
import time
import tomllib

import numpy as np
import pytest
from browsing import (
    ROOT,
    Scheme,
    chart,
    keep_screenshot,
    needs_chromium,
    open_page,
    slider,
    visit,
    wait_until,
)
from numpy.testing import assert_allclose, assert_array_equal
from playwright.sync_api import BrowserContext, Locator, Page, expect

from efviz.dashboard.pages.vector_fields.figure_1 import figure_1

pytestmark = needs_chromium

FETCHED = """(name) => Math.min(...performance.getEntriesByType('resource')
    .filter((entry) => entry.name.includes(name)).map((entry) => entry.startTime))"""

PATIENCE = 30_000
"""The machine may be busy with other tests."""


def contrast(page: Page) -> Locator:
    return page.locator(".efviz-contrast")


def dots(page: Page) -> list[str]:
    return [f"{d.get_attribute('cx')},{d.get_attribute('cy')}" for d in page.locator(".dot").all()]


def test_the_start_page_moves_soon_after_it_opens(page: Page, server: str) -> None:
    # Twice: the goal of two seconds is for a server that is warm.
    page.goto(server)
    expect(contrast(page)).to_be_visible(timeout=PATIENCE)
    page.context.clear_cookies()
    begun = time.perf_counter()
    page.goto(server, wait_until="commit")
    page.wait_for_selector(".efviz-contrast[data-share]", timeout=PATIENCE)
    first = contrast(page).get_attribute("data-share")
    expect(contrast(page)).not_to_have_attribute("data-share", first or "", timeout=PATIENCE)
    assert time.perf_counter() - begun < 10
    # It moves without the library of the charts, which is fetched for the next page after it.
    assert not page.evaluate("Boolean(window.Plotly)")
    begun_at = page.evaluate(FETCHED, "contrast.js")
    page.wait_for_function(f"(name) => Number.isFinite(({FETCHED})(name))", arg="plotly.min.js")
    assert page.evaluate(FETCHED, "plotly.min.js") > begun_at + 1000
    assert not page.evaluate("Boolean(window.Plotly)")


@pytest.mark.parametrize("path", ["/", "/vector-fields"])
def test_what_a_page_is_told_to_fetch_early_is_what_it_uses(
    page: Page, server: str, path: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    answer = page.goto(server + path)
    assert answer
    # Those of Streamlit are relative.
    hints = re.findall(r'(?:href|src)="(/[^"]+)"', answer.text())
    page.locator(".efviz-contrast[data-share], .efviz-chart[data-revision]").first.wait_for(
        timeout=PATIENCE
    )
    assert any("/BidiComponent." in hint for hint in hints)
    assert any("/Selectbox." in hint for hint in hints) == (path != "/")
    origin, early = server.removesuffix("/efviz"), list(asked)  # an idle page fetches more
    for hint in hints:
        assert early.count(origin + hint) == 1, "fetched early, and again when it was needed"
        assert page.request.get(origin + hint).ok
    own = [url.removeprefix(origin) for url in early if "/efviz-assets/" in url]
    others = r"/(link|glossary|lesson|progress|images|away|menu)\.js|numbers"
    assert set(own) - set(hints) <= {url for url in own if re.search(others, url)}


def test_keys_open_the_numbers_of_the_moving_paths(page: Page, server: str) -> None:
    page.goto(server)
    page.wait_for_selector(".efviz-contrast[data-share]", timeout=PATIENCE)
    page.get_by_role("button", name="Pause").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Numbers of this figure")).to_be_focused()
    page.keyboard.press("Enter")
    table = page.get_by_role("region", name="Numbers of this figure")
    assert table.locator("thead th").all_inner_texts() == ["row", "b", "w", "step"]
    assert table.locator("option").count() == 12
    table.locator("select").select_option("EFGD: from start 3")
    path = figure_1().paths["EFGD"]
    rows = [row.locator("td").all_inner_texts() for row in table.locator("tbody tr").all()]
    found = np.array([[float(v.replace("−", "-").replace(",", "")) for v in row] for row in rows])
    assert_array_equal(found[:, 2], path.steps)
    assert_allclose(found[:, :2], path.thetas[2], atol=5.1e-4)
    page.keyboard.press("Escape")
    expect(table).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_reaches_what_lies_outside_of_components(
    profile: BrowserContext, server: str, scheme: Scheme
) -> None:
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"][scheme]

    def css(colour: str) -> str:
        r, g, b = (int(theme[colour][i : i + 2], 16) for i in (1, 3, 5))
        return f"rgb({r}, {g}, {b})"

    with visit(profile, 1400, scheme) as page:
        page.goto(server)
        door = page.locator(".st-key-start-doors a p").first
        expect(door).to_have_css("color", css("primaryColor"), timeout=PATIENCE)
        page.goto(f"{server}/vector-fields?lesson=straight.1")
        bar = page.locator(".st-key-lesson")
        ground = css("secondaryBackgroundColor")
        expect(bar).to_have_css("background-color", ground, timeout=PATIENCE)


def test_three_panels_move_together_and_can_be_stopped(page: Page, server: str) -> None:
    page.goto(server)
    expect(page.locator(".efviz-contrast .panel")).to_have_count(3, timeout=PATIENCE)
    before = dots(page)
    wait_until(page, lambda: all(a != b for a, b in zip(before, dots(page), strict=True)))
    page.get_by_role("button", name="Pause").click()
    stopped = dots(page)
    page.wait_for_timeout(500)
    assert dots(page) == stopped
    page.get_by_role("button", name="Play").click()
    wait_until(page, lambda: dots(page) != stopped)


def test_who_prefers_less_motion_sees_the_end(profile: BrowserContext, server: str) -> None:
    with visit(profile, calm=True) as page:
        page.goto(server)
        expect(contrast(page)).to_have_attribute("data-share", "1.000", timeout=PATIENCE)
        shown = dots(page)
        page.wait_for_timeout(500)
        assert dots(page) == shown
        # All dots of NGD are at the minimum, and the whole of their ways is drawn.
        assert len(set(shown[4:8])) == 1
        trail = page.locator(".efviz-contrast .panel").nth(1).locator("svg .trail").last
        assert len(trail.get_attribute("d") or "") > 100
        page.get_by_role("button", name="Play").click()
        wait_until(page, lambda: dots(page) != shown)


def test_the_first_screen_has_the_promise_the_picture_and_the_way_in(
    profile: BrowserContext, server: str
) -> None:
    with visit(profile, 1440) as page:
        page.goto(server)
        begin = page.get_by_role("button", name="Start lesson 1")
        expect(begin).to_be_visible(timeout=PATIENCE)
        wait_until(page, lambda: page.locator(".efviz-contrast[data-share]").count() == 1)
        order = (page.locator(".efviz-promise"), page.locator(".efviz-contrast .panels"), begin)
        boxes = [box for one in order if (box := one.bounding_box())]
        edges = [edge for box in boxes for edge in (box["y"], box["y"] + box["height"])]
        assert edges == sorted(edges)
        assert len(edges) == 6
        assert edges[-1] < 900
        # The one primary button.
        assert page.get_by_test_id("stBaseButton-primary").count() == 1
        for axis, name in (("x", "b"), ("y", "w")):
            assert page.locator(f".efviz-contrast .{axis}").all_inner_texts() == [name] * 3
        begin.click()
        expect(page).to_have_url(re.compile("lesson=straight.1$"), timeout=PATIENCE)
        expect(page.locator(".st-key-lesson")).to_contain_text("1 of 4", timeout=PATIENCE)


def test_the_doors_lead_where_they_say(page: Page, server: str) -> None:
    page.goto(server)
    page.locator(".st-key-start-doors").get_by_role("link", name="Lessons").click(timeout=PATIENCE)
    expect(page).to_have_url(re.compile("/lessons$"), timeout=PATIENCE)
    page.get_by_role("link", name="Start").click()
    page.locator(".st-key-start-doors").get_by_role("link", name="Explore").click(timeout=PATIENCE)
    expect(page).to_have_url(re.compile("/vector-fields$"), timeout=PATIENCE)
    expect(chart(page)).to_have_attribute("data-revision", re.compile(".+"), timeout=PATIENCE)


def test_an_old_link_to_the_root_still_shows_what_it_showed(page: Page, server: str) -> None:
    page.goto(f"{server}/?problem=fig2&s=0.5&n=300")
    expect(chart(page)).to_have_attribute("data-revision", re.compile(".+"), timeout=PATIENCE)
    expect(page).to_have_url(re.compile(r"/vector-fields\?problem=fig2&s=0\.5&n=300$"))
    expect(slider(page, "Strength s")).to_have_attribute("aria-valuetext", "0.5")
    assert page.locator("[data-testid=stAlert]").count() == 0


def test_a_lesson_is_walked_to_its_end(page: Page, server: str) -> None:
    page.goto(f"{server}/lessons")
    page.get_by_role("button", name="Begin").first.click(timeout=PATIENCE)
    page.get_by_role("button", name="None").click(timeout=PATIENCE)
    bar = page.locator(".st-key-lesson")
    expect(bar).to_contain_text("Not quite. One matrix undoes", timeout=PATIENCE)
    expect(chart(page)).to_have_attribute("data-revision", re.compile(".+"), timeout=PATIENCE)
    for step in ("2 of 4", "3 of 4", "4 of 4"):
        page.get_by_role("button", name="Next").click()
        expect(bar).to_contain_text(step, timeout=PATIENCE)
    expect(bar).to_contain_text("Not yet.", timeout=PATIENCE)
    expect(page).to_have_url(re.compile(r"\?starts=4\.5,3&lesson=straight\.4$"), timeout=PATIENCE)
    # The page is the real one: a start typed into its table does the task.
    page.get_by_role("button", name="Back").click()
    expect(bar).to_contain_text("3 of 4", timeout=PATIENCE)


def test_the_browsers_back_and_forward_walk_through_a_lesson(page: Page, server: str) -> None:
    open_page(page, server, "lesson=straight.3")
    bar = page.locator(".st-key-lesson")
    page.get_by_role("button", name="Next").click()
    expect(bar).to_contain_text("4 of 4", timeout=PATIENCE)
    expect(page).to_have_url(re.compile(r"\?starts=4\.5,3&lesson=straight\.4$"), timeout=PATIENCE)
    page.go_back()
    expect(bar).to_contain_text("3 of 4", timeout=PATIENCE)
    # The settings are those of that step: all four starts.
    expect(page).to_have_url(re.compile(r"\?lesson=straight\.3$"))
    expect(page.get_by_role("button", name=re.compile("^start 4"))).not_to_have_count(0)
    page.go_forward()
    expect(bar).to_contain_text("4 of 4", timeout=PATIENCE)
    expect(page).to_have_url(re.compile(r"\?starts=4\.5,3&lesson=straight\.4$"), timeout=PATIENCE)
    page.go_back()
    expect(bar).to_contain_text("3 of 4", timeout=PATIENCE)


def test_the_request_for_an_answer_goes_while_the_page_still_computes(
    page: Page, server: str
) -> None:
    page.goto(f"{server}/at-the-minimum?lesson=scale.1")
    bar = page.locator(".st-key-lesson")
    bar.get_by_role("button", name="about four times").click(timeout=PATIENCE)
    expect(bar).to_contain_text("You said: about four times. Correct.", timeout=PATIENCE)
    expect(bar.get_by_role("button", name="about twice")).to_have_count(0, timeout=1000)


def test_a_slider_of_the_page_does_the_task(page: Page, server: str) -> None:
    open_page(page, server, "lesson=growing-step.3")
    bar = page.locator(".st-key-lesson")
    expect(bar).to_contain_text("Not yet.", timeout=PATIENCE)
    typed = page.get_by_role("textbox", name="Damping λ, typed value")
    typed.fill("0.1")
    typed.press("Enter")
    expect(bar).to_contain_text("Done.", timeout=PATIENCE)
    expect(page).to_have_url(re.compile(r"damping=0\.1&lesson=growing-step\.3$"))
    typed.fill("0")
    typed.press("Enter")
    expect(bar).to_contain_text("Solved earlier, but not at present.", timeout=PATIENCE)
    expect(bar).not_to_contain_text("Done.")
    page.get_by_role("button", name="Leave").click()
    expect(page).to_have_url(re.compile("/lessons$"), timeout=PATIENCE)
    expect(page.locator(".st-key-lessons-list")).to_contain_text("task done", timeout=PATIENCE)


def test_a_teacher_opens_a_step_by_link_and_leafs_with_the_arrow_keys(
    profile: BrowserContext, server: str
) -> None:
    with visit(profile, 1024, height=768) as page:
        page.goto(f"{server}/lessons?lesson=classifier.2&present=1")
        expect(chart(page)).to_have_attribute("data-revision", re.compile(".+"), timeout=PATIENCE)
        expect(page).to_have_url(re.compile(r"/at-the-minimum\?.*lesson=classifier\.2&present=1$"))
        assert page.evaluate("document.documentElement.scrollWidth") <= 1024
        assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") > 21
        expect(page.get_by_role("link", name="Vector fields")).to_have_count(0)
        # On a desk the ticks of a chart are 11 px high.
        tick = chart(page).locator(".xtick text").first
        assert tick.evaluate("t => parseFloat(getComputedStyle(t).fontSize)") > 14
        keep_screenshot(page, "presenter")
        bar = page.locator(".st-key-lesson")
        page.keyboard.press("ArrowRight")
        expect(bar).to_contain_text("3 of 3", timeout=PATIENCE)
        # Arrow keys that move a slider leave the lesson alone.
        slider(page, "Strength s").focus()
        page.keyboard.press("ArrowLeft")
        expect(page).to_have_url(re.compile(r"s=0\.95"), timeout=PATIENCE)
        expect(bar).to_contain_text("3 of 3")
        page.evaluate("document.activeElement.blur()")
        page.keyboard.press("ArrowLeft")
        expect(bar).to_contain_text("2 of 3", timeout=PATIENCE)
        page.get_by_role("button", name="End presenting").click()
        expect(page.get_by_role("link", name="Vector fields")).to_be_visible(timeout=PATIENCE)
        expect(page).to_have_url(re.compile(r"lesson=classifier\.2$"), timeout=PATIENCE)
        assert (
            page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") == 16
        )

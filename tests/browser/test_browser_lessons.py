"""Lessons in a real Chromium: the panel beside the picture, and the sheet below it."""

import re
from typing import Any

import pytest
from browsing import needs_chromium, open_page, visit, wait_for_rest, wait_until
from playwright.sync_api import BrowserContext, Locator, Page, expect

from efviz.dashboard.pages.lessons.registry import LESSONS

pytestmark = needs_chromium

PATIENCE = 30_000
STEP = "lesson=straight.2"


def panel(page: Page) -> Locator:
    return page.locator(".st-key-lesson")


def box(found: Locator) -> dict[str, float]:
    sides: dict[str, float] = found.evaluate("(e) => e.getBoundingClientRect().toJSON()")
    return sides


def scroll(page: Page, to: int) -> Any:
    return page.locator("[data-testid=stMain]").evaluate(f"(main) => (main.scrollTop = {to})")


def test_the_panel_stays_beside_the_picture_while_the_page_scrolls(page: Page, server: str) -> None:
    open_page(page, server, STEP)
    wait_for_rest(page)
    before, picture = box(panel(page)), box(page.locator(".efviz-chart").first)
    assert before["right"] < picture["left"]
    assert abs(before["top"] - 68) < 60
    assert scroll(page, 400) >= 0
    after = box(panel(page))
    assert after["top"] >= 0
    assert after["bottom"] <= 900
    current = page.locator("[aria-current=step]")
    expect(current).to_have_text("2")
    expect(page.locator(".efviz-lesson li button")).to_have_count(4)
    # It is a step without controls: all of them are one press away.
    expect(page.get_by_role("slider")).to_have_count(0)
    # A past step is one press away, and the keyboard reaches it.
    page.get_by_role("button", name="Step 1").focus()
    page.keyboard.press("Enter")
    expect(current).to_have_text("1", timeout=PATIENCE)


@pytest.mark.parametrize("width", [360, 768])
def test_a_sheet_leaves_half_of_the_screen_to_the_picture_and_can_be_folded(
    profile: BrowserContext, server: str, width: int
) -> None:
    with visit(profile, width, height=800) as page:
        open_page(page, server, STEP)
        wait_for_rest(page)
        sheet = box(panel(page))
        assert sheet["bottom"] == pytest.approx(800, abs=1)
        assert sheet["height"] <= 0.5 * 800
        assert sheet["width"] == pytest.approx(width, abs=1)
        text = page.locator(".st-key-lesson-text")
        expect(text).to_be_visible()
        page.get_by_role("button", name="Hide the text").click()
        expect(text).to_be_hidden()
        assert box(panel(page))["height"] < 0.25 * 800
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
        page.get_by_role("button", name="Show the text").click()
        expect(text).to_be_visible()
        # Whatever the page shows last can be scrolled above the sheet.
        scroll(page, 100_000)
        last = box(page.locator(".efviz-version"))
        assert last["bottom"] <= sheet["top"] + 1


def traces(page: Page) -> dict[str, list[str]]:
    """The names of what each panel of the first chart was sent."""
    found: dict[str, list[str]] = page.locator(".efviz-chart").first.evaluate(
        """(chart) => Object.fromEntries([...chart.querySelectorAll('[role=figure]')]
             .map((gd) => [gd._efviz.name, gd._efviz.whole.data.map((trace) => trace.name)]))"""
    )
    return found


def test_a_question_leaves_the_picture_in_view_and_its_answer_completes_it(
    page: Page, server: str
) -> None:
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url))
    open_page(page, server, "lesson=straight.1")
    wait_for_rest(page)
    asked = traces(page)
    assert [*asked] == ["Data", "GD", "NGD", "EFGD"]
    for method in ("GD", "NGD", "EFGD"):
        assert {*asked[method]} == {"loss", "starts", "minimum"}
    shapes = "(all) => all.map((gd) => gd._efviz.whole.layout.shapes?.length ?? 0)"
    figures = page.locator(".efviz-chart [role=figure]")
    assert figures.evaluate_all(shapes) == [0] * 4
    assert not [url for url in fetched if "/efviz-picture/" in url]
    panel(page).get_by_role("button", name="Only the natural gradient").click()
    expect(panel(page)).to_contain_text("Correct.", timeout=PATIENCE)
    wait_until(page, lambda: all(m in traces(page)[m] for m in ("GD", "NGD", "EFGD")), 30)
    assert figures.evaluate_all(shapes) == [0, 1, 1, 1]


def test_a_step_shows_its_panels_alone_which_report_their_own_places(
    page: Page, server: str
) -> None:
    open_page(page, server, "starts=4.5,3&lesson=straight.4")
    wait_for_rest(page)
    assert [*traces(page)] == ["GD", "NGD"]
    # A click in the first of them is no click in the data, the first of all panels.
    gd = page.locator(".efviz-chart > [role=figure]").first
    sides = box(gd)
    page.mouse.click(sides["left"] + sides["width"] / 2, sides["top"] + sides["height"] / 3)
    expect(page).to_have_url(re.compile(r"starts=4\.5,3;"), timeout=PATIENCE)
    expect(panel(page)).to_contain_text("Not yet.", timeout=PATIENCE)


def test_a_marked_term_opens_by_pointer_keyboard_and_tap_without_the_server(
    page: Page, server: str
) -> None:
    open_page(page, server, STEP)
    wait_for_rest(page)
    url, term = page.url, page.locator("a[href='#glossary-gradient']").first
    tip = page.get_by_role("tooltip")
    term.hover()
    expect(tip).to_contain_text("at right angles to the contours")
    expect(term).to_have_attribute("aria-describedby", tip.get_attribute("id") or "")
    page.mouse.move(900, 500)
    expect(tip).to_be_hidden()
    # The keyboard comes by from the button before it.
    page.get_by_role("button", name="Next").focus()
    page.keyboard.press("Tab")
    expect(tip).to_be_visible()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    expect(term).to_be_focused()
    page.keyboard.press("Enter")
    expect(tip).to_be_visible()
    sides = box(tip)
    assert sides["left"] >= 0
    assert sides["top"] >= 0
    term.click()
    expect(tip).to_be_hidden()
    # Terms in the sentence under a picture open as well.
    page.locator(".efviz-sentence a[href='#glossary-minimum']").click()
    expect(tip).to_contain_text("lowest loss")
    page.mouse.click(5, 700)
    expect(tip).to_be_hidden()
    assert page.url == url


def test_what_was_done_survives_a_reload_and_nothing_wrong_is_believed(
    page: Page, server: str
) -> None:
    open_page(page, server, STEP)
    current = page.locator(".efviz-lesson li button")
    expect(current.nth(1)).to_have_attribute("aria-current", "step")
    wait_until(page, lambda: "straight.2" in (page.evaluate("localStorage['efviz.done']") or ""))
    page.evaluate(
        """() => localStorage.setItem('efviz.done', JSON.stringify(
             ['straight.2', 'straight.3', 'nonsense.1', 7]))"""
    )
    page.goto(f"{server}/lessons")
    expect(page.locator(".st-key-lessons-list")).to_contain_text(
        "2 of 4 steps done", timeout=PATIENCE
    )
    page.evaluate("localStorage.setItem('efviz.done', '{')")
    page.reload()
    expect(page.locator(".st-key-lessons-list")).to_contain_text("4 steps", timeout=PATIENCE)
    expect(page.locator(".st-key-lessons-list")).not_to_contain_text("steps done")


SCROLLS = """() => [document.querySelector('[data-testid=stMain]'),
  document.querySelector('.st-key-lesson')].map((e) => e.scrollHeight - e.clientHeight)"""
STEPS = [f"{lesson.key}.{i + 1}" for lesson in LESSONS.values() for i in range(len(lesson.steps))]


def test_on_a_projector_picture_and_text_of_every_step_fit_without_scrolling(
    profile: BrowserContext, server: str
) -> None:
    """A presenter's Page Down leads through all steps of all lessons."""
    with visit(profile, 1024, height=768) as page:
        open_page(page, server, "lesson=straight.1&present=1")
        too_high = {}
        for step, coming in zip(STEPS, [*STEPS[1:], None], strict=True):
            number, of = int(step.partition(".")[2]), len(LESSONS[step.partition(".")[0]].steps)
            expect(panel(page)).to_contain_text(f"step {number} of {of}", timeout=PATIENCE)
            expect(page).to_have_url(re.compile(f"lesson={step}&"), timeout=PATIENCE)
            wait_for_rest(page)
            page_more, panel_more = page.evaluate(SCROLLS)
            if page_more > 0 or panel_more > 0:
                too_high[step] = page_more, panel_more
            expect(page.get_by_role("button", name="End presenting")).to_be_in_viewport()
            if coming:
                page.keyboard.press("PageDown")
        assert too_high == {}
        page.keyboard.press("PageUp")
        expect(page).to_have_url(re.compile(f"lesson={STEPS[-2]}&"), timeout=PATIENCE)
        # Another page has a way out, too, and Esc leaves the mode.
        page.goto(f"{server}/the-paper?present=1")
        expect(page.get_by_role("button", name="End presenting")).to_be_in_viewport(
            timeout=PATIENCE
        )
        page.go_back()
        expect(panel(page)).to_contain_text("step", timeout=PATIENCE)
        wait_for_rest(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("link", name="Vector fields")).to_be_visible(timeout=PATIENCE)
        expect(page).not_to_have_url(re.compile("present"), timeout=PATIENCE)

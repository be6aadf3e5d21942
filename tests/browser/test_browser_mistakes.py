"""Mishaps of visitors in a real Chromium: wrong addresses, steps to take back, menus, and
servers that go away."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import (
    Scheme,
    chart,
    free_port,
    keep_screenshot,
    needs_chromium,
    open_page,
    ready,
    revision,
    slider,
    visit,
    wait_for_rest,
)
from playwright.sync_api import Browser, BrowserContext, Page, expect

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


def state(page: Page) -> tuple[str, str, str]:
    """The address, and what the page shows of it."""
    wait_for_rest(page)
    # A step of a lesson shows no more controls than it needs.
    problem = page.get_by_role("combobox", name=re.compile("Problem"))
    named = problem.get_attribute("aria-label") if problem.count() else ""
    return page.url, named or "", revision(page)


def assert_history(page: Page, states: list[tuple[str, str, str]]) -> None:
    """Back leads through these states to the first, and Forward to the last."""
    steps = [*reversed(states[:-1]), *states[1:]]
    for number, (url, problem, picture) in enumerate(steps):
        page.go_back() if number < len(states) - 1 else page.go_forward()
        expect(page).to_have_url(url, timeout=PATIENCE)
        expect(chart(page)).to_have_attribute("data-revision", picture, timeout=PATIENCE)
        assert state(page) == (url, problem, picture)


def test_back_undoes_a_preset_a_problem_a_start_and_a_slider(page: Page, server: str) -> None:
    open_page(page, server)
    states = [state(page)]
    page.get_by_role("button", name="Fig. 1 with the printed step size").click()
    expect(page).to_have_url(re.compile(r"\?step=0\.0001$"))
    states.append(state(page))
    box = page.get_by_role("combobox", name=re.compile("Problem"))
    box.click()
    page.get_by_role("option").nth(1).click()
    expect(page).to_have_url(re.compile("problem="))
    states.append(state(page))
    # All places at which a slider rests are one step.
    slider(page, "Damping λ").focus()
    for key in ("Home", "ArrowRight", "ArrowRight"):
        before = page.url
        page.keyboard.press(key)
        expect(page).not_to_have_url(before, timeout=PATIENCE)
    states.append(state(page))
    field = page.get_by_label(re.compile("^NGD")).first
    field.click(position={"x": 90, "y": 90})
    expect(page).to_have_url(re.compile("starts="), timeout=PATIENCE)
    states.append(state(page))
    assert len({url for url, *_ in states}) == 5
    assert_history(page, states)


def test_back_undoes_what_was_done_in_a_lesson_and_then_its_steps(page: Page, server: str) -> None:
    open_page(page, server, "cos=1&lesson=bends.3")
    states = [state(page)]
    page.get_by_role("button", name="Next").click()
    expect(page).to_have_url(re.compile(r"lesson=bends\.4$"), timeout=PATIENCE)
    states.append(state(page))
    slider(page, "Strength s").focus()
    page.keyboard.press("End")
    expect(page).to_have_url(re.compile(r"[?&]s="), timeout=PATIENCE)
    states.append(state(page))
    assert_history(page, states)


def test_the_menu_of_a_phone_closes_after_a_choice(profile: BrowserContext, server: str) -> None:
    with visit(profile, 360, height=800) as page:
        open_page(page, server)
        menu = page.get_by_test_id("stSidebar")
        page.get_by_test_id("stExpandSidebarButton").click()
        link = menu.get_by_role("link", name="Optimization")
        expect(link).to_be_in_viewport()
        link.click()
        expect(page).to_have_url(f"{server}/optimization")
        expect(link).not_to_be_in_viewport()
        expect(page.get_by_role("heading", name="Optimization")).to_be_in_viewport(timeout=PATIENCE)


def away(page: Page) -> str:
    """What the page says of its connection, and no words of Streamlit."""
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert "yourscript" not in page.content()
    return page.locator(".efviz-away").inner_text()


def test_a_restarting_server_is_said_and_afterwards_all_is_there(browser: Browser) -> None:
    port, page = free_port(), browser.new_page(viewport={"width": 1400, "height": 900})
    try:
        with ready(port) as url:
            open_page(page, url, "lesson=straight.3")
            field = page.get_by_label(re.compile("^NGD")).first
            field.click(position={"x": 120, "y": 120})
            expect(page).to_have_url(re.compile("starts="), timeout=PATIENCE)
            wait_for_rest(page)
            before = page.url, revision(page)
        expect(page.locator(".efviz-away")).to_have_text(
            re.compile("^The server does not answer"), timeout=PATIENCE
        )
        keep_screenshot(page, "away")
        assert "picks up where it left off" in away(page)
        with ready(port):
            expect(page.locator(".efviz-away")).to_have_text("", timeout=60_000)
            wait_for_rest(page)
            assert (page.url, revision(page)) == before
            assert away(page) == ""
    finally:
        page.close()


def test_a_browser_without_a_network_says_so_until_it_is_back(
    browser: Browser, server: str
) -> None:
    context = browser.new_context()
    try:
        page = context.new_page()
        open_page(page, server, "s=0.5")
        before = revision(page)
        context.set_offline(True)
        expect(page.locator(".efviz-away")).to_have_text(
            re.compile("^You are offline"), timeout=PATIENCE
        )
        away(page)
        context.set_offline(False)
        expect(page.locator(".efviz-away")).to_have_text("", timeout=PATIENCE)
        assert revision(page) == before
        slider(page, "Strength s").focus()
        page.keyboard.press("ArrowRight")
        expect(page).to_have_url(re.compile(r"s=0\.55$"), timeout=PATIENCE)
    finally:
        context.close()

"""Natural mistakes of visitors in a real Chromium: wrong addresses, and steps to take back."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import (
    Scheme,
    chart,
    keep_screenshot,
    needs_chromium,
    open_page,
    revision,
    slider,
    wait_for_rest,
)
from playwright.sync_api import BrowserContext, Page, expect

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
    problem = page.get_by_role("combobox", name=re.compile("Problem")).get_attribute("aria-label")
    return page.url, problem or "", revision(page)


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
    open_page(page, server, "lesson=straight.2")
    states = [state(page)]
    page.get_by_role("button", name="Next").click()
    expect(page).to_have_url(re.compile(r"lesson=straight\.3$"), timeout=PATIENCE)
    states.append(state(page))
    page.get_by_role("button", name="Fig. 1 with the printed step size").click()
    expect(page).to_have_url(re.compile("step="), timeout=PATIENCE)
    states.append(state(page))
    assert_history(page, states)

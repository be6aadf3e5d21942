"""The picture follows the hand by its link, and the session is told where the hand rests."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
from browsing import (
    chart,
    needs_chromium,
    open_page,
    panel,
    revision,
    slider,
    wait_for_picture,
    wait_for_rest,
    wait_until,
)
from playwright.sync_api import BrowserContext, Locator, Page, Request, Route, expect
from test_browser_edits import drag, point, turn_on, wait_for_edits

pytestmark = needs_chromium
PICTURES = "**/efviz-picture/**"


@contextmanager
def requests(page: Page) -> Iterator[list[str]]:
    """The queries of the pictures that are fetched meanwhile."""
    found: list[str] = []

    def look(request: Request) -> None:
        if "/efviz-picture/" in request.url:
            found.append(urlsplit(request.url).query)

    page.on("request", look)
    try:
        yield found
    finally:
        page.remove_listener("request", look)


def sentence(page: Page) -> Locator:
    return page.locator(".efviz-sentence").first


def address(page: Page, name: str) -> str:
    return parse_qs(urlsplit(page.url).query).get(name, [""])[0]


def hold(page: Page, label: str, share: float) -> None:
    """Take the handle of a slider, and pull it to this share of its way."""
    box = slider(page, label).bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * share, y, steps=6)


def test_while_a_slider_is_held_picture_and_words_follow_and_the_session_rests(
    new_page: Page, server: str
) -> None:
    told: list[bytes] = []
    new_page.on("websocket", lambda socket: socket.on("framesent", lambda data: told.append(data)))
    open_page(new_page, server)
    wait_for_rest(new_page)
    old, words = revision(new_page), sentence(new_page).text_content()
    before = len(told)
    with requests(new_page) as fetched:
        hold(new_page, "Damping λ", 0.9)
        wait_for_picture(new_page, old)
        wait_until(new_page, lambda: sentence(new_page).text_content() != words)
        new_page.mouse.up()
        expect(new_page).to_have_url(re.compile("damping="))
        wait_for_rest(new_page)
    # Once when the hand came to rest or let go, once for a rest before it.
    assert 1 <= len(told) - before <= 2
    # What the session has drawn is what stood there.
    assert f"damping={address(new_page, 'damping')}" in fetched
    last = revision(new_page)
    new_page.reload()
    expect(chart(new_page)).to_have_attribute("data-revision", last, timeout=30_000)


@pytest.mark.parametrize("how", ["blocked", "not found", "a page of the proxy's own"])
def test_where_pictures_cannot_be_fetched_the_session_follows(
    profile: BrowserContext, server: str, how: str
) -> None:
    # Browsers report what is not found as errors, so this visitor's console is not looked at.
    page = profile.new_page()

    def answer(route: Route) -> None:
        if how == "blocked":
            route.abort()
        elif how == "not found":
            route.fulfill(status=404)
        else:
            route.fulfill(status=200, body="<!doctype html><title>Log in</title>")

    page.route(PICTURES, answer)
    open_page(page, server)
    for share in (0.9, 0.2):
        old = revision(page)
        hold(page, "Damping λ", share)
        wait_for_picture(page, old)
    page.mouse.up()
    expect(page).to_have_url(re.compile("damping="))
    page.close()


def test_what_takes_long_is_made_by_the_session_with_its_progress(page: Page, server: str) -> None:
    page.route(PICTURES, lambda route: route.fulfill(status=202))
    open_page(page, server)
    old = revision(page)
    slider(page, "Strength s").focus()
    page.keyboard.press("ArrowRight")
    wait_for_picture(page, old)
    expect(page).to_have_url(re.compile("s="))
    page.unroute(PICTURES)


def test_two_sliders_moved_in_one_breath_keep_both_changes(page: Page, server: str) -> None:
    open_page(page, server)
    wait_for_rest(page)
    with requests(page) as fetched:
        for label in ("Strength s", "Damping λ"):
            slider(page, label).focus()
            page.keyboard.press("ArrowRight")
        wait_until(page, lambda: any("damping=" in q and "s=" in q for q in fetched))
    expect(page).to_have_url(re.compile(r"(?=.*damping=)(?=.*\bs=)"))


def test_the_neighbours_of_a_slider_in_focus_need_no_network(page: Page, server: str) -> None:
    open_page(page, server)
    wait_for_rest(page)
    with requests(page) as ahead:
        slider(page, "Damping λ").focus()
        wait_until(page, lambda: len(ahead) >= 4)
        page.wait_for_timeout(300)
    assert all("damping=" in query for query in ahead)
    old = revision(page)
    with requests(page) as fetched:
        page.keyboard.press("ArrowRight")
        wait_for_picture(page, old)
        expect(page).to_have_url(re.compile("damping="))
    moved = f"damping={address(page, 'damping')}"
    assert moved in ahead
    assert moved not in fetched


def test_a_dragged_example_follows_by_its_link_and_is_one_step_to_undo(
    page: Page, server: str
) -> None:
    open_page(page, server, "n=30")
    turn_on(page)
    number, x, y = point(page, "Data")
    with requests(page) as fetched:
        drag(page, "Data", (x, y), (x, y - 0.5))
        wait_for_edits(page, rf"m{number},[-\d.,]+")
    assert any("touch=" in query for query in fetched)
    wait_for_rest(page)
    page.get_by_role("button", name="Undo last").click()
    wait_until(page, lambda: "edits=" not in page.url)


OWN = "x,y\n" + "\n".join(f"{k},{(k * 7) % 11}" for k in range(30))


KNOWN = """async () => {
  const named = performance.getEntriesByType('resource').map(({ name }) => name);
  return (await import(named.find((name) => name.includes('/pictures.js')))).pictures.address;
}"""


def test_an_own_table_is_fetched_by_nobody(new_page: Page, server: str) -> None:
    open_page(new_page, server)
    pictures = new_page.evaluate(KNOWN)
    assert "/efviz-picture/" in pictures
    new_page.goto(f"{server}/vector-fields?problem=own&steps=300")
    new_page.get_by_label("or pasted text").fill(OWN, timeout=30_000)
    new_page.get_by_role("button", name="Use the text").click()
    expect(chart(new_page)).to_have_attribute("data-revision", re.compile(".+"), timeout=30_000)
    wait_for_rest(new_page)
    assert new_page.evaluate(KNOWN) is None
    old = revision(new_page)
    with requests(new_page) as fetched:
        hold(new_page, "Damping λ", 0.9)
        wait_for_picture(new_page, old)
        new_page.mouse.up()
        expect(new_page).to_have_url(re.compile("damping="))
    assert fetched == []
    # Another visitor who knows the link gets nothing either.
    link = urlsplit(new_page.url).query
    assert "problem=own" in link
    ask = "async (url) => { const { status } = await fetch(url); return status; }"
    assert new_page.evaluate(ask, f"{pictures}?{link}") == 202


@pytest.mark.parametrize(
    ("slug", "name"), [("four-matrices", "Level sets"), ("gradient-noise", "Where θ is")]
)
def test_theta_is_dragged_over_the_plane(page: Page, server: str, slug: str, name: str) -> None:
    open_page(page, server, "n=100", slug=slug)
    wait_for_rest(page)
    handle = panel(page, name).get_by_role("button", name="θ 1 at")
    box = handle.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    old = revision(page)
    with requests(page) as fetched:
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 40, y - 30, steps=5)
        wait_for_picture(page, old)
        assert any("touch=" in query for query in fetched)
        page.mouse.up()
    expect(page).to_have_url(re.compile("theta="))
    # By keys as well.
    before = address(page, "theta")
    handle.focus()
    page.keyboard.press("ArrowLeft")
    wait_until(page, lambda: address(page, "theta") != before)


def test_a_preset_pressed_right_after_a_slider_is_not_undone_by_it(page: Page, server: str) -> None:
    open_page(page, server)
    wait_for_rest(page)
    slider(page, "Damping λ").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("button", name="Fig. 1 with the printed step size").click()
    expect(page).to_have_url(re.compile("step="))
    page.wait_for_timeout(1000)
    assert address(page, "damping") == "", "the preset has the last word"

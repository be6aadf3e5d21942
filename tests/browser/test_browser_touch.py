"""Starts dragged, removed and moved by keys on the page Vector fields, as a visitor does it."""

import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from browsing import (
    chart,
    needs_chromium,
    open_page,
    panel,
    revision,
    serve,
    slider,
    visit,
    wait_for_picture,
    wait_until,
)
from playwright.sync_api import BrowserContext, Locator, Page, expect
from test_browser import pixel_of, starts

pytestmark = needs_chromium

FIELDS = ("GD", "NGD", "EFGD")


def handle(page: Page, index: int, name: str = "GD") -> Locator:
    return panel(page, name).locator(".handle").nth(index)


def shown(page: Page, name: str, index: int) -> list[float]:
    """Where a panel shows a start, read from the screen, in data coordinates."""
    found = handle(page, index, name).evaluate(
        """node => {
          const gd = node.closest('[aria-label]:not(.handle)'), box = gd.getBoundingClientRect();
          const at = node.querySelector('polygon').getBoundingClientRect();
          const { xaxis, yaxis } = gd._fullLayout;
          return [xaxis.p2d(at.x + at.width / 2 - box.x - xaxis._offset),
                  yaxis.p2d(at.y + at.height / 2 - box.y - yaxis._offset)];
        }"""
    )
    return [float(value) for value in found]


def wait_for_start(page: Page, index: int, to: list[float], atol: float = 0.05) -> None:
    """Until the server's picture has the start there."""
    for _ in range(50):
        if np.allclose(starts(page)[index], to, atol=atol):
            return
        page.wait_for_timeout(100)
    np.testing.assert_allclose(starts(page)[index], to, atol=atol)


def path(page: Page, name: str) -> str:
    """The trajectories of a panel as they are drawn."""
    return str(
        panel(page, name).evaluate(
            """(gd, name) => { const { layers } = gd._efviz;
                 const i = layers.shapes.findIndex((s) => s.trace === name);
                 return layers.ground.children[i].getAttribute('d'); }""",
            name,
        )
    )


@pytest.mark.parametrize("name", FIELDS)
def test_a_dragged_start_moves_at_once_in_all_panels_and_its_paths_follow(
    figure_1: Page, name: str
) -> None:
    page = figure_1
    ranges = panel(page, name).evaluate("gd => gd._fullLayout.xaxis.range")
    before = {field: path(page, field) for field in FIELDS}
    x, y = starts(page)[1]
    page.mouse.move(*pixel_of(page, name, x, y))
    page.mouse.down()
    page.mouse.move(*pixel_of(page, name, x + 0.4, y - 0.4), steps=4)
    for field in FIELDS:
        np.testing.assert_allclose(shown(page, field, 1), [x + 0.4, y - 0.4], atol=0.05)
    # The trajectories come to the pointer while the button is still down.
    wait_for_start(page, 1, [x + 0.4, y - 0.4])
    assert all(path(page, field) != before[field] for field in FIELDS)
    page.mouse.move(*pixel_of(page, name, x + 0.8, y - 0.8), steps=6)
    page.mouse.up()
    wait_for_start(page, 1, [x + 0.8, y - 0.8])
    page.wait_for_timeout(300)
    expect(page).to_have_url(re.compile("starts="))
    assert len(starts(page)) == 4, "the click at the end of a drag placed a start"
    assert panel(page, name).evaluate("gd => gd._fullLayout.xaxis.range") == ranges


def test_a_mark_stays_under_the_pointer_while_pictures_arrive(figure_1: Page) -> None:
    page = figure_1
    x, y = starts(page)[0]
    page.mouse.move(*pixel_of(page, "NGD", x, y))
    page.mouse.down()
    seen = set()
    for i in range(1, 26):
        to = [x + 0.1 + 0.06 * i, y - 0.1 - 0.03 * i]
        page.mouse.move(*pixel_of(page, "NGD", *to))
        page.wait_for_timeout(60)
        seen.add(revision(page))
        np.testing.assert_allclose(shown(page, "EFGD", 0), to, atol=0.05)
    assert len(seen) >= 3, "no new picture before the mouse was released"
    page.mouse.up()
    wait_for_start(page, 0, to)
    np.testing.assert_allclose(shown(page, "GD", 0), to, atol=0.05)


def test_a_start_dragged_out_of_the_panel_stays_whole_inside_and_can_be_taken_back(
    figure_1: Page,
) -> None:
    page = figure_1
    x, y = starts(page)[0]
    page.mouse.move(*pixel_of(page, "NGD", x, y))
    page.mouse.down()
    page.mouse.move(*pixel_of(page, "EFGD", 2, y + 9), steps=5)
    page.mouse.up()
    area = panel(page, "NGD").locator(".nsewdrag").bounding_box()
    mark = handle(page, 0, "NGD").locator("polygon").bounding_box()
    assert area
    assert mark
    assert mark["x"] + mark["width"] <= area["x"] + area["width"]
    assert mark["y"] >= area["y"]
    assert area["x"] + area["width"] - mark["x"] < 2 * mark["width"]
    there = panel(page, "NGD").evaluate(
        "gd => { const t = gd._fullLayout; return [t.xaxis.range[1], t.yaxis.range[1]]; }"
    )
    wait_for_start(page, 0, there, atol=0.4)
    page.mouse.move(mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
    page.mouse.down()
    page.mouse.move(*pixel_of(page, "NGD", 3, 3.5), steps=5)
    page.mouse.up()
    wait_for_start(page, 0, [3, 3.5], atol=0.1)


def test_a_double_click_in_the_plane_adds_one_start(figure_1: Page) -> None:
    page = figure_1
    old = revision(page)
    page.mouse.dblclick(*pixel_of(page, "NGD", 0.5, 0.6))
    wait_for_picture(page, old)
    page.wait_for_timeout(1000)
    assert len(starts(page)) == 5


def test_a_click_on_a_start_neither_moves_nor_adds_one(figure_1: Page) -> None:
    page = figure_1
    first = starts(page)
    page.mouse.click(*pixel_of(page, "GD", *first[2]))
    page.wait_for_timeout(500)
    assert starts(page) == first
    assert "starts" not in page.url


def test_a_double_click_removes_and_the_last_start_stays(page: Page, server: str) -> None:
    open_page(page, server, "starts=1,1;3,3")
    old = revision(page)
    page.mouse.dblclick(*pixel_of(page, "EFGD", 1, 1))
    wait_for_picture(page, old)
    assert starts(page) == [[3, 3]]
    page.mouse.dblclick(*pixel_of(page, "EFGD", 3, 3))
    page.wait_for_timeout(600)
    assert starts(page) == [[3, 3]]
    expect(page.get_by_role("status").filter(has_text="The last start stays")).to_have_count(1)


def test_keys_move_and_remove_a_start(page: Page, server: str) -> None:
    open_page(page, server)
    (x, y), count = starts(page)[1], len(starts(page))
    width = 6.0
    names = [f"start {i} at" for i in range(1, count + 1)]
    for i, name in enumerate(names):
        expect(handle(page, i)).to_have_attribute("aria-label", re.compile(name))
        expect(handle(page, i)).to_have_attribute("tabindex", "0")
        expect(handle(page, i, "NGD")).to_have_attribute("tabindex", "-1")
    handle(page, 1).focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    wait_for_start(page, 1, [x + 0.12 * width, y - 0.01 * width], atol=0.003)
    expect(handle(page, 1)).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="start 2 at")).to_have_count(1)
    old = revision(page)
    page.keyboard.press("Delete")
    wait_for_picture(page, old)
    assert len(starts(page)) == count - 1
    expect(handle(page, 1)).to_be_focused()


def test_the_focus_of_a_start_is_visible(figure_1: Page) -> None:
    page = figure_1
    slider(page, "Step size γ").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('handle')"):
            break
    ring = page.evaluate("getComputedStyle(document.activeElement.querySelector('.target')).stroke")
    assert ring not in ("none", "")


@pytest.fixture
def finger(profile: BrowserContext, server: str) -> Iterator[Page]:
    with visit(profile, 400, height=800, new=True) as page:
        session = profile.new_cdp_session(page)
        session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
        open_page(page, server)
        panel(page, "NGD").scroll_into_view_if_needed()
        yield page


@pytest.fixture
def touch(finger: Page) -> Callable[..., None]:
    session = finger.context.new_cdp_session(finger)

    def send(kind: str, *points: tuple[float, float]) -> None:
        places = [{"x": x, "y": y} for x, y in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})

    return send


def test_a_finger_drags_a_start_and_the_page_does_not_scroll(
    finger: Page, touch: Callable[..., None]
) -> None:
    x, y = starts(finger)[0]
    top = panel(finger, "NGD").bounding_box()
    touch("touchStart", pixel_of(finger, "NGD", x, y))
    for i in range(1, 9):
        touch("touchMove", pixel_of(finger, "NGD", x + 0.1 * i, y - 0.2 * i))
        finger.wait_for_timeout(30)
    np.testing.assert_allclose(shown(finger, "GD", 0), [x + 0.8, y - 1.6], atol=0.1)
    touch("touchEnd")
    wait_for_start(finger, 0, [x + 0.8, y - 1.6], atol=0.1)
    assert panel(finger, "NGD").bounding_box() == top
    assert len(starts(finger)) == 4


def test_a_long_press_removes(finger: Page, touch: Callable[..., None]) -> None:
    gone, *rest = starts(finger)
    old = revision(finger)
    touch("touchStart", pixel_of(finger, "NGD", *gone))
    finger.wait_for_timeout(750)
    touch("touchEnd")
    wait_for_picture(finger, old)
    assert len(starts(finger)) == len(rest)
    np.testing.assert_allclose(starts(finger), rest, atol=0.01)


def test_a_finger_elsewhere_still_scrolls_the_page(
    finger: Page, touch: Callable[..., None]
) -> None:
    before = panel(finger, "NGD").bounding_box()
    assert before
    box = panel(finger, "NGD").locator(".ground").bounding_box()
    assert box
    x, y = pixel_of(finger, "NGD", 4.5, 0.3)
    touch("touchStart", (x, y))
    for i in range(1, 9):
        touch("touchMove", (x, y - 20 * i))
        finger.wait_for_timeout(30)
    touch("touchEnd")
    finger.wait_for_timeout(500)
    after = panel(finger, "NGD").bounding_box()
    assert after
    assert after["y"] < before["y"] - 40
    assert len(starts(finger)) == 4
    expect(chart(finger)).to_be_visible()


def test_a_tap_adds_one_start(finger: Page, touch: Callable[..., None]) -> None:
    before = starts(finger)
    touch("touchStart", pixel_of(finger, "NGD", 3.5, 0.3))
    touch("touchEnd")
    wait_until(finger, lambda: len(starts(finger)) > len(before))
    finger.wait_for_timeout(1000)
    assert len(starts(finger)) == len(before) + 1


@pytest.fixture
def points(profile: BrowserContext) -> Iterator[Page]:
    """400 points in two panels, drawn as one path each."""
    with serve("tests/dense/app.py") as url:
        page = profile.new_page()
        page.set_viewport_size({"width": 1000, "height": 800})
        open_page(page, url)
        yield page
        page.close()


def test_a_point_among_many_is_dragged_by_the_nearest_and_removed(points: Page) -> None:
    page = points
    says = page.get_by_text(re.compile("points:"))
    first = [path_of_points(page, name) for name in ("left", "right")]
    # The point 21, at (-0.81, -0.81), taken 6 px beside it.
    x, y = pixel_of(page, "left", -0.8053, -0.8053)
    page.mouse.move(x + 6, y)
    expect(panel(page, "left")).to_have_class(re.compile("near"))
    page.mouse.down()
    page.mouse.move(x + 50, y - 50, steps=5)
    moved = [path_of_points(page, name) for name in ("left", "right")]
    assert moved[0] == moved[1]
    assert moved[0] != first[0]
    page.mouse.up()
    expect(says).to_contain_text("drop 21.")
    expect(says).to_contain_text("400 points")
    assert path_of_points(page, "right") != first[1]
    page.wait_for_timeout(500)
    page.mouse.dblclick(*pixel_of(page, "right", 0.9, 0.9))
    expect(says).to_contain_text("remove 399.")
    expect(says).to_contain_text("399 points")
    assert path_of_points(page, "left").count("M") == 399
    # Farther than 12 px from all points a click is a click.
    page.mouse.click(*pixel_of(page, "left", 0.97, -0.97))
    expect(says).to_contain_text("click.")


def path_of_points(page: Page, name: str) -> str:
    return panel(page, name).locator(".ground path").get_attribute("d") or ""

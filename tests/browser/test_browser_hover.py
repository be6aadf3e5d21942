"""The directions at the point under the pointer, in all panels of the page Vector fields."""

import re

import numpy as np
import pytest
from browsing import needs_chromium, open_page, panel
from playwright.sync_api import Page, expect
from test_browser import pixel_of, starts

from efviz.arrays import cosine
from efviz.fields import vector_field
from efviz.problems import PROBLEMS

pytestmark = needs_chromium

FIELDS = ("GD", "NGD", "EFGD")
AT = [3.4, 0.7]


def directions(at: list[float], damping: float) -> dict[str, np.ndarray]:
    entry = PROBLEMS["fig1"]
    problem = entry.problem(entry.dataset())
    return {name: vector_field(problem, name, at, damping=damping) for name in FIELDS}


def arrow(page: Page, name: str) -> np.ndarray:
    """The arrow that a panel shows, y upwards, in pixels."""
    path = panel(page, name).locator(".compass .arrow").get_attribute("d") or ""
    x, y = (float(n) for n in re.findall(r"L(-?[\d.e-]+),(-?[\d.e-]+)", path)[0])
    return np.array([x, -y])


@pytest.mark.parametrize("under", FIELDS)
def test_every_panel_shows_its_direction_at_the_point_under_the_pointer(
    figure_1: Page, under: str
) -> None:
    page = figure_1
    page.mouse.move(*pixel_of(page, under, *AT))
    truth = directions(AT, PROBLEMS["fig1"].settings.damping)
    for name in FIELDS:
        expect(panel(page, name).locator(".compass")).to_be_visible()
        ring = panel(page, name).locator(".compass .ring").bounding_box()
        assert ring
        seen = [ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2]
        np.testing.assert_allclose(seen, pixel_of(page, name, *AT), atol=1.5)
        # Interpolated from a grid of 15 x 15.
        assert cosine(arrow(page, name), truth[name]) > 0.995
        words = panel(page, name).locator(".compass").text_content() or ""
        if name != "NGD":
            degrees = np.degrees(np.arccos(cosine(truth[name], truth["NGD"])))
            said = re.search(r"(\d+)° from NGD", words)
            assert said
            assert abs(int(said.group(1)) - degrees) < 5
        assert ("(3.4, 0.7)" in words.replace("3.39", "3.4").replace("3.41", "3.4")) == (
            name == under
        )
    words = panel(page, under).locator(".compass").text_content() or ""
    entry = PROBLEMS["fig1"]
    loss = entry.problem(entry.dataset()).loss(np.array(AT))
    shown = re.search(r"L ≈ ([\d.]+)", words)
    assert shown
    np.testing.assert_allclose(float(shown.group(1)), loss, rtol=0.05)


def test_the_directions_go_when_the_pointer_leaves(figure_1: Page) -> None:
    page = figure_1
    page.mouse.move(*pixel_of(page, "GD", *AT))
    expect(panel(page, "EFGD").locator(".compass")).to_be_visible()
    page.mouse.move(700, 5)
    for name in FIELDS:
        expect(panel(page, name).locator(".compass")).to_be_hidden()


def test_the_focus_of_a_start_shows_and_says_its_directions(figure_1: Page) -> None:
    page = figure_1
    panel(page, "GD").locator(".handle").nth(1).focus()
    for name in FIELDS:
        expect(panel(page, name).locator(".compass")).to_be_visible()
    says = page.get_by_role("status").filter(has_text="° from NGD")
    expect(says).to_have_text(re.compile(r"GD \d+° from NGD, EFGD \d+° from NGD"))
    before = arrow(page, "EFGD")
    truth = directions(starts(page)[1], PROBLEMS["fig1"].settings.damping)
    assert cosine(before, truth["EFGD"]) > 0.97
    page.keyboard.press("Shift+ArrowUp")
    assert np.abs(arrow(page, "EFGD") - before).max() > 0.1


def test_no_request_is_made_while_the_pointer_moves(page: Page, server: str) -> None:
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(data)))
    open_page(page, server)
    page.wait_for_timeout(1000)
    del sent[:]
    for i in range(20):
        page.mouse.move(*pixel_of(page, "NGD", 0.5 + 0.1 * i, 1 + 0.1 * i))
    page.wait_for_timeout(300)
    assert sent == []

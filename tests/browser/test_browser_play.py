"""The player of the page Vector fields: time runs along the trajectories, in the browser alone."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from browsing import (
    chart,
    needs_chromium,
    open_page,
    panel,
    read_number,
    revision,
    visit,
    wait_for_picture,
)
from playwright.sync_api import BrowserContext, Locator, Page, expect

from efviz.arrays import cosine
from efviz.fields import vector_field
from efviz.problems import PROBLEMS

pytestmark = needs_chromium

FIELDS = ("GD", "NGD", "EFGD")
PANELS = (*FIELDS, "Losses")
OPEN = "play=1&at=100"


def player(page: Page) -> Locator:
    return page.get_by_role("region", name="Player")


def scrub(page: Page) -> Locator:
    return player(page).get_by_role("slider", name="Iteration")


def button(page: Page, name: str) -> Locator:
    return player(page).get_by_role("button", name=name, exact=True)


def iteration(page: Page) -> int:
    words = player(page).locator("output").text_content() or ""
    found = re.match(r"iteration ([\d,]+) of", words)
    assert found
    return int(found.group(1).replace(",", ""))


def dots(page: Page, name: str) -> list[list[float]]:
    """Where the dots of a panel are, in data coordinates, read from the screen."""
    found = panel(page, name).evaluate(
        """gd => {
          const { xaxis, yaxis } = gd._fullLayout, box = gd.getBoundingClientRect();
          return [...gd.querySelectorAll('.runners circle')].map((dot) => {
            const at = dot.getBoundingClientRect();
            return [xaxis.p2d(at.x + at.width / 2 - box.x - xaxis._offset),
                    yaxis.p2d(at.y + at.height / 2 - box.y - yaxis._offset)];
          });
        }"""
    )
    return [[float(value) for value in row] for row in found]


def recorded(page: Page, name: str) -> dict[str, Any]:
    """The runs of a panel as they came from the server."""
    return dict(
        panel(page, name).evaluate(
            """gd => { const { rows, steps } = gd._efviz.runners;
                 return { steps: [...steps], x: rows.map((r) => [...r.x]),
                          y: rows.map((r) => [...r.y]) }; }"""
        )
    )


def open_player(page: Page, server: str, query: str = OPEN) -> None:
    open_page(page, server, query)
    expect(player(page)).to_be_visible(timeout=15_000)


def test_the_toggle_opens_the_player_and_closes_it(page: Page, server: str) -> None:
    open_page(page, server)
    expect(player(page)).to_have_count(0)
    expect(panel(page, "Losses")).to_have_count(0)
    page.get_by_text("Player", exact=True).click()
    expect(button(page, "Pause")).to_be_visible(timeout=15_000)
    expect(panel(page, "Losses")).to_be_visible()
    expect(page).to_have_url(re.compile(r"play=1"))
    button(page, "Pause").click()
    expect(page).to_have_url(re.compile(r"at=\d+"))
    page.get_by_text("Player", exact=True).click()
    expect(player(page)).to_have_count(0, timeout=15_000)
    expect(panel(page, "Losses")).to_have_count(0)
    expect(page).to_have_url(re.compile(r"/efviz/vector-fields$"))


def test_play_advances_all_dots_and_pause_stands_at_a_recorded_step(
    page: Page, server: str
) -> None:
    open_player(page, server)
    before = {name: dots(page, name) for name in PANELS}
    button(page, "Play").click()
    page.wait_for_timeout(1200)
    button(page, "Pause").click()
    at = iteration(page)
    assert at > 100
    for name in PANELS:
        assert not np.allclose(dots(page, name), before[name], atol=1e-3)
        data = recorded(page, name)
        i = data["steps"].index(at)
        truth = np.stack([np.array(data["x"])[:, i], np.array(data["y"])[:, i]], axis=-1)
        np.testing.assert_allclose(dots(page, name), truth, rtol=0.02, atol=0.03)
    stopped = dots(page, "GD")
    page.wait_for_timeout(400)
    assert dots(page, "GD") == stopped


def test_a_link_restores_the_frame(page: Page, server: str) -> None:
    open_player(page, server)
    button(page, "One step forward").click()
    page.get_by_label("One step from start").select_option("3")
    expect(page).to_have_url(re.compile(r"play=1&at=\d+&of=3"), timeout=10_000)
    at, query = iteration(page), page.url.partition("?")[2]
    assert at > 100
    other = page.context.new_page()
    open_player(other, server, query)
    other.wait_for_timeout(500)
    assert iteration(other) == at
    expect(other.get_by_label("One step from start")).to_have_value("3")
    assert dots(other, "EFGD") == dots(page, "EFGD")
    other.close()


def test_keys_play_step_and_scrub(page: Page, server: str) -> None:
    open_player(page, server)
    steps = recorded(page, "GD")["steps"]
    i = steps.index(iteration(page))
    scrub(page).focus()
    page.keyboard.press("ArrowRight")
    assert iteration(page) == steps[i + 1]
    expect(scrub(page)).to_have_attribute("aria-valuetext", f"iteration {steps[i + 1]:,} of 50,000")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert iteration(page) == steps[i - 1]
    page.keyboard.press("Home")
    assert iteration(page) == 0
    page.keyboard.press("End")
    assert iteration(page) == 50_000
    page.keyboard.press("Space")
    expect(button(page, "Pause")).to_be_visible()
    page.keyboard.press("Space")
    expect(button(page, "Play")).to_be_visible()
    button(page, "One step back").focus()
    at = steps.index(iteration(page))
    page.keyboard.press("ArrowRight")
    assert iteration(page) == steps[at + 1]


def test_speed_changes_how_far_time_runs(page: Page, server: str) -> None:
    open_player(page, server)
    steps = recorded(page, "GD")["steps"]
    gone = []
    for speed in ("0.25", "4"):
        scrub(page).focus()
        page.keyboard.press("Home")
        player(page).get_by_label("Speed").select_option(speed)
        button(page, "Play").click()
        page.wait_for_timeout(1000)
        button(page, "Pause").click()
        gone.append(steps.index(iteration(page)))
    assert gone[1] > 4 * gone[0] > 0


def test_the_player_sends_nothing_while_it_plays(page: Page, server: str) -> None:
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(data)))
    open_player(page, server)
    page.wait_for_timeout(1000)
    button(page, "Play").click()
    page.wait_for_timeout(300)
    del sent[:]
    page.wait_for_timeout(1500)
    assert sent == []


def test_the_loss_panel_marks_the_same_iteration(page: Page, server: str) -> None:
    open_player(page, server)
    assert len(dots(page, "Losses")) == 12
    at = np.log10(1 + iteration(page))
    np.testing.assert_allclose([x for x, _ in dots(page, "Losses")], at, atol=0.02)
    line = panel(page, "Losses").locator(".cursor").bounding_box()
    dot = panel(page, "Losses").locator("circle").first.bounding_box()
    assert line
    assert dot
    assert abs(line["x"] + line["width"] / 2 - dot["x"] - dot["width"] / 2) < 1.5
    # The excess of the first start with NGD, from the library.
    entry = PROBLEMS["fig1"]
    problem = entry.problem(entry.dataset())
    theta = np.array(dots(page, "NGD")[0])
    excess = problem.loss(theta) - problem.loss(problem.theta_star)
    np.testing.assert_allclose(dots(page, "Losses")[4][1], excess, rtol=0.15)


def test_the_anatomy_shows_lengths_and_angles_of_the_library(page: Page, server: str) -> None:
    open_player(page, server, OPEN + "&of=2")
    table = page.get_by_role("region", name="Anatomy of a step").get_by_role("table")
    expect(table.locator("tbody tr")).to_have_count(3)
    entry = PROBLEMS["fig1"]
    problem = entry.problem(entry.dataset())
    damping = entry.settings.damping
    i = recorded(page, "GD")["steps"].index(iteration(page))
    for name, row in zip(FIELDS, table.locator("tbody tr").all(), strict=True):
        data = recorded(page, name)
        theta = np.array([data["x"][1][i], data["y"][1][i]])
        found = {m: vector_field(problem, m, theta, damping=damping) for m in FIELDS}
        cells = [
            read_number(cell.removesuffix("°")) for cell in row.locator("td").all_text_contents()
        ]
        lengths = [np.linalg.norm(found[m]) for m in FIELDS]
        angles = [np.degrees(np.arccos(cosine(found[m], found["NGD"]))) for m in ("GD", "EFGD")]
        np.testing.assert_allclose(cells[:3], lengths, rtol=6e-3)
        np.testing.assert_allclose(cells[3:], angles, atol=0.6)
        assert row.locator("th").text_content() == name
        # Three arrows from the dot, in the directions of the library.
        paths = panel(page, name).locator(".runners .arrow")
        for method, path in zip(FIELDS, paths.all(), strict=True):
            x, y = re.findall(r"L(-?[\d.e-]+),(-?[\d.e-]+)", path.get_attribute("d") or "")[0]
            assert cosine(np.array([float(x), -float(y)]), found[method]) > 0.9999


def test_a_run_that_has_arrived_has_no_arrows_and_no_angles(page: Page, server: str) -> None:
    # One step of size one takes NGD to the minimum of least squares.
    open_player(page, server, "play=1&damping=0&step=1&steps=100&at=100")
    table = page.get_by_role("region", name="Anatomy of a step").get_by_role("table")
    row = table.locator("tbody tr").filter(has=page.get_by_role("rowheader", name="NGD"))
    expect(row.locator("td")).to_have_text(["0", "0", "0", "–", "–"])
    for path in panel(page, "NGD").locator(".runners .arrow").all():
        assert not path.get_attribute("d")


def test_a_start_dragged_while_the_player_is_open_takes_its_dots_along(
    page: Page, server: str
) -> None:
    open_player(page, server, "play=1&starts=1,1;3,3")
    button(page, "Pause").click()
    scrub(page).focus()
    page.keyboard.press("Home")
    page.wait_for_timeout(600)
    old = revision(page)
    panel(page, "GD").locator(".handle").nth(0).focus()
    page.keyboard.press("Shift+ArrowUp")
    wait_for_picture(page, old)
    page.wait_for_timeout(300)
    np.testing.assert_allclose(dots(page, "EFGD")[0], [1, 1.6], atol=0.05)
    assert iteration(page) == 0


@pytest.fixture
def calm(profile: BrowserContext, server: str) -> Iterator[Page]:
    """A visitor who asked for reduced motion."""
    with visit(profile, calm=True) as page:
        open_player(page, server, "play=1")
        yield page


def test_nothing_plays_by_itself_where_motion_is_not_wanted(calm: Page) -> None:
    calm.wait_for_timeout(800)
    assert iteration(calm) == 0
    expect(button(calm, "Play")).to_be_visible()
    seen = calm.evaluate(
        """() => new Promise((resolve) => {
          const output = document.querySelector('.efviz-player output'), seen = [];
          new MutationObserver(() => seen.push(output.textContent))
            .observe(output, { childList: true });
          document.querySelector('.efviz-player .go').click();
          setTimeout(() => resolve(seen), 1800);
        })"""
    )
    assert 2 <= len(seen) <= 4, "time jumps instead of running"


FRAMES = """() => new Promise((resolve) => {
  const times = [];
  const tick = (now) => {
    times.push(now);
    if (times.length < 90) requestAnimationFrame(tick);
    else resolve(times.slice(1).map((t, i) => t - times[i]));
  };
  requestAnimationFrame(tick);
})"""


def test_twelve_starts_play_without_holding_frames_up(page: Page, server: str) -> None:
    points = ";".join(f"{x},{y}" for x in (-0.5, 1, 2.5, 4.5) for y in (0, 2.5, 4.5))
    open_player(page, server, f"play=1&at=1&starts={points}")
    assert sum(len(dots(page, name)) for name in FIELDS) == 36
    page.wait_for_timeout(1500)
    idle = np.median(page.evaluate(FRAMES))
    player(page).get_by_label("Speed").select_option("0.25")
    button(page, "Play").click()
    page.wait_for_timeout(300)
    playing = np.median(page.evaluate(FRAMES))
    expect(button(page, "Pause")).to_be_visible()
    assert playing < 2 * max(idle, 16.7), f"{playing:.1f} ms a frame, {idle:.1f} at rest"


@pytest.mark.parametrize("width", [360, 800, 1400])
def test_the_player_fits_and_can_be_touched(
    profile: BrowserContext, server: str, width: int
) -> None:
    with visit(profile, width, height=800, new=True) as page:
        session = profile.new_cdp_session(page)
        session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})
        phone = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width == 360}
        session.send("Emulation.setDeviceMetricsOverride", phone)
        open_player(page, server)
        assert page.evaluate("matchMedia('(pointer: coarse)').matches")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width == 360:
            for control in player(page).locator("button, select, input").all():
                box = control.bounding_box()
                assert box
                assert box["height"] >= 44
        for name in PANELS:
            box = panel(page, name).bounding_box()
            assert box
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
        expect(chart(page)).to_be_visible()


def test_junk_in_a_link_to_a_frame_is_repaired(page: Page, server: str) -> None:
    open_page(page, server, "play=1&at=99999&of=40")
    words = page.get_by_role("alert").all_text_contents()
    assert any("Iteration" in w and "50000 is used" in w for w in words)
    assert any("Start followed" in w and "4 is used" in w for w in words)
    assert iteration(page) == 50_000

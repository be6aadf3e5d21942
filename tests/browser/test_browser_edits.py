"""Data points dragged, added, removed and typed, as a visitor does it."""

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from browsing import (
    chart,
    keep_screenshot,
    needs_chromium,
    open_page,
    panel,
    revision,
    wait_for_picture,
    wait_for_rest,
    wait_until,
)
from playwright.sync_api import Locator, Page, expect
from test_browser import pixel_of

pytestmark = needs_chromium

EF_FIELD = "gd => gd._efviz.layers.shapes.map((shape) => shape.path).join('')"


def edits(page: Page) -> list[str]:
    """What the address bar says."""
    query = parse_qs(urlsplit(page.url).query)
    return query.get("edits", [""])[0].split(";") if "edits" in query else []


def wait_for_edits(page: Page, pattern: str) -> str:
    expect(page).to_have_url(re.compile(rf"edits={pattern}(&|$)"), timeout=15_000)
    return ";".join(edits(page))


def turn_on(page: Page) -> None:
    old = revision(page)
    page.get_by_text("Edit data", exact=True).click()
    wait_for_picture(page, old)
    expect(page.get_by_role("button", name="Reset data")).to_be_visible()
    wait_for_rest(page)


def drag(page: Page, name: str, start: tuple[float, float], to: tuple[float, float]) -> None:
    page.mouse.move(*pixel_of(page, name, *start))
    page.mouse.down()
    page.mouse.move(*pixel_of(page, name, *to), steps=8)
    page.mouse.up()


def point(page: Page, name: str, trace: str = "data") -> tuple[int, float, float]:
    """The point drawn that lies alone: its number and where it is."""
    n, x, y = panel(page, name).evaluate(
        """(gd, name) => {
          const handles = gd._efviz.handles, { x, y } = handles.traces.get(name);
          const { index } = handles.kindOf({ trace: name }), { toX, toY } = handles.scales;
          let best = [-1, 0];
          for (let i = 0; i < x.length; i++) {
            let least = Infinity;
            for (let j = 0; j < x.length; j++) if (j !== i)
              least = Math.min(least, Math.hypot(toX(x[i]) - toX(x[j]), toY(y[i]) - toY(y[j])));
            const [low, high] = gd._fullLayout.xaxis.range;
            if (x[i] > low && x[i] < high && least > best[1]) best = [i, least];
          }
          return [index[best[0]], x[best[0]], y[best[0]]];
        }""",
        trace,
    )
    return int(n), x, y


def test_without_the_toggle_nothing_is_edited(page: Page, server: str) -> None:
    open_page(page, server)
    drag(page, "Data", (1.0, 4.0), (3.0, 8.0))
    page.mouse.click(*pixel_of(page, "Data", 1.0, 14.0))
    page.wait_for_timeout(500)
    assert edits(page) == []
    expect(page.get_by_text("examples are edited")).to_have_count(0)


def test_a_point_dragged_far_out_turns_EF_and_the_link_restores_it(page: Page, server: str) -> None:
    open_page(page, server)
    turn_on(page)
    field = panel(page, "EFGD").evaluate(EF_FIELD)
    n, x, y = point(page, "Data")
    limits = panel(page, "Data").evaluate("gd => gd._fullLayout.yaxis.range")
    to = (x, limits[0] + 0.1 * (limits[1] - limits[0]))
    page.mouse.move(*pixel_of(page, "Data", x, y))
    page.mouse.down()
    page.mouse.move(*pixel_of(page, "Data", *to), steps=8)
    # Everything follows while the button is still down.
    wait_for_edits(page, rf"m{n},[^;&]+")
    assert panel(page, "EFGD").evaluate(EF_FIELD) != field
    page.mouse.up()

    def there() -> list[float]:
        (edit,) = edits(page)
        return [float(v) for v in edit.split(",")[1:]]

    wait_until(page, lambda: np.allclose(there(), to, rtol=0.02, atol=0.02))
    wait_for_rest(page)
    np.testing.assert_allclose(there(), to, rtol=0.02, atol=0.02)
    expect(page.get_by_text(f"1 moved ({n})")).to_have_count(1)
    assert panel(page, "Data").evaluate("gd => gd._fullLayout.yaxis.range") == limits
    expect(chart(page)).to_have_attribute("data-revision", revision(page))
    keep_screenshot(page, "edits")
    turned, url = panel(page, "EFGD").evaluate(EF_FIELD), page.url
    other = page.context.new_page()
    other.goto(url)
    expect(chart(other)).to_have_attribute("data-revision", re.compile(".+"), timeout=30_000)
    wait_until(other, lambda: panel(other, "EFGD").evaluate(EF_FIELD) == turned)
    other.close()


def test_a_click_adds_a_double_click_removes_undo_and_as_drawn_take_back(
    page: Page, server: str
) -> None:
    open_page(page, server, "editing=1")
    wait_for_rest(page)
    low, high = panel(page, "Data").evaluate("gd => gd._fullLayout.yaxis.range")
    empty = (0.5, low + 0.9 * (high - low))
    page.mouse.click(*pixel_of(page, "Data", *empty))
    first = wait_for_edits(page, "a[^;&]+")
    np.testing.assert_allclose([float(v) for v in first[1:].split(",")], empty, rtol=0.02, atol=0.1)
    expect(page.get_by_text("1 added (1,000)")).to_have_count(1)
    wait_for_rest(page)
    n, x, y = point(page, "Data")
    page.mouse.dblclick(*pixel_of(page, "Data", x, y))
    if n == 1000:
        expect(page).not_to_have_url(re.compile("edits="))
    else:
        wait_for_edits(page, rf"a[^;&]+;r{n}")
    wait_for_rest(page)
    page.get_by_role("button", name="Undo last").click()
    assert wait_for_edits(page, "a[^;&]+") == first
    page.get_by_role("button", name="Reset data", disabled=False).click()
    expect(page).not_to_have_url(re.compile("edits="), timeout=15_000)
    expect(page.get_by_role("button", name="Reset data")).to_be_disabled()
    page.get_by_role("button", name="Undo last").click()
    assert wait_for_edits(page, "a[^;&]+") == first


def test_numbers_do_what_the_pointer_does(page: Page, server: str) -> None:
    open_page(page, server, "problem=fig2&editing=1")

    def box(label: str) -> Locator:
        return page.get_by_role("spinbutton", name=label, exact=True)

    def enter(label: str, value: str) -> None:
        box(label).fill(value)
        box(label).press("Enter")
        wait_for_rest(page)

    first = box("x₁").input_value()
    enter("Example", "600")
    # The boxes have come to hold this example.
    expect(box("x₁")).not_to_have_value(first, timeout=15_000)
    enter("x₁", "7.5")
    enter("x₂", "-3")
    enter("y", "0.2")
    page.get_by_role("button", name="Move it there").click()
    wait_for_edits(page, "m600,7.5,-3,0")
    page.get_by_role("button", name="Remove it").click()
    wait_for_edits(page, "r600")
    page.get_by_role("button", name="Add one there").click()
    wait_for_edits(page, "r600;a[^;&]+")


def test_a_point_of_a_class_keeps_it_and_a_new_one_takes_the_chosen(
    page: Page, server: str
) -> None:
    open_page(page, server, "problem=fig2&editing=1", slug="at-the-minimum")
    expect(page.locator(".stProgress")).to_have_count(0, timeout=60_000)
    name = "s = 0.5"
    n, x, y = point(page, name, "class 1")
    drag(page, name, (x, y), (x + 1, y + 1))
    wait_for_edits(page, rf"m{n},[^,]+,[^,;]+")
    wait_for_rest(page)
    page.get_by_role("radio", name="0", exact=True).click()
    wait_for_rest(page)
    # The choice of a class may have scrolled the panel away.
    page.get_by_role("heading", name="At the minimum").scroll_into_view_if_needed()
    wait_for_rest(page)
    low, high = panel(page, name).evaluate("gd => gd._fullLayout.yaxis.range")
    page.mouse.click(*pixel_of(page, name, x, high - 0.05 * (high - low)))
    wait_for_edits(page, rf"m{n},[^;]+;a[^,]+,[^,]+,0")
    expect(page.get_by_text("Edits apply only to the data chosen by the sliders")).to_have_count(1)


@pytest.mark.parametrize("problem", ["fig1", "softmax"])
def test_gradient_noise_shows_its_data_while_they_are_edited(
    page: Page, server: str, problem: str
) -> None:
    open_page(page, server, f"problem={problem}", slug="gradient-noise")
    expect(panel(page, "Data")).to_have_count(0)
    turn_on(page)
    expect(panel(page, "Data")).to_have_count(1)
    panel(page, "Data").scroll_into_view_if_needed()
    n, x, y = point(page, "Data")
    drag(page, "Data", (x, y), (x + 0.5, y))
    wait_for_edits(page, rf"m{n},[^;&]+")


def test_four_matrices_follow_a_point_and_look_at_it(page: Page, server: str) -> None:
    open_page(page, server, "tab=example", slug="four-matrices")
    turn_on(page)
    expect(page.locator("[data-testid='stProgress']")).to_have_count(0, timeout=60_000)
    panel(page, "Data").scroll_into_view_if_needed()
    said = page.locator(".efviz-sentence").filter(has_text="At θ").first
    before = said.inner_text()
    n, x, y = point(page, "Data")
    low, high = panel(page, "Data").evaluate("gd => gd._fullLayout.yaxis.range")
    drag(page, "Data", (x, y), (x, high - 0.05 * (high - low)))
    wait_for_edits(page, rf"m{n},[^;&]+")
    expect(page.get_by_text(f"Example {n} of 1,000")).to_be_visible(timeout=15_000)
    expect(page.get_by_role("spinbutton", name="Example n", exact=True)).to_have_value(str(n))
    expect(page.get_by_role("spinbutton", name="Example", exact=True)).to_have_value(str(n))
    expect(said).not_to_have_text(before)
    page.get_by_role("button", name="Reset data", disabled=False).click()
    expect(said).to_have_text(before, timeout=15_000)

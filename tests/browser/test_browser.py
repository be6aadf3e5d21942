"""The page Vector fields in a real Chromium, as a visitor uses it."""

import re
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from browsing import (
    chart,
    needs_chromium,
    open_page,
    panel,
    revision,
    slider,
    visit,
    wait_for_picture,
    wait_for_rest,
    wait_until,
)
from playwright.sync_api import BrowserContext, Page, Route, expect

pytestmark = needs_chromium


def minimum(page: Page, name: str = "NGD") -> list[float]:
    """Where the star of a panel is, in data coordinates."""
    found = panel(page, name).evaluate(
        """gd => gd._efviz.whole.data.filter((t) => t.name === 'minimum')
                    .map((t) => [t.x[0], t.y[0]])[0]"""
    )
    return [float(value) for value in found]


def starts(page: Page, name: str = "NGD") -> list[list[float]]:
    found = panel(page, name).evaluate(
        """gd => { const all = gd._efviz.whole.data;
                   const t = all.find((t) => t.name === 'starts');
                   return [...t.x].map((x, i) => [x, t.y[i]]); }"""
    )
    return [[float(value) for value in row] for row in found]


def pixel_of(page: Page, name: str, x: float, y: float) -> tuple[float, float]:
    """The point of the window that shows (x, y) of a panel."""
    left, top = panel(page, name).evaluate(
        """(gd, [x, y]) => {
          const { xaxis, yaxis } = gd._fullLayout, box = gd.getBoundingClientRect();
          return [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)];
        }""",
        [x, y],
    )
    return float(left), float(top)


def test_the_first_picture_is_figure_1(page: Page, server: str) -> None:
    open_page(page, server)
    assert [p.get_attribute("aria-label") is not None for p in chart(page).locator(">div").all()]
    for name in ("Data", "GD", "NGD", "EFGD"):
        expect(panel(page, name)).to_have_count(1)
    boxes = [p.bounding_box() for p in chart(page).locator("> div").all()]
    assert len(boxes) == 4
    assert len({round(box["width"]) for box in boxes if box}) == 1, "panels differ in width"
    ground = page.locator(".ground path").first.evaluate("p => getComputedStyle(p).stroke")
    assert ground not in ("none", "")
    np.testing.assert_allclose(minimum(page), [2.03856408, 1.98039568], rtol=1e-6)
    expect(page.locator(".efviz-sentence")).to_contain_text("4 of 4 with EFGD")
    expect(page.locator(".efviz-table tbody tr")).to_have_count(4)
    assert page.url.endswith("/efviz/vector-fields")


def test_a_key_on_a_slider_moves_the_picture_and_the_link(figure_1: Page) -> None:
    page = figure_1
    old = revision(page)
    slider(page, "Strength s").focus()
    page.keyboard.press("ArrowRight")
    wait_for_picture(page, old)
    expect(page).to_have_url(re.compile(r"\?s=0\.05$"))
    expect(slider(page, "Strength s")).to_have_attribute("aria-valuetext", "0.05")


def test_the_picture_follows_while_the_slider_is_dragged(figure_1: Page) -> None:
    page = figure_1
    box = slider(page, "Strength s").bounding_box()
    assert box
    seen = set()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.25, y)
    page.mouse.down()
    for i in range(25):
        page.mouse.move(box["x"] + box["width"] * (0.25 + 0.02 * i), y)
        page.wait_for_timeout(60)
        seen.add(revision(page))
    assert len(seen) >= 3, "no new picture before the mouse was released"
    page.mouse.up()
    value = slider(page, "Strength s").get_attribute("aria-valuetext")
    expect(page).to_have_url(re.compile(rf"[?&]s={re.escape(str(value))}$"), timeout=10_000)


def test_a_link_shows_a_fresh_visitor_the_same_picture(
    profile: BrowserContext, server: str
) -> None:
    query = "problem=fig2&path=B&s=0.7&damping=0.01&starts=0.5,0.5;-1,0.25&grid=9&cos=1"
    with visit(profile) as page:
        open_page(page, server, query)
        # Revisions of the same settings are equal once all is computed.
        wait_for_rest(page)
        expect(page.locator(".stProgress")).to_have_count(0, timeout=30_000)
        first = revision(page)
        assert starts(page) == [[0.5, 0.5], [-1.0, 0.25]]
        assert page.url.partition("?")[2] == query
    with visit(profile) as other:
        open_page(other, server, query)
        expect(chart(other)).to_have_attribute("data-revision", first, timeout=30_000)


def test_junk_in_a_link_gets_a_sentence_and_a_picture(page: Page, server: str) -> None:
    open_page(page, server, "s=a%3Cb%3E&damping=-3&problem=nonsense&foo=1&n=12.5")
    words = page.get_by_role("alert").all_text_contents()
    assert any("is not a number" in w for w in words)
    assert any("lies outside" in w for w in words)
    assert any("nonsense" in w for w in words)
    assert any("foo" in w for w in words)
    expect(page.locator(".efviz-sentence")).to_be_visible()


@pytest.mark.parametrize("name", ["GD", "NGD", "EFGD"])
def test_a_click_on_empty_area_places_a_start_there(figure_1: Page, name: str) -> None:
    page = figure_1
    old = revision(page)
    page.mouse.click(*pixel_of(page, name, 3.5, 0.6))
    wait_for_picture(page, old)
    assert len(starts(page)) == 5
    np.testing.assert_allclose(starts(page)[-1], [3.5, 0.6], atol=0.03)
    assert "starts=" in page.url
    expect(page.locator(".efviz-table tbody tr")).to_have_count(5)


def test_zoom_survives_new_data_and_a_double_click_ends_it(page: Page, server: str) -> None:
    open_page(page, server)
    x_range = "gd => gd._fullLayout.xaxis.range"
    page.mouse.move(*pixel_of(page, "NGD", 1, 1))
    page.mouse.down()
    page.mouse.move(*pixel_of(page, "NGD", 3, 3), steps=8)
    page.mouse.up()
    wait_until(page, lambda: np.allclose(panel(page, "NGD").evaluate(x_range), [1, 3], atol=0.1))
    zoomed = panel(page, "NGD").evaluate(x_range)
    old = revision(page)
    slider(page, "Strength s").focus()
    page.keyboard.press("ArrowRight")
    wait_for_picture(page, old)
    for name in ("GD", "NGD", "EFGD"):
        np.testing.assert_allclose(panel(page, name).evaluate(x_range), zoomed, atol=1e-6)
    page.mouse.dblclick(*pixel_of(page, "GD", 2, 2.5))
    for name in ("GD", "NGD", "EFGD"):
        chosen = panel(page, name)
        wait_until(page, lambda one=chosen: np.allclose(one.evaluate(x_range), [-1, 5], atol=1e-6))


def test_a_typed_value_is_taken_and_a_wrong_one_is_explained(figure_1: Page) -> None:
    page = figure_1
    typed = page.get_by_role("textbox", name="Damping λ, typed value")
    old = revision(page)
    typed.fill("0.25")
    typed.press("Enter")
    wait_for_picture(page, old)
    expect(page).to_have_url(re.compile(r"damping=0\.25"))
    typed.fill("-3")
    typed.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Damping λ is a number")).to_be_visible()
    expect(typed).to_have_value("0.25")
    # Where nothing is typed, numbers are written as everywhere; that they can be typed is seen.
    typed.fill("0.00000562")
    typed.press("Enter")
    expect(typed).to_have_value("5.62e−6")
    slider(page, "Strength s").focus()
    expect(typed).to_have_value("5.62·10⁻⁶")
    line = typed.evaluate("e => getComputedStyle(e).borderBottomColor")
    assert line != typed.evaluate("e => getComputedStyle(e).borderTopColor")
    typed.focus()
    expect(typed).to_have_value("5.62e−6")


def test_damping_zero_is_at_the_left_end(figure_1: Page) -> None:
    page = figure_1
    slider(page, "Damping λ").focus()
    page.keyboard.press("Home")
    expect(page).to_have_url(re.compile(r"damping=0$"))


def test_presets_set_what_was_made_and_what_is_printed(page: Page, server: str) -> None:
    open_page(page, server, "problem=fig4&s=1")
    page.get_by_role("button", name="Fig. 1 with the printed step size").click()
    expect(page).to_have_url(re.compile(r"\?step=0\.0001$"), timeout=15_000)
    page.get_by_role("button", name="Paper Fig. 1, as published").click()
    expect(page).to_have_url(re.compile(r"/efviz/vector-fields$"), timeout=15_000)
    np.testing.assert_allclose(minimum(page), [2.03856408, 1.98039568], rtol=1e-6)


def test_more_settings_open_and_change_the_picture(page: Page, server: str) -> None:
    open_page(page, server)
    page.get_by_text("More settings").click()
    seed = page.get_by_role("spinbutton", name="Seed")
    expect(seed).to_be_visible(timeout=15_000)
    old = revision(page)
    seed.fill("7")
    seed.press("Enter")
    wait_for_picture(page, old)
    expect(page).to_have_url(re.compile(r"seed=7"))


@pytest.mark.parametrize("form", ["png", "svg"])
def test_a_panel_can_be_taken_along(figure_1: Page, form: str, tmp_path: Path) -> None:
    page = figure_1
    panel(page, "EFGD").hover()
    button = panel(page, "EFGD").locator(f"[data-title='Download as {form.upper()}']")
    with page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == f"EFGD.{form}"
    file = tmp_path / "figure"
    download.value.save_as(file)
    content = file.read_bytes()
    if form == "png":
        assert content.startswith(b"\x89PNG")
    else:
        # Arrows, contours and trajectories are in it, though the page draws them by itself.
        assert content.count(b"<path") > 10
        assert b"#bb5566" in content or b"rgb(187, 85, 102)" in content


def test_a_slider_moved_before_the_chart_is_loaded_does_no_harm(page: Page, server: str) -> None:
    waiting: list[Route] = []
    page.route("**/plotly.min.js*", lambda route: waiting.append(route))
    page.goto(f"{server}/vector-fields", wait_until="commit")
    slider(page, "Step size γ").focus(timeout=30_000)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(500)
    for route in waiting:
        route.continue_()
    expect(panel(page, "EFGD")).to_be_visible(timeout=15_000)
    expect(page).to_have_url(re.compile(r"step=0\.002\d+"))


SLOW_PLOTLY = """
let plotly;
Object.defineProperty(window, 'Plotly', {
  get: () => plotly,
  set: (library) => {
    const { react } = library;
    const later = () => new Promise((resolve) => setTimeout(resolve, 2000));
    library.react = (...all) => later().then(() => react(...all));
    plotly = library;
  },
});
"""


def test_what_comes_while_the_first_picture_is_drawn_is_drawn_too(
    new_page: Page, server: str
) -> None:
    page = new_page
    page.add_init_script(SLOW_PLOTLY)
    page.goto(f"{server}/vector-fields?starts=0,0")
    expect(panel(page, "EFGD")).to_be_attached(timeout=30_000)
    page.get_by_role("button", name="Paper Fig. 1").click()
    expect(panel(page, "EFGD").locator(".handle")).to_have_count(4, timeout=15_000)


def test_long_work_shows_progress_and_stops_on_demand(page: Page, server: str) -> None:
    open_page(page, server, "problem=fig2&n=5000&steps=50000")
    stop = page.get_by_role("button", name="Stop here")
    expect(stop).to_be_visible(timeout=20_000)
    expect(page.get_by_text(re.compile(r"\d+\s% of the trajectories computed"))).to_be_visible()
    stop.click()
    expect(page.get_by_role("button", name="Continue")).to_be_visible(timeout=20_000)
    rest = revision(page)
    page.wait_for_timeout(1500)
    assert revision(page) == rest
    expect(page.locator(".efviz-sentence")).to_be_visible()


def test_headers_keep_other_hosts_out(server: str) -> None:
    with urllib.request.urlopen(server + "/") as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    assert "'unsafe-eval'" not in policy


def test_assets_are_compressed_and_kept(server: str, page: Page) -> None:
    open_page(page, server)
    urls = page.evaluate("performance.getEntriesByType('resource').map((e) => e.name)")
    plotly = next(url for url in urls if "plotly.min.js" in url)
    request = urllib.request.Request(plotly, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "immutable" in answer.headers["Cache-Control"]
        assert len(answer.read()) < 2_000_000
    with pytest.raises(OSError, match="404"):
        urllib.request.urlopen(plotly.replace("plotly.min.js", "nothing.js"))

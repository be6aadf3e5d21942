"""Names of lines in a real Chromium: at their line, whole, apart, in images too."""

import re
from pathlib import Path
from typing import Any

import pytest
from browsing import chart, needs_chromium, open_page, wait_for_rest
from playwright.sync_api import Page, expect

pytestmark = needs_chromium

WIDTHS = (360, 700, 768, 1024, 1440, 1920)

# What is wrong with the names of lines, by Plotly's own places of their ends.
WRONG = """() => [...document.querySelectorAll('.efviz-chart > [role=figure]')].flatMap((gd) => {
  const names = gd._efviz.whole?.data.find(({ textposition }) => textposition === 'middle right');
  const words = [...gd.querySelectorAll('.names .word')];
  const panel = gd.getBoundingClientRect(), { xaxis, yaxis } = gd._fullLayout;
  const wrong = [];
  const said = words.map((word) => word.textContent).join(', ');
  const texts = [...(names?.text ?? [])], size = names?.textfont.size;
  if (said.split(/, ?/).sort().join() !== texts.sort().join()) wrong.push(`${said}: ${texts}`);
  const boxes = words.map((word) => ({ word, box: word.getBoundingClientRect() }));
  boxes.forEach(({ word, box }, i) => {
    const text = word.textContent, first = names.text.indexOf(text.split(',')[0]);
    if (box.left < panel.left - 1 || box.right > panel.right + 1 || box.top < panel.top)
      wrong.push(`${text} is cut`);
    for (const other of boxes.slice(i + 1))
      if (box.left < other.box.right && other.box.left < box.right &&
          box.top + 2 < other.box.bottom - 2 && other.box.top + 2 < box.bottom - 2)
        wrong.push(`${text} covers ${other.word.textContent}`);
    const [x, y] = [xaxis.d2p(names.x[first]), yaxis.d2p(names.y[first])];
    const middle = (box.top + box.bottom) / 2 - panel.top - yaxis._offset;
    const from = `M${x},${y}`.replace(/[\\d.]+/g, (n) => Math.round(n));
    const leads = [...gd.querySelectorAll('.names .leader')].some((leader) =>
      leader.getAttribute('d').split('L')[0].replace(/[\\d.]+/g, (n) => Math.round(n)) === from);
    if (!leads && Math.abs(middle - y) > 0.6 * size + 2) wrong.push(`${text} is far off`);
    const fill = word.querySelector('tspan').getAttribute('fill'), { color } = names.textfont;
    if (fill !== color[first]) wrong.push(`${text} is ${fill}, not ${color[first]}`);
  });
  return wrong;
})"""


def check(page: Page) -> None:
    wait_for_rest(page)
    assert page.evaluate(WRONG) == []


@pytest.mark.parametrize("slug", ["gradient-noise", "optimization"])
def test_names_are_whole_apart_and_at_their_line(page: Page, server: str, slug: str) -> None:
    open_page(page, server, slug=slug)
    expect(page.locator(".stProgress")).to_have_count(0, timeout=30_000)
    assert page.locator(".names .word").count() >= 3
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        check(page)


def test_names_are_whole_where_letters_are_large(page: Page, server: str) -> None:
    open_page(page, server, "present=1", slug="gradient-noise")
    expect(page.locator(".stProgress")).to_have_count(0, timeout=30_000)
    for width in (1024, 700):
        page.set_viewport_size({"width": width, "height": 768})
        check(page)


# By name, the left edge and the middle of its text, from the corner of the panel or the image.
ON_SCREEN = """(gd) => Object.fromEntries([...gd.querySelectorAll('.names .word')].map((word) => {
  const box = word.getBoundingClientRect(), panel = gd.getBoundingClientRect();
  return [word.textContent, [box.left - panel.left, (box.top + box.bottom) / 2 - panel.top]];
}))"""
IN_IMAGE = """(text) => {
  const host = document.createElement('div');
  host.innerHTML = text;
  document.body.append(host);
  const corner = host.firstElementChild.getBoundingClientRect();
  const found = [...host.querySelectorAll('.annotation-text')].map((word) => {
    const box = word.getBoundingClientRect();
    return [word.textContent, [box.left - corner.left, (box.top + box.bottom) / 2 - corner.top]];
  });
  host.remove();
  return Object.fromEntries(found);
}"""


def test_an_image_names_lines_where_the_screen_does(page: Page, server: str) -> None:
    open_page(page, server, slug="gradient-noise")
    expect(page.locator(".stProgress")).to_have_count(0, timeout=30_000)
    wait_for_rest(page)
    runs = chart(page).locator("> [role=figure]").nth(3)
    runs.hover()
    with page.expect_download() as download:
        runs.locator("[data-title='Download as SVG']").click()
    image = Path(download.value.path()).read_text(encoding="utf-8")
    screen: dict[str, Any] = runs.evaluate(ON_SCREEN)
    drawn: dict[str, Any] = page.evaluate(IN_IMAGE, re.sub(r"^<\?xml.*?\?>", "", image))
    assert sorted(drawn) == sorted(screen)
    assert len(drawn) >= 2
    for name, (x, y) in screen.items():
        assert drawn[name] == pytest.approx([x, y], abs=4)

"""All of a page by keyboard alone: Tab reaches everything, and one sees where it is."""

import re

import pytest
from browsing import Scheme, needs_chromium, open_page, visit
from playwright.sync_api import BrowserContext, Page, expect

from efviz.dashboard.pages import PAGES

pytestmark = needs_chromium

# What shows the focus may be drawn by the element, by what holds it or by what it holds.
LOOK = """
  window.lookOf = (e) => {
    const around = [e, e.parentElement, e.parentElement?.parentElement, e.querySelector('.target'),
                    e.closest('label')?.firstElementChild, e.nextElementSibling];
    for (let up = e, i = 0; up && i < 6; i++, up = up.parentElement) around.push(up);
    return around.filter(Boolean).map((node) => {
      const s = getComputedStyle(node);
      const line = s.outlineStyle === 'none' ? '' : s.outline;
      return [line, s.boxShadow, s.borderColor, s.stroke].join();
    }).join(' | ');
  };
  window.stops = [];
"""
STOP = """() => {
  const e = document.activeElement;
  if (e === document.body) return null;
  // Beside its name a button may have an icon, which is a letter of a font.
  const named = e.querySelector('p') ?? e;
  const words =
    e.getAttribute('aria-label') || e.labels?.[0]?.innerText || named.innerText || '';
  const name = words.trim().split('\\n')[0];
  stops.push({ e, name: `${e.tagName.toLowerCase()} ${name}` });
  return stops.at(-1).name;
}"""
# Once what changes with the focus has changed.
CHANGED = """async () => {
  const frame = () => new Promise(requestAnimationFrame);
  await frame();
  await frame();
  const changes = document.getAnimations().filter((one) => one instanceof CSSTransition);
  await Promise.allSettled(changes.map((one) => one.finished));
}"""
SEEN = "() => { stops.at(-1).look = lookOf(stops.at(-1).e); }"
# What scrolls takes the focus in Chromium, and shows none.
UNSEEN = """() => stops.filter(({ e, look }) => e.isConnected && look === lookOf(e))
                       .map(({ name }) => name).filter((name) => !name.startsWith('main '))"""


def walk(page: Page, most: int = 120) -> list[str]:
    """Everything that Tab reaches from the top of the page, in its order."""
    page.evaluate(LOOK)
    found = []
    for _ in range(most):
        page.keyboard.press("Tab")
        name = page.evaluate(STOP)
        if name is None:
            return found
        found.append(name)
        page.evaluate(CHANGED)
        page.evaluate(SEEN)
    raise AssertionError(f"no end after {found[-3:]}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tab_reaches_everything_and_shows_where_it_is(
    profile: BrowserContext, server: str, scheme: Scheme
) -> None:
    with visit(profile, 1400, scheme) as page:
        open_page(page, server, "play=1&at=100")
        expect(page.get_by_role("region", name="Player")).to_be_visible(timeout=15_000)
        found = walk(page)
        page.evaluate("document.activeElement.blur()")
        page.evaluate(CHANGED)
        assert page.evaluate(UNSEEN) == []
    links = [f"a {entry.title}" for entry in PAGES.values()]
    assert [name for name in found if name in links] == links
    sliders = ("Strength s", "Damping λ", "Step size γ", "Iteration")
    ranges = [f"input {name}" for name in sliders]
    assert [name for name in found if name in ranges] == ranges
    assert all(f"{name}, typed value" in found for name in ranges[:-1])
    starts = [name for name in found if re.match(r"g start \d at", name)]
    assert [name[:9] for name in starts] == [f"g start {i}" for i in range(1, 5)]
    buttons = (
        "Paper Fig. 1, as published",
        "Pin",
        "Copy link",
        "Play",
        "One step back",
        "Export",
    )
    buttons += ("One step forward", "Numbers of this figure", "Download as SVG")
    assert not {f"button {name}" for name in buttons} - set(found)

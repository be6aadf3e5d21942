"""Every page wide, projected and narrow, light and dark: whole, and accessible.

axe-core finds nothing to object to: WCAG 2.0 to 2.2, levels A and AA, and its best practices.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from browsing import SIGHTS, keep_screenshot, needs_chromium, visit, wait_for_rest
from playwright.sync_api import BrowserContext, Page, expect
from test_browser_paper import open_paper

from efviz import __version__
from efviz.dashboard.pages import PAGES

pytestmark = needs_chromium

OVERPRINT = Path(__file__).with_name("overprint.js").read_text(encoding="utf-8")
PATIENCE = 30_000
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
SEEN = (
    ".efviz-chart[data-revision], .efviz-contrast[data-share], .efviz-claims, "
    ".st-key-lessons-list button"
)
STATES = {
    "player": "vector-fields?play=1&at=100",
    "lesson": "vector-fields?lesson=growing-step.3&s=-1&damping=0",
    "presenter": "lessons?lesson=classifier.2&present=1",
}
# The first page has no path of its own.
PLACES = {slug: slug if i else "" for i, slug in enumerate(PAGES)} | STATES
# Its panels have the longest words.
PLACES["four-matrices"] += "?problem=saturation"


@dataclass(frozen=True)
class Known:
    """What Streamlit's own markup violates: the rule, where its selector begins, and why."""

    rule: str
    selector: str
    why: str


KNOWN: tuple[Known, ...] = ()
"""None: compat.css mends the one thing there was, white on the primary buttons of a dark page."""


def violations(page: Page) -> list[str]:
    """Those that are not known, a line for each element. By `evaluate`, to which no CSP applies."""
    # What is about to be replaced is pale while it waits.
    expect(page.locator("[data-stale='true']")).to_have_count(0, timeout=PATIENCE)
    expect(page.locator(".stProgress")).to_have_count(0, timeout=PATIENCE)
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(Axe().axe_script)
    options = {"runOnly": {"type": "tag", "values": TAGS}, "resultTypes": ["violations"]}
    found: dict[str, Any] = page.evaluate("(options) => axe.run(document, options)", options)
    lines = []
    for violation in found["violations"]:
        for node in violation["nodes"]:
            target = " ".join(map(str, node["target"]))
            known = any(k.rule == violation["id"] and target.startswith(k.selector) for k in KNOWN)
            if not known:
                lines.append(f"{violation['id']} at {target}: {node['html'][:200]}")
    return lines


CUT_OFF = """() => {
  const all = (selector, of = document) => [...of.querySelectorAll(selector)];
  const sides = (element) => element.getBoundingClientRect();
  const outside = (one, box) => one.left < box.left - 1 || one.right > box.right + 1;
  const page = document.documentElement, screen = { left: 0, right: page.clientWidth };
  const panels = all('.efviz-chart > [role=figure]');
  const bar = document.querySelector('header'), title = document.querySelector('h1');
  return [
    ...(page.scrollWidth > page.clientWidth ? ['the page is wider than its window'] : []),
    ...panels.filter((panel) => outside(sides(panel), screen)).map((panel) => panel.ariaLabel),
    ...panels.flatMap((panel) => all('.marks .word, .names .word, .gtitle', panel)
      .filter((word) => outside(sides(word), sides(word.closest('.marks') ?? panel)))
      .map((word) => `${word.textContent} of ${panel.ariaLabel}`)),
    ...(sides(title).top < sides(bar).bottom - 1 ? ['the bar covers the title'] : []),
  ];
}"""


@pytest.mark.parametrize("place", PLACES)
def test_a_page_is_whole_and_accessible_at_every_sight(
    profile: BrowserContext, server: str, place: str
) -> None:
    """`visit` fails for any request to another host, and for any error of the console."""
    (width, scheme), *_ = SIGHTS
    with visit(profile, width, scheme) as page:
        page.emulate_media(reduced_motion="reduce")
        with page.expect_request("**/_stcore/**"):
            page.goto(f"{server}/{PLACES[place]}")
        page.wait_for_selector(SEEN, timeout=PATIENCE)
        if place in PAGES:
            expect(page.locator("h1")).to_be_visible(timeout=PATIENCE)
            expect(page.locator(".efviz-version")).to_contain_text(f"efviz {__version__}")
        for width, scheme in SIGHTS:
            page.emulate_media(reduced_motion="reduce", color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 768 if width == 1024 else 900})
            expect(page.locator(".stApp")).to_have_css("color-scheme", scheme, timeout=PATIENCE)
            wait_for_rest(page)
            assert violations(page) == []
            assert page.evaluate(CUT_OFF) == []
            assert page.evaluate(OVERPRINT, [0, width]) == []
            keep_screenshot(page, f"{place}-{width}-{scheme}")
        # A tablet, and what a zoom of 200 % leaves of a window of 1,024.
        for width in (700, 512):
            page.set_viewport_size({"width": width, "height": 900})
            wait_for_rest(page)
            assert page.evaluate(CUT_OFF) == []
            assert page.evaluate(OVERPRINT, [0, width]) == []


def test_axe_would_find_what_is_wrong(profile: BrowserContext, server: str) -> None:
    with visit(profile, 1400, "light") as page:
        open_paper(page, server)
        wait_for_rest(page)
        page.evaluate(
            """() => {
              const pale = document.createElement('p'), bare = document.createElement('button');
              pale.textContent = 'pale';
              pale.style.cssText = 'color: #aaaaaa; background: #ffffff';
              document.querySelector('.efviz-claims').before(pale, bare);
            }"""
        )
        rules = {line.partition(" ")[0] for line in violations(page)}
        assert rules == {"color-contrast", "button-name"}

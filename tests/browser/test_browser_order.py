"""Streamlit may call a component in any order while its module loads: the newest data are shown."""

import pytest
from browsing import needs_chromium
from playwright.sync_api import Page

from efviz.dashboard.server import assets

pytestmark = needs_chromium

PLAY = """async ([url, story]) => {
  const { default: inOrder } = await import(url);
  const parentElement = document.body.appendChild(document.createElement('div'));
  const render = async ({ data, parentElement }) => {
    parentElement.shown = data;
    await new Promise((done) => setTimeout(done, 20));
    return () => delete parentElement.shown;
  };
  const undo = {}, shown = [];
  for (const group of story) {
    await Promise.all(group.map(async (word) => {
      const [call, stale] = word.split(' ');
      undo[call] = await inOrder(render, { data: call, parentElement });
      // As Streamlit does with what was overtaken, as soon as it is done.
      if (stale) undo[call]();
    }));
    await new Promise((done) => setTimeout(done, 200));
    shown.push(parentElement.shown);
  }
  parentElement.remove();
  undo[shown.at(-1)]();
  return [...shown, parentElement.shown ?? 'gone'];
}"""


@pytest.mark.parametrize(
    ("story", "shown"),
    [
        ([["1"], ["2"], ["3"]], ["1", "2", "3"]),
        ([["1 stale", "2 stale", "3"]], ["3"]),
        ([["2", "1 stale"]], ["2"]),
        ([["2 stale", "3", "1 stale"]], ["3"]),
        ([["1"], ["3", "2 stale"], ["4"]], ["1", "3", "4"]),
        ([["1"], ["2 stale"], ["3"]], ["1", "1", "3"]),
    ],
    ids=str,
)
def test_the_newest_call_is_shown_in_whatever_order_they_come(
    page: Page, server: str, story: list[list[str]], shown: list[str]
) -> None:
    url = server + assets.url("order.js")
    page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    page.goto(url)
    assert page.evaluate(PLAY, [url, story]) == [*shown, "gone"]

"""An installed extension in a browser: its methods are chosen, drawn, linked and exported."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import (
    chart,
    needs_chromium,
    open_page,
    panel,
    serve,
    slider,
    wait_for_picture,
    wait_for_rest,
)
from browsing import revision as picture
from installed import install
from playwright.sync_api import Browser, Page, expect

from efviz.style import OTHERS

pytestmark = needs_chromium


@pytest.fixture(scope="module")
def extended(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A visitor of a server that finds the extension; errors in the console fail the test."""
    wrong: list[str] = []
    with serve("app.py", **install(tmp_path_factory.mktemp("installed"))) as url:
        context = browser.new_context(
            viewport={"width": 1400, "height": 900}, accept_downloads=True
        )
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"{url}/_stcore/health")
        yield page
        context.close()
    assert not wrong


def root(page: Page) -> str:
    return page.url.split("/efviz/")[0] + "/efviz"


def test_own_methods_are_chosen_drawn_and_linked(extended: Page) -> None:
    page = extended
    open_page(page, root(page), "methods=NGD,2EF&n=100&steps=50")
    labels = chart(page).locator("> div[aria-label]").all()
    titles = [(one.get_attribute("aria-label") or "").split(":")[0] for one in labels]
    assert titles[1:] == ["NGD", "2EF"]
    line = panel(page, "2EF").locator(f"path[stroke='{OTHERS[0].colour}']")
    expect(line.first).to_be_visible()
    old = picture(page)
    page.get_by_text("More settings").click()
    expect(page.get_by_role("spinbutton", name="Scale of 2EF")).to_be_visible()
    wait_for_rest(page)
    page.get_by_role("combobox", name="Methods").fill("sign")
    page.get_by_role("option", name="sign").first.click()
    wait_for_picture(page, old)
    expect(panel(page, "sign")).to_be_visible()
    expect(page).to_have_url(re.compile("methods=NGD,2EF,sign"))
    for name in ("NGD", "2EF", "sign"):
        expect(page.get_by_role("spinbutton", name=f"Scale of {name}")).to_be_visible()


def test_a_run_of_an_own_method_is_exported(extended: Page, tmp_path: Path) -> None:
    page = extended
    open_page(page, root(page), "set=wine&methods=GD,H/2", slug="optimization")
    expect(slider(page, "H/2 damping λ")).to_be_visible()
    page.get_by_text("Export", exact=True).first.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Numbers (CSV)").first.click()
    download.value.save_as(tmp_path / "runs.csv")
    assert "H/2" in (tmp_path / "runs.csv").read_text()

"""The page At the minimum, and own tables, in a real Chromium."""

import re
from pathlib import Path

import numpy as np
import pytest
from browsing import (
    chart,
    needs_chromium,
    open_page,
    revision,
    slider,
    wait_for_picture,
)
from playwright.sync_api import Locator, Page, expect

pytestmark = needs_chromium

SLUG = "at-the-minimum"
CSV = "hours,sleep,passed\n" + "\n".join(
    f"{h:.3f},{s:.3f},{'yes' if h + noise > 5 else 'no'}"
    for h, s, noise in np.random.default_rng(0).normal([5, 7, 0], [2, 1, 1], (200, 3))
)


def curves(page: Page) -> Locator:
    return page.locator(".efviz-chart").nth(1)


def wait_for_curves(page: Page) -> None:
    expect(page.get_by_text("8 seeds.").last).to_be_visible(timeout=30_000)
    expect(page.locator("[data-testid='stProgress']")).to_have_count(0, timeout=60_000)


def test_three_cases_and_the_morph_stand_side_by_side(page: Page, server: str) -> None:
    open_page(page, server, slug=SLUG)
    panels = chart(page).locator("> div")
    expect(panels).to_have_count(8)
    boxes = [p.bounding_box() for p in panels.all()]
    tops = {round(box["y"]) for box in boxes if box}
    assert len(tops) == 2, "data above, ellipses below"
    expect(page.locator(".efviz-sentence")).to_contain_text("8.3\u202f% (correct model)")
    expect(page.get_by_text("which these data confirm: 73.3\u202f%")).to_be_visible()


def test_the_curves_come_by_themselves_and_do_not_hold_up_the_sliders(
    page: Page, server: str
) -> None:
    open_page(page, server, "problem=fig1", slug=SLUG)
    for i in range(4):
        old = revision(page)
        slider(page, "Strength s").focus()
        page.keyboard.press("ArrowRight")
        wait_for_picture(page, old)
        expect(page).to_have_url(re.compile(rf"s=0\.{55 + 5 * i:g}".rstrip("0")))
    wait_for_curves(page)
    names = curves(page).locator(".word").all_text_contents()
    assert {"correct model", "A", "B"} <= set(names)


def test_the_morph_follows_while_it_is_dragged(page: Page, server: str) -> None:
    open_page(page, server, slug=SLUG)
    wait_for_curves(page)
    box = slider(page, "Strength s").bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    seen = set()
    page.mouse.move(box["x"] + box["width"] * 0.5, y)
    page.mouse.down()
    for i in range(25):
        page.mouse.move(box["x"] + box["width"] * (0.5 + 0.015 * i), y)
        page.wait_for_timeout(40)
        seen.add(revision(page))
    page.mouse.up()
    assert len(seen) >= 4


def test_a_click_in_the_chart_of_distances_chooses_n(page: Page, server: str) -> None:
    open_page(page, server, slug=SLUG)
    wait_for_curves(page)
    panel = curves(page).locator("> div").first
    panel.scroll_into_view_if_needed()
    left, top = panel.evaluate(
        """gd => { const { xaxis, yaxis } = gd._fullLayout, box = gd.getBoundingClientRect();
            return [box.left + xaxis._offset + xaxis.d2p(20000), box.top + yaxis._offset + 30]; }"""
    )
    old = revision(page)
    page.mouse.click(left, top)
    wait_for_picture(page, old)
    expect(page).to_have_url(re.compile(r"n=(19|20)\d{3}$"))


def test_a_file_becomes_a_picture_on_both_pages(page: Page, server: str, tmp_path: Path) -> None:
    file = tmp_path / "exam.data"
    file.write_text(CSV)
    open_page_without_chart(page, server)
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator(".efviz-sentence")).to_contain_text("(the table)", timeout=20_000)
    expect(page.get_by_text("exam.data").first).to_be_visible()
    page.get_by_role("link", name="Vector fields").click()
    expect(page.locator(".efviz-sentence")).to_contain_text("of the plane", timeout=20_000)
    choose(page, "Problem", "Your own table …")
    expect(page.get_by_text("exam.data").first).to_be_visible(timeout=20_000)
    expect(page).to_have_url(re.compile("problem=own"), timeout=20_000)


def open_page_without_chart(page: Page, server: str) -> None:
    page.goto(f"{server}/{SLUG}?problem=own")
    expect(page.get_by_label("or pasted text")).to_be_visible(timeout=30_000)


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=re.compile(label)).click()
    page.get_by_role("option", name=option).click()


def test_a_large_file_never_touches_the_disk(page: Page, server: str, tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    rows = np.random.default_rng(0).normal(size=(150_000, 3))
    np.savetxt(file, rows, delimiter=",", header="a,b,y", comments="", fmt="%.6f")
    assert 3e6 < file.stat().st_size < 20e6
    open_page_without_chart(page, server)
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator(".efviz-sentence")).to_contain_text("(the table)", timeout=40_000)
    expect(page.get_by_text("150,000 rows")).to_have_count(1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + bytes(200), "Excel|zip|ZIP"),
        (b"a,b,y\n1,2,3\n4,five,6\n7,8,9\n", "five"),
    ],
    ids=["empty", "zip", "word"],
)
def test_a_bad_file_gets_a_sentence(
    page: Page, server: str, tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "bad.csv"
    file.write_bytes(content)
    open_page_without_chart(page, server)
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text(re.compile(words)).first).to_be_attached(timeout=20_000)


def test_separable_classes_run_off_in_the_picture(page: Page, server: str) -> None:
    open_page_without_chart(page, server)
    rows = "\n".join(f"{x / 3},{x * 7 % 11},{int(x > 0)}" for x in range(-20, 21) if x)
    page.get_by_label("or pasted text").fill("a,b,side\n" + rows)
    page.get_by_role("button", name="Use the text").click()
    expect(page.locator(".efviz-sentence")).to_contain_text("no finite minimum", timeout=20_000)
    expect(chart(page).locator("> div")).to_have_count(3)

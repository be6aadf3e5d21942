"""The page The paper, checked: all claims, filled in as their checks finish."""

import time

import pytest
from visiting import html, open_page, sentence

from efviz.dashboard.pages.paper import page as the_page
from efviz.dashboard.pages.paper import words as text
from efviz.dashboard.pages.paper.settings import PaperSettings
from efviz.dashboard.session import page as frame
from efviz.dashboard.session import studies
from efviz.dashboard.session.caches import SHARED
from efviz.dashboard.session.page import View
from efviz.paper import LISTED, SECTIONS, Claim, Link, Measure, Result

CHECKED = [key for key, claim in LISTED.items() if claim.check]
HOLDS = Result((Measure("a < b", 2.5e-13, high=1e-9),))
FAILS = Result((Measure("x", 2.0, 0, 1),))


@pytest.fixture(autouse=True)
def _afresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Checks that take no time, of which that of Eq. 17 fails, and no earlier results."""
    monkeypatch.setattr(Claim, "result", lambda self, *_: FAILS if self.key == "eq-17" else HOLDS)
    monkeypatch.setattr(studies, "_constant", {})


def test_all_claims_are_listed_by_section_and_filled_in() -> None:
    at = open_page(the_page.SLUG)
    words = html(at)
    assert words.count("scope='row'") == len(LISTED)
    assert words.count("scope='rowgroup'") == len(SECTIONS)
    assert words.count("✓ holds") == len(CHECKED) - 1
    assert words.count("✗ fails") == 1
    assert "…</td>" not in words
    assert f"{len(CHECKED) - 1} of {len(CHECKED)} checks hold." in sentence(at)
    assert "<b>These fail: Eq. 17.</b>" in sentence(at)
    assert "@inproceedings{kunstner2019limitations" in at.code[0].value


def test_rows_wait_for_their_checks_and_stop_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(self: Claim, *_: object) -> Result:
        time.sleep(0.05)
        return HOLDS

    monkeypatch.setattr(Claim, "result", slow)
    monkeypatch.setattr(View.__init__, "__defaults__", (0.0,))
    monkeypatch.setattr(frame, "SLICE", 0.01)
    monkeypatch.setattr(frame, "run_again", lambda: None)
    at = open_page(the_page.SLUG)
    assert html(at).count("…</td>") == len(CHECKED)
    at.run()
    assert html(at).count("…</td>") == len(CHECKED) - 1
    assert f"1 of 1 checks hold ({len(CHECKED) - 1} to come)" in sentence(at)
    next(button for button in at.button if button.label == "Stop here").click().run()
    left = html(at).count("…</td>")
    at.run()
    assert html(at).count("…</td>") == left


def test_the_checks_are_done_once_a_process() -> None:
    job = the_page.STUDIES.job("found", PaperSettings.of())
    assert the_page.STUDIES.job("found", PaperSettings.of(show="table")) is job
    SHARED.clear()
    assert the_page.STUDIES.job("found", PaperSettings.of()) is job


@pytest.mark.parametrize("show", text.FILTERS)
def test_a_filter_shows_its_rows_and_stands_in_the_link(show: str) -> None:
    at = open_page(the_page.SLUG, show=show)
    assert html(at).count("scope='row'") == len(text.chosen(show))
    assert 0 < len(text.chosen(show)) <= len(LISTED)
    at = open_page(the_page.SLUG)
    at.session_state[the_page.SLUG] = PaperSettings.of(show=show)
    at.run()
    assert at.query_params.get("show", "all") in (show, [show])


def test_the_kinds_make_up_the_whole() -> None:
    kinds = [show for show in text.FILTERS if show not in ("all", "differs")]
    assert sum(len(text.chosen(kind)) for kind in kinds) == len(LISTED)
    assert all(claim.differs for claim in text.chosen("differs"))


def test_junk_in_a_link_gets_a_warning() -> None:
    at = open_page(the_page.SLUG, show="everything")
    assert "is not one of all" in at.warning[0].value
    assert html(at).count("scope='row'") == len(LISTED)


def test_a_row_shows_numbers_print_and_link() -> None:
    claim = LISTED["prop-2"]
    words = "".join(text.row(claim, HOLDS))
    assert "a &lt; b: <b>2.5·10⁻¹³</b> <small>≤ 10⁻⁹</small>" in words
    assert "Misprint:</b> Printed with the square" in words
    assert "href='four-matrices?problem=saturation&amp;theta=" in words
    assert "<li class='fails'>" in "".join(text.row(claim, FAILS))
    assert "…" in "".join(text.row(claim, None))
    assert "Not computed." in "".join(text.row(LISTED["safer"], None))


def test_the_first_page_is_the_root() -> None:
    assert text.address(Link("vector-fields", "problem=fig2")) == "./?problem=fig2"
    assert text.address(Link("optimization")) == "optimization"

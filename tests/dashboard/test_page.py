"""What a page gets from its declaration alone: controls, link, progress, pin, export and script."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import new_page
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from visiting import components, sentence

from efviz.dashboard.pages import PAGES, registry
from efviz.dashboard.pages.registry import Listing
from efviz.dashboard.session import held
from efviz.dashboard.session import page as frame
from efviz.dashboard.session.caches import SHARED
from efviz.dashboard.session.given import TWO_PARAMETERS
from efviz.dashboard.session.page import Shown, View
from efviz.dashboard.session.scripts import figure_script
from efviz.dashboard.session.studies import Call, Studies
from efviz.figures import export
from efviz.problems import PROBLEMS
from efviz.problems.declared import NotStated
from efviz.work import Progress

SLUG = new_page.PAGE.slug


@pytest.fixture(autouse=True)
def listed() -> Iterator[None]:
    PAGES[SLUG] = Listing("Sharpness", SLUG, "new_page")
    yield
    del PAGES[SLUG]


def script(slug: str) -> None:
    from efviz.dashboard.pages import PAGES

    PAGES[slug].main()


def visit(**query: str) -> AppTest:
    at = AppTest.from_function(script, args=(SLUG,), default_timeout=60)
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    return at


def test_it_is_one_file_of_under_sixty_lines() -> None:
    assert len(Path(new_page.__file__).read_text().splitlines()) < 60


def test_it_gets_its_controls_and_shows_what_it_computes() -> None:
    at = visit()
    assert [box.label for box in at.selectbox] == ["Problem", "Misspecification"]
    assert len(components(at, "slider")) == 3
    assert len(components(at, "chart")) == 1
    problem = PROBLEMS["fig1"].problem(PROBLEMS["fig1"].dataset())
    rows = [
        problem.loss(problem.theta_star + step * axis) for axis in np.eye(2) for step in (-1, 0, 1)
    ]
    assert f"rises by {np.ptp(rows):.3g}." in sentence(at)


def test_its_link_restores_what_it_shows_and_names_junk() -> None:
    at = visit(problem="fig2", reach="0.5", points="1000")
    assert at.session_state[SLUG].problem == "fig2"
    assert at.session_state[SLUG].query == "problem=fig2&reach=0.5&points=99"
    assert "lies outside 3 to 99" in at.warning[0].value


def test_settings_that_a_block_changes_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    def at_most_half(shown: Shown) -> None:
        if shown.settings.reach > 0.5:
            shown.store.set(reach=0.5)

    shown = visit(reach="0.5")
    page = replace(new_page.PAGE, controls=(*new_page.PAGE.controls, at_most_half))
    monkeypatch.setattr(new_page, "PAGE", page)
    at = visit(reach="2")
    assert at.session_state[SLUG].reach == 0.5
    assert sentence(at) == sentence(shown)


def test_no_page_runs_itself_again() -> None:
    """The panel of a lesson does: it stands beside a page, and is none."""
    folder = Path(registry.__file__).parent
    files = [path for path in folder.rglob("*.py") if path.name != "panel.py"]
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    assert len(texts) > len(PAGES)
    assert not [path for path, text in texts.items() if re.search(r"run_again|\.rerun\b", text)]


def test_it_can_be_pinned() -> None:
    at = visit()
    next(button for button in at.button if button.label == "Pin").click().run()
    assert at.session_state[SLUG].pin == "-"
    assert len(components(at, "chart")) == 2


def test_its_script_makes_its_figure(tmp_path: Path) -> None:
    settings = new_page.SharpnessSettings.of(problem="fig4", N=50, points=5)
    page, call = new_page.PAGE, new_page.CHART.call
    code = figure_script(page.title, SLUG, page.studies, call, settings)
    (tmp_path / "figure.py").write_text(code)
    folders = [str(Path(new_page.__file__).parent), str(Path(__file__).parents[2])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(folders)}
    subprocess.run([sys.executable, "figure.py"], cwd=tmp_path, env=environment, check=True)
    view = View(page, settings, seconds=60)
    made = (tmp_path / f"{SLUG}.csv").read_text(encoding="utf-8")
    assert made.splitlines() == export.csv(view.call(call)).splitlines()


def test_its_work_is_shown_and_stopped_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    SHARED.clear()
    monkeypatch.setattr(View.__init__, "__defaults__", (0.0,))
    with monkeypatch.context() as patch:
        patch.setattr(frame, "work", lambda *how: None)
        patch.setattr(frame, "run_again", lambda: None)
        at = visit(points="31")
        assert not components(at, "chart")
        assert "0\u202f% of the losses computed" in at.get("progress")[0].proto.text
        next(button for button in at.button if button.label == "Stop here").click().run()
    at.run()
    assert not components(at, "chart")
    next(button for button in at.button if button.label == "Continue").click().run()
    assert len(components(at, "chart")) == 1


@pytest.mark.parametrize("seconds", [frame.SLICE, 0.0], ids=["at once", "while it works"])
def test_what_a_problem_does_not_state_is_said_once(
    monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    def unknown(problem: Any, points: int) -> Iterator[Progress[Any]]:
        yield Progress(0.1)
        raise NotStated("The likelihood does not state its spread.")

    SHARED.clear()
    monkeypatch.setattr(View.__init__, "__defaults__", (seconds,))
    studies = Studies(new_page.SharpnessSettings, TWO_PARAMETERS, {"sharpness": unknown})
    monkeypatch.setattr(new_page, "PAGE", replace(new_page.PAGE, studies=studies))
    at = visit(points="37")
    assert [one.value for one in at.info] == ["The likelihood does not state its spread\\."]
    assert not components(at, "chart")
    assert not at.get("progress")


def test_what_is_pinned_is_worked_on_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    SHARED.clear()
    monkeypatch.setattr(View.__init__, "__defaults__", (0.0,))
    assert len(components(visit(points="33", pin="points=35"), "chart")) == 2


def test_what_takes_no_time_is_in_the_first_picture_and_what_does_is_not() -> None:
    def quick(problem):
        return problem.N

    def endless(problem):
        while True:
            yield Progress(0.5)

    settings = new_page.SharpnessSettings
    functions = {"quick": quick, "endless": endless}
    page = replace(
        new_page.PAGE, studies=Studies(settings, new_page.TWO_PARAMETERS, functions), held={}
    )
    call = Call(lambda quick=None, endless=None: (quick, endless))
    assert View(page, settings.of(N=60)).call(call) == (60, None)
    in_one_go = Call(lambda quick: quick)
    assert View(page, settings.of(N=61), 0.0).call(in_one_go) == 61, "it could not be put down"
    assert View(page, settings.of(N=62), 0.0).call(call) == (None, None)
    assert View(page, settings.of(N=63), 0.01).call(Call(lambda endless: endless)) is None


def test_charts_hold_the_last_result_until_the_next_is_far_enough(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state: dict[str, Any] = {}
    monkeypatch.setattr(held, "st", SimpleNamespace(session_state=state))
    SHARED.clear()
    page = replace(new_page.PAGE, held={"sharpness": 0.5})
    chart, words = new_page.CHART.call, Call(new_page.sentence)

    def view(reach: float, problem: str = "fig1", seconds: float = 0.0) -> View:
        settings = new_page.SharpnessSettings.of(reach=reach, problem=problem)
        return View(page, settings, seconds, live=True)

    def drawn(view: View) -> float | None:
        """How far the chart reaches."""
        panels = view.call(chart, held=True)
        return panels and panels["Loss"]["data"][0]["x"][-1]

    assert drawn(view(1.0, seconds=60)) == 1
    begun = view(2.0)
    job = page.studies.job("sharpness", begun.settings)
    assert drawn(begun) == 1
    assert begun.call(words) is None
    assert len(begun.unfinished) == 1
    assert drawn(view(2.0, problem="fig4")) is None
    assert drawn(View(page, begun.settings, 0.0)) is None, "a pinned picture holds nothing"
    state[f"{SLUG}.work"] = begun.state, False
    assert drawn(view(2.0)) is None, "who stops sees what there is"
    state[f"{SLUG}.work"] = begun.state, True
    assert drawn(view(2.0)) == 1
    job.advance(0)
    assert drawn(view(2.0)) == 1
    job.advance(0)
    assert job.progress.fraction == 0.5
    assert drawn(view(2.0)) is None
    job.advance(60)
    assert drawn(view(2.0)) == 2
    assert view(2.0).call(words)
    assert drawn(view(3.0)) == 2


def test_an_argument_that_is_nothing_here_is_refused() -> None:
    def lost(problem, nowhere):
        return problem, nowhere

    with pytest.raises(TypeError, match="lost asks for 'nowhere', which is neither a setting"):
        Studies(new_page.SharpnessSettings, new_page.TWO_PARAMETERS, {"lost": lost})


def test_a_result_is_computed_once_for_the_settings_it_depends_on() -> None:
    studies = new_page.PAGE.studies
    one = new_page.SharpnessSettings.of(N=60)
    job = studies.job("sharpness", one)
    assert studies.job("sharpness", new_page.SharpnessSettings.of(N=60, pin="-")) is job
    assert studies.job("sharpness", new_page.SharpnessSettings.of(N=61)) is not job
    assert studies.job("sharpness", new_page.SharpnessSettings.of(N=60, points=22)) is not job


def evened(settings: Any) -> Any:
    return replace(settings, strength=0.0)


def counted(calls: list[Any]) -> Studies:
    """Results that depend on the strength, or only on the sign of it."""

    def strong(strength):
        return strength > 0

    def plain(N, strength):
        calls.append(("plain", N, strength))
        return N + strength

    def both(plain, strong, N, strength):
        calls.append(("both", N, strength, strong))
        return plain, strong, strength

    functions = {
        "strong": strong,
        "plain": Call(plain, at=evened),
        "both": Call(both, at=evened, by_value=("strong",)),
    }
    return Studies(new_page.SharpnessSettings, new_page.TWO_PARAMETERS, functions)


def test_what_a_call_evens_out_is_computed_once() -> None:
    calls: list[Any] = []
    studies = counted(calls)
    at = [new_page.SharpnessSettings.of(N=61, strength=s) for s in (0.25, 0.5)]
    assert studies.job("plain", at[0]) is studies.job("plain", at[1])
    assert [studies.now("plain", settings) for settings in at] == [61, 61]
    assert calls == [("plain", 61, 0.0)]


def test_of_an_argument_by_value_only_its_value_counts() -> None:
    SHARED.clear()
    calls: list[Any] = []
    studies = counted(calls)
    made = [
        studies.now("both", new_page.SharpnessSettings.of(N=61, strength=s))
        for s in (0.25, 0.5, -0.5, -0.25)
    ]
    assert made == [(61, True, 0.0), (61, True, 0.0), (61, False, 0.0), (61, False, 0.0)]
    assert calls == [("plain", 61, 0.0), ("both", 61, 0.0, True), ("both", 61, 0.0, False)]


def test_what_shared_work_has_so_far_is_shown() -> None:
    def strong(strength):
        return strength > 0

    def slowly(strong):
        for k in range(1, 4):
            yield Progress(k / 4, lambda k=k: k)
            time.sleep(0.06)
        return 4

    SHARED.clear()
    functions = {"strong": strong, "slowly": Call(slowly, by_value=("strong",))}
    studies = Studies(new_page.SharpnessSettings, new_page.TWO_PARAMETERS, functions)
    job = studies.job("slowly", new_page.SharpnessSettings.of(N=62))
    seen = []
    while not job.done:
        seen.append(job.advance(0.0).result)
    assert {1, 2, 3} & {*seen}
    assert seen[-1] == 4


def test_what_only_saves_work_stays_out_of_scripts() -> None:
    def known(problem, known=None):
        return known

    given = replace(
        new_page.TWO_PARAMETERS,
        names=(*new_page.TWO_PARAMETERS.names, "known"),
        make=lambda settings: {**new_page.TWO_PARAMETERS.make(settings), "known": settings.N},
        shortcuts=("known",),
    )
    settings = new_page.SharpnessSettings.of(N=63)
    studies = Studies(new_page.SharpnessSettings, given, {"found": known})
    assert studies.now("found", settings) == 63
    code = figure_script("t", "n", studies, Call(lambda found: {}), settings)
    assert "found = known(problem=problem)\n" in code

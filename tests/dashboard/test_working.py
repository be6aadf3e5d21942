"""Long work yields to the next action of a visitor."""

from types import SimpleNamespace

import pytest
from numpy.testing import assert_allclose
from streamlit.runtime.scriptrunner import RerunData
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests, ScriptRequestType
from streamlit.testing.v1 import AppTest

from efviz.dashboard.server import compat
from efviz.dashboard.session import working


def test_a_move_that_waits_for_the_run_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    requests = ScriptRequests()
    context = SimpleNamespace(script_requests=requests)
    monkeypatch.setattr(compat, "get_script_run_ctx", lambda **_: context)
    assert not compat.rerun_is_waiting()
    requests.request_rerun(RerunData(fragment_id="live"))
    assert compat.rerun_is_waiting()


@pytest.mark.parametrize(
    ("request_", "kept"),
    [
        (RerunData(fragment_id="live", page_script_hash="before"), False),
        (RerunData(fragment_id="live", page_script_hash="now"), True),
        (RerunData(page_script_hash="before"), True),
    ],
    ids=["fragment of the page before", "fragment of this page", "the page before itself"],
)
def test_only_a_fragment_of_the_page_before_is_forgotten(
    monkeypatch: pytest.MonkeyPatch, request_: RerunData, kept: bool
) -> None:
    requests = ScriptRequests()
    context = SimpleNamespace(script_requests=requests, page_script_hash="now")
    monkeypatch.setattr(compat, "get_script_run_ctx", lambda **_: context)
    compat.forget_fragments_of_other_pages()
    requests.request_rerun(request_)
    compat.forget_fragments_of_other_pages()
    found = requests.on_scriptrunner_ready()
    assert (found.type is ScriptRequestType.RERUN) == kept


class Clock:
    now = 100.0

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_picture_is_waited_for_once_and_longer_while_a_slider_moves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def script() -> None:
        import streamlit as st

        from efviz.dashboard.session.working import let_paint

        let_paint("painted", st.session_state.get("now", 0))

    clock = Clock()
    monkeypatch.setattr(working, "time", clock)
    at = AppTest.from_function(script)
    taken = []
    for now in (0, 0, 1, 1, 2):
        at.session_state["now"] = now
        begun = clock.now
        at.run()
        taken.append(clock.now - begun)
        clock.now += 5 * (now == 1)
    assert_allclose(taken, [working.PAINT, 0, working.REST, 0, working.PAINT], atol=0.006)

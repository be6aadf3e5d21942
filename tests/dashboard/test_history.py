"""Which changes the browser's Back undoes together, and what a session takes over after Back."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from visiting import components

from efviz.dashboard.components import Touch
from efviz.dashboard.pages import PAGES
from efviz.dashboard.pages.vector_fields.page import CHART, SLUG, keep_frame
from efviz.dashboard.server import compat
from efviz.dashboard.session import history
from efviz.dashboard.session.page import Shown, View
from efviz.dashboard.session.store import Store, arrive, everywhere


def script(slug: str) -> None:
    from efviz.dashboard.pages import PAGES
    from efviz.dashboard.session.store import arrive

    arrive(slug)
    PAGES[slug].main()


def visit(slug: str = SLUG, **query: str) -> AppTest:
    at = AppTest.from_function(script, args=(slug,), default_timeout=60)
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    assert not at.exception
    return at


def addresses(at: AppTest) -> list[dict[str, Any]]:
    sent = [proto.bytes for proto in components(at, "chart")]
    heads = [data[4 : 4 + int.from_bytes(data[:4], "little")] for data in sent]
    return [found for head in heads if (found := json.loads(head)["address"])]


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A session without a browser: its state, and the query of its address."""
    state: dict[str, Any] = {}
    query: dict[str, str] = {}
    streamlit = SimpleNamespace(
        session_state=state, query_params=SimpleNamespace(to_dict=lambda: dict(query))
    )
    for module in ("history", "store"):
        monkeypatch.setattr(f"efviz.dashboard.session.{module}.st", streamlit)
    state["query"] = query
    return state


def entry() -> int:
    number: int = history.address("")["entry"]
    return number


def entries(*changes: Callable[[], object]) -> list[int]:
    """How many entries each of the changes makes."""
    made = []
    for change in changes:
        before = entry()
        change()
        made.append(entry() - before)
    return made


def test_choices_are_undone_one_by_one_and_the_moves_of_a_slider_together(
    session: dict[str, Any],
) -> None:
    store = Store(SLUG, PAGES[SLUG].settings)

    def move(name: str, value: float) -> Callable[[], object]:
        return lambda: store.choose(name, value, gesture=name)

    assert entries(
        lambda: store.choose("problem", "fig2"),
        lambda: store.choose("problem", "fig4"),
        move("strength", 0.5),
        move("strength", 0.6),
        move("damping", 0.1),
        move("strength", 0.7),
        lambda: store.set(seed=2),
        move("strength", 0.7),
    ) == [1, 1, 1, 0, 1, 1, 1, 1]


def test_a_drag_is_undone_as_a_whole_and_the_next_one_by_itself(session: dict[str, Any]) -> None:
    page = PAGES[SLUG].page
    assert page
    store = Store(SLUG, page.settings)
    shown = Shown(page, store, View(page, store.settings))

    def touch(index: int, x: float, action: Any) -> Callable[[], object]:
        return lambda: CHART._touched(shown, Touch(1, "starts", index, x, 1.0, action))

    assert entries(
        touch(0, 1.0, "move"), touch(0, 1.1, "move"), touch(0, 1.2, "drop"),
        touch(0, 1.3, "move"), touch(0, 1.3, "drop"),
        touch(1, 1.4, "drop"),
        touch(1, 1.5, "remove"), touch(1, 1.5, "remove"),
    ) == [1, 0, 0, 1, 0, 1, 1, 1]  # fmt: skip


def test_all_rests_of_the_player_are_undone_together(session: dict[str, Any]) -> None:
    page = PAGES[SLUG].page
    assert page
    store = Store(SLUG, page.settings)
    shown: Any = SimpleNamespace(store=store, view=View(page, store.settings))
    rests = [lambda at=at: keep_frame(shown, SimpleNamespace(at=at, of=1)) for at in (10, 20, 30)]  # type: ignore[misc]
    assert entries(*rests) == [1, 0, 0]


def test_back_takes_over_the_settings_and_the_lesson_of_its_address(
    session: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(SLUG, PAGES[SLUG].settings)
    session["query"].update(s="0.5", lesson="straight.2")
    arrive(SLUG)
    assert store.settings.strength == 0.5
    store.set(strength=0.75)
    arrive(SLUG)
    assert store.settings.strength == 0.75, "an ordinary run keeps what was chosen"
    before = history.address("")
    monkeypatch.setattr(compat, "went_back", lambda: True)
    monkeypatch.setattr(compat, "query_of_the_run", lambda: "s=0.25")
    session["query"].clear()
    session["query"].update(s="0.25")
    arrive(SLUG)
    assert store.settings.strength == 0.25
    assert everywhere() == {}
    after = history.address(store.query)
    assert after["query"] == after["taken"] == "s=0.25"
    assert after["at"] > before["at"]
    assert after["entry"] == before["entry"], "Back itself makes no entry"
    session["query"].clear()
    monkeypatch.setattr(compat, "query_of_the_run", lambda: "")
    arrive(SLUG)
    assert store.settings.strength == 0, "nothing in an address means the defaults"


def test_a_connection_that_comes_back_leaves_what_changed_since_the_address_was_told(
    session: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(SLUG)
    store = Store(SLUG, PAGES[SLUG].settings)
    history.address(store.query)
    store.set(strength=0.75)
    monkeypatch.setattr(compat, "went_back", lambda: True)
    arrive(SLUG)
    assert store.settings.strength == 0.75
    history.address(store.query)
    arrive(SLUG)
    assert store.settings.strength == 0, "but it was told another address since"


def test_a_page_opened_from_the_navigation_keeps_its_settings(session: dict[str, Any]) -> None:
    arrive(SLUG)
    store = Store(SLUG, PAGES[SLUG].settings)
    store.set(strength=0.75)
    taken = history.address("")
    arrive("lessons")
    arrive(SLUG)
    assert store.settings.strength == 0.75
    assert history.address("") == taken


def test_the_charts_of_a_page_tell_the_browser_which_query_was_taken_over() -> None:
    at = visit(s="0.5", steps="50")
    (first,) = addresses(at)
    assert (first["query"], first["entry"]) == ("s=0.5&steps=50", 0)
    assert first["at"] > 0
    at.run()
    assert addresses(at) == [first]

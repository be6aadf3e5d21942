"""Whatever a browser says of a widget: no traceback, and settings that are still valid.

Every widget of a page is given junk, or what is almost right, as the message of a browser.
`pytest --hypothesis-profile=long tests/dashboard/test_fuzzing_widgets.py` does it with 100
visitors a page.
"""

import json
from collections.abc import Iterator
from itertools import cycle
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl

import pytest
from conftest import some
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.testing.v1 import AppTest
from test_fuzzing import assert_valid
from visiting import open_page, settings_of, short_distances

from efviz.dashboard.components.slider import _report
from efviz.dashboard.pages import PAGES

VISITORS, MOVES = some(4, 100), some(3, 6)
SMALL = {"n": "50", "steps": "20", "runs": "2", "m": "2"}
"""Settings with which a page is quick."""

WRONG = st.sampled_from(
    [
        None, True, False, 0, -1, 0.5, "", "x", "1", [], [1], [[], []], {}, {"x": {}}, "\0",
        "9" * 400, float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 5e-324, 10**400,
        -(10**400), 2**63,
    ]
)  # fmt: skip
PLACES = st.floats(-3, 3) | st.floats() | WRONG
COUNTS = st.integers(-2, 12) | WRONG


def mixed(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Reports with these parts, some of which may be missing."""
    return st.fixed_dictionaries(parts) | st.fixed_dictionaries({}, optional=parts) | WRONG


CLICK = mixed(panel=COUNTS, x=PLACES, y=PLACES)
TOUCH = mixed(
    panel=COUNTS,
    trace=st.sampled_from(["starts", "data", "class 0", "edited"]) | WRONG,
    index=COUNTS,
    x=PLACES,
    y=PLACES,
    action=st.sampled_from(["move", "drop", "remove"]) | WRONG,
    number=COUNTS,
    sequence=COUNTS,
)
FRACTIONS = st.floats(0, 1) | WRONG
FRAME = mixed(at=COUNTS, of=COUNTS, sequence=COUNTS)


ROW = st.dictionaries(st.sampled_from(["first", "second"]), PLACES, max_size=3)
MOVE = st.fixed_dictionaries(
    {
        "component": st.lists(mixed(click=CLICK, touch=TOUCH, frame=FRAME), min_size=1, max_size=6),
        "slider": st.lists(st.tuples(FRACTIONS, COUNTS) | WRONG, min_size=1, max_size=9),
        # Of tables Streamlit itself takes no other form, but anything in the cells.
        "rows": st.fixed_dictionaries(
            {
                "edited_rows": st.dictionaries(st.sampled_from("01"), ROW),
                "added_rows": st.lists(ROW, max_size=15),
                "deleted_rows": st.lists(st.integers(0, 1), max_size=1),
            }
        ),
        "count": st.lists(st.integers(0, 200), min_size=1, max_size=20),
        "text": st.text(max_size=20),
    }
)
"""What a browser says in one message; lists are used in turn by the widgets of their kind."""


def slid(proto: Any, report: Any) -> Any:
    """A slider's report, its fraction made a number of its range, of counts a small one."""
    if not (isinstance(report, tuple) and isinstance(report[0], float) and 0 <= report[0] <= 1):
        return report
    held = json.loads(proto.json)
    low, high = held["min"], held["max"]
    most = min(high, max(low, 200)) if low >= 1 else high
    return low + report[0] * (most - low), report[1]


def state(node: Any, say: dict[str, Iterator[Any]]) -> WidgetState | None:
    """The message about one widget, None where it sends none."""
    proto = node.proto
    if node.type == "bidi_component":
        if proto.component_name == "efviz_slider":
            report: Any = {"value": slid(proto, next(say["slider"]))}
        else:
            report = next(say["component"])
        return WidgetState(id=proto.id, json_value=json.dumps(report))
    count = next(say["count"])
    if node.type in ("expander", "popover"):
        return WidgetState(id=proto.id, bool_value=count % 2 == 0)
    if node.type == "dataframe":
        rows = json.dumps(next(say["rows"]))
        for name, column in zip(("first", "second"), node.value.columns, strict=True):
            rows = rows.replace(json.dumps(name), json.dumps(column))
        return WidgetState(id=proto.id, string_value=rows)
    usual = getattr(node, "_widget_state", None)
    match usual and usual.WhichOneof("value"):
        case "trigger_value":
            return WidgetState(id=usual.id, trigger_value=count % 4 == 1)
        case "bool_value":
            return WidgetState(id=usual.id, bool_value=count % 2 == 0)
        case "double_value":
            return WidgetState(id=usual.id, double_value=min(max(count, proto.min), proto.max))
        case "string_value" if node.type == "selectbox":
            options = [*node.options, "x"]
            return WidgetState(id=usual.id, string_value=options[count % len(options)])
        case "string_value":
            return WidgetState(id=usual.id, string_value=next(say["text"]))
    return usual or None


def widgets(at: AppTest) -> Iterator[Any]:
    return (node for node in at._tree if getattr(getattr(node, "proto", None), "id", ""))


def assert_a_page(slug: str, at: AppTest) -> None:
    assert not at.exception
    page = PAGES[slug].settings
    if not page.declared():
        return
    shown = settings_of(at, slug)
    for one in page.declared().values():
        assert_valid(one, shown)
    again, complaints = page.read(dict(parse_qsl(shown.query)))
    assert complaints == []
    assert again == shown


@pytest.mark.parametrize("slug", PAGES)
def test_any_report_of_a_browser_leaves_a_page_without_a_traceback(
    slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_distances(monkeypatch, largest=100)

    # Each try opens a page: what is found is told as it is found.
    @settings(max_examples=VISITORS, phases=[Phase.generate])
    @given(st.lists(MOVE, min_size=MOVES, max_size=MOVES))
    def check(moves: list[dict[str, Any]]) -> None:
        with patch("streamlit.rerun", lambda **_: None):
            at = open_page(slug, **SMALL)
            for move in moves:
                say = {kind: cycle(v if isinstance(v, list) else [v]) for kind, v in move.items()}
                sent = [state(node, say) for node in widgets(at)]
                at._run(WidgetStates(widgets=[one for one in sent if one is not None]))
                assert_a_page(slug, at)

    check()


@pytest.mark.parametrize("problem", ["Normal line (Fig. 4)", "Wine (178 × 13)"])
def test_what_is_set_at_once_with_another_problem_is_taken_as_far_as_it_is_valid(
    problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    short_distances(monkeypatch, largest=100)
    at = open_page("at-the-minimum", n="50")
    said = {"problem": problem, "path": "Unequal correlation", "strength": {"value": [1.5, 1]}}
    message = WidgetStates()
    for node in widgets(at):
        word = said.get(node.proto.id.rsplit(".", 1)[-1])
        if isinstance(word, str):
            message.widgets.append(WidgetState(id=node.proto.id, string_value=word))
        elif word:
            message.widgets.append(WidgetState(id=node.proto.id, json_value=json.dumps(word)))
    assert len(message.widgets) == len(said)
    at._run(message)
    assert_a_page("at-the-minimum", at)
    assert settings_of(at, "at-the-minimum").problem in ("fig4", "wine")


WRONG_REPORTS = [None, True, 3, "x", [], [1], ["x", 1], [1, None], [1, float("inf")], [0.5, 1, 2]]


@pytest.mark.parametrize("report", [*WRONG_REPORTS, [float("nan"), 1], [10**400, 1], {"a": 1}])
def test_any_other_report_is_no_report_of_a_slider(report: Any) -> None:
    found = _report(report)
    assert found is None or not -1e300 < found[0] < 1e300

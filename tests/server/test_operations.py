"""What runs the app can see of it: readiness, logs without visitors in them, version and commit."""

import json
import logging
import sys
from collections.abc import Iterator

import pytest
from starlette.requests import Request

import efviz
from efviz.dashboard.server import operations


@pytest.fixture(autouse=True)
def _not_ready() -> Iterator[None]:
    operations.commit.cache_clear()
    yield
    operations.commit.cache_clear()
    operations._state["ready"] = False


def test_it_is_ready_from_the_end_of_the_warm_up_until_it_stops() -> None:
    (route,) = operations.routes()
    assert route.path == "/efviz-ready"
    statuses = []
    for ready in (None, True, False):
        if ready is not None:
            operations.set_ready(ready)
        answer = route.endpoint(Request({"type": "http"}))
        statuses.append(answer.status_code)
        assert json.loads(answer.body)["version"] == efviz.__version__
        assert answer.headers["cache-control"] == "no-store"
    assert statuses == [503, 200, 503]


def test_the_commit_is_that_of_the_environment_or_of_git_or_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EFVIZ_COMMIT", "0123456789abcdef0123")
    assert operations.title() == f"efviz {efviz.__version__}, commit 0123456789ab"
    operations.commit.cache_clear()
    monkeypatch.delenv("EFVIZ_COMMIT")
    monkeypatch.setattr(operations.subprocess, "run", _no_git)
    assert operations.title() == f"efviz {efviz.__version__}"


def _no_git(*_: object, **__: object) -> None:
    raise FileNotFoundError("git")


def line(name: str, message: str, *args: object) -> dict[str, object]:
    try:
        raise ValueError("the visitor's value 4711")
    except ValueError:
        record = logging.LogRecord(name, 40, "f.py", 1, message, args, sys.exc_info())
    text = operations.JsonLines().format(record)
    assert "\n" not in text
    return dict(json.loads(text))


def test_a_line_of_the_log_has_where_but_nothing_of_a_visitor() -> None:
    found = line("uvicorn.error", "%s - WebSocket %s\nmore", "192.0.2.7:1", "/?damping=4711")
    assert found["exception"] == "ValueError"
    assert str(found["at"]).startswith("['test_operations.py:")
    assert found["level"] == "error"
    for personal in ("192.0.2.7", "4711", "visitor"):
        assert personal not in json.dumps(found)


def test_our_own_lines_are_written_out() -> None:
    assert line("efviz", "%d of %d", 1, 2)["message"] == "1 of 2"


def test_lines_about_single_connections_are_left_out() -> None:
    about = logging.LogRecord("uvicorn.error", logging.INFO, "f", 1, "connection open", (), None)
    broken = logging.LogRecord("uvicorn.error", logging.ERROR, "f", 1, "failed", (), None)
    assert not operations._unless_a_visitor_is_named(about)
    assert operations._unless_a_visitor_is_named(broken)


def test_they_stay_left_out_when_streamlit_sets_its_handlers_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from streamlit import logger as of_streamlit

    monkeypatch.setattr(logging.root, "handlers", logging.root.handlers[:])
    monkeypatch.setattr(logging.root, "level", logging.root.level)
    of_streamlit.init_uvicorn_logs()
    operations.log_as_json()
    of_streamlit.update_formatter()
    logging.getLogger("uvicorn.error").info("192.0.2.7 opened /?damping=4711")
    logging.getLogger("uvicorn.access").info("192.0.2.7 opened /?damping=4711")
    said = capsys.readouterr()
    assert "192.0.2.7" not in said.out + said.err

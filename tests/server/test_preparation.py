"""How a process starts: visitors come in through open doors, a start that fails ends it."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib import reload
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from efviz.dashboard.pages.start import page as start
from efviz.dashboard.server import preparation

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    reload(preparation)
    monkeypatch.setattr(preparation, "HEAD_START", 0.3)
    yield
    reload(preparation)


def test_visitors_wait_for_the_doors_and_have_a_head_start() -> None:
    order = []

    def visit() -> None:
        preparation.wait()
        order.append("visitor")

    visitor = threading.Thread(target=visit)
    visitor.start()
    visitor.join(0.1)
    assert visitor.is_alive()
    preparation.open_doors()
    order.append("the rest of the start")
    visitor.join()
    assert order == ["visitor", "the rest of the start"]
    preparation.wait()  # and no one waits any more


def test_a_visitor_who_waits_is_told_why_and_then_sees_the_page() -> None:
    at = AppTest.from_file(str(ROOT / "efviz/dashboard/server/script.py"), default_timeout=60)
    told: list[str] = []

    class Spinner:
        def __init__(self, words: str) -> None:
            told.append(words)

        def __enter__(self) -> None:
            threading.Timer(0.1, preparation.open_doors).start()

        def __exit__(self, *_: object) -> None:
            pass

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("streamlit.spinner", Spinner)
        wait = preparation.wait
        patch.setattr(preparation, "wait", lambda seconds=None: wait(seconds and 0.01))
        at.run()
    assert not at.exception
    (words,) = told
    assert "half a minute" in words
    assert at.title[0].value == start.HEADING


def test_without_visitors_the_start_goes_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation.time, "sleep", lambda _: pytest.fail("waited for nobody"))
    preparation.open_doors()


def test_a_start_that_fails_ends_the_process_and_is_logged() -> None:
    script = """
import time
from efviz.dashboard.server import preparation
preparation.begin(lambda: 1 / 0)
time.sleep(20)
print("still here")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=15
    )
    assert done.returncode != 0
    assert "still here" not in done.stdout
    assert "the app could not start" in done.stderr
    assert "ZeroDivisionError: division by zero" in done.stderr

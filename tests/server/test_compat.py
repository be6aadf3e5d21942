"""The private doors of Streamlit and Plotly that compat.py opens are where they were.

Those of a waiting run are opened in test_working.py, those of messages in test_messages.py, those
of the browser in test_browser_compat.py.
"""

import ast
import logging
import re
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from coroutines import finish
from packaging.requirements import Requirement
from streamlit.runtime import Runtime, RuntimeConfig
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.testing.v1 import AppTest

import efviz
from efviz.dashboard.server import compat

PACKAGE = Path(efviz.__file__).parent
FILES = [PACKAGE.parent / "app.py", *sorted(PACKAGE.rglob("*.py"))]
COMPAT = PACKAGE / "dashboard" / "server" / "compat.py"
ASSETS = PACKAGE / "dashboard" / "components" / "assets"
# What Streamlit's reference names.
PUBLIC = {"delta_generator", "errors", "navigation", "testing"}


def private_imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package == "streamlit" and rest and rest.partition(".")[0] not in PUBLIC:
                yield name


def test_only_compat_imports_what_streamlit_does_not_document() -> None:
    assert list(private_imports(ast.parse(COMPAT.read_text())))
    for file in FILES:
        if file != COMPAT:
            assert not list(private_imports(ast.parse(file.read_text()))), file


def test_only_compat_js_and_css_name_what_plotly_and_streamlit_do_not_document() -> None:
    script = re.compile(r"\b_full\w+|\._size|_offset|draglayer|nsewdrag|Plotly\.Icons|data-testid")
    style = re.compile(r"\.st[A-Z]\w+|data-testid|st-key|nsewdrag|draglayer|modebar")
    homes = {"compat.js", "compat.css", "presenting.css"}
    for pattern, files in ((script, ASSETS.glob("*.js")), (style, ASSETS.glob("*.css"))):
        users = {file.name for file in files if pattern.search(file.read_text(encoding="utf-8"))}
        assert users
        assert users <= homes


def test_requirements_admit_only_releases_like_those_installed_here() -> None:
    lines = (PACKAGE.parent / "requirements.txt").read_text().splitlines()
    admitted = {found.name: found.specifier for found in map(Requirement, lines)}
    for name in ("streamlit", "plotly"):
        (upper,) = [one for one in admitted[name] if one.operator == "<"]
        major, minor = map(int, upper.version.split("."))
        installed = map(int, version(name).split(".")[:2])
        assert tuple(installed) == (major, minor - 1)


def test_a_script_knows_its_visitor_and_other_threads_have_none() -> None:
    assert compat.session_id() is None
    assert not compat.rerun_is_waiting()

    def script() -> None:
        import streamlit as st

        from efviz.dashboard.server import compat

        st.text(compat.session_id())

    (found,) = AppTest.from_function(script).run().text
    assert found.value


def test_what_runs_without_a_visitor_is_warned_of_by_the_logger_that_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[logging.LogRecord] = []
    logger = logging.getLogger(compat.WITHOUT_A_VISITOR)
    monkeypatch.setattr(logger, "level", logging.WARNING)
    monkeypatch.setattr(logger, "handle", said.append)
    compat.get_script_run_ctx()
    assert [record.levelno for record in said] == [logging.WARNING]


def test_a_running_streamlit_keeps_uploads_where_they_are_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Runtime, "_instance", None)
    assert compat.uploaded_files() is None
    uploads, _ = finish(running(MemorySessionStorage(), compat.uploaded_files))
    assert isinstance(uploads, MemoryUploadedFileManager)
    assert uploads.file_storage == {}


def test_closed_sessions_go_when_their_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Runtime, "_instance", None)
    assert compat.let_closed_sessions_go() == 0
    closed: Any = SimpleNamespace(session=SimpleNamespace(id="closed"))
    for seconds, expected in ((0, (1, 0)), (60, (0, 0))):
        monkeypatch.setattr(Runtime, "_instance", None)
        storage = MemorySessionStorage(ttl_seconds=seconds)
        storage.save(closed)
        assert finish(running(storage, compat.let_closed_sessions_go)) == expected


async def running(storage: MemorySessionStorage, look: Callable[[], Any]) -> tuple[Any, Any]:
    """What is found, twice, while a Streamlit runs that keeps closed sessions there."""
    Runtime(
        RuntimeConfig(
            script_path="app.py",
            media_file_storage=MemoryMediaFileStorage("/media"),
            uploaded_file_manager=MemoryUploadedFileManager("/_stcore/upload_file"),
            session_storage=storage,
        )
    )
    return look(), look()


def test_the_modules_that_pages_fetch_early_are_single_files() -> None:
    for name in ("BidiComponent", "Selectbox", "Html", "Button", "Checkbox"):
        found = compat.frontend_modules(name)
        assert len([one for one in found if one.startswith(f"{name}.")]) == 1


def test_the_first_page_of_streamlit_has_scripts_and_no_more_than_two_inline() -> None:
    inline = re.findall(r"<script(?![^>]*\bsrc=)", compat.first_page())
    assert 1 <= len(inline) <= 2


def test_plotly_brings_its_javascript() -> None:
    assert re.match(rb"/\*\*\s+\* plotly\.js v4\.", compat.plotly_js()[:200])


def test_a_figure_gives_its_arrays_as_they_are() -> None:
    x = np.arange(3.0)
    figure = go.Figure([{"type": "scatter", "x": x}], {"title": {"text": "t"}})
    found = compat.data_and_layout(figure)
    assert [type(trace["x"]) for trace in found["data"]] == [np.ndarray]
    np.testing.assert_array_equal(found["data"][0]["x"], x)
    assert found["layout"]["title"] == {"text": "t"}

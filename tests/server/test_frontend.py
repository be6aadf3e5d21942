"""Streamlit's own scripts, styles and fonts: served from memory, byte for byte."""

import gzip
from importlib.resources import files
from typing import Any

import pytest
from coroutines import finish
from starlette.types import Message, Receive, Scope, Send

from efviz.dashboard.server import compat, frontend
from efviz.dashboard.server.frontend import Frontend

STATIC = files("streamlit").joinpath("static", "static")
ONE_OF_EACH = [
    f"{folder.name}/{min(folder.iterdir(), key=lambda one: one.name).name}"
    for folder in STATIC.iterdir()
]


def asked(path: str, accept: bytes = b"", method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    sent: list[Message] = []

    async def streamlit(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b"Streamlit's"})

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"accept-encoding", accept)] if accept else []
    scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "headers": headers}
    finish(Frontend(streamlit)(scope, None, send))  # type: ignore[arg-type]
    found = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(one["body"] for one in sent[1:])


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_file_is_the_one_on_disk_and_kept_for_ever(name: str) -> None:
    status, headers, body = asked(f"/static/{name}")
    assert (status, body) == (200, STATIC.joinpath(*name.split("/")).read_bytes())
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "content-encoding" not in headers


def test_scripts_and_styles_are_compressed_for_browsers_that_read_that() -> None:
    for name in ONE_OF_EACH:
        _, headers, body = asked(f"/static/{name}", b"gzip, br")
        plain = STATIC.joinpath(*name.split("/")).read_bytes()
        if name.startswith(("js/", "css/")):
            assert headers["content-encoding"] == "gzip"
            assert gzip.decompress(body) == plain
        else:
            assert body == plain


@pytest.mark.parametrize(
    "path",
    [
        "/static/js/nothing.js",
        "/static/../config.py",
        "/static/js/../../index.html",
        "/static/",
        "/staticjs/index.js",
        f"/elsewhere/static/{ONE_OF_EACH[0]}",
    ],
)
def test_anything_else_is_left_to_streamlit(path: str) -> None:
    assert asked(path)[2] == b"Streamlit's"


def test_other_methods_are_left_to_streamlit() -> None:
    assert asked(f"/static/{ONE_OF_EACH[0]}", method="HEAD")[2] == b"Streamlit's"


def test_what_every_page_asks_for_is_ready_before_the_first_visitor() -> None:
    frontend._content.cache_clear()
    frontend.warm_up()
    assert frontend._content.cache_info().currsize == len(set(compat.first_modules())) > 20

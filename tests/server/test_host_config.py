"""What Streamlit's browser side is told of its host."""

import json
from typing import Any

import pytest
from coroutines import finish
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Message, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_routes import create_host_config_routes

from efviz.dashboard.server import compat
from efviz.dashboard.server.host_config import HostConfig


def answered(path: str, method: str = "GET") -> tuple[dict[str, str], bytes]:
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        answer: Response = JSONResponse({"blockErrorDialogs": False, "other": [1]})
        await answer(scope, receive, send)

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "method": method, "path": path}
    finish(HostConfig(app)(scope, None, send))  # type: ignore[arg-type]
    headers = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return headers, b"".join(one["body"] for one in sent[1:])


def test_visitors_see_no_dialogs_of_streamlit() -> None:
    headers, body = answered(compat.HOST_CONFIG)
    assert json.loads(body) == {"blockErrorDialogs": True, "other": [1]}
    assert headers["content-length"] == str(len(body))
    assert headers["content-type"] == "application/json"


@pytest.mark.parametrize(("path", "method"), [("/other", "GET"), (compat.HOST_CONFIG, "POST")])
def test_anything_else_stays_as_it_is(path: str, method: str) -> None:
    assert json.loads(answered(path, method)[1])["blockErrorDialogs"] is False


def test_streamlit_still_has_the_route_and_the_setting() -> None:
    (route,) = create_host_config_routes(None)[:1]
    assert route.path == compat.HOST_CONFIG  # type: ignore[attr-defined]
    scope = {"type": "http", "method": "GET", "headers": [], "path": compat.HOST_CONFIG}
    told = finish(route.endpoint(Request(scope)))  # type: ignore[attr-defined]
    assert compat.WITHOUT_DIALOGS.keys() <= json.loads(told.body).keys()

"""What Streamlit's browser side is told of its host."""

import json

import pytest
from coroutines import finish
from middleware import answer
from starlette.requests import Request
from streamlit.web.server.starlette.starlette_routes import create_host_config_routes

from efviz.dashboard.server import compat
from efviz.dashboard.server.host_config import HostConfig


def answered(path: str, method: str = "GET") -> tuple[dict[str, str], bytes]:
    body = json.dumps({"blockErrorDialogs": False, "other": [1]}).encode()
    told = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    found = answer(HostConfig, (body,), told=told, path=path, method=method)
    return found.headers, found.body


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

"""A page talks to the host that served it, and to no other: decided from the request alone."""

from typing import Any

import pytest
from coroutines import finish

from efviz.dashboard.server.origins import Origins, configured, host_allowed, origin_allowed

ANY = frozenset[Any]()
OURS = configured("efviz.example.edu, app:8501")


@pytest.mark.parametrize(
    ("origin", "host", "hosts", "allowed"),
    [
        (None, "efviz.example.edu", ANY, True),
        ("https://efviz.example.edu", "efviz.example.edu", ANY, True),
        ("https://efviz.example.edu:443", "efviz.example.edu", ANY, True),
        ("http://127.0.0.1:8501", "127.0.0.1:8501", ANY, True),
        ("http://[::1]:8501", "[::1]:8501", ANY, True),
        ("HTTPS://Efviz.Example.edu".lower(), "EFVIZ.example.EDU", ANY, True),
        ("https://evil.example", "efviz.example.edu", ANY, False),
        ("http://localhost:3000", "localhost:8501", ANY, False),
        ("http://localhost", "127.0.0.1", ANY, False),
        ("https://efviz.example.edu.evil.example", "efviz.example.edu", ANY, False),
        ("https://efviz.example.edu@evil.example", "efviz.example.edu", ANY, False),
        ("https://evil.example/efviz.example.edu", "efviz.example.edu", ANY, False),
        ("null", "efviz.example.edu", ANY, False),
        ("", "efviz.example.edu", ANY, False),
        ("file://", "efviz.example.edu", ANY, False),
        ("https://efviz.example.edu:abc", "efviz.example.edu", ANY, False),
        ("https://efviz.example.edu", "app:8501", OURS, True),
        ("https://efviz.example.edu:8080", "app:8501", OURS, True),
        ("http://app:9", "app:8501", OURS, False),
        ("https://evil.example", "app:8501", OURS, False),
    ],
)
def test_an_origin_is_the_host_that_is_asked_or_a_configured_one(
    origin: str | None, host: str, hosts: frozenset[Any], allowed: bool
) -> None:
    assert origin_allowed(origin, host, hosts) is allowed


@pytest.mark.parametrize(
    ("host", "hosts", "allowed"),
    [
        ("anything.example", ANY, True),
        ("efviz.example.edu", OURS, True),
        ("efviz.example.edu:1234", OURS, True),
        ("efviz.example.edu.", OURS, True),
        ("127.0.0.1:8501", OURS, True),
        ("[::1]", OURS, True),
        ("app:8501", OURS, True),
        ("app:80", OURS, False),
        ("evil.example", OURS, False),
        ("user@efviz.example.edu", OURS, False),
        ("", ANY, False),
        (None, ANY, False),
    ],
)
def test_a_configured_server_answers_by_its_names_alone(
    host: str | None, hosts: frozenset[Any], allowed: bool
) -> None:
    assert host_allowed(host, hosts) is allowed


def test_a_host_that_is_none_ends_the_start() -> None:
    with pytest.raises(ValueError, match="EFVIZ_HOSTS has 'http://x/', which is not a host"):
        configured("efviz.example.edu http://x/")


def asked(kind: str, *headers: tuple[bytes, bytes]) -> tuple[list[Any], list[Any]]:
    """What is answered, and which scopes are passed on."""
    sent: list[Any] = []
    passed: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        passed.append(scope)

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": kind, "path": "/", "headers": list(headers)}
    finish(Origins(app)(scope, receive, send))
    return sent, passed


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_what_a_foreign_page_asks_is_refused(kind: str) -> None:
    sent, passed = asked(kind, (b"host", b"here"), (b"origin", b"https://evil.example"))
    assert not passed
    assert sent[0].get("status") == 403 or sent == [{"type": "websocket.close", "code": 1008}]


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_two_hosts_or_origins_are_one_too_many(kind: str) -> None:
    host = (b"host", b"here")
    assert not asked(kind, host, (b"host", b"there"))[1]
    assert not asked(kind, host, (b"origin", b"http://here"), (b"origin", b"http://there"))[1]


def test_streamlit_sees_the_origin_that_it_compares_by_the_letter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("EFVIZ_HOSTS", "efviz.example.edu, app")
    _, (scope,) = asked(
        "websocket", (b"host", b"app:8501"), (b"origin", b"https://efviz.example.edu")
    )
    assert scope["headers"] == [(b"host", b"app:8501"), (b"origin", b"https://app:8501")]

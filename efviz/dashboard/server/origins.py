"""Who may speak to the server from where: the Host and the Origin that a browser names.

Streamlit, for a WebSocket of a foreign origin, asks another host for its own address, on the event
loop; and it takes any page on the visitor's own machine for its own. Here the answer is in the
request: a page talks to the host that served it.

    EFVIZ_HOSTS="efviz.example.edu, app:8501"

names the hosts, each with or without a port, that browsers and proxies ask this server by. Without
it any name is answered, and an origin must be the host that is asked.
"""

import os
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

Place = tuple[str, int | None]
"""A host, and its port if that is not the usual one of http or https."""

_USUAL = (80, 443, None)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Health checks ask from the machine itself. Other names for it come from no browser's page."""


def place(netloc: str) -> Place | None:
    """The host and port of `netloc`; None if it is no such thing."""
    try:
        parts = urlsplit(f"//{netloc}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return host.rstrip("."), None if port in _USUAL else port


def configured(text: str | None = None) -> frozenset[Place]:
    """The hosts of EFVIZ_HOSTS. Raises ValueError for what is no host."""
    text = os.environ.get("EFVIZ_HOSTS", "") if text is None else text
    names = text.replace(",", " ").split()
    places = [place(name) for name in names]
    for name, found in zip(names, places, strict=True):
        if found is None:
            raise ValueError(
                f"EFVIZ_HOSTS has {name!r}, which is no host; give names like efviz.example.edu "
                "or efviz.example.edu:8080, separated by commas"
            )
    return frozenset(found for found in places if found)


def _among(found: Place, hosts: Iterable[Place]) -> bool:
    """A host that is configured without a port is meant with any."""
    return found in hosts or (found[0], None) in hosts


def host_allowed(host: str | None, hosts: frozenset[Place]) -> bool:
    found = place(host or "")
    return found is not None and (not hosts or found[0] in LOOPBACK or _among(found, hosts))


def origin_allowed(origin: str | None, host: str | None, hosts: frozenset[Place]) -> bool:
    """Browsers name the origin of every WebSocket and of what other pages ask for."""
    if origin is None:
        return True
    scheme, _, netloc = origin.partition("://")
    found = place(netloc)
    if scheme not in ("http", "https") or found is None:
        return False
    return found == place(host or "") or _among(found, hosts)


class Origins:
    """Refuses what a foreign page asks, before anything else looks at it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._hosts = configured()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        hosts, origins = (
            [value.decode("latin-1") for key, value in scope["headers"] if key == name]
            for name in (b"host", b"origin")
        )
        host, origin = (values[0] if values else None for values in (hosts, origins))
        if not (
            len(hosts) == 1
            and len(origins) <= 1
            and host_allowed(host, self._hosts)
            and origin_allowed(origin, host, self._hosts)
        ):
            await _refuse(scope, receive, send)
            return
        if origin is not None:
            # Behind a proxy the two may differ in what Streamlit compares by the letter.
            own = f"{origin.partition('://')[0]}://{host}".encode("latin-1")
            headers = [(k, own if k == b"origin" else v) for k, v in scope["headers"]]
            scope = {**scope, "headers": headers}
        await self._app(scope, receive, send)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    words = "This server does not answer by that name, or not to a page from elsewhere."
    await PlainTextResponse(words, status_code=403)(scope, receive, send)

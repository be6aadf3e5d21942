"""Checks of the Host and Origin headers: which pages may talk to the server, and under which names.

For a WebSocket of a foreign origin, Streamlit asks another host for its own address, on the event
loop; and it trusts any page on the visitor's own machine. Here the request itself decides: a page
may talk to the host that served it.

    EFVIZ_HOSTS="efviz.example.edu, app:8501"

lists the hosts, each with or without a port, by which browsers and proxies address this server.
Without it, any name is accepted, and the origin must equal the requested host.
"""

import os
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

Place = tuple[str, int | None]
"""A host, and its port unless that is the default of http or https."""

_USUAL = (80, 443, None)
LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Names used by health checks on the machine itself, which are not the origin of any page."""


def place(netloc: str) -> Place | None:
    """The host and port of `netloc`; None if it is invalid."""
    try:
        parts = urlsplit(f"//{netloc}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return host.rstrip("."), None if port in _USUAL else port


def configured(text: str | None = None) -> frozenset[Place]:
    """The hosts of EFVIZ_HOSTS. Raises ValueError for an invalid one."""
    text = os.environ.get("EFVIZ_HOSTS", "") if text is None else text
    names = text.replace(",", " ").split()
    places = [place(name) for name in names]
    for name, found in zip(names, places, strict=True):
        if found is None:
            raise ValueError(
                f"EFVIZ_HOSTS has {name!r}, which is not a host; use names like efviz.example.edu "
                "or efviz.example.edu:8080, separated by commas"
            )
    return frozenset(found for found in places if found)


def _among(found: Place, hosts: Iterable[Place]) -> bool:
    """Whether a host is among `hosts`; one that is configured without a port allows any."""
    return found in hosts or (found[0], None) in hosts


def host_allowed(host: str | None, hosts: frozenset[Place]) -> bool:
    found = place(host or "")
    return found is not None and (not hosts or found[0] in LOOPBACK or _among(found, hosts))


def origin_allowed(origin: str | None, host: str | None, hosts: frozenset[Place]) -> bool:
    """Whether this origin, sent with WebSockets and cross-site requests, is allowed."""
    if origin is None:
        return True
    scheme, _, netloc = origin.partition("://")
    found = place(netloc)
    if scheme not in ("http", "https") or found is None:
        return False
    return found == place(host or "") or _among(found, hosts)


class Origins:
    """Refuses requests of foreign pages before anything else handles them."""

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
            # Behind a proxy the two may differ where Streamlit compares them literally.
            own = f"{origin.partition('://')[0]}://{host}".encode("latin-1")
            headers = [(k, own if k == b"origin" else v) for k, v in scope["headers"]]
            scope = {**scope, "headers": headers}
        await self._app(scope, receive, send)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    words = "This server does not answer to that name, or not to pages of other sites."
    await PlainTextResponse(words, status_code=403)(scope, receive, send)

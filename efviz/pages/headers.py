"""Security headers on every answer, and early hints to fetch with a page what it shows first."""

import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from efviz.components import assets
from efviz.pages.start import SLUG as START


@cache
def _policy() -> bytes:
    """The content security policy: nothing from other hosts, no inline script but Streamlit's own.

    blob: is for the one-line modules of the components, inline styles are how Streamlit and Plotly
    work.
    """
    page = files("streamlit").joinpath("static", "index.html").read_text()
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    hashes = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in inline)
    scripts = " ".join(f"'sha256-{value}'" for value in hashes)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' blob: {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "frame-ancestors 'self'",
        )
    ).encode()


class Headers:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = message["headers"]
                message["headers"] = [*present, *_headers(present, _first(scope))]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


def _first(scope: Scope) -> str:
    """What a page needs for its first picture: the start page its own moving one, else Plotly."""
    if scope["type"] != "http":
        return ""
    place = scope["path"].removeprefix(assets.base_path()).strip("/")
    start = place in ("", START) and not scope["query_string"]
    return assets.url("contrast.js") if start else assets.plotly_url()


def _headers(present: list[tuple[bytes, bytes]], first: str) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]
    if any(k.lower() == b"content-type" and v.startswith(b"text/html") for k, v in present):
        how = "preload; as=script" if first == assets.plotly_url() else "modulepreload"
        preload = f"<{first}>; rel={how}"
        headers += [(b"content-security-policy", _policy()), (b"link", preload.encode())]
    return headers

"""Security headers on every response."""

import base64
import hashlib
import re
from functools import cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from efviz.dashboard.server import compat


@cache
def _policy() -> bytes:
    """The content security policy: nothing from other hosts, no inline script except Streamlit's
    own.

    blob: is for the one-line modules of the components; Streamlit and Plotly need inline styles.
    Streamlit's protobuf uses WebAssembly to multiply and divide 64-bit integers. It works without,
    but Firefox then reports an error on every page. Only scripts that the policy admits anyway can
    compile WebAssembly.
    """
    page = compat.first_page()
    inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>(.*?)</script>", page, re.DOTALL)
    hashes = (base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in inline)
    scripts = " ".join(f"'sha256-{value}'" for value in hashes)
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' blob: 'wasm-unsafe-eval' {scripts}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
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
                message["headers"] = [*present, *_headers(present)]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


def _headers(present: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]
    if any(k.lower() == b"content-type" and v.startswith(b"text/html") for k, v in present):
        headers.append((b"content-security-policy", _policy()))
    return headers

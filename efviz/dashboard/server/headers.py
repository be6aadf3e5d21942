"""Security headers on every response, and hints to fetch what a page shows first."""

import base64
import hashlib
import re
from functools import cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from efviz.dashboard.server import assets, compat


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
                message["headers"] = [*present, *_headers(present, _first(scope))]
            await send(message)

        await self._app(scope, receive, with_headers if scope["type"] == "http" else send)


def _first(scope: Scope) -> bytes:
    """The hints for the first picture of a page: the contrast on the start page, else a chart."""
    place = scope["path"].removeprefix(assets.base_path()).strip("/")
    return _for_the_start() if not place and not scope["query_string"] else _for_a_chart()


@cache
def _for_the_start() -> bytes:
    return _hints(*_of_streamlit("BidiComponent"), *assets.modules("contrast.js"))


@cache
def _for_a_chart() -> bytes:
    """The hints for a chart. They include the controls above it, which would push it down later."""
    streamlit = _of_streamlit("BidiComponent", "Selectbox")
    own = *assets.modules("chart.js"), *assets.modules("slider.js")
    plotly = f"<{assets.plotly_url()}>; rel=preload; as=script".encode()
    return _hints(*streamlit, *own) + b", " + plotly


def _hints(*modules: str) -> bytes:
    """A Link header for these modules and those of every component, which the browser would
    otherwise request one after the other."""
    urls = *modules, assets.url("order.js")
    return ", ".join(f"<{url}>; rel=modulepreload" for url in urls).encode()


def _of_streamlit(*names: str) -> list[str]:
    """The addresses of Streamlit's own modules."""
    return [f"{assets.base_path()}/static/js/{name}" for name in compat.frontend_modules(*names)]


def _headers(present: list[tuple[bytes, bytes]], first: bytes) -> list[tuple[bytes, bytes]]:
    headers = [
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
    ]
    if any(k.lower() == b"content-type" and v.startswith(b"text/html") for k, v in present):
        headers += [(b"content-security-policy", _policy()), (b"link", first)]
    return headers

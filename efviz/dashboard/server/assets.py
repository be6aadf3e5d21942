"""The files that components need in the browser, and the routes that serve them.

Plotly.js comes from the installed plotly package. Every address carries a hash of the content, so
that browsers can cache files for ever and still see an upgrade at once.
"""

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from efviz.dashboard.server import compat

_PREFIX = "efviz-assets"
_PLOTLY = "plotly.min.js"
_EAGERLY = b"//# allFunctionsCalledOnLoad\n"
"""Asks Chromium to compile all functions in another thread while the file arrives: saves 0.3 s."""
_FOLDER = files("efviz").joinpath("dashboard", "components", "assets")
NAMES = _PLOTLY, *sorted(file.name for file in _FOLDER.iterdir() if file.name.endswith(".js"))


def digest(data: bytes) -> str:
    """A short hash of the content, which shows whether anything changed."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


@cache
def content(name: str) -> bytes:
    if name == _PLOTLY:
        return _EAGERLY + compat.plotly_js()
    text = _text(name)
    # Imported modules are cached for ever too, so their names carry a hash as well.
    for other in _imported(text):
        version = digest(content(other))
        text = text.replace(f"from './{other}'", f"from './{other}?v={version}'")
    return text.encode()


def _text(name: str) -> str:
    return _FOLDER.joinpath(name).read_text(encoding="utf-8")


def _imported(text: str) -> list[str]:
    return [other for other in NAMES if f"from './{other}'" in text]


@cache
def modules(name: str) -> tuple[str, ...]:
    """The addresses of a module and of everything that it imports, its own first."""
    found = [name]
    for module in found:
        found += [other for other in _imported(_text(module)) if other not in found]
    return tuple(map(url, found))


@cache
def _compressed(name: str) -> bytes:
    return gzip.compress(content(name), compresslevel=6, mtime=0)


def base_path() -> str:
    """ "" or "/prefix", as the server is configured (server.baseUrlPath)."""
    prefix = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{prefix}" if prefix else ""


@cache
def url(name: str) -> str:
    """The address of an asset on this server."""
    return f"{base_path()}/{_PREFIX}/{name}?v={digest(content(name))}"


def plotly_url() -> str:
    return url(_PLOTLY)


def _serve(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in NAMES:
        return Response("There is no such file.", status_code=404, media_type="text/plain")
    answer = lasting("text/javascript", content(name), _compressed(name), request.headers)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


def lasting(kind: str, body: bytes, small: bytes, asked: Mapping[str, str]) -> Response:
    """A file that never changes under its address, compressed for those who read that; `small` is
    empty if that does not make it smaller."""
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    if small and "gzip" in asked.get("accept-encoding", ""):
        body, headers["Content-Encoding"] = small, "gzip"
    return Response(body, media_type=kind, headers=headers)


def routes() -> list[Route]:
    return [Route(f"{base_path()}/{_PREFIX}/{{name}}", _serve)]


def warm_up() -> None:
    """Read and compress everything at start-up instead of at the first visit."""
    for name in NAMES:
        _compressed(name)

"""Streamlit's own scripts, styles and fonts, from memory.

A page asks for a hundred of them. Streamlit reads each from disk in pieces, in a thread, which
takes most of the time until the first picture.
"""

import gzip
import mimetypes
from functools import cache
from importlib.resources.abc import Traversable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from efviz.dashboard.server import assets, compat

_TEXTS = {"js": "text/javascript", "css": "text/css"}
"""The types of files that compression makes smaller. Windows may know them by other names."""


@cache
def _files() -> dict[str, Traversable]:
    """The files by their names below /static; every name carries a hash of its content."""
    folders = [folder for folder in compat.frontend().iterdir() if folder.is_dir()]
    return {f"{folder.name}/{one.name}": one for folder in folders for one in folder.iterdir()}


@cache
def _content(name: str) -> tuple[str, bytes, bytes]:
    """The type of a file, its content, and that compressed if it is smaller."""
    text = _TEXTS.get(name.rpartition(".")[2])
    body = _files()[name].read_bytes()
    small = gzip.compress(body, compresslevel=6, mtime=0) if text else b""
    return text or mimetypes.guess_type(name)[0] or "application/octet-stream", body, small


class Frontend:
    """Answers for these files; anything else is left to Streamlit, whose address they have."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._place = f"{assets.base_path()}/static/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET":
            path = scope["path"]
            name = path.removeprefix(self._place)
            if path.startswith(self._place) and name in _files():
                # A thread would take longer to begin than this.
                answer = assets.lasting(*_content(name), Headers(scope=scope))
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)


def warm_up() -> None:
    """Read and compress at start-up what every page asks for."""
    for name in compat.first_modules():
        _content(f"js/{name}")

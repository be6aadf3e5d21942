"""Uploads: only what the app has asked for, so much a session and a process, and for minutes only.

Streamlit takes a file from any session at any address, of any number, and keeps it until the
session goes. A table that was read needs its file no longer.
"""

import asyncio
import time
from dataclasses import dataclass, field

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from efviz.dashboard.server import assets
from efviz.dashboard.server.compat import FileURLsResponse, uploaded_files

LARGEST = 20 * 2**20
FORM = 2**20
"""Bytes of a file, and at most of the form around it."""
OF_A_SESSION = 2 * (LARGEST + FORM)
OF_ALL = 8 * (LARGEST + FORM)
MOST_ADDRESSES = 16
"""Addresses that a session may have and not use."""
PATIENCE, AGE = 120.0, 300.0
"""Seconds for a file to arrive, and to be read."""


def forget(session: str, file: str) -> None:
    """Let go of a file that has been read."""
    if found := uploaded_files():
        found.remove_file(session, file)


def kept() -> dict[str, int]:
    """Bytes of the files of each session."""
    found = uploaded_files()
    if found is None:
        return {}
    return {
        session: sum(len(file.data) for file in list(files.values()))
        for session, files in list(found.file_storage.items())
    }


@dataclass
class Ledger:
    """Which addresses were given out, and what is on its way or lies there."""

    given: dict[tuple[str, str], float] = field(default_factory=dict)
    arriving: dict[tuple[str, str], int] = field(default_factory=dict)
    arrived: dict[tuple[str, str], float] = field(default_factory=dict)

    def give_out(self, response: FileURLsResponse) -> None:
        """Remember the addresses that a session gets; of its older ones, the last are good."""
        for urls in response.file_urls:
            session, _, file = urls.upload_url.rpartition("/")
            session = session.rpartition("/")[2]
            self.given[session, file] = time.monotonic()
            mine = [key for key in self.given if key[0] == session]
            for key in mine[:-MOST_ADDRESSES]:
                del self.given[key]

    def objection(self, session: str, file: str, size: int) -> PlainTextResponse | None:
        """Why a file of `size` bytes is not taken, None if it is."""
        if (session, file) not in self.given or (session, file) in self.arriving:
            return PlainTextResponse("The app has not asked for this file.", 403)
        lying = kept()
        arriving = sum(size for key, size in self.arriving.items() if key[0] == session)
        if lying.get(session, 0) + arriving + size > OF_A_SESSION:
            return PlainTextResponse("This session has uploaded as much as it may.", 413)
        if sum(lying.values()) + sum(self.arriving.values()) + size > OF_ALL:
            words = "The server is reading other files; try again in a minute."
            return PlainTextResponse(words, 503, {"Retry-After": "60"})
        return None

    def sweep(self) -> None:
        """Let go of what nobody has read in time, and of addresses nobody has used."""
        now = time.monotonic()
        for key, at in list(self.arrived.items()):
            if now > at + AGE:
                forget(*key)
                del self.arrived[key]
        for key, at in list(self.given.items()):
            if now > at + AGE:
                del self.given[key]


LEDGER = Ledger()


class Uploads:
    """Stands before Streamlit's route for uploads."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._prefix = f"{assets.base_path()}/_stcore/upload_file/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] == "http" and scope["path"].startswith(self._prefix)
        if not ours or scope["method"] != "PUT":
            await self._app(scope, receive, send)
            return
        session, _, file = scope["path"].removeprefix(self._prefix).partition("/")
        key, size = (session, file), _size(scope)
        if objection := LEDGER.objection(session, file, size):
            await objection(scope, receive, send)
            return
        LEDGER.arriving[key] = size
        try:
            async with asyncio.timeout(PATIENCE):
                await self._app(scope, receive, send)
            LEDGER.arrived[key] = time.monotonic()
        except TimeoutError:
            # The body came too slowly, so nothing has been answered yet.
            words = "The file took too long to arrive."
            await PlainTextResponse(words, 408)(scope, receive, send)
        finally:
            del LEDGER.arriving[key]


def _size(scope: Scope) -> int:
    """Bytes that the body may have: what it says, if it says so, else the most there can be."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return min(int(value), LARGEST + FORM)
    return LARGEST + FORM

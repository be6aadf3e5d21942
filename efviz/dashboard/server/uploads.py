"""Uploads: only requested files, with limits per session and process, and only for minutes.

Streamlit accepts any number of files from any session at any address and keeps them until the
session ends. Once a table is read, its file is no longer needed.
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
"""Largest size of a file in bytes, and of the form around it."""
OF_A_SESSION = 2 * (LARGEST + FORM)
OF_ALL = 8 * (LARGEST + FORM)
MOST_ADDRESSES = 16
"""Unused addresses that a session may have."""
PATIENCE, AGE = 120.0, 300.0
"""Seconds within which a file has to arrive, and has to be read."""


def forget(session: str, file: str) -> None:
    """Release a file that has been read."""
    if found := uploaded_files():
        found.remove_file(session, file)


def kept() -> dict[str, int]:
    """Bytes of the stored files of each session."""
    found = uploaded_files()
    if found is None:
        return {}
    return {
        session: sum(len(file.data) for file in list(files.values()))
        for session, files in list(found.file_storage.items())
    }


@dataclass
class Ledger:
    """The addresses that were given out, and the files that are arriving or stored."""

    given: dict[tuple[str, str], float] = field(default_factory=dict)
    arriving: dict[tuple[str, str], int] = field(default_factory=dict)
    arrived: dict[tuple[str, str], float] = field(default_factory=dict)

    def give_out(self, response: FileURLsResponse) -> None:
        """Record the addresses given to a session, of which only the last ones are valid."""
        for urls in response.file_urls:
            session, _, file = urls.upload_url.rpartition("/")
            session = session.rpartition("/")[2]
            self.given[session, file] = time.monotonic()
            mine = [key for key in self.given if key[0] == session]
            for key in mine[:-MOST_ADDRESSES]:
                del self.given[key]

    def objection(self, session: str, file: str, size: int) -> PlainTextResponse | None:
        """The refusal of a file of `size` bytes, None if it is accepted."""
        if (session, file) not in self.given or (session, file) in self.arriving:
            return PlainTextResponse("The app has not requested this file.", 403)
        lying = kept()
        arriving = sum(size for key, size in self.arriving.items() if key[0] == session)
        if lying.get(session, 0) + arriving + size > OF_A_SESSION:
            return PlainTextResponse("This session has reached its limit of uploads.", 413)
        if sum(lying.values()) + sum(self.arriving.values()) + size > OF_ALL:
            words = "The server is reading other files; try again in a minute."
            return PlainTextResponse(words, 503, {"Retry-After": "60"})
        return None

    def sweep(self) -> None:
        """Release files that were not read in time, and addresses that were not used."""
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
    """The filter in front of Streamlit's route for uploads."""

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
            # The body arrived too slowly, so no response has been sent yet.
            words = "The file took too long to arrive."
            await PlainTextResponse(words, 408)(scope, receive, send)
        finally:
            del LEDGER.arriving[key]


def _size(scope: Scope) -> int:
    """The size of the body in bytes, as declared, else the largest possible."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return min(int(value), LARGEST + FORM)
    return LARGEST + FORM

"""The route of the pictures: GET <prefix>/efviz-picture/<release>/<page>?<link>.

    200  the picture (see `session.pictures`), which every cache may keep for ever, except where the
         link is not one that pages make
    202  the session has to make it, at its own pace: it takes long, is private or cannot be drawn
    204  not now: there is too much to do, or anything at all for a request ahead of the hand
    404  another release, whose page has to be loaded again, or no such page

`touch`, the JSON of a moved mark, is the change that is made to the settings of the link.
"""

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import cache, partial

from starlette.requests import Request
from starlette.responses import Response

from efviz.dashboard.pages import PAGES
from efviz.dashboard.server import releases
from efviz.dashboard.server.messages import LONGEST_LINK, MOST_SETTINGS
from efviz.dashboard.session.page import Page
from efviz.dashboard.session.pictures import Picture, Unavailable, kept, picture
from efviz.dashboard.session.turns import TURNS

AT_ONCE, LINE = 4, 64
"""Threads for pictures, most of which wait for a turn; requests that are made or wait for one."""
AHEAD = "efviz-ahead"
"""The header of a request ahead of the hand."""
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
NEVER = {"Cache-Control": "no-store"}

_LOG = logging.getLogger("efviz")


@dataclass
class _Threads:
    """At most AT_ONCE pictures are made at once; `asked` counts those that are made or wait."""

    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    asked: int = 0

    async def run(self, make: Callable[[], Picture | None]) -> Picture | None:
        self.asked += 1
        try:
            async with self.turn:
                return await asyncio.to_thread(make)
        finally:
            self.asked -= 1


@cache
def _threads() -> _Threads:
    return _Threads()


def _following(slug: str) -> Page | None:
    """The page of this name if it has pictures, and its module is imported already."""
    listing = PAGES.get(slug)
    page = listing.page if listing and listing.module in sys.modules else None
    return page if page and page.follow else None


def _nothing(status: int) -> Response:
    return Response(status_code=status, headers=NEVER)


async def serve(request: Request) -> Response:
    slug, text = request.path_params["slug"], request.url.query
    page = _following(slug)
    if page is None or request.path_params["release"] != releases.release():
        return _nothing(404)
    if len(text) > LONGEST_LINK or text.count("&") >= MOST_SETTINGS:
        return _nothing(202)
    found = kept(page, text)
    if found is None:
        asked, ahead = _threads().asked, AHEAD in request.headers
        if asked >= LINE or (ahead and (asked or TURNS.busy)):
            return _nothing(204)
        visitor = request.client.host if request.client else None
        found = await _unless_gone(request, partial(_made, page, text, visitor))
    return _nothing(202) if found is None else _answer(request, found)


def begin(slug: str, text: str) -> None:
    """Begin to make the picture of a page that a visitor opens, if there is nothing else to do."""
    page = _following(slug)
    if page is None or len(text) > LONGEST_LINK or kept(page, text):
        return
    if not (_threads().asked or TURNS.busy):
        make = partial(_made, page, text, slug, threading.Event())
        task = asyncio.create_task(_threads().run(make))
        _begun.add(task)
        task.add_done_callback(_begun.discard)


_begun: set[asyncio.Task[Picture | None]] = set()
"""Tasks that nobody waits for; without a reference they could vanish."""


def _made(page: Page, text: str, visitor: Hashable, gone: threading.Event) -> Picture | None:
    """The picture, None if the session has to make it."""
    try:
        return picture(page, text, visitor=visitor, unless=gone.is_set)
    except Unavailable:
        return None
    except Exception:  # any error: the session, which meets it too, says so on the page
        _LOG.exception("a picture could not be made")
        return None


async def _unless_gone(
    request: Request, make: Callable[[threading.Event], Picture | None]
) -> Picture | None:
    """What `make` returns in a thread, which is told when the browser no longer wants it."""
    gone = threading.Event()

    async def listen() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()

    listener = asyncio.create_task(listen())
    try:
        return await _threads().run(partial(make, gone))
    finally:
        listener.cancel()


def _answer(request: Request, found: Picture) -> Response:
    headers = (FOR_EVER if found.lasting else NEVER) | {"ETag": found.etag}
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    # Numbers hardly shrink, and shrinking them would take as long as making them: a proxy may.
    headers["Content-Encoding"] = "identity"
    return Response(found.body, media_type="application/octet-stream", headers=headers)

"""The picture of a link: what a page shows for its settings, without a session.

While a slider or a mark is moved, the browser fetches it from a route, and tells the session where
the hand came to rest. Both make it by the same functions, so they agree byte for byte.

    uint32 header length | JSON header | the packed figures of the charts, one after the other

header: {query, remarks, words: {name: HTML}, charts: [{name, size}]}.
"""

import json
import time
from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from efviz.dashboard.components.chart import touch_of
from efviz.dashboard.components.wire import pack
from efviz.dashboard.server.assets import digest
from efviz.dashboard.session.caches import OWN, SHARED
from efviz.dashboard.session.links import PIN, upgraded
from efviz.dashboard.session.page import Page, Part, View
from efviz.dashboard.session.settings import EVERYWHERE, Settings
from efviz.dashboard.session.studies import Key
from efviz.dashboard.session.turns import TURNS
from efviz.problems.declared import Refused

TOUCH = "touch"
"""The parameter of a moved mark, as JSON: see `touch_of`."""
BUDGET, PATIENCE, LOOK = 0.15, 1.0, 0.02
"""Seconds of work on one picture, of work and waiting, and between two checks of both."""


class Unavailable(Exception):
    """The session has to make this picture: it takes long, is private, or cannot be drawn."""


def link_of(settings: Settings) -> str | None:
    """The link to the picture of these settings, None if it is private."""
    if getattr(settings, "problem", None) == OWN:
        return None
    return (replace(settings, **{PIN: ""}) if PIN in settings.declared() else settings).query


@dataclass(frozen=True)
class Picture:
    """The bytes of a picture and its ETag, which changes with them.

    `lasting`: its link is one that pages make, so that others may ask for it.
    """

    etag: str
    body: bytes
    lasting: bool = True


def _key(page: Page, link: str) -> Key:
    return Key("picture", page.slug, link)


def kept(page: Page, link: str) -> Picture | None:
    """The picture of a link if it has been made before, and is lasting."""
    found: Picture | None = SHARED.known(_key(page, link))
    return found


def picture(
    page: Page,
    link: str,
    *,
    visitor: Hashable = None,
    unless: Callable[[], bool] = lambda: False,
) -> Picture:
    """The picture of a link, which may name a moved mark of the first chart as `touch`.

    Raises Unavailable if the session has to make it, or if `unless` becomes true.
    """
    query, remarks = upgraded(page.slug, dict(parse_qsl(link, keep_blank_values=True)))
    if query.get(page.settings.declared()["problem"].query) == OWN:
        raise Unavailable("own tables stay in their session")
    worked, waited = time.thread_time() + BUDGET, time.perf_counter() + PATIENCE

    def enough() -> bool:
        return unless() or time.thread_time() > worked or time.perf_counter() > waited

    with TURNS.turn(visitor, unless=enough) as admitted:
        if not admitted:
            raise Unavailable("the server is busy")
        try:
            found = _drawn(page, query, remarks, enough)
        except Refused as reason:
            raise Unavailable(str(reason)) from reason
        return SHARED.get(_key(page, link), lambda: found) if found.lasting else found


def _drawn(
    page: Page, query: Mapping[str, str], remarks: list[str], enough: Callable[[], bool]
) -> Picture:
    besides = {TOUCH, PIN, *EVERYWHERE}
    settings, sentences = page.settings.read({k: v for k, v in query.items() if k not in besides})
    remarks = [*remarks, *sentences]
    if TOUCH in query:
        settings = _touched(page, settings, query[TOUCH])
    _complete(page, settings, enough)
    view = View(page, settings, 0)
    if view.trouble:
        raise Unavailable(view.trouble)
    words, charts, bodies = {}, [], []
    for part in _seen(page, settings):
        packed = view.call(part.call, complete=part.complete, then=part.packed)
        if packed is None:
            continue
        if part.kind == "words":
            words[part.name] = packed.decode()
        else:
            charts.append({"name": part.name, "size": len(packed)})
            bodies.append(packed)
    header = {
        "query": settings.query,
        "remarks": remarks,
        "words": words,
        "charts": charts,
    }
    body = b"".join([pack(header), *bodies])
    return Picture(f'"{digest(body)}"', body, lasting=not remarks and TOUCH not in query)


def _seen(page: Page, settings: Settings) -> list[Part]:
    return [part for part in page.follow if part.seen(settings)]


def _touched(page: Page, settings: Any, text: str) -> Any:
    """The settings after a mark was moved, as the callback of its chart makes them."""
    try:
        touch = touch_of(json.loads(text))
    except (ValueError, RecursionError):
        touch = None
    moved = next((one for part in page.follow if (one := getattr(part, "touch", None))), None)
    if touch is None or moved is None:
        raise Unavailable("it names no mark that can be moved")
    return moved(View(page, settings), settings, touch)


def _complete(page: Page, settings: Any, enough: Callable[[], bool]) -> None:
    """Compute everything that the picture needs. Raises Unavailable if that takes too long."""
    studies = page.studies
    for part in _seen(page, settings):
        for _, name, optional in studies.plan(part.call).wanted(settings):
            if name in studies.asked:
                continue
            # What may be missing is left out where the session leaves it out too.
            with suppress(*[Refused] * optional):
                job = studies.job(name, settings)
                while not job.done:
                    if enough():
                        raise Unavailable("it takes long")
                    job.advance(LOOK)

"""The route of the pictures: what it answers, for how long, and to whom."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from coroutines import finish
from starlette.applications import Starlette
from starlette.types import Message

from efviz.dashboard import pictures as route
from efviz.dashboard.pages import PAGES
from efviz.dashboard.server import preparation, releases
from efviz.dashboard.session.caches import SHARED
from efviz.dashboard.session.pictures import Picture, Unavailable
from efviz.dashboard.session.turns import TURNS

SMALL = "steps=20&n=100"


@dataclass
class Answer:
    """What a browser gets; the connection is closed after `patience` seconds."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@pytest.fixture(autouse=True)
def _opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    opened = threading.Event()
    opened.set()
    monkeypatch.setattr(preparation, "_open", opened)
    route._threads.cache_clear()
    yield
    route._threads.cache_clear()


async def _get(path: str, query: str, headers: dict[str, str], patience: float) -> Answer:
    answer, app = Answer(), Starlette(routes=releases.routes())
    ended = asyncio.Event()
    asked = False

    async def receive() -> Message:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        with suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), patience)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = {k.decode(): v.decode() for k, v in message["headers"]}
        else:
            answer.body += message["body"]
            ended.set()

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "server": ("localhost", 80),
        "client": ("192.0.2.1", 5),
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }
    await app(scope, receive, send)
    return answer


def get(
    slug: str = "vector-fields", query: str = SMALL, *, patience: float = 30, **headers: str
) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return finish(_get(releases.address(slug), query, named, patience))


def picture_of(query: str = SMALL, slug: str = "vector-fields") -> Answer:
    """The picture, however slow this machine is."""
    answers = (get(slug, query) for _ in range(100))
    return next(one for one in answers if one.status != 202)


def test_a_picture_may_be_kept_for_ever_by_everyone():
    answer = picture_of()
    assert (answer.status, answer.headers["content-type"]) == (200, "application/octet-stream")
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "set-cookie" not in answer.headers
    assert "vary" not in answer.headers
    assert get().body == answer.body


def test_a_browser_that_has_it_is_told_so():
    tag = picture_of().headers["etag"]
    again = get(if_none_match=tag)
    assert (again.status, again.body) == (304, b"")
    assert get(if_none_match='"another"').status == 200


def test_another_picture_has_another_tag():
    assert picture_of().headers["etag"] != picture_of(f"{SMALL}&damping=1").headers["etag"]


@pytest.mark.parametrize(
    ("slug", "query", "status"),
    [
        ("vector-fields", "problem=own", 202),
        ("optimization", "set=own", 202),
        ("vector-fields", f"{SMALL}&touch=junk", 202),
        ("vector-fields", "a" * 40_000, 202),
        ("vector-fields", "&".join(["a=1"] * 400), 202),
        ("start", "", 404),
        ("lessons", "", 404),
        ("nothing", "", 404),
    ],
)
def test_what_is_no_picture_is_kept_by_nobody(slug: str, query: str, status: int):
    answer = get(slug, query)
    assert (answer.status, answer.body) == (status, b"")
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("besides", ["never=1", "damping=junk", "seed=-1"])
def test_a_link_that_no_page_makes_takes_no_room_in_any_cache(besides: str):
    before = len(SHARED)
    answers = [picture_of(f"{SMALL}&{besides}") for _ in range(2)]
    assert answers[0].body == answers[1].body
    assert answers[0].headers["cache-control"] == "no-store"
    assert route.kept(PAGES["vector-fields"].page, f"{SMALL}&{besides}") is None
    assert len(SHARED) <= before + 40, "what it shows is kept once, as for any other link"


def test_another_release_has_other_addresses():
    wrong = releases.address("vector-fields").replace(releases.release(), "0123456789abcdef")
    assert finish(_get(wrong, SMALL, {}, 30)).status == 404


def test_before_the_pages_are_imported_there_are_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(preparation, "_open", threading.Event())
    assert get().status == 503


def test_ahead_of_the_hand_nothing_is_computed_while_anybody_computes():
    SHARED.clear()
    with TURNS.turn("another visitor"):
        assert get(query=f"{SMALL}&damping=3", efviz_ahead="1").status == 204
        assert picture_of(f"{SMALL}&damping=3").status == 200
        assert get(query=f"{SMALL}&damping=3", efviz_ahead="1").status == 200, "it is there now"


def test_a_long_line_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(route, "LINE", 0)
    assert get(query=f"{SMALL}&damping=4").status == 204


def test_what_the_browser_does_not_want_any_more_is_given_up(monkeypatch: pytest.MonkeyPatch):
    given_up = threading.Event()

    def forever(*_: object, unless: object, **__: object) -> Picture:
        assert callable(unless)
        for _ in range(1000):
            if unless():
                given_up.set()
                raise Unavailable("not wanted")
            time.sleep(0.01)
        raise AssertionError("nobody said that it is not wanted")

    monkeypatch.setattr(route, "picture", forever)
    get(query=f"{SMALL}&damping=5", patience=0.05)
    assert given_up.is_set()


def test_an_error_is_logged_without_the_link_and_left_to_the_session(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(*_: object, **__: object) -> Picture:
        raise RuntimeError("4711")

    monkeypatch.setattr(route, "picture", broken)
    assert get(query=f"{SMALL}&damping=6").status == 202
    assert "damping" not in caplog.text
    assert "a picture could not be made" in caplog.text


def test_many_at_once_are_all_answered():
    picture_of()
    queries = [f"{SMALL}&damping={k}" for k in range(1, 25)]
    answers: dict[str, Answer] = {}

    async def ask(query: str) -> None:
        answers[query] = await _get(releases.address("vector-fields"), query, {}, 30)

    async def ask_all() -> None:
        await asyncio.gather(*map(ask, queries))

    finish(ask_all())
    assert {one.status for one in answers.values()} == {200}
    assert len({one.headers["etag"] for one in answers.values()}) == len(queries)


def test_a_visitor_who_computes_little_waits_for_no_flood_of_pictures(
    monkeypatch: pytest.MonkeyPatch,
):
    """Requests for pictures count as one visitor, who soon has computed much."""
    done: list[str] = []
    begun = threading.Event()

    def working(page: object, link: str, *, visitor: str, **_: object) -> Picture:
        with TURNS.turn(visitor):
            begun.set()
            until = time.thread_time() + 0.15
            while time.thread_time() < until:
                pass
        done.append(link)
        return Picture('"x"', b"")

    monkeypatch.setattr(route, "picture", working)
    monkeypatch.setattr(TURNS, "_used", {"192.0.2.1": (10.0, time.monotonic())})

    async def flood() -> None:
        links = (f"{SMALL}&damping={k + 100}" for k in range(20))
        await asyncio.gather(
            *(_get(releases.address("vector-fields"), one, {}, 30) for one in links)
        )

    with ThreadPoolExecutor(1) as thread:
        flooding = thread.submit(finish, flood())
        begun.wait(10)
        with TURNS.turn("a newcomer"):
            waited_for = len(done)
        flooding.result(60)
    assert len(done) == 20
    assert waited_for < 10

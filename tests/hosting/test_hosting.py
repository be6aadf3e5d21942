"""Four replicas behind nginx: affinity by cookie, and what visitors notice when one is killed.

Skipped without nginx, unless EFVIZ_REQUIRE_NGINX=1 makes that a failure.
"""

import asyncio
import gzip
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from browsing import free_port
from coroutines import finish
from replicas import NGINX, Replicas, replicas, wait_for
from visitors import Answer, Visitor
from websockets.exceptions import ConnectionClosed

from efviz.dashboard.server import releases

N = 4
REPLICAS = Path(__file__).parents[2] / "hosting" / "replicas.py"
pytestmark = [
    pytest.mark.hosting,
    pytest.mark.skipif(
        NGINX is None and os.environ.get("EFVIZ_REQUIRE_NGINX") != "1",
        reason="no nginx found: apt-get install nginx-light",
    ),
]


def fetch(url: str) -> tuple[int, dict[str, str], str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=20) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[Replicas, tuple[int, dict[str, str], str]]]:
    """The replicas, and what was answered before they were there."""
    with replicas(N, free_port(N + 1), prefix="efviz", name_replicas=True) as found:
        wait_for(found.url.replace("/efviz/", "/efviz-alive"), seconds=10)
        # The replicas need some seconds to start; nginx does not.
        early = fetch(found.url)
        found.wait()
        # What was not there for the first request is asked again after fail_timeout.
        seen: set[str | None] = set()
        deadline = time.monotonic() + 30
        while len(seen) < N and time.monotonic() < deadline:
            seen.add(fetch(found.url)[1].get("X-Replica"))
        yield found, early


@pytest.fixture(scope="module")
def served(started: tuple[Replicas, Any]) -> Replicas:
    return started[0]


def test_a_page_says_that_the_app_is_starting(started: tuple[Replicas, Any]) -> None:
    status, headers, body = started[1]
    assert status == 503
    assert headers["Retry-After"] == "5"
    assert "efviz is starting" in body


def test_headers_are_those_of_the_app_and_of_the_proxy(served: Replicas) -> None:
    status, headers, _ = fetch(served.url)
    assert status == 200
    assert "script-src 'self' blob: 'wasm-unsafe-eval' 'sha" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "efviz_replica=" in headers["Set-Cookie"]
    assert "HttpOnly" in headers["Set-Cookie"]


def test_scripts_of_streamlit_are_sent_compressed(served: Replicas) -> None:
    _, _, page = fetch(served.url)
    script = re.search(r'src="\./(static/js/index\.[^"]+)"', page)
    assert script
    request = urllib.request.Request(served.url + script[1], headers={"Accept-Encoding": "gzip"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=20) as answer:
        body = answer.read()
        assert answer.headers["Content-Encoding"] == "gzip"
    assert len(body) < 0.5 * len(gzip.decompress(body))


@pytest.mark.parametrize("path", ["efviz-ready", "_stcore/metrics"])
def test_what_is_for_the_host_alone_is_not_passed_on(served: Replicas, path: str) -> None:
    assert fetch(served.url + path)[0] == 404


def test_addresses_are_corrected_behind_the_proxy_too(served: Replicas) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(f"{served.url}Lesson/foo?v=1", timeout=20) as answer:
        assert answer.url == f"{served.url}lessons?v=1"
    status, _, body = fetch(served.url + "nothing")
    assert status == 404
    assert "There is no page at this address" in body


def test_all_replicas_make_the_same_picture_under_the_same_address(served: Replicas) -> None:
    link = f"{releases.address('vector-fields')}?steps=50&damping=0.5"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    bodies = set()
    addresses = [f"http://127.0.0.1:{port}/{served.prefix}" for port in served.apps]
    for address in [*addresses, served.url.rstrip("/")]:
        with opener.open(address + link, timeout=20) as answer:
            assert answer.status == 200
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            bodies.add(answer.read())
    assert len(bodies) == 1


def port_of(visitor: Visitor) -> int:
    return int(visitor.replica.rpartition(":")[2])


async def move(visitor: Visitor, stop: int) -> Answer | None:
    """One step of the first slider, going back where the socket is closed; None if it was."""
    slider = next(iter(visitor.sliders.values()))
    try:
        return await visitor.move(slider, slider.at(stop))
    except (ConnectionClosed, OSError):
        await visitor.reconnect()
        return None


async def class_with_a_killed_replica(served: Replicas) -> None:
    visitors = [Visitor(f"{served.url}vector-fields") for _ in range(24)]
    for visitor in visitors:
        await visitor.open()
    crowd = Counter(port_of(v) for v in visitors)
    assert len(crowd) >= 3, "one address is spread over the replicas"
    # Each to a place of its own, none to where the slider is when a page opens: that needs no link.
    slider = next(iter(visitors[0].sliders.values()))
    stops = [stop for stop in range(1, slider.stops) if stop != slider.stop()]
    own = dict(zip(map(id, visitors), stops, strict=False))
    assert len(own) == len(visitors)
    for visitor in visitors:
        assert (await move(visitor, own[id(visitor)])) is not None
    killed, _ = crowd.most_common(1)[0]
    there = [v for v in visitors if port_of(v) == killed]
    elsewhere = [v for v in visitors if port_of(v) != killed]
    before = {id(v): (v.query, dict(v.pictures)) for v in there}
    served.apps[killed].kill()
    served.apps[killed].wait()
    # The others go on; who was there comes back with what the address bar holds.
    await asyncio.gather(*(move(v, own[id(v)] + 1) for v in elsewhere))
    await asyncio.gather(*(move(v, 0) for v in there))
    assert all(v.reconnected == 0 for v in elsewhere)
    assert all(v.reconnected == 1 and port_of(v) != killed for v in there)
    assert len({query for query, _ in before.values()}) == len(there)
    for visitor in there:
        query, pictures = before[id(visitor)]
        assert query
        assert visitor.query == query
        assert visitor.pictures == pictures
    # And everyone can move on.
    answers = await asyncio.gather(*(move(v, 20) for v in visitors))
    assert None not in answers
    assert not any(v.exceptions for v in visitors)
    for visitor in visitors:
        await visitor.close()


def test_a_killed_replica_is_noticed_by_its_own_visitors_alone(served: Replicas) -> None:
    finish(class_with_a_killed_replica(served))


def test_a_replica_that_comes_back_is_used_again(served: Replicas) -> None:
    for port, app in list(served.apps.items()):
        if app.poll() is not None:
            served.start(port)
    served.wait()
    # nginx asks a replica that failed again after 5 s.
    seen: Counter[str] = Counter()
    deadline = time.monotonic() + 30
    while len(seen) < N and time.monotonic() < deadline:
        seen[fetch(served.url)[1]["X-Replica"]] += 1
        time.sleep(0.1)
    assert len(seen) == N


def test_a_replica_stops_within_seconds_when_told_to(served: Replicas) -> None:
    """Also with a visitor connected."""

    async def told() -> None:
        visitor = Visitor(f"{served.url}vector-fields")
        await visitor.open()
        app = served.apps[port_of(visitor)]
        app.terminate()
        await asyncio.to_thread(app.wait, 10)

    finish(told())


@pytest.mark.parametrize("when", ["starting", "running"])
def test_replicas_that_are_told_to_stop_take_all_their_processes_along(when: str) -> None:
    command = [sys.executable, REPLICAS, "--replicas", "1", "--port", str(free_port(2))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as script:
        process, children = psutil.Process(script.pid), []
        if when == "running":
            assert script.stdout
            assert "1 replicas at" in script.stdout.readline()
        deadline = time.monotonic() + 30
        while len(children) < 3 and time.monotonic() < deadline:
            children = process.children(recursive=True)  # nginx, its worker, and the app
            time.sleep(0.05)
        assert len(children) >= 3
        script.terminate()
        assert script.wait(30) == 0
    _, alive = psutil.wait_procs(children, timeout=10)
    assert not alive

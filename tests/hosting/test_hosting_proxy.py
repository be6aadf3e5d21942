"""What nginx does for the apps behind it, with stand-ins for them: cookies, long links, slow
clients, apps that hang, and what is logged.

The waiting times of the template are shortened; that they are there is checked while doing so.
"""

import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from browsing import free_port
from replicas import NGINX, Replicas, configure, wait_for

pytestmark = [
    pytest.mark.hosting,
    pytest.mark.skipif(
        NGINX is None and os.environ.get("EFVIZ_REQUIRE_NGINX") != "1",
        reason="no nginx found: apt-get install nginx-light",
    ),
]
SHORTER = {
    "client_header_timeout 10s": "client_header_timeout 2s",
    "proxy_read_timeout 15s": "proxy_read_timeout 1s",
}


class App(BaseHTTPRequestHandler):
    """Answers with the path that arrived; holds "/hang" for longer than nginx waits, if told to."""

    hanging = False
    pictures: ClassVar[Counter[str]] = Counter()
    """How often each picture was asked for."""

    def do_GET(self) -> None:
        if "/efviz-picture/" in self.path:
            self.pictures[self.path] += 1
            time.sleep(0.3)
        if self.hanging and "/hang" in self.path:
            time.sleep(4)
        body = self.path.encode()
        # Who was not waited for has nobody to answer.
        with suppress(BrokenPipeError, ConnectionResetError):
            self.answer(body)

    def answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if "/efviz-picture/" in self.path:
            keep = "no-store" if "own" in self.path else "public, max-age=31536000, immutable"
            self.send_header("Cache-Control", keep)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        pass


class Hanging(App):
    hanging = True


@dataclass
class Proxy:
    port: int
    log: Path

    def get(self, path: str, **headers: str) -> tuple[int, list[tuple[str, str]], str]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, answer.headers.items(), answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.items(), error.read().decode()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """One that nginx can reach as another user too, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="efviz-nginx-") as found:
        Path(found).chmod(0o711)
        yield Path(found)


@pytest.fixture(scope="module")
def proxy(folder: Path) -> Iterator[Proxy]:
    apps = [ThreadingHTTPServer(("127.0.0.1", 0), kind) for kind in (App, Hanging)]
    for app in apps:
        threading.Thread(target=app.serve_forever, daemon=True).start()
    port = free_port(1)
    # The third is dead from the start.
    ports = [*(app.server_port for app in apps), free_port(1)]
    configure(folder, f"127.0.0.1:{port}", ports, "", True)
    file = folder / "efviz.conf"
    text = file.read_text()
    for long, short in SHORTER.items():
        assert long in text
        text = text.replace(long, short)
    file.write_text(text)
    log = folder / "log"
    with log.open("wb") as out:
        command = [str(NGINX), "-e", "stderr", "-c", str(folder / "nginx.conf")]
        nginx = subprocess.Popen([*command, "-g", "daemon off;"], stdout=out, stderr=out)
        try:
            wait_for(f"http://127.0.0.1:{port}/efviz-alive", seconds=10)
            yield Proxy(port, log)
        finally:
            nginx.terminate()
            nginx.wait(10)
            for app in apps:
                app.shutdown()
                app.server_close()


def cookies(headers: list[tuple[str, str]]) -> list[str]:
    return [value for name, value in headers if name.lower() == "set-cookie"]


def test_a_page_names_the_replica_in_a_cookie_and_a_file_that_is_kept_does_not(
    proxy: Proxy,
) -> None:
    (cookie,) = cookies(proxy.get("/vector-fields?s=1")[1])
    assert re.fullmatch(r"efviz_replica=\w+; Path=/; HttpOnly; SameSite=Lax", cookie)
    for kept in ("/efviz-assets/chart.js?v=1", "/efviz-picture/1/x", "/static/js/index.js"):
        assert not cookies(proxy.get(kept)[1])
    name = cookie.partition(";")[0]
    assert not cookies(proxy.get("/vector-fields", Cookie=name)[1]), "it is given once"


def test_a_picture_is_computed_once_for_a_class(proxy: Proxy) -> None:
    """Whichever replicas its visitors belong to."""
    path = "/efviz-picture/1/vector-fields?damping=0.1"
    proxy.get(path)
    with ThreadPoolExecutor(12) as visitors:
        cookie = "efviz_replica=visitor{}"
        answers = list(visitors.map(lambda k: proxy.get(path, Cookie=cookie.format(k)), range(12)))
    assert {(status, body) for status, _, body in answers} == {(200, path)}
    assert App.pictures[path] == 1
    for _, headers, _ in answers:
        assert dict(headers)["Cache-Control"] == "public, max-age=31536000, immutable"
        assert not cookies(headers), "a kept answer must name no visitor"


def test_another_link_is_another_picture_and_what_is_private_is_kept_by_nobody(
    proxy: Proxy,
) -> None:
    for query in ("a=1", "a=2", "own=1", "own=1"):
        proxy.get(f"/efviz-picture/1/four-matrices?{query}")
    counts = {path.partition("?")[2]: n for path, n in App.pictures.items() if "four" in path}
    assert counts == {"a=1": 1, "a=2": 1, "own=1": 2}


def test_behind_tls_the_cookie_is_secure_and_browsers_stay_there(proxy: Proxy) -> None:
    headers = proxy.get("/", X_Forwarded_Proto="https")[1]
    assert cookies(headers)[0].endswith("; Secure")
    assert ("Strict-Transport-Security", "max-age=31536000") in headers
    plain = proxy.get("/", X_Forwarded_Proto="gopher")[1]
    assert not cookies(plain)[0].endswith("; Secure")
    assert "Strict-Transport-Security" not in dict(plain)


@pytest.mark.parametrize("length", [9_700, 30_000])
def test_the_longest_links_arrive_whole(proxy: Proxy, length: int) -> None:
    path = "/vector-fields?edits=" + "m1,2,3;" * (length // 7)
    status, _, body = proxy.get(path)
    assert (status, body) == (200, path)


def test_clients_that_never_finish_their_question_lock_nobody_out(proxy: Proxy) -> None:
    half = []
    try:
        for _ in range(400):
            half.append(socket.create_connection(("127.0.0.1", proxy.port), timeout=5))
            half[-1].sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        begun = time.monotonic()
        assert proxy.get("/")[0] == 200
        assert time.monotonic() - begun < 1.5
        for one in half:
            one.settimeout(10)
            with suppress(ConnectionError):  # closed or reset
                assert one.recv(1000) == b"", "a question that is never finished is not answered"
        assert time.monotonic() - begun < 8
    finally:
        for one in half:
            one.close()


def test_visitors_of_a_replica_that_hangs_are_served_by_another(proxy: Proxy) -> None:
    """Whichever of the three a visitor belongs to, the dead and the hanging one included."""
    replicas = set()
    for visitor in range(12):
        begun = time.monotonic()
        status, headers, _ = proxy.get("/hang", Cookie=f"efviz_replica=visitor{visitor}")
        assert status == 200
        assert time.monotonic() - begun < 4
        replicas.add(dict(headers)["X-Replica"].rpartition(", ")[2])
    assert len(replicas) == 1, "only one of them answers"


def test_no_log_holds_addresses_queries_or_names_of_sessions(proxy: Proxy) -> None:
    secret = "a-secret-of-a-visitor"
    proxy.get(f"/hang?table={secret}", Cookie=f"efviz_replica={secret}")
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as raw:
        raw.sendall(f"GET /?q={secret} HTTP/9.9\r\nHost: {secret}\r\n\r\n".encode())
        raw.recv(1000)
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as raw:
        size = "Host: x\r\nContent-Length: 99000000"
        raw.sendall(f"POST /upload?name={secret} HTTP/1.1\r\n{size}\r\n\r\n".encode())
        assert b"413" in raw.recv(1000)
    time.sleep(0.3)
    said = proxy.log.read_text()
    assert '"path":"/hang"' in said
    assert '"status":413' in said
    assert secret not in said
    assert "127.0.0.1" not in said


def test_an_app_that_has_ended_is_started_again() -> None:
    started = []

    class Watched(Replicas):
        def start(self, port: int) -> None:
            started.append(port)
            raise SystemExit  # one round of the watch is enough

    found = Watched("", "", "")
    found.apps[1] = subprocess.Popen([sys.executable, "-c", ""])
    found.apps[1].wait()
    with pytest.raises(SystemExit):
        found.watch(0.02)
    assert started == [1]

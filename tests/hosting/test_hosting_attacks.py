"""What strangers may try on a running server, and that its visitors do not notice."""

import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from browsing import free_port
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

ROOT = Path(__file__).parents[2]
MB = 2**20


class Hanging:
    """A host that takes connections and never answers: where the server would go out through."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.asked = 0
        self._kept: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        while True:
            try:
                self._kept.append(self.socket.accept()[0])
            except OSError:
                return
            self.asked += 1

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def close(self) -> None:
        for one in (*self._kept, self.socket):
            one.close()


class Attacked:
    def __init__(self, port: int, process: psutil.Popen, outside: Hanging) -> None:
        self.port, self.process, self.outside = port, process, outside

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    @contextmanager
    def visitor(self, origin: str | None = "own") -> Iterator[ClientConnection]:
        if origin == "own":
            origin = f"http://127.0.0.1:{self.port}"
        with connect(
            f"ws://127.0.0.1:{self.port}/_stcore/stream",
            origin=Origin(origin) if origin else None,
            subprotocols=[Subprotocol("streamlit")],
            compression=None,
            max_size=2**28,
            proxy=None,
            open_timeout=10,
        ) as found:
            yield found

    def health(self) -> float:
        """Seconds until the server answers."""
        begun = time.perf_counter()
        with urllib.request.urlopen(self.url("_stcore/health"), timeout=20) as answer:
            assert answer.read() == b"ok"
        return time.perf_counter() - begun

    def memory(self) -> float:
        return self.process.memory_info().rss / MB


@pytest.fixture(scope="module")
def attacked() -> Iterator[Attacked]:
    port, outside = free_port(), Hanging()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    away = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY"), outside.url)
    process = psutil.Popen(
        [*command, "--server.address", "127.0.0.1"],
        cwd=ROOT,
        env=os.environ | away | {"no_proxy": ""},
        stdout=subprocess.DEVNULL,
    )
    found = Attacked(port, process, outside)
    for _ in range(900):
        try:
            urllib.request.urlopen(found.url("efviz-ready"), timeout=2).close()
            break
        except OSError:
            assert process.poll() is None
            time.sleep(0.1)
    yield found
    process.terminate()
    process.wait(20)
    outside.close()


@pytest.fixture(autouse=True, scope="module")
def _no_proxy() -> Iterator[None]:
    before = urllib.request._opener  # type: ignore[attr-defined]
    urllib.request.install_opener(urllib.request.build_opener(urllib.request.ProxyHandler({})))
    yield
    urllib.request.install_opener(before)


def refused(attacked: Attacked, origin: str) -> bool:
    try:
        with attacked.visitor(origin):
            return False
    except InvalidStatus as error:
        return error.response.status_code == 403


def test_a_foreign_origin_is_refused_at_once_and_nobody_outside_is_asked(
    attacked: Attacked,
) -> None:
    begun = time.perf_counter()
    for origin in ("https://evil.example", "http://localhost:3000", "null") * 3:
        assert refused(attacked, origin)
    assert time.perf_counter() - begun < 2
    assert attacked.health() < 1
    assert attacked.outside.asked == 0


def test_a_visitor_without_an_origin_is_no_browser_and_is_served(attacked: Attacked) -> None:
    with attacked.visitor(None) as socket:
        socket.send(rerun())
        assert socket.recv(timeout=20)


def test_the_answers_name_neither_the_server_nor_where_it_lives(attacked: Attacked) -> None:
    with urllib.request.urlopen(attacked.url(""), timeout=20) as answer:
        assert "server" not in answer.headers
        assert "form-action 'self'" in answer.headers["content-security-policy"]
    with attacked.visitor() as socket:
        session = session_of(socket)
        assert session.new_session.initialize.session_id
        assert not session.new_session.initialize.environment_info.python_version
        assert str(ROOT) not in str(session)


def rerun() -> bytes:
    message = BackMsg()
    message.rerun_script.query_string = ""
    return message.SerializeToString()


def session_of(socket: ClientConnection) -> ForwardMsg:
    socket.send(rerun())
    while True:
        message = ForwardMsg.FromString(socket.recv(timeout=20, decode=False))
        if message.WhichOneof("type") == "new_session":
            return message


@pytest.mark.parametrize("size", [600_000, 5_000_000, 40_000_000])
def test_a_large_message_closes_its_own_socket_alone(attacked: Attacked, size: int) -> None:
    before = attacked.memory()
    with attacked.visitor() as socket, suppress(ConnectionClosed):
        socket.send(bytes(size))
        socket.recv(timeout=20)
        pytest.fail("the socket is still open")
    assert attacked.memory() < before + 60
    assert attacked.health() < 1


def test_many_file_names_get_no_addresses(attacked: Attacked) -> None:
    before = attacked.memory()
    with attacked.visitor() as socket:
        message = BackMsg()
        message.file_urls_request.file_names.extend([""] * 150_000)
        socket.send(message.SerializeToString())
        message = BackMsg()
        message.clear_cache = True
        socket.send(message.SerializeToString())
        assert session_of(socket), "the socket stays open"
    assert attacked.memory() < before + 60


def addresses(socket: ClientConnection) -> list[str]:
    message = BackMsg()
    message.file_urls_request.file_names.extend(["a.csv"] * 4)
    message.file_urls_request.request_id = "x"
    socket.send(message.SerializeToString())
    while True:
        found = ForwardMsg.FromString(socket.recv(timeout=20, decode=False))
        if found.WhichOneof("type") == "file_urls_response":
            return [urls.upload_url for urls in found.file_urls_response.file_urls]


def put(attacked: Attacked, path: str, size: int) -> int:
    with urllib.request.urlopen(attacked.url("_stcore/health"), timeout=20) as answer:
        cookie = answer.headers["set-cookie"].partition(";")[0]
    head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f.csv"\r\n\r\n'
    headers = {
        "Content-Type": "multipart/form-data; boundary=x",
        "Cookie": cookie,
        "X-Xsrftoken": cookie.partition("=")[2],
    }
    request = urllib.request.Request(
        attacked.url(path.lstrip("/")), head + bytes(size) + b"\r\n--x--\r\n", headers, method="PUT"
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except urllib.error.URLError:  # refused before the body was read
        return 413


def test_uploads_are_taken_where_they_were_asked_for_and_counted(attacked: Attacked) -> None:
    before = attacked.memory()
    with attacked.visitor() as socket:
        session = session_of(socket).new_session.initialize.session_id
        assert put(attacked, f"_stcore/upload_file/{session}/made-up", 10) == 403
        urls = [*addresses(socket), *addresses(socket)]
        assert [put(attacked, url, 15 * MB) for url in urls[:4]] == [204, 204, 413, 413]
        assert put(attacked, urls[4], 100) == 204
    assert attacked.memory() < before + 150

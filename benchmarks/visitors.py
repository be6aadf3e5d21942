"""Visitors without a browser: they speak the app's own WebSocket protocol, as the browser does.

A visitor fetches the page for its cookies, opens the socket, runs the page's script and then moves
sliders: the live ones of efviz, or Streamlit's own. A move is answered when its script has
finished, shows the picture and carries the number of the move.
"""

import asyncio
import itertools
import json
import struct
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from math import log10
from typing import Any
from urllib.parse import urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

PATIENCE = 30.0
"""Seconds after which an answer is lost."""

_FINISHED_EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN


class Lost(Exception):
    """A move that was not answered properly."""


class Line:
    """One connection for pictures, kept open."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        assert parts.hostname
        self._place = parts.hostname, parts.port or 80
        self._ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[int, int]:
        """The status and the size of an answer."""
        if self._ends is None:
            self._ends = await asyncio.open_connection(*self._place)
        reader, writer = self._ends
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {self._place[0]}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        size = int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
        await reader.readexactly(size)
        return int(head.split()[1]), size

    def close(self) -> None:
        if self._ends:
            self._ends[1].close()


@dataclass
class Handle:
    """A slider on the page, as last drawn."""

    id: str
    fragment: str
    low: float
    high: float
    step: float
    log: bool = False
    live: bool = True
    value: float = 0.0
    ack: int = 0

    @property
    def stops(self) -> int:
        """The number of steps between its ends."""
        ends = (log10(self.low), log10(self.high)) if self.log else (self.low, self.high)
        return max(1, round((ends[1] - ends[0]) / self.step))

    def at(self, stop: int) -> float:
        """The value `stop` steps from the left."""
        low, high = (log10(self.low), log10(self.high)) if self.log else (self.low, self.high)
        position = low + (high - low) * stop / self.stops
        return min(max(10**position if self.log else position, self.low), self.high)

    def stop(self) -> int:
        """The step nearest to its value."""
        value = min(max(self.value, self.low), self.high)
        low, high, now = map(log10, (self.low, self.high, value)) if self.log else (
            self.low, self.high, value,
        )  # fmt: skip
        return round((now - low) / (high - low) * self.stops)


@dataclass
class Answer:
    seconds: float
    to_picture: float | None
    size: int


@dataclass
class Visitor:
    """One tab: its sliders, the bytes of its pictures, the settings in its address bar."""

    url: str
    query: str = ""
    sliders: dict[str, Handle] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)
    exceptions: list[str] = field(default_factory=list)
    replica: str = ""
    reconnected: int = 0

    def __post_init__(self) -> None:
        self._states: dict[str, Any] = {}
        self._jar = CookieJar()
        self._page = ""
        self._session = ""
        self._socket: ClientConnection | None = None
        self._numbers = itertools.count(1)

    async def open(self) -> Answer:
        """Fetch the page, connect and run the script."""
        await asyncio.to_thread(self._fetch)
        await self._connect()
        return await self._run("")

    async def close(self) -> None:
        if self._socket:
            await self._socket.close()

    async def move(self, slider: Handle, value: float) -> Answer:
        """Move a slider and wait for its picture; Lost if that does not come."""
        number = next(self._numbers)
        if slider.live:
            self._states[slider.id] = json.dumps({"value": [value, number]})
        else:
            self._states[slider.id] = value
        answer = await self._run(slider.fragment)
        if slider.live and self.slider(slider.id).ack != number:
            raise Lost(f"move {number} was answered as {self.slider(slider.id).ack}")
        return answer

    async def reconnect(self) -> Answer:
        """Reconnect as the browser does when the socket closes, from what the address bar holds."""
        self.reconnected += 1
        deadline = time.perf_counter() + PATIENCE
        while True:
            try:
                await self._connect()
                return await self._run("")
            except (OSError, ConnectionClosed, TimeoutError) as error:
                if time.perf_counter() > deadline:
                    raise Lost(f"no way back: {error!r}") from None
                await asyncio.sleep(0.5)
            except Exception as error:  # what a proxy answers while nothing is behind it
                if time.perf_counter() > deadline or "HTTP" not in str(error):
                    raise Lost(f"no way back: {error!r}") from None
                await asyncio.sleep(0.5)

    def slider(self, id: str) -> Handle:
        return next(s for s in self.sliders.values() if s.id == id)

    def _fetch(self) -> None:
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self._jar)
        )
        with opener.open(self.url, timeout=PATIENCE) as page:
            page.read()
            self.replica = page.headers.get("X-Replica", "")

    async def _connect(self) -> None:
        host = urlsplit(self.url)
        # The path of a page does not belong to the server's address.
        base = host.path.rpartition("/")[0]
        cookies = "; ".join(f"{c.name}={c.value}" for c in self._jar)
        # This is how the browser sends a token and the session that it wants to resume.
        words = ("streamlit", "PLACEHOLDER_AUTH_TOKEN", self._session)
        self._socket = await connect(
            f"ws://{host.netloc}{base}/_stcore/stream",
            subprotocols=[Subprotocol(word) for word in words if word],
            origin=Origin(f"http://{host.netloc}"),
            additional_headers={"Cookie": cookies} if cookies else None,
            compression=None,
            max_size=2**28,
            ping_interval=None,
            open_timeout=PATIENCE,
            proxy=None,
        )
        assert self._socket.response is not None
        self.replica = self._socket.response.headers.get("X-Replica", "")

    def _message(self, fragment: str) -> bytes:
        message = BackMsg()
        run = message.rerun_script
        run.query_string = self.query
        run.page_script_hash = self._page
        run.page_name = "" if self._page else urlsplit(self.url).path.rpartition("/")[2]
        run.fragment_id = fragment
        for id, value in self._states.items():
            state = run.widget_states.widgets.add()
            state.id = id
            if isinstance(value, str):
                state.json_value = value
            else:
                state.double_array_value.data.append(value)
        run.context_info.timezone = "UTC"
        run.context_info.locale = "en-US"
        run.context_info.url = self.url
        run.context_info.color_scheme = "light"
        return message.SerializeToString()

    async def _run(self, fragment: str) -> Answer:
        assert self._socket
        start, size = time.perf_counter(), 0
        to_picture: float | None = None
        await self._socket.send(self._message(fragment))
        while True:
            left = start + PATIENCE - time.perf_counter()
            try:
                raw = await asyncio.wait_for(self._socket.recv(decode=False), max(left, 0.001))
            except TimeoutError:
                raise Lost(f"no answer within {PATIENCE:g} s") from None
            size += len(raw)
            message = ForwardMsg.FromString(raw)
            kind = message.WhichOneof("type")
            if kind == "delta" and self._see(message.delta) and to_picture is None:
                to_picture = time.perf_counter() - start
            elif kind == "new_session":
                self._page = message.new_session.page_script_hash or self._page
                self._session = message.new_session.initialize.session_id or self._session
            elif kind == "script_finished" and message.script_finished != _FINISHED_EARLY:
                return Answer(time.perf_counter() - start, to_picture, size)

    def _see(self, delta: Any) -> bool:
        """Record what was drawn; returns whether it is a picture."""
        if delta.WhichOneof("type") != "new_element":
            return False
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            self.exceptions.append(f"{element.exception.type}: {element.exception.message[:200]}")
        elif kind == "slider":
            s = element.slider
            self.sliders[s.label] = Handle(
                s.id, delta.fragment_id, s.min, s.max, s.step, live=False, value=s.default[0]
            )
            self._states.setdefault(s.id, s.default[0])
        elif kind == "bidi_component" and element.bidi_component.component_name == "efviz_slider":
            data = json.loads(element.bidi_component.json)
            self.sliders[data["label"]] = Handle(
                element.bidi_component.id, delta.fragment_id, data["min"], data["max"],
                data["step"], data["log"], value=data["value"], ack=data["ack"],
            )  # fmt: skip
        elif kind == "bidi_component" and element.bidi_component.component_name == "efviz_chart":
            component = element.bidi_component
            (length,) = struct.unpack_from("<I", component.bytes)
            address = json.loads(component.bytes[4 : 4 + length])["address"]
            # The component puts this behind the "?" of the address bar; None leaves it as it is.
            self.query = address["query"] if address else self.query
            self.pictures[component.id] = component.bytes[4 + length :]
            return True
        return kind == "markdown"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies; nan if there are none."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else float("nan")

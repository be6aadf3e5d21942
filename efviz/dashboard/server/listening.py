"""Settings of the listening socket and uvicorn that Streamlit's own start does not offer."""

import socket
from collections.abc import Sequence
from functools import wraps

import uvicorn

LARGEST = 1024 * 1024
"""Bytes after which uvicorn stops reading a message; the app closes the socket at half of this."""


def set_up(server: uvicorn.Server, sockets: Sequence[socket.socket]) -> None:
    """Set up a server that has loaded the app and does not listen yet.

    Streamlit binds its socket with protocol 0, so asyncio does not recognise it as TCP and leaves
    Nagle's algorithm on: on a persistent connection, a compressed response then waits 40 ms for a
    delayed acknowledgement. Connections inherit the options of the listening socket.
    """
    config = server.config
    config.ws_max_size = LARGEST
    config.encoded_headers = [(k, v) for k, v in config.encoded_headers if k != b"server"]
    for one in sockets:
        if one.family in (socket.AF_INET, socket.AF_INET6):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def before_it_begins() -> None:
    """Have every server of this process set up before it starts to listen."""
    startup = uvicorn.Server.startup
    if hasattr(startup, "__wrapped__"):
        return

    @wraps(startup)
    async def set_up_first(
        self: uvicorn.Server, sockets: list[socket.socket] | None = None
    ) -> None:
        set_up(self, sockets or ())
        await startup(self, sockets=sockets)

    uvicorn.Server.startup = set_up_first  # type: ignore[method-assign]

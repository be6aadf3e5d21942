"""Accepted connections send at once, messages are bounded, the server does not name itself."""

import socket

import uvicorn

from efviz.dashboard.server.listening import LARGEST, set_up


def test_every_connection_of_a_listening_socket_sends_without_delay() -> None:
    server = uvicorn.Server(uvicorn.Config("app:app"))
    server.config.encoded_headers = [(b"server", b"uvicorn"), (b"kept", b"1")]
    with socket.create_server(("127.0.0.1", 0)) as listening:
        set_up(server, [listening])
        with socket.create_connection(listening.getsockname()):
            connection, _ = listening.accept()
            with connection:
                assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert server.config.ws_max_size == LARGEST
    assert server.config.encoded_headers == [(b"kept", b"1")]

"""The filter on Streamlit's socket, which passes only messages that the app uses.

Streamlit accepts messages of 200 MB, answers one megabyte of empty file names with a hundred
megabytes of addresses, and lets any visitor clear the caches of everyone. Its answers disclose the
path of the script and the version of Python.
"""

from urllib.parse import urlencode

from google.protobuf.message import DecodeError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from efviz.dashboard.server import assets
from efviz.dashboard.server.compat import BackMsg, ForwardMsg
from efviz.dashboard.server.uploads import LEDGER

LARGEST = 512 * 1024
"""Largest message in bytes, enough for a pasted table with the state of all widgets."""
MOST_FILES, LONGEST_NAME = 4, 1000
LONGEST_LINK, MOST_SETTINGS = 32 * 1024, 300
"""Largest query of a link in characters and in settings; pages make up to 9,700 characters."""
TOO_LONG = "too-long"
"""The setting that replaces a query that was too long, so that pages can say so."""

TOO_BIG, NOT_UNDERSTOOD = 1009, 1002
"""Codes for closing a socket (RFC 6455)."""


def passed(data: bytes) -> bytes | None:
    """The message for Streamlit, None for no message. Raises DecodeError for junk.

    Requests that a visitor can make by a key or a menu (to clear the caches, or to rerun the script
    when it is saved) are dropped; the socket stays open.
    """
    message = BackMsg.FromString(data)
    kind = message.WhichOneof("type")
    if kind in ("stop_script", "app_heartbeat"):
        return data
    if kind == "rerun_script":
        return _rerun(message, data)
    if kind == "file_urls_request":
        names = message.file_urls_request.file_names
        few = 0 < len(names) <= MOST_FILES
        return data if few and all(len(name) <= LONGEST_NAME for name in names) else None
    if kind == "backend_operation_request":
        # The file of a download button; other requests install things on the server.
        return data if message.backend_operation_request.HasField("deferred_file") else None
    return None


def _rerun(message: BackMsg, data: bytes) -> bytes:
    query = message.rerun_script.query_string
    if len(query) <= LONGEST_LINK and query.count("&") < MOST_SETTINGS:
        return data
    message.rerun_script.query_string = urlencode({TOO_LONG: len(query)})
    return message.SerializeToString()


def withheld(data: bytes) -> bytes:
    """A message to a browser without its details of the machine, which no browser needs."""
    message = ForwardMsg.FromString(data)
    if message.WhichOneof("type") != "new_session":
        return data
    session = message.new_session
    session.main_script_path = "app.py"
    for name in ("python_version", "server_os", "has_display"):
        session.initialize.environment_info.ClearField(name)
    session.initialize.ClearField("user_info")
    session.initialize.user_info.SetInParent()
    return message.SerializeToString()


def _asks_for_addresses(data: bytes) -> bool:
    return BackMsg.FromString(data).WhichOneof("type") == "file_urls_request"


def _gives_addresses(data: bytes) -> bool:
    """Whether a message carries addresses for uploads, which are valid from now on."""
    message = ForwardMsg.FromString(data)
    if message.WhichOneof("type") != "file_urls_response":
        return False
    LEDGER.give_out(message.file_urls_response)
    return True


class Messages:
    """The filter before Streamlit's socket. `script` is the path that its answers would name."""

    def __init__(self, app: ASGIApp, script: str) -> None:
        self._app = app
        self._script = script.encode()
        self._socket = f"{assets.base_path()}/_stcore/stream"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket" or scope["path"] != self._socket:
            await self._app(scope, receive, send)
            return
        closing, asked = False, 0

        async def close(code: int) -> Message:
            nonlocal closing
            closing = True
            await send({"type": "websocket.close", "code": code})
            return {"type": "websocket.disconnect", "code": code}

        async def receive_passed() -> Message:
            nonlocal asked
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return message
                data = message.get("bytes")
                if data is None:  # a text message, for which Streamlit would raise an error
                    return await close(NOT_UNDERSTOOD)
                if len(data) > LARGEST:
                    return await close(TOO_BIG)
                try:
                    found = passed(data)
                except DecodeError:
                    return await close(NOT_UNDERSTOOD)
                if found is not None:
                    asked += _asks_for_addresses(found)
                    return {"type": "websocket.receive", "bytes": found}

        async def send_withheld(message: Message) -> None:
            nonlocal asked
            if closing:
                return
            data = message.get("bytes")
            if data is not None and self._script in data:
                message = {**message, "bytes": withheld(data)}
            elif data is not None and asked:
                asked -= _gives_addresses(data)
            await send(message)

        await self._app(scope, receive_passed, send_withheld)

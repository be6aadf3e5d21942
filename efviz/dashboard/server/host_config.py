"""The settings that Streamlit gives to its browser side: no dialogs about errors.

They speak to the author of an app: "Is Streamlit still running? ... streamlit run yourscript.py".
What a visitor has to know, `assets/away.js` says.
"""

import json

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from efviz.dashboard.server import assets, compat


class HostConfig:
    """Changes Streamlit's answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._path = f"{assets.base_path()}{compat.HOST_CONFIG}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def send_changed(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            changed = json.dumps({**json.loads(body), **compat.WITHOUT_DIALOGS}).encode()
            headers = MutableHeaders(raw=list(start["headers"]))
            headers["content-length"] = str(len(changed))
            await send({**start, "headers": headers.raw})
            await send({"type": "http.response.body", "body": changed})

        await self._app(scope, receive, send_changed)

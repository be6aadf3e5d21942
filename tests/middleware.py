"""What a browser gets through one middleware of the server, before an app that answers plainly."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from coroutines import finish
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def answer(
    middleware: Callable[[ASGIApp], Any],
    chunks: Sequence[bytes],
    *,
    status: int = 200,
    told: Sequence[tuple[bytes, bytes]] = (),
    **asked: Any,
) -> Answer:
    """The app answers with this status, these headers (`told`) and a body in chunks.

    `asked` are parts of the request.
    """
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(told)})
        for i, chunk in enumerate(chunks):
            more = i < len(chunks) - 1
            await send({"type": "http.response.body", "body": chunk, "more_body": more})

    async def send(message: Message) -> None:
        sent.append(message)

    request = {"type": "http", "method": "GET", "query_string": b"", "headers": [], **asked}
    finish(middleware(app)(request, None, send))
    found = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return Answer(sent[0]["status"], found, b"".join(one["body"] for one in sent[1:]))

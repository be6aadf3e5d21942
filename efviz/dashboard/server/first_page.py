"""The HTML of every page: Streamlit's own, which names from the start what the page shows first.

Otherwise the browser learns of one module after the other, and runs Plotly.js, a third of a second
of work, when the picture is there instead of while it waits for it.
"""

import gzip
from collections.abc import Callable
from functools import cache
from html import escape

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from efviz.dashboard.server import assets, compat, places

_OF_ANOTHER_BODY = (b"content-length", b"content-encoding", b"etag", b"last-modified")


class FirstPage:
    """Answers with the page in place of Streamlit's, and calls `opened` with its slug and query."""

    def __init__(self, app: ASGIApp, opened: Callable[[str, str], None]) -> None:
        self._app = app
        self._opened = opened

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        replaced = False

        async def send_page(message: Message) -> None:
            nonlocal replaced
            if message["type"] == "http.response.start" and _is_page(scope, message):
                replaced = True
                slug, query = _slug(scope), scope["query_string"].decode("latin-1")
                # Old links to the root lead to the page of a chart.
                await _send(scope, message, send, slug, start=not (slug or query))
                if scope["method"] == "GET":
                    self._opened(slug, query)
            elif not replaced:
                await send(message)

        await self._app(scope, receive, send_page if scope["type"] == "http" else send)


def _slug(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(assets.base_path()).strip("/")


def _is_page(scope: Scope, message: Message) -> bool:
    """Whether an answer is a page. Other HTML lies deeper: files that visitors export."""
    types = [value for key, value in message["headers"] if key.lower() == b"content-type"]
    html = message["status"] == 200 and any(one.startswith(b"text/html") for one in types)
    return html and "/" not in _slug(scope)


async def _send(scope: Scope, first: Message, send: Send, slug: str, *, start: bool) -> None:
    body, small = _html(slug if slug in places.TITLES else next(iter(places.TITLES)), start)
    headers = [(k, v) for k, v in first["headers"] if k.lower() not in _OF_ANOTHER_BODY]
    accepted = [value for key, value in scope["headers"] if key == b"accept-encoding"]
    if any(b"gzip" in one for one in accepted):
        body = small
        headers.append((b"content-encoding", b"gzip"))
    headers += [(b"content-length", str(len(body)).encode()), (b"vary", b"Accept-Encoding")]
    await send({**first, "headers": headers})
    given = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": given})


@cache
def _html(slug: str, start: bool) -> tuple[bytes, bytes]:
    """The page and its compressed form."""
    title = escape(places.page_title(slug))
    page = compat.first_page_named(title, _tags(title, escape(places.DESCRIPTIONS[slug])))
    before, begin, rest = page.partition("<head>")
    head, end, rest = rest.partition("</head>")
    # Plotly.js comes first: it runs while everything else arrives.
    first, last = ("", _for_the_start()) if start else (_plotly(), _for_a_chart())
    last = [*last, _every_page()]
    whole = "".join([before, begin, first, _scheme(), head, *last, end, rest]).encode()
    return whole, gzip.compress(whole, mtime=0)


def _tags(title: str, description: str) -> str:
    """The icon, and what search engines and previews of links say of the page."""
    named = {
        "og:site_name": "efviz",
        "og:type": "website",
        "og:title": title,
        "og:description": description,
    }
    graph = "".join(f'<meta property="{name}" content="{text}">' for name, text in named.items())
    return (
        f'<link rel="icon" href="{places.icon()}"><meta name="description" '
        f'content="{description}"><meta name="twitter:card" content="summary">{graph}'
    )


def _plotly() -> str:
    return f'<script async fetchpriority="high" src="{assets.plotly_url()}"></script>'


def _scheme() -> str:
    """The theme that the visitor has chosen, before Streamlit asks for it."""
    return f'<script type="module" src="{assets.url("scheme.js")}"></script>'


def _every_page() -> str:
    """What belongs to every page, such as a line that says that the server is out of reach."""
    url = assets.url("every_page.js")
    return f'<script type="module" fetchpriority="low" src="{url}"></script>'


def _for_the_start() -> list[str]:
    """What the start page shows first: the contrast, and the button below it."""
    return _hints("BidiComponent", "Html", "Button", own=("contrast.js",))


def _for_a_chart() -> list[str]:
    """What a chart needs, and the controls above it, which would push it down later."""
    names = "BidiComponent", "Selectbox", "Html", "Button", "Checkbox"
    return _hints(*names, own=("chart.js", "slider.js"))


def _hints(*names: str, own: tuple[str, ...]) -> list[str]:
    """Links to these modules of Streamlit and to our own, with all that they import."""
    theirs = [f"{assets.base_path()}/static/js/{name}" for name in compat.frontend_modules(*names)]
    ours = [url for name in (*own, "order.js") for url in assets.modules(name)]
    return [f'<link rel="modulepreload" href="{url}">' for url in dict.fromkeys(theirs + ours)]

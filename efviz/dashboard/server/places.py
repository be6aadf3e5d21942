"""The addresses of the pages, which the server knows before the pages are imported.

An address that Streamlit does not know would show the start page behind a dialog. It leads to the
page that is meant instead, or to one of our own that lists all pages.
"""

import base64
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from html import escape
from importlib.resources import files

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from efviz.dashboard.server import assets, compat

TITLES: dict[str, str] = {
    "start": "Start",
    "vector-fields": "Vector fields",
    "at-the-minimum": "At the minimum",
    "four-matrices": "Four matrices",
    "optimization": "Optimization",
    "gradient-noise": "Gradient noise",
    "the-paper": "The paper, checked",
    "lessons": "Lessons",
}
"""The titles of the pages by slug, in the order of the navigation. The first page has no slug in
its address."""

DESCRIPTIONS: dict[str, str] = {
    "start": "See where the empirical Fisher departs from the Fisher, and what that does to an "
    "optimizer: Figure 1 of Kunstner, Hennig and Balles (2019) in motion.",
    "vector-fields": "The update fields and paths of gradient descent, natural gradient descent "
    "and the empirical Fisher, side by side. Change the data and every chart follows.",
    "at-the-minimum": "How far the empirical Fisher is from the Fisher at the minimum, for correct "
    "and misspecified models, and against the number of examples.",
    "four-matrices": "Hessian, Gauss-Newton, Fisher and empirical Fisher at one point: where they "
    "agree, how they are built, and whose labels they use.",
    "optimization": "Gradient descent, natural gradient descent and the empirical Fisher on real "
    "data, for every step size and damping of the paper's grids.",
    "gradient-noise": "What the empirical Fisher does measure: the noise of mini-batch gradients, "
    "and how far adapting to it helps.",
    "the-paper": "Every claim of Kunstner, Hennig and Balles (2019), each with a check that is "
    "computed while you read.",
    "lessons": "Short lessons on the empirical Fisher: predict what happens, look, and try it "
    "yourself.",
}
"""What a page shows, for search engines and previews of links."""

_ALIKE = 0.7
"""How similar an address must be to the slug or title of a page; 1 is equal."""
_PARTS = 8
"""Parts of an address that are looked at."""
_FILES = ("media/",)
"""Where HTML files lie that visitors export."""


def meant(path: str, titles: Mapping[str, str] = TITLES) -> str | None:
    """The slug of the page that a path below the root means; None if it resembles none.

    Case, punctuation, a missing "s" and other typing errors do not matter. Of several parts, the
    first that resembles a page counts.
    """
    names = {_letters(name): slug for slug, title in titles.items() for name in (slug, title)}
    for part in path.split("/")[:_PARTS]:
        if found := get_close_matches(_letters(part), names, 1, _ALIKE):
            return names[found[0]]
    return None


def page_title(slug: str) -> str:
    """What a tab of the browser says."""
    first = slug == next(iter(TITLES))
    return "efviz: the empirical Fisher, seen" if first else f"{TITLES[slug]} · efviz"


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


class Places:
    """Corrects the addresses for which Streamlit would answer with its page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._root = f"{assets.base_path()}/"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        place = path.removeprefix(self._root)
        good = not path.startswith(self._root) or place == "" or place.startswith(_FILES)
        if good or place in list(TITLES)[1:]:
            await self._app(scope, receive, send)
            return
        corrected = False

        async def send_corrected(message: Message) -> None:
            nonlocal corrected
            if message["type"] == "http.response.start" and _is_page(message):
                corrected = True
                query = scope["query_string"].decode("latin-1")
                await _correction(place, query)(scope, receive, send)
            elif not corrected:
                await send(message)

        await self._app(scope, receive, send_corrected)


def _is_page(message: Message) -> bool:
    types = [value for key, value in message["headers"] if key.lower() == b"content-type"]
    return message["status"] == 200 and any(one.startswith(b"text/html") for one in types)


def _correction(place: str, query: str) -> Response:
    # Relative, so that it also holds behind a proxy that removes a prefix.
    root = "../" * place.count("/")
    slug = meant(place)
    if slug is None:
        return HTMLResponse(_missing(root), 404, {"Cache-Control": "no-cache"})
    to = f"{_relative(root, slug)}?{query}" if query else _relative(root, slug)
    return RedirectResponse(to, 302, {"Cache-Control": "no-cache"})


def _relative(root: str, slug: str) -> str:
    return (root or "./") if slug == next(iter(TITLES)) else f"{root}{slug}"


_MISSING = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>No such page · efviz</title>
<link rel="icon" href="{icon}">
<style>
  @font-face {{
    font-family: "Source Sans"; font-weight: 200 900; src: url("{root}{font}") format("woff2");
  }}
  :root {{ color-scheme: light dark; --ground: #ffffff; --text: #1f2933; --link: #004488; }}
  @media (prefers-color-scheme: dark) {{
    :root {{ --ground: #0f1318; --text: #e8eaed; --link: #6699cc; }}
  }}
  body {{
    max-width: 40rem; margin: 0 auto; padding: 12vh 1.5rem 2rem;
    background: var(--ground); color: var(--text);
    font: 1rem/1.6 "Source Sans", system-ui, sans-serif;
  }}
  h1 {{ margin: 0 0 0.5rem; font-size: 1.75rem; font-weight: 650; line-height: 1.2; }}
  ul {{ margin: 1rem 0 0; padding: 0; list-style: none; }}
  a {{ display: inline-block; padding: 0.3rem 0; color: var(--link); }}
</style>
</head>
<body>
<main>
<h1>There is no page at this address</h1>
<p>efviz shows where the empirical Fisher departs from the Fisher. It has these pages:</p>
<nav aria-label="Pages"><ul>{links}</ul></nav>
</main>
</body>
</html>
"""


@cache
def icon() -> str:
    """The icon of the app as a data URI."""
    file = files("efviz").joinpath("dashboard", "components", "assets", "icon.svg")
    return f"data:image/svg+xml;base64,{base64.b64encode(file.read_bytes()).decode()}"


def _missing(root: str) -> str:
    links = "".join(
        f'<li><a href="{_relative(root, slug)}">{escape(title)}</a></li>'
        for slug, title in TITLES.items()
    )
    return _MISSING.format(root=root, font=compat.font(), icon=icon(), links=links)

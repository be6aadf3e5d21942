"""The HTML of every page: Streamlit's own, with what the page needs first named in it."""

import gzip
import re
from html import escape
from importlib.resources import files

import pytest
from middleware import answer

from efviz.dashboard.server import assets, compat, places
from efviz.dashboard.server.first_page import FirstPage

HTML = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-length", b"4"),
    (b"etag", b"old"),
    (b"cache-control", b"no-cache"),
]


def answered(
    path: str = "/vector-fields",
    query: bytes = b"",
    *,
    method: str = "GET",
    accept: bytes = b"",
    status: int = 200,
    headers: list[tuple[bytes, bytes]] = HTML,
) -> tuple[dict[str, str], bytes, list[tuple[str, str]]]:
    """The headers and the body of what a browser gets, and what was said to be opened."""
    opened: list[tuple[str, str]] = []
    found = answer(
        lambda app: FirstPage(app, lambda slug, text: opened.append((slug, text))),
        (b"th", b"is"),
        status=status,
        told=headers,
        method=method,
        path=path,
        query_string=query,
        headers=[(b"accept-encoding", accept)] if accept else [],
    )
    return found.headers, found.body, opened


def hinted(body: bytes) -> list[str]:
    """The addresses in the page that Streamlit's own does not have."""
    names = re.findall(r'(?:href|src)="(/[^"]+)"', body.decode())
    return [name for name in names if name not in compat.first_page()]


@pytest.mark.parametrize("slug", places.TITLES)
def test_its_head_names_the_page_for_tabs_search_engines_and_previews(slug: str):
    first = slug == next(iter(places.TITLES))
    page = answered("/" if first else f"/{slug}")[1].decode()
    assert page.count("<title>") == 1
    title, described = map(escape, (places.page_title(slug), places.DESCRIPTIONS[slug]))
    assert f"<title>{title}</title>" in page
    assert "efviz" in title
    for tag in (
        f'<meta property="og:title" content="{title}">',
        f'<meta property="og:description" content="{described}">',
        f'<meta name="description" content="{described}">',
    ):
        assert page.count(tag) == 1
    icons = re.findall(r'<link rel="(?:shortcut )?icon" href="([^"]+)"', page)
    assert icons == [places.icon()], "Streamlit's icon is replaced"


def test_every_page_has_a_description_of_its_own():
    assert list(places.DESCRIPTIONS) == list(places.TITLES)
    assert len(set(places.DESCRIPTIONS.values())) == len(places.TITLES)
    assert all(50 < len(words) < 200 for words in places.DESCRIPTIONS.values())


def test_it_is_streamlits_page_with_more_in_its_head():
    headers, body, _ = answered()
    of_the_page = (
        r"<title>.*</title>|<meta (?:property|name=.(?:desc|tw))[^>]*>|<link rel=.icon[^>]*>"
    )
    hints = r'<link rel="modulepreload" href="/[^>]*>|<script [^>]*efviz-assets[^>]*></script>'
    theirs = re.sub(r'<title>.*</title>|<link rel="shortcut icon"[^>]*>', "", compat.first_page())
    assert re.sub(f"{of_the_page}|{hints}", "", body.decode()) == theirs
    assert headers["content-length"] == str(len(body))
    assert "etag" not in headers, "it would be that of another body"
    assert headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/vector-fields", "/"])
def test_what_it_names_is_there_and_named_once(path: str):
    _, body, _ = answered(path)
    names = hinted(body)
    assert len(names) == len(set(names)) > 5
    for name in names:
        place, _, version = name.partition("?v=")
        if place.startswith("/static/"):
            assert files("streamlit").joinpath("static", *place.strip("/").split("/")).is_file()
        else:
            assert version == assets.digest(assets.content(place.rpartition("/")[2]))


def test_the_choice_of_the_theme_is_read_before_streamlit_asks_for_it():
    order = re.findall(r'<script type="module"[^>]*src="([^"]+)"', answered()[1].decode())
    names = [name.partition("?")[0].rpartition("/")[2].partition(".")[0] for name in order]
    assert names == ["scheme", "index", "every_page"]


def test_the_start_page_draws_no_chart_and_every_other_link_does():
    assert not any("plotly.min" in name for name in hinted(answered("/")[1]))
    for path, query in (("/", b"damping=1"), ("/four-matrices", b"")):
        names = " ".join(hinted(answered(path, query)[1]))
        assert "plotly.min.js" in names
        assert "/Selectbox." in names
        assert "/pictures.js" in names


def test_it_is_compressed_for_browsers_that_read_that():
    plain, small = answered()[1], answered(accept=b"br, gzip")
    assert small[0]["content-encoding"] == "gzip"
    assert small[0]["vary"] == "Accept-Encoding"
    assert gzip.decompress(small[1]) == plain


def test_what_is_opened_is_said_once_and_not_for_a_question_about_headers():
    assert answered("/four-matrices", b"s=1")[2] == [("four-matrices", "s=1")]
    headers, body, opened = answered(method="HEAD")
    assert (body, opened) == (b"", [])
    assert int(headers["content-length"]) > 1000


def test_an_exported_page_stays_as_it_is():
    headers, body, opened = answered("/media/0123.html")
    assert (headers["etag"], body, opened) == ("old", b"this", [])


@pytest.mark.parametrize(
    ("status", "kind"), [(404, b"text/html"), (304, b"text/html"), (200, b"text/javascript")]
)
def test_anything_else_stays_as_it_is(status: int, kind: bytes):
    headers, body, opened = answered(status=status, headers=[(b"content-type", kind)])
    assert headers == {"content-type": kind.decode()}
    assert (body, opened) == (b"this", [])


def test_the_modules_named_early_are_those_that_the_page_does_not_ask_for_itself():
    own = set(re.findall(r"/static/js/([\w.-]+\.js)", compat.first_page()))
    named = compat.frontend_modules("BidiComponent", "Selectbox")
    assert {"BidiComponent", "Selectbox"} <= {name.partition(".")[0] for name in named}
    assert len(named) > 2, "and what they import"
    assert not own & set(named)

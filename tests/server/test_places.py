"""The addresses of the pages, and what a visitor gets at others that resemble them or nothing."""

import re
from importlib.resources import files
from urllib.parse import urljoin

import pytest
from middleware import answer

from efviz.dashboard.pages import PAGES
from efviz.dashboard.server.places import TITLES, Places, meant

FIRST, *OTHERS = TITLES
HTML = [(b"content-type", b"text/html; charset=utf-8")]


def answered(
    path: str, query: str = "", *, status: int = 200, kind: bytes = HTML[0][1], method: str = "GET"
) -> tuple[int, dict[str, str], str]:
    """The status, the headers and the body of what a browser gets where Streamlit answers so."""
    found = answer(
        Places,
        (b"Streamlit's", b" page"),
        status=status,
        told=[(b"content-type", kind)],
        method=method,
        path=path,
        query_string=query.encode(),
    )
    return found.status, found.headers, found.body.decode()


def led_to(path: str, query: str = "") -> str:
    """The address to which a browser goes from this one."""
    status, headers, _ = answered(path, query)
    assert status == 302
    assert headers["cache-control"] == "no-cache", "a page of this name may be added"
    return urljoin(f"http://host{path}", headers["location"]).removeprefix("http://host")


def slips(slug: str, title: str) -> set[str]:
    """What people type, or a mail programme makes, of an address."""
    words = slug.split("-")
    return {
        slug.upper(),
        slug.title(),
        title,
        slug.replace("-", "_"),
        "".join(map(str.title, words)),
        slug.rstrip("s"),
        f"{slug}s",
        f"{slug}.",
        f"{slug}/foo",
        f"{slug}/foo/bar.html",
        f"efviz/{slug}",
        slug[:3] + slug[4:],
        slug[:2] + slug[3] + slug[2] + slug[4:],
    } - {slug}


def test_the_pages_are_those_with_an_address():
    assert {page.slug: page.title for page in PAGES.values()} == TITLES


@pytest.mark.parametrize("slug", OTHERS)
def test_a_page_is_at_its_address_and_an_address_like_it_leads_there(slug: str):
    assert answered(f"/{slug}")[2] == "Streamlit's page"
    for slip in slips(slug, TITLES[slug]):
        assert led_to(f"/{slip}") == f"/{slug}", slip
    assert led_to(f"/{slug.upper()}/foo", "s=1&path=B%20") == f"/{slug}?s=1&path=B%20"


def test_the_first_page_is_at_the_root_and_its_name_leads_there():
    assert answered("/")[2] == "Streamlit's page"
    for slip in slips(FIRST, TITLES[FIRST]) | {FIRST}:
        assert led_to(f"/{slip}") == "/", slip
    assert led_to("/start", "s=1") == "/?s=1"


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("lesson", "lessons"),
        ("optimisation", "optimization"),
        ("paper", "the-paper"),
        ("minimum", "at-the-minimum"),
        ("matrices", "four-matrices"),
        ("VectorFields", "vector-fields"),
    ],
)
def test_what_people_call_a_page_means_it(words: str, slug: str):
    assert meant(words) == slug


@pytest.mark.parametrize(
    "path",
    ["/foo", "/a/b/c", "/wp-admin.php", "/about", "/help", "/login", "/-", "/e", "/" + "x/" * 5000],
)
def test_any_other_address_gets_a_page_with_links_to_all_pages(path: str):
    status, headers, body = answered(path)
    assert status == 404
    assert headers["content-type"].startswith("text/html")
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', body)
    places = [urljoin(f"http://host{path}", link).removeprefix("http://host/") for link, _ in links]
    assert places == ["", *OTHERS]
    assert [title for _, title in links] == list(TITLES.values())
    assert "Streamlit" not in body
    font = urljoin(f"http://host{path}", re.findall(r'url\("([^"]+)"\)', body)[0])
    assert files("streamlit").joinpath("static", *font.split("/")[3:]).is_file()
    assert answered(path, method="HEAD")[0] == 404


def test_no_address_leads_to_another_host():
    for path in ("//evil.example/start", "/https://evil.example/lessons", "/\\evil.example/start"):
        assert urljoin(f"http://host{path}", answered(path)[1]["location"]).startswith(
            "http://host"
        )


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/media/0123.html", 200, b"text/html"),
        ("/vector-fields/_stcore/health", 404, b"text/html"),
        ("/vector-fields/", 301, b"text/html"),
        ("/lesson", 200, b"text/plain"),
    ],
)
def test_what_is_no_page_of_streamlit_stays_as_it_is(path: str, status: int, kind: bytes):
    found, headers, body = answered(path, status=status, kind=kind)
    assert (found, headers["content-type"].encode(), body) == (status, kind, "Streamlit's page")


def test_below_a_prefix_only_what_is_below_it_is_corrected(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("efviz.dashboard.server.assets.base_path", lambda: "/efviz")
    assert led_to("/efviz/lesson/foo", "v=1") == "/efviz/lessons?v=1"
    assert led_to("/efviz/start") == "/efviz/"
    assert answered("/efviz/foo")[0] == 404
    assert answered("/lesson")[2] == "Streamlit's page"

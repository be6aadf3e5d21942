"""The picture of a link is the one that a session shows, byte for byte."""

import json
import struct
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.runtime.state import session_state_proxy
from visiting import components, open_page

from efviz.dashboard.pages import PAGES
from efviz.dashboard.session import pictures
from efviz.dashboard.session.caches import SHARED
from efviz.dashboard.session.page import Page
from efviz.dashboard.session.pictures import Picture, Unavailable, kept, picture

FOLLOWING = [slug for slug, listing in PAGES.items() if listing.page and listing.page.follow]


@pytest.fixture
def no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """The state of any session, even of the one outside of all, is out of reach."""

    def refuse() -> None:
        raise AssertionError("a picture must not look at a session")

    monkeypatch.setattr(session_state_proxy, "get_session_state", refuse)


def page_of(slug: str) -> Page:
    page = PAGES[slug].page
    assert page
    return page


def made(slug: str, link: str = "") -> Picture:
    """The picture, however long it takes."""
    for _ in range(200):
        with suppress(Unavailable):
            return picture(page_of(slug), link)
    raise AssertionError("the picture is never done")


def header_of(found: Picture) -> dict[str, Any]:
    (length,) = struct.unpack_from("<I", found.body)
    return json.loads(found.body[4 : 4 + length])


def charts_of(found: Picture) -> dict[str, bytes]:
    """The packed figures by the names of their charts."""
    (length,) = struct.unpack_from("<I", found.body)
    at, charts = 4 + length, {}
    for one in header_of(found)["charts"]:
        charts[one["name"]] = found.body[at : at + one["size"]]
        at += one["size"]
    assert at == len(found.body)
    return charts


def test_every_page_with_a_problem_follows_the_hand():
    assert FOLLOWING == [
        "vector-fields", "at-the-minimum", "four-matrices", "optimization", "gradient-noise",
    ]  # fmt: skip


LINKS = {
    "vector-fields": ("", "damping=0.01&step=0.5", "problem=fig2&n=200&steps=50&cos=1"),
    "at-the-minimum": ("", "problem=fig4&s=0.5&n=100"),
    "four-matrices": ("", "theta=0.5,1.25&row=7", "problem=softmax&n=60"),
    "optimization": ("set=boston&step_gd=1e-7",),
    "gradient-noise": ("", "batch=4&steps=40&runs=3&n=100"),
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("slug", "link"), [(slug, link) for slug in FOLLOWING for link in LINKS[slug]]
)
def test_a_picture_is_the_one_of_a_session(slug: str, link: str):
    at = open_page(slug, **dict(parse_qsl(link)))
    while any("computed" in bar.proto.text for bar in at.get("progress")):
        at.run()
    assert not at.exception
    sent = [bytes(one.bytes) for one in components(at, "chart")]
    shown = " ".join(element.proto.body for element in at.get("html"))
    SHARED.clear()  # what the session has computed
    found = made(slug, link)
    header = header_of(found)
    assert charts_of(found)
    for name, packed in charts_of(found).items():
        assert any(one.endswith(packed) for one in sent), name
    assert header["words"]
    for name, words in header["words"].items():
        assert f"<div data-efviz-words='{name}'>{words}</div>" in shown
    assert header["query"] == at.session_state[slug].query


@pytest.mark.usefixtures("no_session")
@pytest.mark.parametrize("slug", FOLLOWING)
def test_a_picture_needs_no_session(slug: str):
    """Not even for a link that a session has to complain about."""
    SHARED.clear()
    found = made(slug, "n=60&steps=20&damping=junk&never=1&pin=problem%3Down&lesson=x&present=1")
    assert any("unknown setting" in words for words in header_of(found)["remarks"])
    assert "pin" not in header_of(found)["query"]
    assert charts_of(found)


@pytest.mark.usefixtures("no_session")
@pytest.mark.parametrize("slug", FOLLOWING)
def test_own_tables_are_never_drawn(slug: str):
    setting = page_of(slug).settings.declared()["problem"].query
    for link in (f"{setting}=own", f"a=1&{setting}=own&{setting}=own"):
        with pytest.raises(Unavailable, match="own tables"):
            picture(page_of(slug), link)
        assert kept(page_of(slug), link) is None


@pytest.mark.usefixtures("no_session")
def test_junk_gets_the_nearest_picture_and_the_sentences_of_a_link():
    junk = made("vector-fields", "damping=-1&steps=20")
    settings, sentences = page_of("vector-fields").settings.read({"damping": "-1", "steps": "20"})
    assert header_of(junk)["remarks"] == sentences
    assert charts_of(junk) == charts_of(made("vector-fields", settings.query))


@pytest.mark.usefixtures("no_session")
@pytest.mark.parametrize("action", ["move", "drop"])
def test_a_moved_start_is_moved_in_the_picture(action: str):
    moved = {"panel": 1, "trace": "starts", "index": 0, "x": 1.23456, "y": 3.0, "action": action}
    found = made("vector-fields", f"steps=20&starts=0,1;2,3&touch={json.dumps(moved)}")
    assert header_of(found)["query"] == "steps=20&starts=1.235,3;2,3"
    assert charts_of(found) == charts_of(made("vector-fields", "steps=20&starts=1.235,3;2,3"))


@pytest.mark.usefixtures("no_session")
@pytest.mark.parametrize("slug", ["vector-fields", "at-the-minimum", "four-matrices"])
def test_a_moved_example_is_moved_in_the_picture(slug: str):
    moved = {"panel": 0, "trace": "data", "index": 3, "number": 3, "x": 1.5, "y": 4.0}
    touch = json.dumps(moved | {"action": "move"})
    found = made(slug, f"editing=1&n=60&touch={quote(touch)}")
    assert "edits=m3,1.5,4" in header_of(found)["query"]
    without = made(slug, f"n=60&touch={quote(touch)}")
    assert "edits" not in header_of(without)["query"], "it was not being edited"


@pytest.mark.usefixtures("no_session")
@pytest.mark.parametrize(
    "touch", ["", "{", "[]", "null", '{"panel": 1}', '{"panel": 1e999}', "9" * 5000, "[" * 5000]
)
def test_a_touch_that_is_none_is_left_to_the_session(touch: str):
    with pytest.raises(Unavailable):
        picture(page_of("vector-fields"), urlencode({"steps": 20, "touch": touch}))


@pytest.mark.usefixtures("no_session")
def test_a_picture_that_is_not_wanted_any_more_is_given_up():
    SHARED.clear()
    with pytest.raises(Unavailable, match="long"):
        picture(page_of("vector-fields"), "steps=50000", unless=lambda: True)
    assert kept(page_of("vector-fields"), "steps=50000") is None


@pytest.mark.usefixtures("no_session")
def test_long_work_is_left_to_the_session(monkeypatch: pytest.MonkeyPatch):
    """It goes on from where a request stopped."""
    SHARED.clear()
    monkeypatch.setattr(pictures, "BUDGET", 0.0)
    with pytest.raises(Unavailable, match="it takes long"):
        picture(page_of("vector-fields"), "problem=fig2&n=3000&steps=2000")
    monkeypatch.undo()


@pytest.mark.usefixtures("no_session")
@given(
    slug=st.sampled_from(FOLLOWING),
    link=st.dictionaries(
        st.sampled_from(["problem", "set", "s", "damping", "theta", "starts", "edits", "touch"])
        | st.text(max_size=4),
        st.sampled_from(["fig2", "own", "boston", "nan", "1e400", "0,0", "m1,2,3", "[]", "-0"])
        | st.text(max_size=6),
        max_size=4,
    ),
)
def test_whatever_a_link_says_there_is_a_picture_or_a_reason(slug: str, link: dict[str, str]):
    text = urlencode({"n": "20", "steps": "10", "runs": "2"} | link, errors="replace")
    with suppress(Unavailable):
        assert header_of(picture(page_of(slug), text))["words"] is not None


def test_no_setting_has_the_name_of_the_moved_mark():
    for slug in FOLLOWING:
        queries = {one.query for one in page_of(slug).settings.declared().values()}
        assert pictures.TOUCH not in queries


@pytest.mark.usefixtures("no_session")
@pytest.mark.parametrize(("slug", "panel"), [("four-matrices", 1), ("gradient-noise", 0)])
def test_a_dragged_theta_is_that_of_the_picture(slug: str, panel: int):
    moved = {"panel": panel, "trace": "theta", "index": 0, "x": 0.51234, "y": 1.0}
    small = "n=60&steps=20&runs=2&" if slug == "gradient-noise" else "n=60&"
    for action, theta in (("move", "theta=0.512,1"), ("remove", "")):
        touch = quote(json.dumps(moved | {"action": action}))
        found = header_of(made(slug, f"{small}touch={touch}"))
        assert ("theta=" in found["query"]) == bool(theta)
        assert theta in found["query"]

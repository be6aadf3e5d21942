"""Old links keep restoring the same settings."""

import tomllib
from pathlib import Path
from urllib.parse import parse_qsl, quote

import pytest

from efviz.dashboard.pages import PAGES
from efviz.dashboard.session.links import upgraded

SLUGS = ("vector-fields", "at-the-minimum", "four-matrices", "optimization", "gradient-noise")
SETTINGS = {slug: PAGES[slug].settings for slug in SLUGS}
KEPT = tomllib.loads(Path(__file__).with_name("links.toml").read_text())["link"]


@pytest.mark.parametrize("link", KEPT, ids=[link["address"] for link in KEPT])
def test_a_link_of_the_past_restores_what_it_did(link: dict) -> None:
    slug, _, text = link["address"].partition("?")
    query, remarks = upgraded(slug, dict(parse_qsl(text)))
    settings, sentences = SETTINGS[slug].read(query)
    assert remarks + sentences == []
    declared = settings.declared()
    found = {name: one.kind.format(getattr(settings, name)) for name, one in declared.items()}
    assert {name: found[name] for name in link["values"]} == link["values"]
    again, _ = SETTINGS[slug].read(dict(parse_qsl(settings.query)))
    assert again == settings


def test_every_page_has_kept_links() -> None:
    assert {link["address"].partition("?")[0] for link in KEPT} >= set(SETTINGS)


@pytest.mark.parametrize("said", ["99999", "0", "-1", "two", "²", "1" * 40, ""])
def test_an_unknown_version_is_named_and_the_rest_is_read(said: str) -> None:
    query, remarks = upgraded("vector-fields", {"s": "0.5", "v": said})
    assert query == {"s": "0.5"}
    assert len(remarks) == 1


@pytest.mark.parametrize("said", ["", "v=1&"])
def test_an_example_once_counted_from_one_is_the_same_today(said: str) -> None:
    pin = "pin=" + quote("example=3&problem=fig2")
    query, remarks = upgraded("four-matrices", dict(parse_qsl(f"{said}example=7&{pin}")))
    assert (query["row"], remarks) == ("6", [])
    assert dict(parse_qsl(query["pin"])) == {"row": "2", "problem": "fig2"}
    assert upgraded("four-matrices", {"example": "x"})[0] == {"row": "x"}
    assert upgraded("four-matrices", {"example": "7", "row": "1"})[0]["row"] == "1"
    assert upgraded("vector-fields", {"example": "7"})[0] == {"example": "7"}

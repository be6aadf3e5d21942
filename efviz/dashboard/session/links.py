"""Links keep working: older links are translated into the current parameters.

A link may state in `v` the version of its parameters; without it, that is the first version, so far
the only one. A renamed parameter needs no new version, but a new default will, because links omit
settings at their defaults.
"""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode

from efviz.dashboard.server.messages import LONGEST_LINK, MOST_SETTINGS, TOO_LONG

Query = dict[str, str]
Upgrade = Callable[[str, Query], Query]
"""upgrade(slug, query) -> the query with the current parameters."""

VERSION = 1


def counted_from_one(slug: str, old: str, new: str) -> Upgrade:
    """`new` of a page counts from 0 what `old` counted from 1."""

    def upgrade(page: str, query: Query) -> Query:
        if page != slug or old not in query or new in query:
            return query
        text = query[old]
        less = str(int(text) - 1) if text.isdecimal() and len(text) < 10 else text
        return {
            new if key == old else key: less if key == old else value
            for key, value in query.items()
        }

    return upgrade


def named(slug: str, word: str, **meant: str) -> Upgrade:
    """A link to a page that says `word`, even if it says the default, means these too."""

    def upgrade(page: str, query: Query) -> Query:
        return meant | query if page == slug and word in query else query

    return upgrade


OLD_WORDS: tuple[Upgrade, ...] = (
    counted_from_one("four-matrices", "example", "row"),
    named("four-matrices", "closer", tab="closer"),
)
"""Retired names, accepted in every version."""

KEY, PIN = "v", "pin"
"""The version, and the pinned settings: a link within the link."""


def upgraded(slug: str, query: Mapping[str, str]) -> tuple[Query, list[str]]:
    """The upgraded query without its version, and a sentence if the version is invalid."""
    if TOO_LONG in query:
        limits = f"{LONGEST_LINK:,} characters and {MOST_SETTINGS:,} settings"
        words = "The link is too long to be read, so the page shows its defaults."
        return {}, [f"{words} At most {limits} are read."]
    said = query.get(KEY, "1")
    found = {key: text for key, text in query.items() if key != KEY}
    known = said.isascii() and said.isdigit() and len(said) < 6 and int(said) > 0
    if not known or int(said) > VERSION:
        what = "was made by a newer version of this page" if known else "has an unknown version"
        return found, [f"The link {what}; it is read as a current link."]
    for upgrade in OLD_WORDS:
        pinned = parse_qsl(found.get(PIN, ""))
        found = upgrade(slug, found)
        if pinned:
            found[PIN] = urlencode(upgrade(slug, dict(pinned)))
    return found, []

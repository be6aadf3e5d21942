"""Links that keep working: what an older link says, in the words of today.

A link says in `v` which version of the parameters it was made with; without it, the first. Links do
not name what is at its default, so a new default, too, is a new version: what the old one was has
to be said for links that were made before.
"""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode

from efviz.dashboard.server.messages import LONGEST_LINK, MOST_SETTINGS, TOO_LONG

Query = dict[str, str]
Upgrade = Callable[[str, Query], Query]
"""upgrade(slug, query) -> what the next version says instead."""

UPGRADES: tuple[Upgrade, ...] = ()
"""From version 1 to 2, from 2 to 3, and so on; the last leads to the present version."""


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


OLD_WORDS: tuple[Upgrade, ...] = (counted_from_one("four-matrices", "example", "row"),)
"""What no link of today says is read in any version: a new word needs no new version."""

KEY, PIN = "v", "pin"
"""The version, and the settings that are compared with: a link within the link."""


def renamed(slug: str, old: str, new: str) -> Upgrade:
    """The parameter `old` of a page is called `new`."""

    def upgrade(page: str, query: Query) -> Query:
        if page != slug:
            return query
        return {new if key == old else key: text for key, text in query.items()}

    return upgrade


def default_was(slug: str, key: str, text: str) -> Upgrade:
    """Links to a page that say nothing of `key` mean `text`."""
    return lambda page, query: {key: text} | query if page == slug else query


def version() -> int:
    return len(UPGRADES) + 1


def upgraded(slug: str, query: Mapping[str, str]) -> tuple[Query, list[str]]:
    """What a link says, without its version, and a sentence where it is no version of this page."""
    if TOO_LONG in query:
        limits = f"{LONGEST_LINK:,} characters and {MOST_SETTINGS:,} settings"
        words = "The link is too long to be read, so the page shows its defaults."
        return {}, [f"{words} At most {limits} are read."]
    said = query.get(KEY, "1")
    found = {key: text for key, text in query.items() if key != KEY}
    known = said.isascii() and said.isdigit() and len(said) < 6 and int(said) > 0
    if not known or int(said) > version():
        what = "made by a newer version of this page" if known else "of no known version"
        return found, [f"The link is {what}; it is read as if it were of today."]
    for upgrade in (*UPGRADES[int(said) - 1 :], *OLD_WORDS):
        pinned = parse_qsl(found.get(PIN, ""))
        found = upgrade(slug, found)
        if pinned:
            found[PIN] = urlencode(upgrade(slug, dict(pinned)))
    return found, []


def stamped(query: str) -> str:
    """The query string of today's settings with its version; the first needs none."""
    if version() == 1:
        return query
    return "&".join(filter(None, [query, f"{KEY}={version()}"]))

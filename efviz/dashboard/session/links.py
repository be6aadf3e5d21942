"""Links that keep working: what an older link says, in the words of today.

A link may say in `v` which version of the parameters it was made with; if it does not, it was the
first, which is the only one so far. A renamed parameter needs no new version, but a new default
will, as links leave out what is at its default.
"""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, urlencode

from efviz.dashboard.server.messages import LONGEST_LINK, MOST_SETTINGS, TOO_LONG

Query = dict[str, str]
Upgrade = Callable[[str, Query], Query]
"""upgrade(slug, query) -> what a link of today says instead."""

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


OLD_WORDS: tuple[Upgrade, ...] = (counted_from_one("four-matrices", "example", "row"),)
"""For parameters that links of today no longer name."""

KEY, PIN = "v", "pin"
"""The version, and the settings that are compared with: a link within the link."""


def upgraded(slug: str, query: Mapping[str, str]) -> tuple[Query, list[str]]:
    """What a link says, without its version, and a sentence where it is no version of this page."""
    if TOO_LONG in query:
        limits = f"{LONGEST_LINK:,} characters and {MOST_SETTINGS:,} settings"
        words = "The link is too long to be read, so the page shows its defaults."
        return {}, [f"{words} At most {limits} are read."]
    said = query.get(KEY, "1")
    found = {key: text for key, text in query.items() if key != KEY}
    known = said.isascii() and said.isdigit() and len(said) < 6 and int(said) > 0
    if not known or int(said) > VERSION:
        what = "made by a newer version of this page" if known else "of no known version"
        return found, [f"The link is {what}; it is read as if it were of today."]
    for upgrade in OLD_WORDS:
        pinned = parse_qsl(found.get(PIN, ""))
        found = upgrade(slug, found)
        if pinned:
            found[PIN] = urlencode(upgrade(slug, dict(pinned)))
    return found, []

"""Foreign text, as names of columns and files are, where Streamlit reads Markdown."""

import re

_MARKS = frozenset("\\`*_{}[]<>()#+!|~$:.@&-=")
_JOINER = "\N{WORD JOINER}"
_SEAMS = re.compile(
    r"(?<=:)(?=\S)|(?=@)|(?<=www)(?=\.)|(?<=[-<>=~])(?=[-<>=~])",
    re.IGNORECASE,
)
"""Places within what Streamlit looks for after it has read the Markdown and dropped its
backslashes: addresses of the web and of mail, icons (:material/home:), arrows (->) and relations
(>=)."""


def plain(text: str) -> str:
    """The same to look at, on one line: no link, no colour, no code, no formula.

    A backslash before a mark makes it a character. Nothing is an address, an icon or an arrow with
    an invisible character inside.
    """
    joined = _SEAMS.sub(_JOINER, " ".join(text.split()))
    return "".join(f"\\{c}" if c in _MARKS else c for c in joined)

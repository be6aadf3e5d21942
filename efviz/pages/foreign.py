"""Foreign text, as names of columns and files are, where Streamlit reads Markdown."""

_MARKS = frozenset("\\`*_{}[]<>()#+!|~$:.@&-=")


def plain(text: str) -> str:
    """The same to look at: no link, also of a bare address, no colour, no code, no formula.

    A backslash before a mark makes it a character; an address is none without its marks.
    """
    return "".join(f"\\{c}" if c in _MARKS else c for c in text)

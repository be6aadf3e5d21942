"""Errors for visitors: one sentence with the offending value and what to do about it."""


class TableError(ValueError):
    """A table that cannot be used; the message is one sentence for the visitor."""


def shown(text: str, length: int = 40) -> str:
    """`text` on one line, shortened to `length` characters."""
    text = " ".join(text[: 4 * length].split())
    return text if len(text) <= length else text[: length - 1] + "…"


def quoted(*names: str) -> str:
    """The names in quotation marks, the first three of many."""
    words = [f'"{shown(name)}"' for name in names[:3]]
    if len(names) > 3:
        words.append(f"{len(names) - 3} more")
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

"""What a visitor is told: one sentence, with the value, and what to do."""


class TableError(ValueError):
    """A table that cannot be used; the text is one sentence for the visitor."""


def shown(text: str, length: int = 40) -> str:
    """`text` on one line and no longer than `length`."""
    text = " ".join(text[: 4 * length].split())
    return text if len(text) <= length else text[: length - 1] + "…"


def quoted(*names: str) -> str:
    """The names in quotation marks, the first three of many."""
    words = [f'"{shown(name)}"' for name in names[:3]]
    if len(names) > 3:
        words.append(f"{len(names) - 3} more")
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"

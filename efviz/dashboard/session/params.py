"""Parameters of a page: their defaults, their place in the URL, and what to say of nonsense.

A value that is its default leaves the URL. What a URL holds is checked here and nowhere else:
`from_query` returns valid values and one sentence, of plain text, for everything it had to replace.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Protocol

from efviz.datasets.edits import ADDED, MOST, MOVED, REMOVED, Edit, normal
from efviz.datasets.tables.errors import quoted

Values = dict[str, Any]

EVERYWHERE = ("lesson", "present")
"""What a URL may say on every page: the step of a lesson, and presenter mode."""


class Kind(Protocol):
    """How one sort of value is read from text, with ValueError(sentence), and written."""

    def parse(self, text: str, values: Values) -> tuple[Any, str]: ...
    def format(self, value: Any) -> str: ...


FARTHEST = 1e9
"""How far out a place in a link may lie, in each coordinate."""


@dataclass(frozen=True)
class Param:
    """One parameter: its name in the page's controls, its short name in the URL, its default."""

    name: str
    query: str
    title: str
    kind: Kind
    default: Callable[[Values], Any]


def shortest(number: float) -> str:
    """The shortest text that is read as exactly this number: a narrow plane needs all digits."""
    return repr(float(number) + 0.0).removesuffix(".0").replace("e+", "e")


@dataclass(frozen=True)
class Number:
    """A finite number within bounds, which may depend on the other values."""

    low: float | Callable[[Values], float]
    high: float | Callable[[Values], float]
    integer: bool = False
    zero: bool = False

    def bounds(self, values: Values) -> tuple[float, float]:
        low = self.low(values) if callable(self.low) else self.low
        high = self.high(values) if callable(self.high) else self.high
        return low, high

    def nearest(self, number: float, values: Values) -> float:
        """The valid number that is nearest, 0 counting only as itself."""
        low, high = self.bounds(values)
        return number if self.zero and number == 0 else min(max(number, low), high)

    def parse(self, text: str, values: Values) -> tuple[Any, str]:
        low, high = self.bounds(values)
        try:
            number = float(text.replace("−", "-"))
        except ValueError:
            raise ValueError("is not a number") from None
        if not isfinite(number):
            raise ValueError("is not a finite number")
        words, nearest = "", self.nearest(number, values)
        if number != nearest:
            words = f"lies outside {low:g} to {high:g}" if low < high else "does not apply here"
            number = nearest
        if self.integer and number != round(number):
            words = words or "is not a whole number"
        return (round(number) if self.integer else number), words

    def format(self, value: Any) -> str:
        return str(value) if self.integer else shortest(value)


@dataclass(frozen=True)
class Choice:
    """One of several words, which may depend on the other values; None: not known yet, anything."""

    options: Callable[[Values], Sequence[str] | None]

    def parse(self, text: str, values: Values) -> tuple[Any, str]:
        options = self.options(values)
        if options is None:
            return text[:200], ""
        if text not in options:
            shown = ", ".join(options[:12]) + (", …" if len(options) > 12 else "")
            raise ValueError(f"is none of {shown}" if options else "does not apply here")
        return text, ""

    def format(self, value: Any) -> str:
        return str(value)


@dataclass(frozen=True)
class Flag:
    """On (1) or off (0)."""

    def parse(self, text: str, values: Values) -> tuple[Any, str]:
        if text not in ("0", "1"):
            raise ValueError("is neither 0 nor 1")
        return text == "1", ""

    def format(self, value: Any) -> str:
        return "1" if value else "0"


@dataclass(frozen=True)
class Points:
    """Rows of numbers, "1,2;3,4"; empty text stands for "choose for me"."""

    width: int
    most: int
    check: Callable[[tuple[tuple[float, ...], ...]], str] = lambda rows: ""

    def parse(self, text: str, values: Values) -> tuple[Any, str]:
        if not text:
            return (), ""
        try:
            rows = tuple(
                tuple(float(number.replace("−", "-")) for number in row.split(","))
                for row in text.split(";")
            )
        except ValueError:
            raise ValueError(
                f"is not of the form {';'.join([','.join('xy' * (self.width // 2))] * 2)}"
            ) from None
        if any(len(row) != self.width or not all(map(isfinite, row)) for row in rows):
            raise ValueError(f"needs {self.width} finite numbers for each point")
        if any(abs(number) > FARTHEST for row in rows for number in row):
            raise ValueError("lies further out than 1e9")
        problem = self.check(rows)
        if problem:
            raise ValueError(problem)
        if len(rows) > self.most:
            return rows[: self.most], f"has more than {self.most} points"
        return rows, ""

    def format(self, value: Any) -> str:
        return ";".join(",".join(map(shortest, row)) for row in value)


@dataclass(frozen=True)
class EditList:
    """Edits of single examples, "m12,1.5,2.3;a0.5,1.2;r7": see `efviz.datasets.edits`."""

    empty = "no edit"

    def parse(self, text: str, values: Values) -> tuple[Any, str]:
        parts = [part for part in text.split(";") if part]
        read = [_edit(part) for part in parts]
        wrong = [part for part, edit in zip(parts, read, strict=True) if edit is None]
        edits = normal([edit for edit in read if edit is not None])
        words = ""
        if wrong:
            count = f", and {len(wrong) - 1} more such" if len(wrong) > 1 else ""
            words = f"says {quoted(wrong[0])}{count}, not of the form m12,1.5,2.3, a0.5,1.2 or r7"
        elif len(edits) > MOST:
            words = f"has more than {MOST} edits"
        return edits[:MOST], words

    def format(self, value: Any) -> str:
        return ";".join(_edit_text(edit) for edit in value)


def _edit_text(edit: Edit) -> str:
    kind, *numbers = edit
    first = [] if kind == ADDED else [str(numbers.pop(0))]
    return kind + ",".join([*first, *map(shortest, numbers)])


def _edit(text: str) -> Edit | None:
    """One edit if the text is one."""
    kind, (first, *rest) = text[0], text[1:].replace("−", "-").split(",")
    try:
        number = () if kind == ADDED else (_count(first),)
        place = tuple(map(float, [first, *rest] if kind == ADDED else rest))
    except ValueError:
        return None
    sound = all(isfinite(value) and abs(value) <= FARTHEST for value in place)
    return (kind, *number, *place) if sound and len(place) in PLACES.get(kind, ()) else None


PLACES = {MOVED: (2, 3), ADDED: (2, 3), REMOVED: (0,)}
"""How many numbers say where an example lies."""


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError
    return int(text)


def defaults(params: Sequence[Param], chosen: Values | None = None) -> Values:
    """Every parameter's default, those in `chosen` kept; later defaults may depend on earlier."""
    values: Values = dict(chosen or {})
    for param in params:
        if param.name not in values:
            values[param.name] = param.default(values)
    return values


def from_query(params: Sequence[Param], query: Mapping[str, str]) -> tuple[Values, list[str]]:
    """Valid values from what a URL says, and a sentence for each thing that was not valid."""
    values: Values = {}
    sentences = []
    for param in params:
        values[param.name] = default = param.default(values)
        text = query.get(param.query)
        if text is None:
            continue
        try:
            values[param.name], words = param.kind.parse(text, values)
        except ValueError as error:
            words = str(error)
            values[param.name] = default
        if words:
            used = param.kind.format(values[param.name]) or getattr(
                param.kind, "empty", "automatic"
            )
            used = used[:80] + "…" if len(used) > 80 else used
            sentences.append(f"{param.title} {quoted(text)} in the link {words}; {used} is used.")
    known = {param.query for param in params} | {*EVERYWHERE}
    unknown = [key for key in query if key not in known]
    if unknown:
        words = f"The link also says {quoted(*unknown)}, which this page does not know."
        sentences.append(words)
    return values, sentences


def to_query(params: Sequence[Param], values: Values) -> str:
    """The query string of these values: what is not a default, in the order of `params`."""
    from urllib.parse import quote

    parts = []
    for param in params:
        text = param.kind.format(values[param.name])
        if text != param.kind.format(param.default(values)):
            parts.append(f"{param.query}={quote(text, safe=',;.-~')}")
    return "&".join(parts)

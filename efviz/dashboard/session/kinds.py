"""The kinds of values that settings have: how each is read from a link, checked and written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10
from typing import Any, Protocol

from efviz.datasets.edits import ADDED, MOST, MOVED, REMOVED, Edit, normal
from efviz.datasets.tables.errors import quoted

Sofar = Any
"""Settings in which those declared before the current one are known."""


class Kind(Protocol):
    """How one sort of value is read from text, with ValueError(sentence), and written."""

    def parse(self, text: str, settings: Sofar) -> tuple[Any, str]: ...
    def format(self, value: Any) -> str: ...

    def nearest(self, value: Any, settings: Sofar) -> Any:
        """The valid value nearest to that of a widget, None if there is none."""
        return value


FARTHEST = 1e9
"""How far out a place in a link may lie, in each coordinate."""


def shortest(number: float) -> str:
    """The shortest text that is read as exactly this number: a narrow plane needs all digits."""
    return repr(float(number) + 0.0).removesuffix(".0").replace("e+", "e")


def rounded(number: float, size: float) -> float:
    """Rounded to about a thousandth of `size`, to keep links short."""
    return round(number, decimals(size))


def decimals(size: float) -> int:
    """The number of decimal digits, negative before the point, of a thousandth of `size`."""
    return 3 - floor(log10(size))


@dataclass(frozen=True)
class Number(Kind):
    """A finite number within bounds, which may depend on the other values."""

    low: float | Callable[[Sofar], float]
    high: float | Callable[[Sofar], float]
    integer: bool = False
    zero: bool = False

    def bounds(self, settings: Sofar) -> tuple[float, float]:
        low = self.low(settings) if callable(self.low) else self.low
        high = self.high(settings) if callable(self.high) else self.high
        return low, high

    def nearest(self, value: float, settings: Sofar) -> float:
        """The nearest valid number; 0 is never the nearest to another number."""
        clipped = self._clipped(value, settings)
        return round(clipped) if self.integer else float(clipped)

    def _clipped(self, number: float, settings: Sofar) -> float:
        low, high = self.bounds(settings)
        return number if self.zero and number == 0 else min(max(number, low), high)

    def parse(self, text: str, settings: Sofar) -> tuple[Any, str]:
        low, high = self.bounds(settings)
        try:
            number = float(text.replace("−", "-"))
        except ValueError:
            raise ValueError("is not a number") from None
        if not isfinite(number):
            raise ValueError("is not a finite number")
        words, nearest = "", self._clipped(number, settings)
        if number != nearest:
            words = f"lies outside {low:g} to {high:g}" if low < high else "does not apply here"
            number = nearest
        if self.integer and number != round(number):
            words = words or "is not a whole number"
        return (round(number) if self.integer else number), words

    def format(self, value: Any) -> str:
        return str(value) if self.integer else shortest(value)


DAMPING = Number(1e-10, 1e10, zero=True)
"""The bounds of every damping."""


@dataclass(frozen=True)
class Choice(Kind):
    """One of several words, which may depend on other values; None accepts any word."""

    options: Callable[[Sofar], Sequence[str] | None]

    def parse(self, text: str, settings: Sofar) -> tuple[Any, str]:
        options = self.options(settings)
        if options is None:
            return text[:200], ""
        if text not in options:
            raise ValueError(
                f"is not one of {_listed(options)}" if options else "does not apply here"
            )
        return text, ""

    def format(self, value: Any) -> str:
        return str(value)

    def nearest(self, value: Any, settings: Sofar) -> Any:
        """None for a word that is no option any more, as when two widgets change at once."""
        return value if value in (self.options(settings) or ()) else None


def _listed(options: Sequence[str]) -> str:
    return ", ".join(options[:12]) + (", …" if len(options) > 12 else "")


@dataclass(frozen=True)
class Several(Kind):
    """From one word to `most`, "a,b", always in the order of the options."""

    options: Callable[[], Sequence[str]]
    most: int

    def parse(self, text: str, settings: Sofar) -> tuple[Any, str]:
        options, asked = self.options(), [word for word in text.split(",") if word]
        unknown = [word for word in asked if word not in options]
        known = tuple(option for option in options if option in asked)
        if not known:
            raise ValueError(f"names none of {_listed(options)}")
        words = ""
        if unknown:
            words = f"contains {quoted(unknown[0])}, which is not one of {_listed(options)}"
        elif len(known) > self.most:
            words = f"names more than {self.most}"
        return known[: self.most], words

    def format(self, value: Any) -> str:
        return ",".join(value)

    def nearest(self, value: Any, settings: Sofar) -> Any:
        """None for an empty choice."""
        return tuple(one for one in self.options() if one in value)[: self.most] or None


@dataclass(frozen=True)
class Flag(Kind):
    """On (1) or off (0)."""

    def parse(self, text: str, settings: Sofar) -> tuple[Any, str]:
        if text not in ("0", "1"):
            raise ValueError("is neither 0 nor 1")
        return text == "1", ""

    def format(self, value: Any) -> str:
        return "1" if value else "0"


@dataclass(frozen=True)
class Points(Kind):
    """Rows of numbers, "1,2;3,4"; empty text stands for "choose for me"."""

    width: int
    most: int
    check: Callable[[tuple[tuple[float, ...], ...]], str] = lambda rows: ""

    def parse(self, text: str, settings: Sofar) -> tuple[Any, str]:
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
            raise ValueError("has a coordinate beyond 1e9")
        problem = self.check(rows)
        if problem:
            raise ValueError(problem)
        if len(rows) > self.most:
            return rows[: self.most], f"has more than {self.most} points"
        return rows, ""

    def format(self, value: Any) -> str:
        return ";".join(",".join(map(shortest, row)) for row in value)


@dataclass(frozen=True)
class EditList(Kind):
    """Edits of single examples, "m12,1.5,2.3;a0.5,1.2;r7": see `efviz.datasets.edits`."""

    empty = "no edit"

    def parse(self, text: str, settings: Sofar) -> tuple[Any, str]:
        parts = [part for part in text.split(";") if part]
        read = [_edit(part) for part in parts]
        wrong = [part for part, edit in zip(parts, read, strict=True) if edit is None]
        edits = normal([edit for edit in read if edit is not None])
        words = ""
        if wrong:
            count = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            form = "not of the form m12,1.5,2.3, a0.5,1.2 or r7"
            words = f"contains {quoted(wrong[0])}{count}, {form}"
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
    """The edit that the text describes, or None."""
    kind, (first, *rest) = text[0], text[1:].replace("−", "-").split(",")
    try:
        number = () if kind == ADDED else (_count(first),)
        place = tuple(map(float, [first, *rest] if kind == ADDED else rest))
    except ValueError:
        return None
    sound = all(isfinite(value) and abs(value) <= FARTHEST for value in place)
    return (kind, *number, *place) if sound and len(place) in PLACES.get(kind, ()) else None


PLACES = {MOVED: (2, 3), ADDED: (2, 3), REMOVED: (0,)}
"""Allowed counts of coordinates for each kind of edit."""


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError
    return int(text)

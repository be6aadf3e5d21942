"""From the cells of a column, all text, to its numbers and its classes.

A number is written with a decimal point or a decimal comma; the other sign, a space or an
apostrophe may group its digits in threes. The cells of a column show which it is or, where "1,234"
may be either, the other columns do. If nothing decides, no guess is made.
"""

import re
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from efviz.arrays import Array, Mask
from efviz.datasets.tables.errors import quoted, shown
from efviz.numbers import counted

Codes = NDArray[np.int64]
Sign = Literal["point", "comma"]

MAX_CLASSES = 50
# How printf writes "not a number" on various platforms.
_NANS = [
    f"{sign}{nan}"
    for sign in ("", "+", "-")
    for nan in ("nan", "nan(ind)", "nan(snan)", "1.#qnan", "1.#snan", "1.#ind", "1.#ind00")
]
# A dash or "none" is a missing number, but may be the name of a class.
MISSING_LABELS = ["", "na", "n/a", "#n/a", "<na>", "null", "?", *_NANS]
MISSING = [*MISSING_LABELS, "none", "-", "--", "–", "—", "."]
BOOLEANS = (("false", "true"), ("no", "yes"))
CODES = (-99.0, -999.0, -9999.0, -99999.0)
"""Numbers that often stand for a missing value."""

# No two adjacent parts of a pattern match the same text, so a long cell takes linear time.
_PLAIN = r"(?:[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"


def _written(decimal: str, *marks: str) -> str:
    groups = "|".join(f"(?:{mark}[0-9]{{3}})+" for mark in marks)
    return (
        f"(?:[+-]?(?:(?:[0-9]+|[1-9][0-9]{{0,2}}(?:{groups}))(?:{decimal}[0-9]*)?|{decimal}[0-9]+)"
        "(?:[eE][+-]?[0-9]+)?)"
    )


_MARKS = (" ", "\u00a0", "\u202f", "'", "’")
_WRITTEN: dict[Sign, str] = {
    "point": _written(r"\.", ",", *_MARKS),
    "comma": _written(",", r"\.", *_MARKS),
}
NUMERAL = "|".join((_PLAIN, *_WRITTEN.values()))
"""A number in any accepted notation."""
_GROUPING: dict[Sign, str] = {"point": "[ \u00a0\u202f'’,]", "comma": "[ \u00a0\u202f'’.]"}

_REASONS = (
    (r"=.+", "is a formula; save the file with values in place of formulas"),
    (
        r"[+-]?(inf(inity)?|1\.#inf0*)",
        "is not a finite number; correct it in the file or leave the cell empty",
    ),
    (
        r"[^\w\s]?\s*[+-]?[\d.,]+\s*[^\d\s.,:/-]{1,12}|\D{1,4}\s?[+-]?[\d.,]+",
        "is not a number; write the number alone, without unit or currency",
    ),
)


@dataclass(frozen=True, eq=False)
class Column:
    """One column: its `numbers`, nan where one is missing, its `classes`, or both.

    `numbers` is None where the cells are not all numbers. `problem` then says why, with row and
    column, and `broken` whether most of them are numbers. `classes` are the distinct labels in
    natural order, None if there are more than MAX_CLASSES; `codes` holds the class of each row, -1
    where it is missing.
    """

    name: str
    numbers: Array | None
    classes: tuple[str, ...] | None
    codes: Codes
    problem: str = ""
    missing: int = 0
    broken: bool = False

    @property
    def constant(self) -> bool:
        """Whether all numbers of the column are equal."""
        if self.numbers is None:
            return False
        values = self.numbers[np.isfinite(self.numbers)]
        return bool(len(values)) and bool((values == values[0]).all())


@dataclass(frozen=True, eq=False)
class _Cells:
    """The cells of a column before the notation of its numbers is known."""

    name: str
    text: Any
    absent: Mask
    plain: bool
    readings: dict[Sign, Array]

    @property
    def ambiguous(self) -> bool:
        if len(self.readings) < 2:
            return False
        return not np.array_equal(self.readings["point"], self.readings["comma"], equal_nan=True)

    @property
    def votes(self) -> set[Sign]:
        """The decimal signs that its own cells prove."""
        return set(self.readings) if len(self.readings) == 1 else set()


def read_columns(texts: dict[str, Any], delimiter: str) -> tuple[dict[str, Column], list[str]]:
    """The columns of stripped cells, and sentences on what was done to them.

    The cells are pandas series by name; their index holds the rows in the file, for the sentences.
    """
    cells = [_look(name, text) for name, text in texts.items()]
    if any(not c.plain and "comma" in c.readings for c in cells):
        cells = [_look(c.name, c.text, both=True) if c.plain else c for c in cells]
    votes = {vote for c in cells for vote in c.votes if vote == "comma" or _has(c, ".")}
    columns, notes = {}, _Notes()
    for c in cells:
        columns[c.name] = _column(c, _decide(c, votes, delimiter), notes)
    return columns, notes.sentences()


def is_number(cell: str) -> bool:
    return bool(re.fullmatch(NUMERAL, cell))


def label(number: float) -> str:
    """A number as the name of a class: 1, not 1.0."""
    return repr(float(number)).removesuffix(".0")


def natural(text: str) -> list[tuple[int, float, str]]:
    """A sort key that puts "class 2" before "class 10"."""
    parts = re.split(r"([0-9]{1,15})", text.casefold())
    return [(0, float(part), "") if i % 2 else (1, 0.0, part) for i, part in enumerate(parts)]


class _Notes:
    """The columns that were changed, grouped by the change."""

    def __init__(self) -> None:
        self.decimal: list[str] = []
        self.grouped: dict[str, str] = {}
        self.words: dict[str, list[str]] = {}
        self.spellings: list[tuple[str, list[str]]] = []
        self.codes: dict[float, list[str]] = {}

    def sentences(self) -> list[str]:
        notes = []
        if self.decimal:
            notes.append(f"The comma is read as the decimal sign in {quoted(*self.decimal)}.")
        for name, example in list(self.grouped.items())[:3]:
            notes.append(f"Digits are grouped in {quoted(name)}: {example}.")
        for words, names in self.words.items():
            no, yes = words.split()
            notes.append(f"{yes.capitalize()} counts as 1 and {no} as 0 in {quoted(*names)}.")
        for name, found in self.spellings[:3]:
            notes.append(f"{quoted(*found)} are one class of {quoted(name)}.")
        for code, names in self.codes.items():
            holds = "holds" if len(names) == 1 else "hold"
            notes.append(
                f"{quoted(*names)} {holds} {label(code)}, which often stands for a missing value: "
                "if so, leave these cells empty."
            )
        return notes


def _look(name: str, text: Any, both: bool = False) -> _Cells:
    absent = text.str.lower().isin(MISSING).to_numpy(bool)
    numerals = text[~absent].str.replace("−", "-", regex=False)
    plain = bool(len(numerals)) and bool(numerals.str.fullmatch(_PLAIN).all())
    readings: dict[Sign, Array] = {}
    for sign in ("point", "comma"):
        if plain and sign == "point":
            readings[sign] = _parse(numerals, absent)
        elif plain and not both:
            continue
        elif len(numerals) and numerals.str.fullmatch(_WRITTEN[sign]).all():
            bare = numerals.str.replace(_GROUPING[sign], "", regex=True)
            readings[sign] = _parse(bare.str.replace(",", ".", regex=False), absent)
    return _Cells(name, text, absent, plain, readings)


def _parse(numerals: Any, absent: Mask) -> Array:
    numbers = np.full(len(absent), np.nan)
    numbers[~absent] = numerals.to_numpy(object).astype(float)
    return numbers


def _has(cells: _Cells, mark: str) -> bool:
    return bool(cells.text.str.contains(mark, regex=False).any())


def _decide(cells: _Cells, votes: set[Sign], delimiter: str) -> Sign | None:
    """The decimal sign of the column; None if it holds no numbers, or if nothing decides."""
    if not cells.ambiguous:
        return next(iter(cells.readings), None)
    if len(votes) == 1:
        return next(iter(votes))
    if votes:
        return None
    if cells.plain:
        return "point"
    # Programs that separate columns by ";" do so because "," is their decimal sign.
    return "comma" if delimiter == ";" else None


def _column(cells: _Cells, sign: Sign | None, notes: _Notes) -> Column:
    name, text = cells.name, cells.text
    missing = int(cells.absent.sum())
    if missing == len(text):
        problem = f"The column {quoted(name)} has no values."
        return Column(name, None, None, np.full(len(text), -1), problem, missing)
    if sign is not None:
        numbers = cells.readings[sign]
        _note(cells, sign, notes)
        infinite = np.flatnonzero(np.isinf(numbers))
        if not len(infinite):
            _note_codes(name, numbers, notes)
            return _of_numbers(name, numbers, missing)
        where = infinite[0]
        problem = (
            f"Row {text.index[where]:,} of {quoted(name)} is {quoted(text.iloc[where])}, which "
            "overflows double precision; correct it in the file or leave the cell empty."
        )
        return _of_labels(name, text, problem, True, notes)
    lower = text.str.lower()
    for no, yes in BOOLEANS:
        if lower[~cells.absent].isin((no, yes)).all():
            notes.words.setdefault(f"{no} {yes}", []).append(name)
            numbers = np.where(cells.absent, np.nan, (lower == yes).to_numpy(float))
            column = _of_numbers(name, numbers, missing)
            return replace(column, classes=tuple((no, yes)[int(k)] for k in column.classes or ()))
    return _of_labels(name, text, *_problem(cells), notes)


def _note(cells: _Cells, sign: Sign, notes: _Notes) -> None:
    if cells.plain and sign == "point":
        return
    if sign == "comma" and _has(cells, ","):
        notes.decimal.append(cells.name)
    marks = _GROUPING[sign]
    grouped = np.flatnonzero(cells.text.str.contains(marks, regex=True).to_numpy(bool))
    if len(grouped):
        where = grouped[0]
        notes.grouped[cells.name] = (
            f"{shown(cells.text.iloc[where])} is {label(cells.readings[sign][where])}"
        )


def _note_codes(name: str, numbers: Array, notes: _Notes) -> None:
    """Note codes of missing values: negative numbers in a column that is otherwise >= 0."""
    present = numbers[np.isfinite(numbers)]
    code = float(present.min(initial=0))
    if code in CODES and (present[present != code] >= 0).all() and (present >= 0).any():
        notes.codes.setdefault(code, []).append(name)


def _of_numbers(name: str, numbers: Array, missing: int) -> Column:
    present = np.isfinite(numbers)
    codes = np.full(len(numbers), -1)
    # The first rows usually show that there are too many, which spares sorting the others.
    for some in (numbers[present][:1000], numbers[present]):
        values, inverse = np.unique(some, return_inverse=True)
        if len(values) > MAX_CLASSES:
            return Column(name, numbers, None, codes, "", missing)
    codes[present] = inverse
    return Column(name, numbers, tuple(map(label, values)), codes, "", missing)


def _of_labels(name: str, text: Any, problem: str, broken: bool, notes: _Notes) -> Column:
    """Labels that differ only in capitals are one class, with its most frequent spelling."""
    import pandas as pd

    absent = text.str.lower().isin(MISSING_LABELS).to_numpy(bool)
    codes, folded = pd.factorize(text.str.casefold().to_numpy(object))
    codes = np.asarray(codes, dtype=np.int64)
    seen = np.unique(codes[~absent])
    missing = int(absent.sum())
    if len(seen) > MAX_CLASSES:
        return Column(name, None, None, np.full(len(text), -1), problem, missing, broken)
    labels = {}
    for k in seen:
        spellings, counts = np.unique(text[codes == k].to_numpy(str), return_counts=True)
        labels[k] = str(spellings[np.argmax(counts)])
        if len(spellings) > 1:
            notes.spellings.append((name, list(spellings)))
    order = sorted(seen, key=lambda k: (natural(labels[k]), labels[k]))
    rank = np.full(len(folded), -1)
    rank[order] = np.arange(len(order))
    classes = tuple(labels[k] for k in order)
    return Column(name, None, classes, rank[codes], problem, missing, broken)


def _problem(cells: _Cells) -> tuple[str, bool]:
    """Why the cells are not all numbers, naming the first that is none; and whether most are."""
    text, name = cells.text, quoted(cells.name)
    present = np.flatnonzero(~cells.absent)
    numerals = text.iloc[present].str.replace("−", "-", regex=False)
    fits = {
        sign: numerals.str.fullmatch(pattern).to_numpy(bool) for sign, pattern in _WRITTEN.items()
    }
    wrong = present[~(fits["point"] | fits["comma"])]
    mixed = cells.ambiguous or not len(wrong)
    where = present[int(np.argmax(["," in cell for cell in numerals]))] if mixed else wrong[0]
    row, cell = text.index[where], text.iloc[where]
    start = f'Row {row:,} of {name} is "{shown(cell)}", '
    if cells.ambiguous:
        one, other = (label(reading[where]) for reading in cells.readings.values())
        return (
            f"{start}which may be {one} or {other}; write the column without grouping its digits."
        ), True
    if mixed:
        return (
            f"{start}but other cells of the column are written differently; use the same decimal "
            "sign in all of them."
        ), True
    if 2 * len(wrong) > len(present) and not re.fullmatch(_REASONS[0][0], cell[:200]):
        return f'{name} holds text, not numbers (row {row:,} is "{shown(cell)}").', False
    for pattern, reason in _REASONS:
        if re.fullmatch(pattern, cell[:200], re.IGNORECASE):
            return f"{start}which {reason}.", True
    others = f" ({counted(len(wrong), 'such cell')})" if len(wrong) > 1 else ""
    return (
        f"{start}which is not a number; correct it in the file or leave the cell empty{others}."
    ), True

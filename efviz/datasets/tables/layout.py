r"""The layout of a table: what separates its columns, and whether its first row names them.

Both are inferred from the rows. A separator is good if it cuts all rows into equally many cells and
leaves no cell like "5;60", numbers not cut apart. The first row is the header if it would be
surprising as another row of values: with p the share of cells of the same kind among those below,
it is the header where

    sum over columns of log P(kind | name) - log p >= 0.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import StringIO
from itertools import islice
from math import log
from typing import Any

import numpy as np
from numpy.typing import NDArray

from efviz.datasets.tables.columns import BOOLEANS, MISSING, NUMERAL, is_number

SPACES = "spaces"
SEPARATORS = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "vertical bar": "|",
    SPACES: r"\s+",
}
"""The separators of columns by name, in the form that pandas takes."""
SIGNS = [sign for name, sign in SEPARATORS.items() if name != SPACES]

# Rows and cells examined to find the separator, and cells examined to find the header.
_ROWS, _CELLS, _SEEN = 10_000, 200_000, 500_000
# Characters given to clevercsv, which takes quadratic time on some cells.
_SAMPLE = 4000

_DATE = r"[0-9]{1,4}(?:-[0-9]{1,2}-|/[0-9]{1,2}/|\.[0-9]{1,2}\.)[0-9]{1,4}"
_CLOCK = r"[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?"
TIME = rf"(?:{_DATE}(?:[T ]+{_CLOCK}\S{{0,6}})?|{_CLOCK})"
_TIME = re.compile(TIME)
# Digits with a possible separator between them: numbers that were not cut apart.
_UNCUT = re.compile(r"[-+\d.,;:|/eE\s]*[,;|\s][-+\d.,;:|/eE\s]*")
_TOKEN = re.compile(r'"(?:[^"]|"")*"|\S+')
# A line that separates the header from the rows: |---|:--:|, +----+----+ or ---+---.
_RULE = re.compile(
    r"[ \t]*[|+]?[ \t]*:?[-=]{2,}:?[ \t]*(?:[|+][ \t]*:?[-=]{2,}:?[ \t]*)*[|+]?[ \t]*"
)


@dataclass(frozen=True)
class _Cut:
    """The quality of a separator: its shares of rows of the usual length and of intact cells."""

    name: str
    even: float
    whole: float

    @property
    def score(self) -> float:
        return self.even * self.whole

    @property
    def clean(self) -> bool:
        return self.even == self.whole == 1


def without_rules(text: str) -> tuple[str, bool]:
    """The text with lines like |---|---| blanked if one follows the header, and whether it does."""
    first = text[:_SAMPLE].split("\n", 3)[:3]
    if not any(_is_rule(line) for line in first):
        return text, False
    return "\n".join("" if _is_rule(line) else line for line in text.split("\n")), True


def quoted_row_names(text: str) -> str:
    """The text with row names that hold spaces, as R prints them, in quotation marks.

    This applies if the header names all columns except the first, and all these hold numbers.
    """
    header, *lines = text.split("\n")
    width = len(header.split())
    if not any(len(line.split()) > width + 1 for line in lines[:_ROWS]):
        return text
    named = [header]
    for line in lines:
        cells = line.split()
        if cells and not (len(cells) > width and all(map(_is_value, cells[-width:]))):
            return text
        name = " ".join(cells[:-width]).replace('"', '""')
        named.append(f'"{name}" {" ".join(cells[-width:])}' if cells else "")
    return "\n".join(named)


def _is_rule(line: str) -> bool:
    return ("|" in line or "+" in line) and bool(_RULE.fullmatch(line))


def likely_separator(text: str) -> str:
    """The name of the separator of the columns, "" if there seems to be only one column."""
    texts = {name: text if name != SPACES else quoted_row_names(text) for name in SEPARATORS}
    cuts = [cut for name, text in texts.items() if (cut := _cut(text, name))]
    signs = [cut for cut in cuts if cut.name != SPACES]
    best = max((cut.score for cut in signs), default=0.0)
    spaces = next((cut for cut in cuts if cut.name == SPACES and cut.clean), None)
    # Words contain spaces, so spaces are the separator only if no other one is as good.
    if spaces and best < 1:
        return SPACES
    tied = [cut.name for cut in signs if cut.score > best - 1e-9]
    if best == 1 and len(tied) == 1:
        return tied[0]
    detected = _detected(text)
    if best < 0.5:
        return detected
    return detected if detected in tied else tied[0]


def _detected(text: str) -> str:
    """The separator that clevercsv detects, or ""."""
    from clevercsv.detect import Detector

    found = Detector().detect(text[:_SAMPLE], method="consistency", delimiters=SIGNS)
    sign = found.delimiter if found else ""
    return next((n for n, s in SEPARATORS.items() if s == sign and sign in text), "")


def _cut(text: str, name: str) -> _Cut | None:
    """How this separator cuts the first rows; None for a single column or unbalanced quotes."""
    rows: list[list[str]] = []
    cells = 0
    try:
        for row in islice(_split(text, name), _ROWS):
            if len(row) > 1 or (row and not row[0].startswith("#")):
                rows.append(row)
                cells += len(row)
            if cells > _CELLS:
                break
    except csv.Error:
        return None
    if not rows:
        return None
    widths, counts = np.unique([len(row) for row in rows], return_counts=True)
    width = int(widths[np.argmax(counts)])
    if width < 2:
        return None
    even = sum(len(row) == width for row in rows)
    below = [row for row in rows[1:] if len(row) == width]
    # R writes no name above the row names.
    numbers = name != SPACES or all(_is_value(cell) for row in below for cell in row[1:])
    if len(rows[0]) == width - 1 and numbers:
        even += 1
    broken = sum(_is_broken(cell, name) for row in below for cell in row)
    return _Cut(name, even / len(rows), 1 - broken / max(1, len(below) * width))


def _split(text: str, name: str) -> Iterator[list[str]]:
    if name != SPACES:
        return csv.reader(
            StringIO(text), delimiter=SEPARATORS[name], strict=True, skipinitialspace=True
        )
    return (_TOKEN.findall(line) for line in StringIO(text))


def _is_value(cell: str) -> bool:
    return is_number(cell.strip('"')) or cell.lower() in MISSING


@lru_cache(4096)
def _is_broken(cell: str, name: str) -> bool:
    cell = cell.strip()[:200]
    if name == SPACES:
        quoted = cell[:1] == '"' and len(cell) > 1
        return not (quoted or is_number(cell)) and any(sign in cell for sign in SIGNS)
    uncut = _UNCUT.fullmatch(cell) and any(map(str.isdecimal, cell))
    return bool(uncut) and not (is_number(cell) or _TIME.fullmatch(cell))


Kinds = NDArray[np.int8]

# Kinds of cells, and how likely each is as the name of a column.
_EMPTY, _WHOLE, _DECIMAL, _TRUTH, _WHEN, _WORDS = range(6)
_NUMBERS = (_WHOLE, _DECIMAL)
_AS_A_NAME = {_WHOLE: 0.49, _DECIMAL: 0.02, _TRUTH: 0.05, _WHEN: 0.05, _WORDS: 1.0}
_REPEATED = 0.02
"""The probability that a column name recurs as a value of its column."""
_YEARS = (1500, 2200)


def kinds_of(frame: Any) -> Kinds:
    """The kind of each cell of a frame of stripped text, (rows, columns)."""
    kinds = np.full(frame.shape, _WORDS, dtype=np.int8)
    truths = [word for pair in BOOLEANS for word in pair]
    for k, column in enumerate(frame.columns):
        text = frame[column]
        lower = text.str.lower()
        number = text.str.replace("−", "-", regex=False).str.fullmatch(NUMERAL).to_numpy(bool)
        whole = number & ~text.str.contains("[.,eE]", regex=True).to_numpy(bool)
        kinds[text.str.fullmatch(TIME).to_numpy(bool), k] = _WHEN
        kinds[number, k] = _DECIMAL
        kinds[whole, k] = _WHOLE
        kinds[lower.isin(truths).to_numpy(bool), k] = _TRUTH
        kinds[lower.isin(MISSING).to_numpy(bool), k] = _EMPTY
    return kinds


def thinned(frame: Any) -> Any:
    """The first two rows, the last one, and evenly spread others, few enough to examine quickly."""
    step = -(-frame.size // _SEEN)
    return frame if step < 2 else frame.iloc[np.r_[0, 1 : len(frame) - 1 : step, len(frame) - 1]]


def names_columns(frame: Any, kinds: Kinds) -> float:
    """The evidence that the first row is a header: the sum in the docstring of this module."""
    years = _are_years(frame, kinds)
    evidence = 0.0
    for k, column in enumerate(frame.columns):
        first, below = kinds[0, k], kinds[1:, k]
        below = below[below != _EMPTY]
        if first == _EMPTY:
            continue
        alike = np.isin(below, _NUMBERS if first in _NUMBERS else (first,))
        evidence += log(1.0 if k in years else _AS_A_NAME[first])
        evidence -= log((alike.sum() + 0.5) / (len(below) + 1))
        if first == _WORDS and alike.any():
            evidence += _recurrence(frame[column], kinds[:, k])
    return evidence


def _recurrence(text: Any, kinds: Kinds) -> float:
    """Evidence from recurrence: labels occur repeatedly, the name of their column does not."""
    words = text.to_numpy(object)[kinds == _WORDS]
    labels, counts = np.unique(words[1:], return_counts=True)
    share = (counts[counts > 1].sum() + 0.5) / len(words)
    if (labels == words[0]).any():
        return log(_REPEATED / share)
    return max(0.0, log((1 - _REPEATED) / (1 - share)))


def _are_years(frame: Any, kinds: Kinds) -> set[int]:
    """Columns whose first cells are years in order, above values that are not years."""
    whole = np.flatnonzero(np.isin(kinds[0], _NUMBERS))
    if len(whole) < 2 or (kinds[0, whole] == _DECIMAL).any():
        return set()
    cells = frame.iloc[:2, whole].to_numpy(object)
    if not all(re.fullmatch(r"\d{4}", cell) for cell in cells[0]):
        return set()
    years = np.array(cells[0], dtype=int)
    rising = bool((np.diff(years) > 0).all() or (np.diff(years) < 0).all())
    within = bool(((years >= _YEARS[0]) & (years <= _YEARS[1])).all())
    again = len(cells) > 1 and any(re.fullmatch(r"\d{4}", cell) for cell in cells[1])
    return set(whole.tolist()) if rising and within and not again else set()


def holds_units(kinds: Kinds) -> bool:
    """Whether the first row has words and no number in at least two columns of numbers."""
    below = kinds[1:]
    numbers = _are_numbers(below)
    return len(below) > 1 and numbers.sum() > 1 and bool((kinds[0, numbers] == _WORDS).all())


def is_title(kinds: Kinds) -> bool:
    """Whether the first row has words in a single cell."""
    return (kinds[0] != _EMPTY).sum() == 1 and bool((kinds[0] == _WORDS).any())


def is_footer(kinds: Kinds) -> bool:
    """Whether the last row has words in a single cell, which is in a column of numbers."""
    return (
        len(kinds) > 1
        and is_title(kinds[-1:])
        and bool(_are_numbers(kinds[:-1])[kinds[-1] == _WORDS].all())
    )


def _are_numbers(kinds: Kinds) -> NDArray[np.bool_]:
    """Whether each column holds only numbers, (columns,)."""
    numbers = np.isin(kinds, _NUMBERS)
    return np.asarray((numbers | (kinds == _EMPTY)).all(axis=0) & numbers.any(axis=0))

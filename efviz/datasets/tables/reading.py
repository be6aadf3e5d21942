"""From the bytes of a file or pasted text to a Table."""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from itertools import chain, count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from efviz.datasets.dataset import BIAS
from efviz.datasets.tables.columns import Column, is_number, read_columns
from efviz.datasets.tables.errors import TableError, quoted, shown
from efviz.datasets.tables.layout import (
    SEPARATORS,
    SPACES,
    holds_units,
    is_footer,
    is_title,
    kinds_of,
    likely_separator,
    names_columns,
    quoted_row_names,
    thinned,
    without_rules,
)
from efviz.numbers import counted

MAX_BYTES = 20 * 2**20
MAX_COLUMNS = 1000
# Reading takes about 100 bytes per cell.
MAX_CELLS = 2_000_000
MAX_NAME = 100

MAX_BLANK = 100_000
_TOO_MANY_BLANK = f"More than {MAX_BLANK:,} lines of the file are blank or comments; remove them."
HEAD = 5
WHITESPACE = SEPARATORS[SPACES]
# A line before the table: blank, a comment, or Excel's declaration of the delimiter.
_NO_TABLE = re.compile(r"(?:[ \t]*|[ \t]*#[^\n]*|sep=[,;\t|])\n")

_FORMATS = (
    (b"PK\x03\x04", "an Excel, OpenDocument or zip file"),
    (b"PK\x05\x06", "a zip file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"\x28\xb5\x2f\xfd", "a zstd file"),
    (b"7z\xbc\xaf", "a 7z file"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF file"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"SQLite format", "an SQLite file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy file"),
    (b"{\\rtf", "an RTF document"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"<?xml", "an XML file"),
    (b"[{", "a JSON file"),
    (b'{"', "a JSON file"),
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)


@dataclass(frozen=True, eq=False)
class Table:
    """N rows in `columns`, by name. `notes` are sentences about what was done to the file.

    `rows` holds the row in the file of each row of the table, counted from 1 as in a spreadsheet.
    `separator` is the key of SEPARATORS that was used, and `header` says whether a row of the file
    names the columns. `head` are the cells of the first rows as read, without row names.
    """

    name: str
    N: int
    columns: Mapping[str, Column]
    rows: NDArray[np.int64]
    notes: tuple[str, ...] = ()
    separator: str = "comma"
    header: bool = True
    head: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class _Body:
    """The text of the table itself, after `skipped` rows, the last of which is `comment`."""

    text: str
    skipped: int
    comment: str


def read_table(
    content: bytes | str, name: str = "", *, separator: str = "", header: bool | None = None
) -> Table:
    """The table in the bytes of a file, or in pasted text.

    `separator` is a key of SEPARATORS, and `header` says whether the first row names the columns;
    each is inferred if not given. Raises TableError, with a sentence for the visitor, if there is
    no table. Nothing is decompressed.
    """
    if separator and separator not in SEPARATORS:
        raise ValueError(f"no separator {separator!r}; there are {', '.join(SEPARATORS)}")
    if isinstance(content, str):
        content = content.encode("utf-8", "replace")
    if len(content) > MAX_BYTES:
        raise TableError(
            f"The file has {len(content) / 2**20:.1f} MB, and at most {MAX_BYTES / 2**20:.0f} MB "
            "can be read; leave out columns or rows."
        )
    notes: list[str] = []
    body, named = _body(_decode(content, notes), notes)
    separator = separator or named or likely_separator(body.text)
    if not separator:
        raise TableError(_one_column(body.text.split("\n", 1)[0]))
    if separator == SPACES:
        body = replace(body, text=quoted_row_names(body.text))
    frame = _parse(body, SEPARATORS[separator], notes).apply(lambda cells: cells.str.strip())
    if separator not in ("comma", named):
        signs = "spaces or tabs" if separator == SPACES else f"{separator}s"
        notes.append(f"The columns are separated by {signs}.")
    frame.index += body.skipped + 1  # From here on, it holds the rows in the file.
    frame = _without_empty_rows(frame, notes)
    if not len(frame):
        raise TableError(
            "The file has delimiters but no values; it needs a header and rows of values."
        )
    frame, header = _without_words(frame, header, notes)
    names = frame.iloc[0].tolist() if header else _no_names(frame, body, separator, notes)
    frame = frame.iloc[int(header) :]
    if not len(frame):
        raise TableError(
            f"The file has a header ({quoted(*filter(None, names))}) but no rows below it."
        )
    used = [k for k in range(len(names)) if names[k] or (frame[k] != "").any()]
    if len(used) == 1:
        raise TableError(_one_column(names[used[0]]))
    titles = _titles(names, used, notes)
    cells = {title: frame[k] for title, k in zip(titles, used, strict=True)}
    if (frame.iloc[:, -1] == "").any():
        _, short = _records(body, SEPARATORS[separator], frame.shape[1])
        if short:
            notes.append(f"{short}; absent cells count as missing.")
    columns, done = read_columns(cells, SEPARATORS[separator])
    head, rows = tuple(map(tuple, frame[used].head(HEAD).to_numpy(object))), frame.index.to_numpy()
    return Table(name, len(frame), columns, rows, (*notes, *done), separator, header, head)


def _decode(content: bytes, notes: list[str]) -> str:
    start = content[:64].lstrip().lower()
    for magic, kind in _FORMATS:
        if content.startswith(magic) or start.startswith(magic.lower()):
            raise TableError(
                f"This is {kind}, not a text file; open it where it was made and save the table "
                "as CSV."
            )
    encoding, title = next(
        ((encoding, title) for bom, encoding, title in _BOMS if content.startswith(bom)),
        ("utf-8", "UTF-8"),
    )
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        # Headers and labels are too little text to guess among legacy encodings.
        title = "Windows-1252 (Western European)"
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise TableError(
                "The file is text neither in UTF-8 nor in Windows-1252; save it as CSV in UTF-8."
            ) from None
    if "\0" in text:
        what = (
            "looks like UTF-16 without a byte-order mark"
            if _is_utf_16(content)
            else "contains zero bytes, so it is no text file or one in an unknown encoding"
        )
        raise TableError(f"The file {what}; save the table as CSV in UTF-8.")
    if title != "UTF-8":
        notes.append(f"The file is not in UTF-8; it was read as {title}.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_utf_16(content: bytes) -> bool:
    """Whether one byte of every pair is nearly always zero and the other never: Latin text in
    UTF-16."""
    shares = sorted(half.count(0) / max(1, len(half)) for half in (content[::2], content[1::2]))
    return len(content) % 2 == 0 and shares[0] == 0 and shares[1] > 0.9


def _body(text: str, notes: list[str]) -> tuple[_Body, str]:
    """The table between blank and comment lines, and the separator if the file declares it."""
    text = text.rstrip("\n \t")
    if not text:
        raise TableError("The file is empty; it needs a header and rows of values.")
    text, ruled = without_rules(text)
    if ruled:
        notes.append("The lines of dashes that rule the table are left out.")
    start = skipped = comments = 0
    separator = comment = ""
    while match := _NO_TABLE.match(text, start):
        line = match[0].strip()
        start, skipped = match.end(), skipped + 1
        if line.startswith("#"):
            comment, comments = line, comments + 1
        elif line:
            sign = match[0].rstrip("\n")[-1]
            separator = next(name for name, known in SEPARATORS.items() if known == sign)
            notes.append("The delimiter is the one that the first line of the file names.")
        if skipped > MAX_BLANK:
            raise TableError(_TOO_MANY_BLANK)
    if comments:
        notes.append(f"{counted(comments, 'comment line')} at the top left out.")
    text = text[start:]
    if not text.strip("# \t\n") or text.startswith("#"):
        raise TableError("The file holds nothing but comments; it needs a header and rows.")
    if text.count("\n\n") > MAX_BLANK:
        raise TableError(_TOO_MANY_BLANK)
    return _Body(text, skipped, comment), separator


def _parse(body: _Body, delimiter: str, notes: list[str]) -> Any:
    """The cells as text; rows that are too short are padded with empty cells."""
    from pandas.errors import ParserError

    width = _width(body, delimiter)
    if width > MAX_COLUMNS:
        raise TableError(
            f"The table has {width:,} columns, and at most {MAX_COLUMNS:,} can be read; leave "
            "some out."
        )
    if width * (body.text.count("\n") + 1) > MAX_CELLS:
        records, short = _records(body, delimiter, width)
        if records * width > MAX_CELLS:
            raise TableError(
                f"{short}; give all rows equally many."
                if short
                else f"The table has {records * width:,} cells, and at most {MAX_CELLS:,} can be "
                "read; leave out columns or rows."
            )
    try:
        return _read(body, delimiter)
    except ParserError as error:
        ragged = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
        if not ragged:
            raise TableError(_unreadable(str(error), body)) from None
        expected, row, saw = map(int, ragged.groups())
    if row == 2 and saw == expected + 1:
        try:
            frame = _read(body, delimiter, names=range(saw))
        except ParserError:
            pass
        else:
            return _with_a_wider_header(frame, notes)
    advice = (
        "if the comma is the decimal sign, separate the columns by semicolons or tabs"
        if delimiter == "," and saw == 2 * expected
        else "give all rows equally many, put text that contains the delimiter between quotation "
        'marks ("), and remove lines above the header'
    )
    raise TableError(
        f"Row {row + body.skipped:,} has {saw:,} values, but row {1 + body.skipped:,} has "
        f"{expected:,}; {advice}."
    )


def _width(body: _Body, delimiter: str) -> int:
    """The number of columns in the first row; too many would occupy pandas for minutes."""
    if delimiter == WHITESPACE:
        return len(body.text.split("\n", 1)[0].split())
    try:
        return len(next(_csv(StringIO(body.text), delimiter)))
    except csv.Error:  # a cell of more than 131,072 characters
        raise TableError(
            "The first row has a cell of more than 100,000 characters; the first row should name "
            "the columns."
        ) from None


def _read(body: _Body, delimiter: str, **options: Any) -> Any:
    import pandas as pd

    return pd.read_csv(
        StringIO(body.text),
        sep=delimiter,
        header=None,
        dtype=str,
        na_filter=False,
        skip_blank_lines=False,
        skipinitialspace=True,
        compression=None,
        engine="c",
        **options,
    )


def _with_a_wider_header(frame: Any, notes: list[str]) -> Any:
    """Handle a header one name short: R writes no name above row names, and some programs end
    rows with a delimiter."""
    last = frame.columns[-1]
    if (frame[last].str.strip() == "").all():
        return frame.drop(columns=last)
    frame.iloc[0] = ["row names", *frame.iloc[0, :-1]]
    notes.append("The header has one name too few: the first column holds row names.")
    return frame


def _unreadable(error: str, body: _Body) -> str:
    if quote := re.search(r"EOF inside string starting at row (\d+)", error):
        row = int(quote[1]) + 1 + body.skipped
        return (
            f'In row {row:,} a quotation mark (") opens that is never closed; close it or remove '
            "it."
        )
    return "The file cannot be read as a table; save it as CSV in UTF-8."


def _without_words(frame: Any, header: bool | None, notes: list[str]) -> tuple[Any, bool]:
    """The table without a title above it, units below its header or a source below its rows; and
    whether its first row is the header."""

    def left_out(row: int, what: str) -> Any:
        words, at = quoted(*(cell for cell in frame.iloc[row] if cell)), frame.index[row]
        notes.append(f"Row {at:,} ({words}) {what} and is left out.")
        return frame.drop(index=at)

    kinds = kinds_of(seen := thinned(frame))
    while (
        header is not False
        and len(frame) > 2
        and is_title(kinds)
        and names_columns(seen.iloc[1:], kinds[1:]) > 1
    ):
        frame = left_out(0, "stands above the table")
        kinds = kinds_of(seen := thinned(frame))
    if header is None:
        header = names_columns(seen, kinds) >= 0
    while is_footer(kinds[int(header) :]):
        frame = left_out(-1, "stands below the table")
        kinds = kinds_of(thinned(frame))
    if header and holds_units(kinds[1:]):
        frame = left_out(1, "seems to hold units")
    return frame, header


def _no_names(frame: Any, body: _Body, separator: str, notes: list[str]) -> Sequence[str]:
    """The column names in a comment line above the table, if it holds them."""
    width, bare = frame.shape[1], body.comment.lstrip("# ")
    sign = SEPARATORS[separator]
    names = bare.split() if separator == SPACES else next(_csv([bare], sign), [])
    if len(names) == width and not all(map(is_number, names)):
        notes.append("The names of the columns are those of the comment line above them.")
        return [name.strip() for name in names]
    notes.append(
        'The first row holds values, so there is no header; the columns are called "column 1" '
        f'to "column {width}".'
    )
    return [""] * width


def _titles(names: Sequence[str], used: Sequence[int], notes: list[str]) -> list[str]:
    """A distinct name for each used column."""
    taken = {shown(names[k], MAX_NAME) for k in used} - {""}
    titles: list[str] = []
    twice: list[str] = []
    for k in used:
        name = shown(names[k], MAX_NAME)
        title = name
        if not name or name == BIAS:
            title = _free(f"column {k + 1}", taken.union(titles))
            if name:
                notes.append(
                    f'The column "{BIAS}" is called {quoted(title)}, because "{BIAS}" is the '
                    "column of ones."
                )
        elif name in titles:
            title = _free(name, taken.union(titles))
            twice.append(name)
        titles.append(title)
    if twice:
        notes.append(
            f"More than one column is called {quoted(*dict.fromkeys(twice))}; a number tells "
            "them apart."
        )
    return titles


def _free(name: str, taken: set[str]) -> str:
    others = (f"{name} ({number})" for number in count(2))
    return next(title for title in chain([name], others) if title not in taken)


def _without_empty_rows(frame: Any, notes: list[str]) -> Any:
    """The rows that hold a value; lone comments are not values."""
    rest = (frame.iloc[:, 1:] != "").any(axis=1)
    comment = frame.iloc[:, 0].str.startswith("#") & ~rest
    if comment.any():
        notes.append(
            f"{counted(int(comment.sum()), 'comment line')} between the rows left out, the first "
            f"in row {comment.idxmax():,}."
        )
    return frame[(rest | (frame.iloc[:, 0] != "")) & ~comment]


def _csv(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def _records(body: _Body, delimiter: str, width: int) -> tuple[int, str]:
    """The number of records, and a sentence on the first that is too short, or ""."""
    short, records = "", 0
    if delimiter == WHITESPACE:
        return body.text.count("\n") + 1, short
    try:
        for record in _csv(StringIO(body.text), delimiter):
            records += 1
            if not short and 1 < len(record) < width:
                short = (
                    f"Row {records + body.skipped:,} has {counted(len(record), 'value')} in place "
                    f"of {width:,}"
                )
    except csv.Error:  # a cell of more than 131,072 characters
        pass
    return records, short


def _one_column(name: str) -> str:
    return (
        f'The table has only one column, "{shown(name)}", and a regression needs a target and an '
        "input; if there are more, separate them by commas, semicolons or tabs."
    )

"""From the bytes of a file, or pasted text, to a Table."""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from efviz.data import BIAS
from efviz.tables.columns import Column, is_missing, is_number, read_columns
from efviz.tables.errors import TableError, counted, quoted, shown

MAX_BYTES = 20 * 2**20
MAX_COLUMNS = 1000
# A cell costs some 100 bytes while it is read.
MAX_CELLS = 2_000_000
MAX_NAME = 100

MAX_BLANK = 100_000
DELIMITERS = (",", ";", "\t", "|")
WHITESPACE = r"\s+"
# As much as clevercsv looks at, in characters: on some cells it takes quadratic time.
SAMPLE = 4000
PLAIN_ROWS = 1000
# A line before the table: blank, a comment, or the delimiter as Excel names it.
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

    `rows` holds the row of the file for each row of the table as a spreadsheet counts, the header
    being row 1.
    """

    name: str
    N: int
    columns: Mapping[str, Column]
    rows: NDArray[np.int64]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Body:
    """The text of the table itself: `skipped` rows stand before it, the last being `comment`."""

    text: str
    skipped: int
    comment: str


def read_table(content: bytes | str, name: str = "") -> Table:
    """The table in the bytes of a file, or in pasted text.

    Raises TableError, a sentence for the visitor, if there is none. Nothing is decompressed.
    """
    if isinstance(content, str):
        content = content.encode("utf-8", "replace")
    if len(content) > MAX_BYTES:
        raise TableError(
            f"The file has {len(content) / 2**20:.1f} MB, and at most {MAX_BYTES / 2**20:.0f} MB "
            "can be read; leave out columns or rows."
        )
    notes: list[str] = []
    body, delimiter = _body(_decode(content, notes), notes)
    if delimiter:
        frame = _parse(body, delimiter, notes)
    else:
        delimiter, frame = _delimited(body, notes)
    frame = frame.apply(lambda cells: cells.str.strip())
    heading = frame.iloc[0].tolist()
    names = _heading(heading, body.comment, delimiter, notes)
    first = 1 if names is heading else 0
    frame, rows = _without_empty_rows(
        frame.iloc[first:], np.arange(first, len(frame)) + body.skipped + 1, notes
    )
    if not len(frame):
        names = [name for name in names if name]
        raise TableError(
            f"The file has a header ({quoted(*names)}) but no rows below it."
            if names
            else "The file has delimiters but no values; it needs a header and rows of values."
        )
    used = [k for k in range(len(names)) if names[k] or (frame[k] != "").any()]
    if len(used) == 1:
        raise TableError(_one_column(names[used[0]]))
    titles = _titles(names, used, notes)
    cells = {title: frame[k] for title, k in zip(titles, used, strict=True)}
    if delimiter in DELIMITERS and (frame.iloc[:, -1] == "").any():
        _note_short_row(body, delimiter, frame.shape[1], notes)
    columns, done = read_columns(cells, rows, delimiter)
    return Table(name, len(frame), columns, rows, (*notes, *done))


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
        # Guessing among legacy encodings takes more text than headers and labels have.
        title = "Windows-1252 (Western European)"
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError:
            raise TableError(
                "The file is text neither in UTF-8 nor in Windows-1252; save it as CSV in UTF-8."
            ) from None
    if "\0" in text:
        raise TableError(
            "The file contains zero bytes, so it is no text file or one in an unknown encoding; "
            "save the table as CSV in UTF-8."
        )
    if title != "UTF-8":
        notes.append(f"The file is not in UTF-8; it was read as {title}.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _body(text: str, notes: list[str]) -> tuple[_Body, str]:
    """The table between the blank and comment lines, and the delimiter if the file names it."""
    text = text.rstrip("\n \t")
    if not text:
        raise TableError("The file is empty; it needs a header and rows of values.")
    start = skipped = comments = 0
    delimiter = comment = ""
    while match := _NO_TABLE.match(text, start):
        line = match[0].strip()
        start, skipped = match.end(), skipped + 1
        if line.startswith("#"):
            comment, comments = line, comments + 1
        elif line:
            delimiter = match[0].rstrip("\n")[-1]
            notes.append("The delimiter is the one that the first line of the file names.")
        if skipped > MAX_BLANK:
            raise TableError(_too_many_blank())
    if comments:
        notes.append(f"{counted(comments, 'comment line')} at the top left out.")
    text = text[start:]
    if not text.strip("# \t\n") or text.startswith("#"):
        raise TableError("The file holds nothing but comments; it needs a header and rows.")
    if text.count("\n\n") > MAX_BLANK:
        raise TableError(_too_many_blank())
    return _Body(text, skipped, comment), delimiter


def _too_many_blank() -> str:
    return f"More than {MAX_BLANK:,} lines of the file are blank or comments; remove them."


def _delimited(body: _Body, notes: list[str]) -> tuple[str, Any]:
    """The delimiter, and the cells as text, one row a record."""
    delimiter = _plain_delimiter(body) or _likely_delimiter(body)
    if delimiter:
        return delimiter, _parse(body, delimiter, notes)
    first = body.text.split("\n", 1)[0]
    if re.search(r"\S\s+\S", first):
        try:
            frame = _parse(body, WHITESPACE, notes)
        except TableError:
            raise TableError(_one_column(first)) from None
        if not (frame.iloc[:, -1] == "").any():
            notes.append("The columns are separated by spaces.")
            return WHITESPACE, frame
    raise TableError(_one_column(first))


def _plain_delimiter(body: _Body) -> str:
    """The only one that makes rows of equal length by the letter of the standard (RFC 4180), or "".

    clevercsv also weighs other quotation marks and escapes, which cells like w'w can suggest.
    """
    found = []
    for delimiter in DELIMITERS:
        rows = csv.reader(StringIO(body.text), delimiter=delimiter, strict=True)
        try:
            widths = {len(row) for row in islice(rows, PLAIN_ROWS) if row}
        except csv.Error:
            continue
        if len(widths) == 1 and widths != {1}:
            found.append(delimiter)
    return found[0] if len(found) == 1 else ""


def _likely_delimiter(body: _Body) -> str:
    """The one that clevercsv detects, or ""."""
    from clevercsv.detect import Detector

    found = Detector().detect(body.text[:SAMPLE], method="consistency", delimiters=list(DELIMITERS))
    delimiter = found.delimiter if found else ""
    return delimiter if delimiter in DELIMITERS and delimiter in body.text else ""


def _parse(body: _Body, delimiter: str, notes: list[str]) -> Any:
    """The cells as text; rows that are too short are filled up with empty cells."""
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
    if row == 2 and saw == expected + 1 and delimiter != WHITESPACE:
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
    """The number of columns by the first row; pandas would take minutes over too many."""
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
    """A header one name short: R leaves out the name of the row names, others end rows with a
    delimiter."""
    last = frame.columns[-1]
    if (frame[last].str.strip() == "").all():
        return frame.drop(columns=last)
    frame.iloc[0] = ["row names", *frame.iloc[0, :-1]]
    notes.append("The header has a name less than there are columns: the first holds row names.")
    return frame


def _unreadable(error: str, body: _Body) -> str:
    if quote := re.search(r"EOF inside string starting at row (\d+)", error):
        row = int(quote[1]) + 1 + body.skipped
        return (
            f'In row {row:,} a quotation mark (") opens that is never closed; close it or remove '
            "it."
        )
    return "The file cannot be read as a table; save it as CSV in UTF-8."


def _heading(first: Sequence[str], comment: str, delimiter: str, notes: list[str]) -> Sequence[str]:
    """The names of the columns: the first row itself, unless that already holds values."""
    filled = [cell for cell in first if not is_missing(cell)]
    numbers = [cell for cell in filled if is_number(cell)]
    # 1990 may be the name of a column among others with names; 5.1 is a value.
    values = numbers and (len(numbers) == len(filled) or any("." in cell for cell in numbers))
    if not values:
        return first
    bare = comment.lstrip("# ")
    names = bare.split() if delimiter == WHITESPACE else next(_csv([bare], delimiter), [])
    if len(names) == len(first) and not all(map(is_number, names)):
        notes.append("The names of the columns are those of the comment line above them.")
        return [name.strip() for name in names]
    notes.append(
        'The first row holds values, so there is no header; the columns are called "column 1" '
        f'to "column {len(first)}".'
    )
    return [""] * len(first)


def _titles(names: Sequence[str], used: Sequence[int], notes: list[str]) -> list[str]:
    """A name of its own for each used column."""
    taken = {shown(names[k], MAX_NAME) for k in used} - {""}
    seen: set[str] = set()
    titles: list[str] = []
    twice: list[str] = []
    for k in used:
        name = shown(names[k], MAX_NAME)
        title = name
        if not name or name == BIAS:
            title = _free(f"column {k + 1}", taken | seen)
            if name:
                notes.append(
                    f'The column "{BIAS}" is called {quoted(title)}, because "{BIAS}" is the '
                    "column of ones."
                )
        elif name in seen:
            title = _free(name, taken | seen)
            twice.append(name)
        seen.add(title)
        titles.append(title)
    if twice:
        notes.append(
            f"More than one column is called {quoted(*dict.fromkeys(twice))}; a number tells "
            "them apart."
        )
    return titles


def _free(name: str, taken: set[str]) -> str:
    number = 1
    title = name
    while title in taken:
        number += 1
        title = f"{name} ({number})"
    return title


def _without_empty_rows(
    frame: Any, rows: NDArray[np.int64], notes: list[str]
) -> tuple[Any, NDArray[np.int64]]:
    """The rows with any value, and their rows in the file; single comments are no values."""
    rest = (frame.iloc[:, 1:] != "").any(axis=1).to_numpy(bool)
    comment = frame.iloc[:, 0].str.startswith("#").to_numpy(bool) & ~rest
    if comment.any():
        notes.append(
            f"{counted(int(comment.sum()), 'comment line')} between the rows left out, the first "
            f"in row {rows[comment][0]:,}."
        )
    keep = (rest | (frame.iloc[:, 0] != "").to_numpy(bool)) & ~comment
    return frame[keep].reset_index(drop=True), rows[keep]


def _csv(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)


def _records(body: _Body, delimiter: str, width: int) -> tuple[int, str]:
    """The number of records, and a sentence about the first that is too short, or ""."""
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


def _note_short_row(body: _Body, delimiter: str, width: int, notes: list[str]) -> None:
    _, short = _records(body, delimiter, width)
    if short:
        notes.append(f"{short}; what is not there counts as missing.")


def _one_column(name: str) -> str:
    return (
        f'The table has only one column, "{shown(name)}", and a regression needs a target and an '
        "input; if there are more, separate them by commas, semicolons or tabs."
    )

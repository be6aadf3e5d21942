"""Reading anybody's table: what is accepted, what is explained, and that nothing else happens."""

import gzip
import io
import re
import time
import zipfile
from contextlib import suppress

import numpy as np
import pandas as pd
import pytest
from conftest import some
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from efviz.datasets.tables import MAX_BYTES, MAX_COLUMNS, Table, TableError, read_table


def _zip(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("table.csv", content)
    return file.getvalue()


REFUSED = {
    "no bytes": ("", "The file is empty"),
    "white space only": (" \n\t\n  \n", "The file is empty"),
    "comments only": ("# x,y\n# nothing\n", "nothing but comments"),
    "header only": ("x,y\n", r'header \("x" and "y"\) but no rows'),
    "header and empty rows": ("x,y\n,\n,\n", "but no rows"),
    "one column": ("x\n1\n2\n", 'only one column, "x"'),
    "one column of text": ("name\nhello there\ngood day\n", "only one column"),
    "wrong delimiter": ("x^y\n1^2\n3^4\n", r'only one column, "x\^y".*commas, semicolons or tabs'),
    "row too long": ("a,b\n1,2\n3,4,5,6,7\n", "Row 3 has 5 values, but row 1 has 2"),
    "row too long after comments": ("# c\n\na,b\n1,2\n3,4,5,6\n", "Row 5 has 4 .* row 3 has 2"),
    "decimal commas between commas": ("x,y\n1,5,2,5\n", "if the comma is the decimal sign"),
    "title above the header": ("Data\nx;y;z\n1;2;3\n", "Row 2 has 3 .* remove lines above"),
    "open quotation mark": ('x,y\n1,2\n"a,3\n', "In row 3 a quotation mark .* never closed"),
    "xlsx": (_zip(b"x,y\n1,2\n"), "This is an Excel, OpenDocument or zip file.*save .* as CSV"),
    "zip bomb": (_zip(b"0" * 10**7), "Excel, OpenDocument or zip"),
    "gzip": (gzip.compress(b"x,y\n1,2\n"), "gzip file"),
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG image"),
    "pdf": (b"%PDF-1.7\n%", "PDF"),
    "old excel": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel"),
    "web page": ("<!DOCTYPE html>\n<html>", "web page"),
    "json": ('[{"x": 1, "y": 2}]', "JSON"),
    "zero bytes": (b"a,b\n1,\0\n", "zero bytes"),
    "utf-16 without a mark": ("x,y\n1,2\n".encode("utf-16-le"), "UTF-16 without a byte-order mark"),
    "unknown encoding": (b"a\x81\xff,b\n1,2\n", "neither in UTF-8 nor"),
    "truncated utf-16": (b"\xff\xfea\0,", "neither in UTF-8 nor|zero bytes"),
    "too large": (b"x,y\n" + b"1,2\n" * (MAX_BYTES // 4), "20.0 MB, and at most 20 MB"),
    "too many columns": (",".join("x" * (MAX_COLUMNS + 1)) + "\n1,2\n", "1,001 columns"),
    "millions of columns": ("," * 2_000_000, "2,000,001 columns"),
    "too many blank lines": ("a,b\n" + "\n" * 300_000 + "1,2\n", "blank"),
    "too many comments": ("#\n" * 300_000 + "a,b\n1,2\n", "blank or comments"),
    "too many cells by short rows": (
        "sep=,\n" + ",".join(f"c{i}" for i in range(999)) + "\n1,2\n" + "1,2\n" * 50_000,
        "Row 3 has 2 values in place of 999",
    ),
}


@pytest.mark.parametrize("case", list(REFUSED))
def test_what_is_no_table_is_answered_with_a_sentence(case):
    content, sentence = REFUSED[case]
    started = time.perf_counter()
    with pytest.raises(TableError, match=sentence) as raised:
        read_table(content)
    assert time.perf_counter() - started < 5
    assert len(str(raised.value)) < 400
    assert str(raised.value).endswith(".")
    assert "\n" not in str(raised.value)


NAN = float("nan")
READ = {
    "plain": ("x,y\n1,2\n3,4\n", {"x": [1, 3], "y": [2, 4]}),
    "one row": ("x,y\n1,2\n", {"x": [1], "y": [2]}),
    "no line end at the end": ("x,y\n1,2\n3,4", {"x": [1, 3], "y": [2, 4]}),
    "no header": ("1,2\n3,4\n", {"column 1": [1, 3], "column 2": [2, 4]}),
    "semicolons": ("x;y\n1;2\n3;4\n", {"x": [1, 3], "y": [2, 4]}),
    "tabs": ("x\ty\n1\t2\n3\t4\n", {"x": [1, 3], "y": [2, 4]}),
    "vertical bars": ("x|y\n1|2\n3|4\n", {"x": [1, 3], "y": [2, 4]}),
    "spaces": ("  x   y\n 1.5  2\n 3    4\n", {"x": [1.5, 3], "y": [2, 4]}),
    "delimiter named by excel": ("sep=;\nx;y\n1;2\n", {"x": [1], "y": [2]}),
    "carriage returns": ("x,y\r1,2\r3,4\r", {"x": [1, 3], "y": [2, 4]}),
    "both line ends": ("x,y\r\n1,2\r\n3,4\r\n", {"x": [1, 3], "y": [2, 4]}),
    "blank lines": ("\n\nx,y\n\n1,2\n\n\n3,4\n\n", {"x": [1, 3], "y": [2, 4]}),
    "comments": ("# of 1971\nx,y\n1,2\n# later\n3,4\n", {"x": [1, 3], "y": [2, 4]}),
    "header in a comment": ("# x,y\n1,2\n3,4\n", {"x": [1, 3], "y": [2, 4]}),
    "all quoted": ('"x","y"\n"1","2"\n', {"x": [1], "y": [2]}),
    "byte order mark": ("\ufeffx,y\n1,2\n", {"x": [1], "y": [2]}),
    "utf-16": ("Größe,y\n1,2\n".encode("utf-16"), {"Größe": [1], "y": [2]}),
    "utf-32": ("Größe,y\n1,2\n".encode("utf-32"), {"Größe": [1], "y": [2]}),
    "windows": ("Größe,y\n1,2\n".encode("cp1252"), {"Größe": [1], "y": [2]}),
    "signs and exponents": ("x,y\n+1e3,-.5\n−2,3.E-2\n", {"x": [1000, -2], "y": [-0.5, 0.03]}),
    "decimal commas": ("x;y\n1,5;2\n0,25;3\n", {"x": [1.5, 0.25], "y": [2, 3]}),
    "decimal commas in tabs": ("x\ty\n1,5\t2\n,25\t3\n", {"x": [1.5, 0.25], "y": [2, 3]}),
    "decimal commas in quotes": ('x,y\n"1,5",2\n"2,75",3\n', {"x": [1.5, 2.75], "y": [2, 3]}),
    "grouped, decimal comma": ("x;y\n1.234,5;2\n12;3\n", {"x": [1234.5, 12], "y": [2, 3]}),
    "grouped, decimal point": ('x,y\n"1,234.5",2\n12,3\n', {"x": [1234.5, 12], "y": [2, 3]}),
    "grouped by spaces": ("x;y\n1 234,5;2\n12 000;3\n", {"x": [1234.5, 12000], "y": [2, 3]}),
    "grouped by apostrophes": ("x;y\n1'234.5;2\n12;3\n", {"x": [1234.5, 12], "y": [2, 3]}),
    "grouped twice": ('x,y\n"1,234,567",2\n12,3\n', {"x": [1234567, 12], "y": [2, 3]}),
    "1,234 where ; separates": ("x;y\n1,234;2\n2,345;3\n", {"x": [1.234, 2.345], "y": [2, 3]}),
    "1,234 beside 2,5": ("x\ty\n1,234\t2,5\n", {"x": [1.234], "y": [2.5]}),
    "1,234 beside 2.5": ('x,y\n"1,234",2.5\n', {"x": [1234], "y": [2.5]}),
    "1.234 beside 2,5": ("x;y\n1.234;2,5\n", {"x": [1234], "y": [2.5]}),
    "0.234 beside 2,5": ("x;y\n0.234;2,5\n", {"x": [0.234], "y": [2.5]}),
    "missing": (
        "x,y\n1,\nNA,2\nnan,3\nnull,-\n?,.\nN/A,None\n5,6\n",
        {"x": [1, NAN, NAN, NAN, NAN, NAN, 5], "y": [NAN, 2, 3, NAN, NAN, NAN, 6]},
    ),
    "short row": ("x,y,z\n1,2\n3,4,5\n", {"x": [1, 3], "y": [2, 4], "z": [NAN, 5]}),
    "delimiter at the end of rows": ("x,y\n1,2,\n3,4,\n", {"x": [1, 3], "y": [2, 4]}),
    "delimiter at all ends": ("x,y,\n1,2,\n3,4,\n", {"x": [1, 3], "y": [2, 4]}),
    "booleans": ("x,y\nTRUE,no\nfalse,Yes\n", {"x": [1, 0], "y": [0, 1]}),
    "huge and tiny": (
        "x,y\n1e308,1e-320\n-1e308,1e-999\n",
        {"x": [1e308, -1e308], "y": [1e-320, 0]},
    ),
    "whole, beyond 64 bits": (
        "x,y\n123456789012345678901,1\n",
        {"x": [123456789012345678901.0], "y": [1]},
    ),
    "constant": ("x,y\n1,2\n1,3\n", {"x": [1, 1], "y": [2, 3]}),
    "names twice": ("a,a,a (2),a\n1,2,3,4\n", {"a": [1], "a (3)": [2], "a (2)": [3], "a (4)": [4]}),
    "names missing": ("a,,\n1,2,3\n", {"a": [1], "column 2": [2], "column 3": [3]}),
    "a column called 1": ("1,b\n1,2\n", {"column 1": [1], "b": [2]}),
    "names of all kinds": (
        '<b>x</b>,שם,"[a](http://b/?c=d), e",**y**\n1,2,3,4\n',
        {"<b>x</b>": [1], "שם": [2], "[a](http://b/?c=d), e": [3], "**y**": [4]},
    ),
    "years as all names": ("1990,2000\n3,4\n5,6.5\n", {"1990": [3, 5], "2000": [4, 6.5]}),
    "years as values": (
        "1990,2000\n1991,4\n1992,6\n",
        {"column 1": [1990, 1991, 1992], "column 2": [2000, 4, 6]},
    ),
    "header two rows below a title": (
        "Sales,,\nx,y,z\n1,2,3\n4,5,6\n",
        {"x": [1, 4], "y": [2, 5], "z": [3, 6]},
    ),
    "grid of dashes": (
        "+---+-----+\n| x | y   |\n+===+=====+\n| 1 | 2.5 |\n+---+-----+\n| 3 | 4   |\n+---+-----+",
        {"x": [1, 3], "y": [2.5, 4]},
    ),
    "table of psql": (" x |  y\n---+-----\n 1 | 2.5\n 3 |   4\n", {"x": [1, 3], "y": [2.5, 4]}),
    "dashes for missing values": ("x|y\n--|2\n3|4\n", {"x": [NAN, 3], "y": [2, 4]}),
    "not a number in C": (
        "x,y\n1,-nan\n2,nan(ind)\n3,1.#QNAN\n4,-1.#IND\n5,6\n",
        {"x": [1, 2, 3, 4, 5], "y": [NAN, NAN, NAN, NAN, 6]},
    ),
    "years as names": ("land a,1990,2000\n3,4,5\n", {"land a": [3], "1990": [4], "2000": [5]}),
}


@pytest.mark.parametrize("case", list(READ))
def test_numbers_and_names_are_read_as_they_are_meant(case):
    content, expected = READ[case]
    table = read_table(content)
    assert list(table.columns) == list(expected)
    for name, numbers in expected.items():
        column = table.columns[name]
        assert column.name == name
        assert not column.problem
        assert_array_equal(column.numbers, numbers)
        assert column.missing == np.isnan(numbers).sum()
        assert len(column.codes) == len(table.rows) == table.N


GIVEN = {
    "header denied": ("a,b\n1,2\n", {"header": False}, ["column 1", "column 2"], 2),
    "header claimed": ("1,2\n3,4\n", {"header": True}, ["column 1", "2"], 1),
    "semicolon": ("a;b,c\n1;2,5\n", {"separator": "semicolon"}, ["a", "b,c"], 1),
    "comma": ("a;b,c\n1;2,5\n", {"separator": "comma"}, ["a;b", "c"], 1),
    "spaces": ("a b\n1,5 2\n", {"separator": "spaces"}, ["a", "b"], 1),
    "both": ("1 2\n3 4\n", {"separator": "spaces", "header": True}, ["column 1", "2"], 1),
}


@pytest.mark.parametrize("case", list(GIVEN))
def test_separator_and_header_can_be_given(case):
    content, given, names, N = GIVEN[case]
    table = read_table(content, **given)
    assert list(table.columns) == names
    assert table.N == N
    assert table.header == given.get("header", True)
    assert table.separator == given.get("separator", "comma")


def test_a_separator_that_does_not_occur_is_answered_with_a_sentence():
    with pytest.raises(TableError, match='only one column, "a,b"'):
        read_table("a,b\n1,2\n", separator="tab")
    with pytest.raises(ValueError, match="no separator 'dot'; there are comma, semicolon, tab"):
        read_table("a,b\n1,2\n", separator="dot")


def test_the_first_rows_are_kept_as_they_were_read():
    rows = "".join(f"{i};u{i}; {i},5 \n" for i in range(9))
    table = read_table(f"a;b;c\n\n{rows}")
    assert table.head == tuple((str(i), f"u{i}", f"{i},5") for i in range(5))


@pytest.mark.parametrize("n", [3, 100, 30_000])
def test_the_header_is_guessed_from_all_rows(n):
    labels = [["u", "v"][i % 2] for i in range(n)]
    body = "".join(f"{label},{i}\n" for i, label in enumerate(labels))
    assert not read_table(body).header
    assert read_table(f"kind,size\n{body}").header
    words = "".join(f"{label},w{i}\n" for i, label in enumerate(labels))
    assert read_table(f"kind,word\n{words}").header


def test_labels_that_differ_in_capitals_alone_are_one_class():
    table = read_table("x,c\n1,Red\n2,red\n3,red\n4,BLUE\n5,Blue\n")
    assert table.columns["c"].classes == ("BLUE", "red")
    assert_array_equal(table.columns["c"].codes, [1, 1, 1, 0, 0])
    assert table.notes == (
        '"Red" and "red" are one class of "c".',
        '"BLUE" and "Blue" are one class of "c".',
    )


NOTED = {
    "no header": ("1,2\n3,4\n", "The first row holds values.*no header"),
    "header in a comment": ("# x,y\n1,2\n3,4\n", "comment line above"),
    "comments": ("#a\nx,y\n1,2\n#b\n3,4\n", "1 comment line between the rows left out.* row 4"),
    "windows": ("Größe,y\n1,2\n".encode("cp1252"), "not in UTF-8.*Windows-1252"),
    "utf-16": ("x,y\n1,2\n".encode("utf-16"), "read as UTF-16"),
    "spaces": ("x y\n1 2\n", "separated by spaces"),
    "delimiter named by excel": ("sep=;\nx;y\n1;2\n", "delimiter"),
    "decimal commas": ("x;y\n1,5;2\n", 'comma is read as the decimal sign in "x"'),
    "grouped": ("x;y\n1.234,5;2\n", 'grouped in "x": 1.234,5 is 1234.5'),
    "short row": ("x,y,z\n0,1,2\n1,2\n", "Row 3 has 2 values in place of 3"),
    "row names": ("x,y\na,1,2\nb,3,4\n", "the first column holds row names"),
    "booleans": ("x,y\ntrue,1\nfalse,2\n", 'True counts as 1 and false as 0 in "x"'),
    "names twice": ("a,a\n1,2\n", 'More than one column is called "a"'),
    "a column called 1": ("1,b\n1,2\n", 'column "1" is called "column 1"'),
}


@pytest.mark.parametrize("case", list(NOTED))
def test_what_was_done_to_the_file_is_said(case):
    content, note = NOTED[case]
    assert any(re.search(note, said) for said in read_table(content).notes)


def test_a_plain_table_needs_no_note():
    assert read_table("x,y\n1,2\n,4\n").notes == ()


PROBLEMS = {
    "a word": ("1\n2\n3\nn.d.", 'Row 5 of "x" is "n.d.", which is not a number'),
    "words": ("1\nfoo\nbar\n4\n5", r'Row 3 of "x" is "foo".*\(2 such cells\)'),
    "text": ("red\nblue\n3", r'"x" holds text, not numbers \(row 2 is "red"\)'),
    "dates": ("2020-01-31\n2020-02-01", '"x" holds text.*row 2 is "2020-01-31"'),
    "unit": ("1\n12 kg\n3", 'Row 3 of "x" is "12 kg".*without unit or currency'),
    "currency": ("1\n€ 5\n3", 'Row 3 of "x" is "€ 5".*without unit or currency'),
    "percent": ("1\n5%\n3", "Row 3 .* without unit or currency"),
    "formula": ("=1+1\n=2*3", 'Row 2 of "x" is "=1\\+1", which is a formula'),
    "error of a spreadsheet": ("1\n#DIV/0!\n3", 'Row 3 of "x" is "#DIV/0!", which is not a number'),
    "infinity": ("1\n2\n-inf", 'Row 4 of "x" is "-inf", which is not a finite number'),
    "too large": ("1\n1e400\n2", 'Row 3 of "x" is "1e400", which overflows double precision'),
    "underscores": ("1\n2\n1_000", 'Row 4 of "x" is "1_000", which is not a number'),
    "digits of another script": ("1\n2\n٣", "Row 4"),
    "after blank lines": ("1\n\n\n2\nx", 'Row 6 of "x" is "x"'),
    "after a line break in a cell": ('"1"\n"a\nb"\n3\n4', 'Row 3 of "x" is "a b"'),
    "very long": ("1\n2\n" + "long " * 10_000, 'Row 4 of "x" is "long long [long ]{20,30}…"'),
    "no values": ("\nNA\n?", 'The column "x" has no values'),
    "1,234 alone": ('"1,234"\n"2,345"', 'Row 2 of "x" is "1,234", which may be 1234 or 1.234'),
    "both decimal signs": ('"1,5"\n2.5', "Row 2 .* other cells .* written differently"),
}


@pytest.mark.parametrize("case", list(PROBLEMS))
def test_what_is_no_number_is_named_with_its_row_and_column(case):
    cells, sentence = PROBLEMS[case]
    # A line break followed by "b" is one within a cell; other empty cells are blank lines.
    records = re.split(r"\n(?!b\")", cells)
    table = read_table("y,x\n" + "\n".join(f"7,{cell}" if cell else "" for cell in records))
    column = table.columns["x"]
    assert column.numbers is None
    assert re.search(sentence, column.problem)
    assert len(column.problem) < 300
    assert not table.columns["y"].problem


CLASSES = {
    "text": ("red\nblue\nred\n", ("blue", "red"), [1, 0, 1]),
    "natural order": ("c 10\nc 9\nC 1\n", ("C 1", "c 9", "c 10"), [2, 1, 0]),
    "missing": ("b\n\nNA\na\n", ("a", "b"), [1, -1, -1, 0]),
    "signs": ("+\n-\n?\n", ("+", "-"), [0, 1, -1]),
    "whole numbers": ("10\n9\n\n9\n", ("9", "10"), [1, 0, -1, 0]),
    "numbers": ("1.50\n-2\n1.5\n", ("-2", "1.5"), [1, 0, 1]),
    "booleans": ("True\nFALSE\ntrue\n", ("false", "true"), [1, 0, 1]),
    "one boolean": ("yes\n\nYES\n", ("yes",), [0, -1, 0]),
}


@pytest.mark.parametrize("case", list(CLASSES))
def test_labels_are_classes_in_natural_order(case):
    cells, classes, codes = CLASSES[case]
    column = read_table("x,y\n" + "".join(f"{c},5\n" for c in cells[:-1].split("\n"))).columns["x"]
    assert column.classes == classes
    assert_array_equal(column.codes, codes)


@pytest.mark.parametrize("kind", ["text", "numbers"])
@pytest.mark.parametrize("n", [50, 51])
def test_more_than_fifty_labels_are_no_classes(kind, n):
    cells = [f"c{i}" if kind == "text" else str(i) for i in range(n)]
    column = read_table("x,y\n" + "".join(f"{c},5\n" for c in cells * 2)).columns["x"]
    assert (column.classes is None) == (n > 50)
    assert column.codes.max() == (n - 1 if n <= 50 else -1)


def test_rows_are_those_of_the_file_as_a_spreadsheet_counts():
    text = '# made by hand\n\nname,v\n"two\nlines",1\n\nb,2\n'
    assert_array_equal(read_table(text).rows, [4, 6])


def test_a_pasted_table_and_its_file_are_the_same():
    text = "Größe;y\n1,5;2\n"
    pasted, file = read_table(text, "t"), read_table(text.encode(), "t")
    assert pasted.notes == file.notes
    assert pasted.name == file.name == "t"
    assert_array_equal(pasted.columns["Größe"].numbers, file.columns["Größe"].numbers)


@st.composite
def _tables(draw):
    """A frame of floats with gaps and a column of texts, and a way of writing it."""
    rows = draw(st.integers(1, 6))
    floats = st.floats(allow_nan=False, allow_infinity=False)
    decimals = st.integers(-(10**6), 10**6).map(lambda i: i / 64)
    value = st.one_of(floats, decimals, st.just(NAN))
    columns = draw(st.lists(st.lists(value, min_size=rows, max_size=rows), min_size=2, max_size=4))
    words = st.text(st.sampled_from("ab é\"'\n,;|\t."), max_size=8).map(lambda s: f"w{s}w")
    frame = pd.DataFrame({f"x{i}": column for i, column in enumerate(columns)})
    frame["text"] = draw(st.lists(words, min_size=rows, max_size=rows))
    sep, decimal = draw(st.sampled_from([*[(s, ".") for s in ",;\t|"], (";", ",")]))
    options = {
        "sep": sep,
        "decimal": decimal,
        "quoting": draw(st.sampled_from([0, 1, 2])),
        "lineterminator": draw(st.sampled_from(["\n", "\r\n"])),
        "na_rep": draw(st.sampled_from(["", "NA", "nan"])),
    }
    return frame, options, draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252", "utf-16"]))


@pytest.mark.slow
@settings(max_examples=some(50, 150))
@given(_tables())
def test_what_pandas_writes_is_read_back_exactly(written):
    frame, options, encoding = written
    table = read_table(frame.to_csv(index=False, **options).encode(encoding))
    assert list(table.columns) == list(frame.columns)
    assert len(frame) == table.N
    for name in frame.columns[:-1]:
        if frame[name].isna().all():
            assert "no values" in table.columns[name].problem
        else:
            assert_array_equal(table.columns[name].numbers, frame[name])
    column = table.columns["text"]
    assert [column.classes[k] for k in column.codes] == list(frame["text"])


def _is_valid(table: Table) -> None:
    assert table.N >= 1
    assert len(table.columns) >= 2
    assert (np.diff(table.rows) > 0).all()
    for name, column in table.columns.items():
        assert name == column.name != ""
        assert (column.numbers is None) == bool(column.problem)
        assert column.codes.shape == table.rows.shape == (table.N,)
        assert column.codes.max(initial=-1) < len(column.classes or ())
        if column.numbers is not None:
            assert column.numbers.shape == (table.N,)
            assert not np.isinf(column.numbers).any()
            assert np.isnan(column.numbers).sum() == column.missing
    for sentence in [*table.notes, *(c.problem for c in table.columns.values())]:
        assert "\n" not in sentence
        assert len(sentence) < 400


PIECES = (
    *",;\t|\n\r\"'#=-+.0123456789 eE\n\n,,",
    *("1.5", "1,5", "1.234", "x", "NA", "inf", "nan", "true", "no", "1e400", "sep=;\n"),
    *("\u2028", "\x0b", "\x1a", "é", "\ud800"),
)
csv_like = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


@settings(max_examples=some(150, 400), deadline=2000)
@given(st.one_of(csv_like, st.text(max_size=60), st.binary(max_size=60)))
def test_anything_at_all_is_a_table_or_a_sentence(content):
    try:
        table = read_table(content)
    except TableError as error:
        sentence = str(error)
    else:
        _is_valid(table)
        return
    assert sentence.endswith(".")
    assert "\n" not in sentence


NASTY = {
    "one line": lambda n: "a" * n,
    "quotation marks": lambda n: "a,b\n" + '"\n' * (n // 2),
    "one long number": lambda n: "a,b\n" + "1" * n + ",2\n",
    "almost a number as a name": lambda n: "1" * 130_000 + "x,b\n1,2\n",
    "almost an address": lambda n: "http://" + "a." * (n // 2) + ",b\n1,2\n",
    "spaces": lambda n: "a b" + " " * n + "c\n1 2 3\n",
    "many empty cells": lambda n: "a,b\n1,2\n" + ",\n" * (n // 2) + "1,2\n",
    "single digits": lambda n: "a,b\n" + "1,2\n" * (n // 4),
    "almost numbers": lambda n: "a,b\n" + "1,2\n" * (n // 8) + "1,1" + "0" * (n // 2) + "x\n",
    "almost groups": lambda n: "a;b\n1;1" + ".000" * (n // 8) + "x\n" + "1;1,5\n" * (n // 12),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", list(NASTY))
def test_time_is_bounded(case):
    content = NASTY[case](2 * 2**20)
    started = time.process_time()
    with suppress(TableError):
        _is_valid(read_table(content))
    assert time.process_time() - started < 5


@pytest.mark.slow
@pytest.mark.parametrize("sep", list(",;\t|"))
def test_a_header_longer_than_the_sample_is_split(sep):
    names = [f"a rather long name {i}" for i in range(250)]
    rows = [names, *([f"{i / 7:.3f}" for i in range(k, k + 250)] for k in range(3))]
    table = read_table("\n".join(sep.join(row) for row in rows))
    assert list(table.columns) == names
    assert_array_equal(table.columns[names[0]].numbers, [0, 0.143, 0.286])


@pytest.mark.slow
def test_a_large_table_is_read_exactly_and_quickly():
    X = np.random.default_rng(0).normal(size=(26_000, 10))
    content = pd.DataFrame(X).add_prefix("x").to_csv(index=False).encode()
    assert len(content) > 5e6
    started = time.process_time()
    table = read_table(content)
    assert time.process_time() - started < 5
    assert_array_equal(np.column_stack([c.numbers for c in table.columns.values()]), X)


def test_quotation_marks_of_another_kind_in_a_cell_do_not_hide_the_commas():
    frame = pd.DataFrame({"x0": [0.0, 1.0], "x1": [2.0, 3.5], "text": ["w''\"w", "w'w"]})
    table = read_table(frame.to_csv(index=False))
    assert list(table.columns) == ["x0", "x1", "text"]
    assert_array_equal(table.columns["x1"].numbers, frame["x1"])


def _drawn(rng: np.random.Generator) -> tuple[str, bool, int, int]:
    """A table as pandas writes it, whether it has a header, and its numbers of rows and columns."""
    rows, count = int(rng.integers(4, 30)), int(rng.integers(2, 6))
    sep = str(rng.choice(list(",;\t|")))
    kinds = {
        "float": lambda: rng.normal(size=rows).round(3),
        "int": lambda: rng.integers(0, 100, rows),
        "labels": lambda: rng.choice(["north west", "Smith, J.", "a;b", "x|y"], rows),
        "names": lambda: [f"name {i}" for i in range(rows)],
        "dates": lambda: [f"2020-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(rows)],
        "truths": lambda: rng.choice(["True", "False"], rows),
    }
    chosen = ["float", *rng.choice(list(kinds), count - 1)]
    rng.shuffle(chosen)
    frame = pd.DataFrame({f"{kind} {k}": kinds[kind]() for k, kind in enumerate(chosen)})
    header, comma = bool(rng.random() < 0.5), sep in ";\t" and rng.random() < 0.5
    text = frame.to_csv(index=False, sep=sep, header=header, decimal="," if comma else ".")
    return text, header, rows, count


@pytest.mark.parametrize("seed", range(60))
def test_the_layout_of_what_pandas_writes_is_guessed(seed):
    text, header, rows, count = _drawn(np.random.default_rng(seed))
    table = read_table(text)
    assert (table.header, table.N, len(table.columns)) == (header, rows, count), text

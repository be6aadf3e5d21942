"""Whatever a link, a file or a command line says: no traceback, no wrong number, in bounded time.

Some fifty cases each time, always the same;
`pytest --hypothesis-profile=long tests/dashboard/test_fuzzing.py` runs 10,000
links, 100 visits of each page and 2,000 files.
"""

import gzip
import io
import math
import time
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from conftest import some
from hypothesis import given, settings
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest
from visiting import script, short_curves, short_distances

from efviz.command.main import main as command
from efviz.dashboard.pages import PAGES
from efviz.dashboard.session.kinds import Choice, Flag, Number, Points
from efviz.dashboard.session.settings import Setting, Settings
from efviz.datasets.tables import Table, TableError, read_table

SETTINGS = {slug: page.settings for slug, page in PAGES.items() if page.settings.declared()}
LINKS, FILES, RUNS = some(150, 10_000), some(50, 2_000), some(4, 100)

JUNK = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "", " ", "nan", "inf", "-inf", "1e999", "-0", "0x10", "1_000", "٣", "１", "1e-400",
            "−5", "1,5", "1;2", ";", ",,", "=1+1", "@SUM(A1)", "'; DROP TABLE x", "<script>", "%00",
            "\0", "\u202e", "𝟙", "None", "true", "[]", "{}", "../../etc/passwd", "9" * 400,
            "x" * 5000,
        ]
    ),
)  # fmt: skip
FINITE = st.floats(allow_nan=False, allow_infinity=False)
NUMBERS = st.floats(width=64).map(repr) | st.integers(-(10**30), 10**30).map(str)


def texts(one: Setting, usual: Settings) -> st.SearchStrategy[str]:
    """Texts for a setting: valid ones, extreme ones, junk."""
    kind = one.kind
    found: list[st.SearchStrategy[str]] = [JUNK, NUMBERS]
    if isinstance(kind, Number):
        low, high = kind.bounds(usual)
        found.append(st.floats(low, high).map(repr) if low < high else st.just(repr(low)))
        found.append(st.sampled_from([repr(low), repr(high), "0"]))
    elif isinstance(kind, Choice):
        found.append(st.sampled_from([*(kind.options(usual) or ["x"])] or ["x"]))
    elif isinstance(kind, Flag):
        found.append(st.sampled_from("01"))
    elif isinstance(kind, Points):
        number = st.floats(-1e10, 1e10).map(repr)
        row = st.lists(number, min_size=kind.width, max_size=kind.width).map(",".join)
        found.append(st.lists(row, max_size=kind.most + 2).map(";".join))
    return st.one_of(found)


def links(page: type[Settings]) -> st.SearchStrategy[dict[str, str]]:
    each = {one.query: texts(one, page.of()) for one in page.declared().values()}
    return st.fixed_dictionaries({}, optional=each).flatmap(
        lambda query: st.dictionaries(st.text(max_size=8), JUNK, max_size=2).map(
            lambda more: more | query
        )
    )


def assert_valid(one: Setting, settings: Settings) -> None:
    kind, value = one.kind, getattr(settings, one.name)
    if isinstance(kind, Number):
        low, high = kind.bounds(settings)
        assert math.isfinite(value)
        assert low <= value <= high or (kind.zero and value == 0) or low > high
    elif isinstance(kind, Choice):
        options = kind.options(settings)
        assert not options or value in options
    elif isinstance(kind, Flag):
        assert value in (True, False)
    elif isinstance(kind, Points):
        assert all(math.isfinite(x) for row in value for x in row)
        assert len(value) <= kind.most


@pytest.mark.parametrize("slug", SETTINGS)
def test_any_link_is_valid_values_and_sentences(slug: str) -> None:
    page = SETTINGS[slug]

    @settings(max_examples=LINKS // len(SETTINGS))
    @given(links(page))
    def check(query: dict[str, str]) -> None:
        found, sentences = page.read(query)
        assert set(vars(found)) == set(page.declared())
        for one in page.declared().values():
            assert_valid(one, found)
        assert all(len(words) < 800 for words in sentences)
        # What is said of the settings again is a link to the same.
        pairs = [part.split("=", 1) for part in found.query.split("&") if part]
        from urllib.parse import unquote

        again, complaints = page.read({key: unquote(text) for key, text in pairs})
        assert again == found
        assert complaints == []

    check()


@pytest.mark.parametrize("slug", SETTINGS)
def test_any_link_opens_a_page_without_a_traceback(
    slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = SETTINGS[slug]
    short_distances(monkeypatch, largest=100)
    short_curves(monkeypatch)

    @settings(max_examples=RUNS)
    @given(links(page))
    def check(query: dict[str, str]) -> None:
        at = AppTest.from_function(script, args=(slug,), default_timeout=120)
        small = {"n": "100", "steps": "20"}
        for key, value in (query | small).items():
            if key:
                at.query_params[key] = value
        at.run()
        assert not at.exception, query

    check()


CELLS = st.one_of(
    st.floats().map(repr),
    st.sampled_from(
        [
            "=1+1", '=HYPERLINK("http://x")', "+1", "-2+3", "@SUM(A1)", "NaN", "inf", "-Infinity",
            "1e309", "1e-320", "1.797e308", "٣", "½", "1,5", "1.000,5", "", " ", "NA", "#DIV/0!",
            "\t", '"', "''", "é", "𝔸", "\u200b", "\ufeff", "true", "0x1F", "1_000", "9" * 400,
            "2020-01-01", "<b>", "null", "1e5", "\r",
        ]
    ),
    st.text(max_size=12),
)  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """The text of something like a table, then perhaps damaged, wrapped or encoded otherwise."""
    width = draw(st.integers(1, 5))
    rows = draw(st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=12))
    sep = draw(st.sampled_from([",", ";", "\t", "|", " "]))
    quote = draw(st.booleans())
    cells = [
        sep.join('"' + cell.replace('"', '""') + '"' if quote else cell for cell in row)
        for row in rows
    ]
    text = draw(st.sampled_from(["\n", "\r\n", "\r"])).join(cells)
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"]))
    content = text.encode(encoding, "replace")
    at = draw(st.integers(0, len(content)))
    damage = draw(st.sampled_from([b"", b"", b"\0", b"\xff\xfe", b'"', b"\x1f\x8b", b"PK\x03\x04"]))
    return content[:at] + damage + content[at:]


def assert_a_table_or_a_sentence(content: bytes) -> None:
    try:
        table, words = read_table(content, "file.csv"), ""
    except TableError as error:
        table, words = None, str(error)
    if table is None:
        assert words.endswith(".")
        assert len(words) < 600
    else:
        assert_no_wrong_number(table)


def assert_no_wrong_number(table: Table) -> None:
    for column in table.columns.values():
        if column.numbers is not None:
            assert not np.isinf(column.numbers).any()
            assert len(column.numbers) == table.N


@settings(max_examples=FILES)
@given(files())
def test_any_file_is_a_table_or_a_sentence(content: bytes) -> None:
    assert_a_table_or_a_sentence(content)


@settings(max_examples=FILES)
@given(st.lists(st.tuples(*[FINITE] * 3), min_size=1, max_size=8))
def test_no_number_changes_on_its_way_through_a_file(rows: list[tuple[float, ...]]) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b", "c"])
    table = read_table(frame.to_csv(index=False))
    for name in frame:
        np.testing.assert_array_equal(table.columns[name].numbers, frame[name])


def zipped(size: int) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.csv", bytes(size))
    return memory.getvalue()


BOMBS = {
    "zip": lambda: zipped(10**8),
    "gzip": lambda: gzip.compress(bytes(10**8)),
    "zip behind a header": lambda: b"a,b\n1,2\n" + zipped(10**7),
    "gzip behind a mark": lambda: b"\xef\xbb\xbf" + gzip.compress(bytes(10**7)),
    "one cell": lambda: b"a,b\n1," + b"9" * (19 * 2**20),
    "one open quotation mark": lambda: b'a,b\n"' + b"1,2\n" * 10**6,
    "only delimiters": lambda: b"," * (19 * 2**20),
    "only quotation marks": lambda: b'"' * (4 * 2**20),
    "many lines": lambda: b"\n" * (19 * 2**20),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_takes_little_time_and_memory(bomb: str) -> None:
    import resource

    content = BOMBS[bomb]()
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    assert_a_table_or_a_sentence(content)
    assert time.process_time() - start < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 600 * 1024


WORDS = st.one_of(
    JUNK.filter(lambda s: "\0" not in s),
    st.sampled_from(
        ["data", "sweep", "results", "boston", "wine", "--method", "EFGD", "--out", "x.csv",
         "--target", "--steps", "-1", "0", "--jobs", "--damping", "--dampings",
         "--step-sizes", "--no-fetch"]
    ),
)  # fmt: skip


@settings(max_examples=FILES)
@given(st.lists(WORDS, max_size=6))
def test_any_command_line_ends_with_a_sentence_and_no_traceback(words: list[str]) -> None:
    # The work itself is not what is tested here, and nothing is fetched or written.
    with (
        patch("efviz.command.main.grid_search", side_effect=ValueError("not now")),
        patch("efviz.results.renew", side_effect=ValueError("not now")),
        patch("efviz.command.main._data", side_effect=ValueError("not now")),
        redirect_stdout(io.StringIO()),
        redirect_stderr(io.StringIO()) as said,
    ):
        try:
            status = command(words)
        except SystemExit as stop:
            status = stop.code
    assert status in (0, 1, 2)
    assert "Traceback" not in said.getvalue()
    if status:
        assert said.getvalue().strip()

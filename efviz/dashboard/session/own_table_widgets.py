"""Loading an own table: a file or pasted text, reading options, and remarks."""

from dataclasses import dataclass, replace
from html import escape
from typing import Any

import streamlit as st

from efviz.dashboard.session import own_table, table_choice
from efviz.dashboard.session.caches import OWN, forget_private
from efviz.dashboard.session.foreign import plain
from efviz.dashboard.session.html_table import html_table
from efviz.dashboard.session.own_table import GUESSED, Loaded, Reading
from efviz.dashboard.session.store import Store, run_again
from efviz.dashboard.session.table_choice import Made
from efviz.datasets.tables import MAX_BYTES, SEPARATORS, Table, TableError
from efviz.datasets.tables.errors import quoted
from efviz.problems.own import REGRESSIONS

LONGEST_TEXT = 100_000
"""Most characters that can be pasted; longer tables are uploaded as files."""
EXAMPLE = """hours,coffee,passed
1.5,3,no
2,1,no
2.5,4,yes
3,0,no
3.5,2,no
4,1,yes
4.5,5,no
5,2,yes
5.5,0,no
6,3,yes
7,1,yes
8,2,yes
"""
MOST_NOTES, MOST_COLUMNS = 12, 30
"""Most remarks and columns shown of one table."""

_BETWEEN = {
    "comma": "commas",
    "semicolon": "semicolons",
    "tab": "tabs",
    "vertical bar": "vertical bars",
    "spaces": "spaces or tabs",
}
_YES = {None: "", True: "yes", False: "no"}
_FIRST_ROW = {"yes": "names the columns", "no": "holds values"}
REFUSED = "own table.refused"


@dataclass(frozen=True)
class Source:
    """The content of a table, its name and reading options."""

    content: bytes | str
    name: str
    reading: Reading


@dataclass(frozen=True)
class Refused:
    """Why a table cannot be used, on which page, and its source if other options may help."""

    page: str
    sentence: str
    source: Source | None


def ready(store: Store[Any], *, whole: bool = False) -> bool:
    """Show the panel of the own table if it is chosen; returns whether there is a problem to draw.

    `whole`: the page uses all columns, and itself explains why there is no problem.
    """
    found = own_table.loaded()
    news = own_table.agree(store.slug, store.settings) if _adopted(store) else None
    if news:
        store.put(news)
        run_again()
    if getattr(store.settings, "problem", "") != OWN:
        return True
    made = _made(store, whole) if _adopted(store) else Made(None)
    # The panel stays open while a visitor chooses how the table is read.
    is_open = found is None or found.reading != GUESSED
    with st.expander(_title(found), expanded=is_open, key=_panel_key(store, found)):
        if found:
            _reading(store, found, made)
        _load(store)
        if found:
            st.button("Forget this table", on_click=_forget, key=f"{store.slug}.forget")
    if found is None:
        return False
    if not _adopted(store):
        _adopt(store)
        run_again()
    if made.trouble and not whole:
        st.warning(plain(made.trouble))
    _notes(found, made)
    return whole or not made.trouble


def _made(store: Store[Any], whole: bool) -> Made:
    if not whole:
        return table_choice.made(store.settings)
    settings = store.settings
    return table_choice.whole(settings.target, settings.regression, settings.positive)


def _title(found: Loaded | None) -> str:
    if found is None:
        return "Load your table"
    table = found.table
    header = "" if table.header else ", no header"
    return (
        f"Your table: {plain(quoted(table.name or 'pasted'))}, {table.N:,} rows, "
        f"{len(table.columns):,} columns, separated by {_BETWEEN[table.separator]}{header}"
    )


def _panel_key(store: Store[Any], found: Loaded | None) -> str:
    return f"{store.slug}.{found and found.digest}"


def settled(store: Store[Any], *, whole: bool = False) -> bool:
    """Whether there is a problem to draw, as `ready` returns, without showing anything."""
    if getattr(store.settings, "problem", "") != OWN:
        return True
    return _adopted(store) and not _made(store, whole).trouble


def _adopted(store: Store[Any]) -> bool:
    """Whether the settings of this page refer to the loaded table, and to a regression of today."""
    found, regression = own_table.loaded(), getattr(store.settings, "regression", "")
    if found is None or (regression and regression not in REGRESSIONS):
        return False
    return bool(st.session_state.get(f"{store.slug}.table") == found.digest)


def _load(store: Store[Any]) -> None:
    st.markdown(
        "A text table with one example per row, with or without a header row. It stays in the "
        "memory of this session: nothing is stored, and nobody else can see it."
    )
    file, paste = st.columns(2)
    with file:
        given = st.file_uploader(
            f"A text file of up to {MAX_BYTES >> 20} MB: .csv, .tsv, .txt, .data, .dat, .md or any "
            "other extension",
            key=f"{store.slug}.file.{own_table.generation()}",
        )
        if given is not None and st.session_state.get(own_table.FILE) != given.file_id:
            st.session_state[own_table.FILE] = given.file_id
            content = given.getvalue()
            own_table.drop_file(given.file_id)
            _take(store, content, given.name)
    with paste, st.form(f"{store.slug}.paste", border=False):
        text = st.text_area(
            "or pasted text",
            placeholder=EXAMPLE,
            key=f"{store.slug}.text.{own_table.generation()}",
            height=120,
            max_chars=LONGEST_TEXT,
        )
        pasted, example = st.columns(2)
        use = pasted.form_submit_button("Use the text")
        try_it = example.form_submit_button("Use the example", type="tertiary")
    if use:
        _take(store, text, "pasted text")
    if try_it:
        _take(store, EXAMPLE, "example")
    refused = st.session_state.get(REFUSED)
    if isinstance(refused, Refused) and refused.page == store.slug:
        st.error(plain(refused.sentence))
        if refused.source is None:
            del st.session_state[REFUSED]
        else:
            _choices(store, refused.source, None)


def _take(store: Store[Any], content: bytes | str, name: str) -> None:
    """Use a table that a visitor gave, and show the page with it."""
    source = Source(content, name, GUESSED)
    with st.spinner("Reading the table …"):
        read = _read(store, source, source)
    if read:
        run_again()


def _read(store: Store[Any], source: Source, again: Source | None) -> bool:
    """Read a table; returns whether it can be used.

    Otherwise everything stays as it is, and the reason is shown, with reading options for `again`.
    """
    try:
        own_table.load(source.content, source.name, source.reading)
    except TableError as error:
        st.session_state[REFUSED] = Refused(store.slug, str(error), again)
        return False
    st.session_state.pop(REFUSED, None)
    _adopt(store)
    return True


def _adopt(store: Store[Any]) -> None:
    """Adapt the settings to the loaded table; keep those that still apply."""
    found = own_table.loaded()
    assert found is not None
    st.session_state[f"{store.slug}.table"] = found.digest
    # A link omits the suggested target.
    known = store.settings.target in ("", *found.table.columns)
    forget = () if known else (*own_table.FOLLOWING, "edits")
    store.put(store.settings.checked(forget))


def _reading(store: Store[Any], found: Loaded, made: Made) -> None:
    """Reading options, the first rows as read, and which columns are text."""
    table = found.table
    choices, rows = st.columns([1, 2.4])
    with choices:
        _choices(store, Source(found.content, table.name, found.reading), table)
    with rows:
        st.html(first_rows(found))
    said = " ".join(made.dataset.notes) if made.dataset else ""
    problems = [c.problem for c in table.columns.values() if c.problem and c.problem not in said]
    if problems:
        st.caption(plain(" ".join(_shortened(problems))))


def _choices(store: Store[Any], source: Source, table: Table | None) -> None:
    """Selects for the separator and the header; guesses are shown for a `table`."""
    reading = source.reading
    between, header = {"": "guess"} | _BETWEEN, {"": "guess"} | _FIRST_ROW
    if table and not reading.separator:
        between[""] = f"{_BETWEEN[table.separator]} (guessed)"
    if table and reading.header is None:
        header[""] = f"{_FIRST_ROW[_YES[table.header]]} (guessed)"
    key = f"{store.slug}.{'reading' if table else 'refused'}"
    keys = f"{key}.separator", f"{key}.header"
    labels = "Columns are separated by", "The first row"
    values = reading.separator, _YES[reading.header]
    for name, label, titles, value in zip(keys, labels, (between, header), values, strict=True):
        st.session_state[name] = value
        st.selectbox(
            label,
            list(titles),
            format_func=titles.__getitem__,
            key=name,
            on_change=_read_again,
            args=(store, source, table is not None, keys),
        )


def _read_again(store: Store[Any], source: Source, known: bool, keys: tuple[str, str]) -> None:
    """Read a table with the options chosen; a `known` table stays if that fails."""
    separator, header = (st.session_state[key] for key in keys)
    chosen = {word: value for value, word in _YES.items()}.get(header)
    reading = Reading(separator if separator in SEPARATORS else "", chosen)
    again = replace(source, reading=reading)
    _read(store, again, None if known else again)


def first_rows(found: Loaded) -> str:
    """The first rows of the table as they were read, as HTML."""
    table = found.table
    names = list(table.columns)[:MOST_COLUMNS]
    more = len(table.columns) - len(names)
    rows = [[escape(cell) for cell in row[:MOST_COLUMNS]] for row in table.head]
    caption = f"The first rows as read{f' ({more:,} more columns)' if more else ''}"
    return html_table(caption, [escape(name) for name in names], rows, headed=False)


def _notes(found: Loaded, made: Made) -> None:
    """Remarks on how the table was read and its data set made."""
    sentences = made.dataset.notes if made.dataset else found.table.notes
    if sentences:
        words = " ".join(map(escape, _shortened(list(sentences))))
        st.html(f"<p class='efviz-note'>{words}</p>")


def _shortened(sentences: list[str]) -> list[str]:
    more = len(sentences) - MOST_NOTES
    return [*sentences[:MOST_NOTES], f"… and {more} more."] if more > 0 else sentences


def _forget() -> None:
    own_table.forget()
    st.session_state.pop(REFUSED, None)
    forget_private()

"""Bringing a table along: a file or pasted text, and what is said of it."""

import streamlit as st

from efviz.pages import own_table
from efviz.pages.caches import forget_private
from efviz.pages.foreign import plain
from efviz.pages.own_table import OWN
from efviz.pages.params import quoted
from efviz.pages.store import Store, run_again
from efviz.tables import MAX_BYTES, TableError

LONGEST_TEXT = 100_000
"""Characters that can be pasted; a longer table is a file."""
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


def ready(store: Store, *, check: bool = True) -> bool:
    """Show the own table's panel if it is chosen; is there a problem to draw?

    `check`: two of its columns must make a data set.
    """
    if store.values["problem"] != OWN:
        return True
    found = own_table.loaded()
    title = f"Your table: {quoted(found.table.name or 'pasted')}" if found else "Load your table"
    with st.expander(title, expanded=found is None, key=f"{store.slug}.{found and found.digest}"):
        _load(store)
        if found:
            _report(store, check)
    if found is None:
        return False
    if st.session_state.get(f"{store.slug}.table") != found.digest:
        _adopt(store)
        run_again()
    if not check:
        return True
    trouble = own_table.made(store.values).trouble
    if trouble:
        st.warning(plain(trouble))
    return not trouble


def _load(store: Store) -> None:
    st.markdown(
        "A table as text (CSV): a row of column names, then one example a row. It stays in the "
        "memory of this session: nothing is stored, and nobody else sees it."
    )
    file, paste = st.columns(2)
    with file:
        given = st.file_uploader(
            f"A file of up to {MAX_BYTES >> 20} MB",
            type=["csv", "tsv", "txt"],
            key=f"{store.slug}.file.{own_table.generation()}",
        )
        if given is not None and st.session_state.get(own_table.FILE) != given.file_id:
            st.session_state[own_table.FILE] = given.file_id
            content = given.getvalue()
            own_table.drop_file(given.file_id)
            _take(store, content, given.name)
    with paste, st.form(f"{store.slug}.paste", border=False):
        text = st.text_area(
            "or pasted",
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
    for sentence in st.session_state.pop("own table.refused", []):
        st.error(plain(sentence))


def _take(store: Store, content: bytes | str, name: str) -> None:
    """Read the table; one that cannot be used leaves everything as it is, and says why."""
    try:
        with st.spinner("Reading the table …"):
            own_table.load(content, name)
    except TableError as error:
        st.session_state["own table.refused"] = [str(error)]
        return
    _adopt(store)
    run_again()


def _adopt(store: Store) -> None:
    """Settings for the table that is there now: those that speak of its target are kept."""
    found = own_table.loaded()
    assert found is not None
    st.session_state[f"{store.slug}.table"] = found.digest
    known = store.values["target"] in found.table.columns
    store.check_again(forget=() if known else (*own_table.FOLLOWING, "edits"))


def _report(store: Store, check: bool) -> None:
    """What was done to the table, and which columns are no numbers."""
    found = own_table.loaded()
    assert found is not None
    made = own_table.made(store.values).notes if check else ()
    sentences = [*found.table.notes, *made, *own_table.unusable()]
    columns = len(found.table.columns)
    st.markdown(f"{found.table.N:,} rows, {columns:,} columns.")
    shown = sentences[:12]
    if len(sentences) > len(shown):
        shown.append(f"… and {len(sentences) - 12} more remarks.")
    for sentence in shown:
        st.caption(plain(sentence))
    st.button("Forget this table", on_click=_forget, key=f"{store.slug}.forget")


def _forget() -> None:
    own_table.forget()
    forget_private()

"""Table 1 as a dictionary: the names of a matrix in each field, and the library calls for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from efviz.arrays import Array
from efviz.curvature.distance import relative_distance
from efviz.curvature.vocabulary import VOCABULARY, Call, Term
from efviz.dashboard.pages.matrices.closer.base import Section, Sentence
from efviz.dashboard.session import studies
from efviz.dashboard.session.html_table import html_table
from efviz.dashboard.session.page import Shown
from efviz.dashboard.session.widgets import show
from efviz.numbers import counted, number
from efviz.studies.four_matrices import USUAL, short_of


def names(shown: Shown) -> None:
    """The matrix, its formula, its names and calls, and the whole table."""
    box, formula = st.columns([1, 1.6], vertical_alignment="bottom")
    with box:
        show(shown.store, "c_matrix")
    key = shown.settings.c_matrix
    term = VOCABULARY[key]
    with formula:
        st.markdown(f"$\\displaystyle {term.formula}$")
    SENTENCE(shown)
    left, right = st.columns([1.3, 1])
    left.html(names_table(term))
    if term.calls:
        right.html(calls_list(term))
    st.html(
        f"<details class='efviz-details'><summary>All of Table 1</summary>{overview(key)}</details>"
    )
    st.caption(
        "Formulas are sums, as the paper prints them; this page divides by N. A library is listed "
        "only if its documentation or source says which matrix the call returns."
    )


def titled(key: str, term: Term) -> str:
    return f"{short_of(key)}: {term.title}" if key in USUAL else term.title


@dataclass(frozen=True)
class OtherMeaning:
    """A name of this matrix that stands for the matrix `key` in `fields`, perhaps its own."""

    words: str
    key: str
    fields: tuple[str, ...]


def other_meanings(key: str) -> list[OtherMeaning]:
    found = []
    for words in dict.fromkeys(name.words for name in VOCABULARY[key].names):
        for other, term in VOCABULARY.items():
            fields = tuple(n.field for n in term.names if n.words.lower() == words.lower())
            if other != key and fields:
                found.append(OtherMeaning(words, other, fields))
    return found


def sentence(key: str, matrices: Mapping[str, Array]) -> str:
    """How many names it has, and which of them stand for another matrix in some field.

    `matrices` are H, G, F and EF at this theta.
    """
    names = VOCABULARY[key].names
    different = len({name.words.lower() for name in names})
    title, fields = escape(VOCABULARY[key].title), len({name.field for name in names})
    count = f"{counted(different, 'name')} in {counted(fields, 'field')}"
    parts = [f"<b>{title}</b> goes by {count}."]
    for meaning in other_meanings(key):
        mine = [name.field for name in names if name.words == meaning.words]
        also = "also " if set(mine) & set(meaning.fields) else ""
        parts.append(
            f"“{escape(meaning.words)}” means this in {' and '.join(mine)}, but in "
            f"{' and '.join(meaning.fields)} {also}the "
            f"<b>{_small(VOCABULARY[meaning.key].title)}</b>{_apart(key, meaning.key, matrices)}."
        )
    return " ".join(parts)


def _small(title: str) -> str:
    """A title inside a sentence: names of people keep their capitals."""
    kept = ("Fisher", "Hessian")
    return escape(title if title.startswith(kept) else title[0].lower() + title[1:])


def _apart(key: str, other: str, matrices: Mapping[str, Array]) -> str:
    """The distance between two matrices at this theta, if both are among the usual ones."""
    if not {key, other} <= {*USUAL}:
        return ""
    distance = float(relative_distance(matrices[short_of(key)], matrices[short_of(other)]))
    if not np.isfinite(distance):
        return ""
    return f", and here their distance is {number(distance)} times the norm of the latter"


def names_table(term: Term) -> str:
    rows = [
        (
            escape(name.field),
            f"<b>{escape(name.words)}</b>{_note(name.note)}",
            f"<small>{_source(name.source)}</small>",
        )
        for name in term.names
    ]
    caption = f"Names by field: {escape(term.title)}"
    return html_table(caption, ("field", "name", "source"), rows)


def calls_list(term: Term) -> str:
    """A line for each library, with its call in a tooltip and behind a key or a tap."""
    lines = "".join(
        f"<details class='efviz-details'><summary title='{_quoted(call)}'>{escape(call.library)}"
        f" <small>{escape(call.returns)}</small></summary>"
        f"<div><code>{escape(call.code)}</code>{_note(call.note)}<br>"
        f"<small>{_source(call.source)}</small></div></details>"
        for call in term.calls
    )
    return (
        f"<section aria-label='Libraries'><p class='efviz-note'>In libraries</p>{lines}</section>"
    )


def _quoted(call: Call) -> str:
    return escape(f"{call.code}: {call.returns}" + (f"; {call.note}" if call.note else ""))


def _note(note: str) -> str:
    return f"<br><small>{escape(note)}</small>" if note else ""


def _source(source: str) -> str:
    """A link, shortened to its host and last part, or the words of a source without one."""
    if not source.startswith("https://"):
        return escape(source)
    host, _, rest = source.removeprefix("https://").partition("/")
    last = rest.rstrip("/").rpartition("/")[2]
    return (
        f"<a href='{escape(source)}' target='_blank' rel='noopener noreferrer'>"
        f"{escape(host)}/…/{escape(last)}</a>"
    )


def overview(chosen: str) -> str:
    """All matrices, with all names and libraries; the chosen one is marked."""
    rows = []
    for key, term in VOCABULARY.items():
        mark = "▸ " if key == chosen else ""
        names = "; ".join(
            f"{escape(n.words)} <small>({escape(n.field)})</small>" for n in term.names
        )
        calls = ", ".join(
            f"<abbr title='{_quoted(call)}'>{escape(call.library)}</abbr>" for call in term.calls
        )
        rows.append((f"{mark}{escape(term.title)}", names, calls or "–"))
    columns = ("matrix", "names", "libraries")
    current = list(VOCABULARY).index(chosen)
    return html_table("Six matrices and their names", columns, rows, current=current)


SENTENCE = Sentence(studies.Call(sentence, {"key": "c_matrix", "matrices": "usual"}))
SECTION = Section("Names in other fields", (names,))

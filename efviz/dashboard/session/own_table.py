"""The visitor's own table. It is kept only in the memory of the session."""

import hashlib
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from weakref import WeakSet

import streamlit as st

from efviz.dashboard.server import compat, uploads
from efviz.dashboard.session.caches import OWN, forget_private
from efviz.dashboard.session.settings import Settings
from efviz.dashboard.session.sizes import nbytes
from efviz.dashboard.session.turns import TURNS
from efviz.datasets.tables import Table, TableError, read_table
from efviz.lazy import cached_property
from efviz.problems.own import KNOBS, Suggestion, suggest

S = TypeVar("S", bound=Settings)

_KEY, _COMMON = "own table", "own table.settings"
FILE, GENERATION = "own table.file", "own table.generation"


@dataclass(frozen=True, eq=False)
class Reading:
    """Arguments of `read_table`; "" and None let it guess."""

    separator: str = ""
    header: bool | None = None


GUESSED = Reading()


@dataclass(frozen=True, eq=False)
class Loaded:
    """A table, a digest of its content and reading, and suggested settings."""

    table: Table
    digest: str
    suggestion: Suggestion
    content: bytes
    reading: Reading
    others: dict[tuple[str, str], Suggestion] = field(default_factory=dict)

    def suggested(self, target: str, regression: str = "") -> Suggestion:
        """Suggested settings for a target and a regression, computed once."""
        if target not in self.table.columns:
            return self.suggestion
        if (target, regression) not in self.others:
            try:
                found = suggest(self.table, target, regression)
            except TableError:
                found = self.suggestion
            self.others[target, regression] = found
        return self.others[target, regression]

    @cached_property
    def nbytes(self) -> int:
        return nbytes(self.table) + len(self.content)


LARGE = 2**20
"""Files of at least this many bytes are read one at a time."""
KEPT_MEGABYTES = 256
"""Limit for the tables of all sessions."""
_reading = threading.Lock()
_kept: WeakSet[Loaded] = WeakSet()


def load(content: bytes | str, name: str, reading: Reading = GUESSED) -> Loaded:
    """Read a table into this session. Raises TableError with a sentence for the visitor."""
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    # Reading takes many times the size of the file, so large files are read one at a time.
    with TURNS.turn(), TURNS.holding(_reading) if len(data) > LARGE else nullcontext():
        table = read_table(data, name, separator=reading.separator, header=reading.header)
        digest = hashlib.blake2b(data, digest_size=8)
        digest.update(f"{table.separator} {table.header}".encode())
        loaded = Loaded(table, digest.hexdigest(), suggest(table), data, reading)
    others = sum(one.nbytes for one in _kept if one is not st.session_state.get(_KEY))
    if others + loaded.nbytes > KEPT_MEGABYTES << 20:
        raise TableError(
            f"The server holds {others >> 20} MB of other visitors' tables and has no room for "
            "this one; try again in a few minutes, or with fewer rows or columns."
        )
    if loaded.digest != getattr(st.session_state.get(_KEY), "digest", None):
        forget_private()
    st.session_state[_KEY] = loaded
    _kept.add(loaded)
    return loaded


def drop_file(file: str) -> None:
    """Drop the uploaded file after it was read."""
    if session := compat.session_id():
        uploads.forget(session, file)


def forget() -> None:
    """Drop the table, its results and the contents of its widgets."""
    for key in (_KEY, _COMMON, FILE):
        st.session_state.pop(key, None)
    st.session_state[GENERATION] = generation() + 1


def generation() -> int:
    """How many tables were dropped; new widget keys empty the widgets."""
    return int(st.session_state.get(GENERATION, 0))


def loaded() -> Loaded | None:
    found = st.session_state.get(_KEY)
    return found if isinstance(found, Loaded) else None


FOLLOWING = ("target", "regression", "positive", "first", "second", "intercept")
"""Settings that a table with another target invalidates."""


@dataclass(frozen=True)
class Common:
    """The settings of the table on the page that was last shown."""

    digest: str
    settings: dict[str, Any]


def agree(slug: str, settings: S) -> S | None:
    """Settings of a page with the changes made on other pages; None if it is up to date.

    Changes on this page, or from its link, apply to all other pages from then on.
    """
    found, key = loaded(), f"{slug}.own table"
    if getattr(settings, "problem", "") != OWN or found is None:
        st.session_state.pop(key, None)
        return None
    of, names = type(settings).of, [name for name in settings.declared() if name in KNOBS]
    mine = _named(settings, names)
    rest = _named(settings, [name for name in settings.declared() if name not in KNOBS])
    common, seen = _agreed(_COMMON, found.digest), _agreed(key)
    theirs: S | None = None
    if common and mine == (seen or _named(of(**rest), names)):
        known = {name: common[name] for name in names if name in common}
        theirs = of(**rest | known)
        theirs = None if _named(theirs, names) == mine else theirs
    if theirs:
        mine = _named(theirs, names)
        theirs = replace(theirs, **{"edits": ()} if "edits" in rest else {})
    # Inputs that were chosen for another target no longer apply.
    about = [name for name in ("target", "regression") if name in mine]
    if any(mine[name] != common.get(name) for name in about):
        common = {name: common[name] for name in ("inputs", "scaling") if name in common}
    st.session_state[_COMMON] = Common(found.digest, common | mine)
    st.session_state[key] = Common(found.digest, mine)
    return theirs


def _named(settings: Settings, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in names}


def _agreed(key: str, digest: str = "") -> dict[str, Any]:
    """The settings kept as `key`, of any table or of one."""
    known = st.session_state.get(key)
    return known.settings if isinstance(known, Common) and digest in ("", known.digest) else {}

"""The table that a visitor brings along. It lives in the session's memory and nowhere else."""

import hashlib
import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from weakref import WeakSet

import streamlit as st

from efviz.dashboard.server import compat, uploads
from efviz.dashboard.session.caches import OWN as OWN
from efviz.dashboard.session.caches import in_session
from efviz.dashboard.session.params import Choice, Param, Values, defaults
from efviz.dashboard.session.sizes import size_of
from efviz.dashboard.session.turns import TURNS
from efviz.datasets.dataset import BIAS, Dataset
from efviz.datasets.tables import Table, TableError, read_table
from efviz.lazy import cached_property
from efviz.problems import PROBLEMS, linear_regression
from efviz.problems.catalogue import Entry, Settings
from efviz.problems.own import (
    INTERCEPTS,
    REGRESSIONS,
    Suggestion,
    inputs_of,
    needs_intercept,
    own_dataset,
    suggest,
    whole_dataset,
)

TITLE = "Your own table …"
_KEY, _COMMON = "own table", "own table.settings"
FILE, GENERATION = "own table.file", "own table.generation"


@dataclass(frozen=True, eq=False)
class Reading:
    """How a table is to be read: the arguments of `read_table`, "" and None where it guesses."""

    separator: str = ""
    header: bool | None = None


GUESSED = Reading()


@dataclass(frozen=True, eq=False)
class Loaded:
    """A table, a name of its content and its reading, and the settings that suit it."""

    table: Table
    digest: str
    suggestion: Suggestion
    content: bytes
    reading: Reading
    others: dict[tuple[str, str], Suggestion] = field(default_factory=dict)

    def suggested(self, target: str, regression: str = "") -> Suggestion:
        """The settings that suit a target and a regression, looked for once."""
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
        return size_of(self.table) + len(self.content)


LARGE = 2**20
"""Bytes of a file from which it is read alone."""
KEPT_MEGABYTES = 256
"""What the tables of all sessions may take."""
_reading = threading.Lock()
_kept: WeakSet[Loaded] = WeakSet()


def load(content: bytes | str, name: str, reading: Reading = GUESSED) -> Loaded:
    """Read a table into this session. Raises TableError, a sentence for the visitor."""
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    # Reading takes many times the bytes of the file: of large ones, one after the other.
    with TURNS.turn(), TURNS.holding(_reading) if len(data) > LARGE else nullcontext():
        table = read_table(data, name, separator=reading.separator, header=reading.header)
        digest = hashlib.blake2b(data, digest_size=8)
        digest.update(f"{table.separator} {table.header}".encode())
        loaded = Loaded(table, digest.hexdigest(), suggest(table), data, reading)
    others = sum(one.nbytes for one in _kept if one is not st.session_state.get(_KEY))
    if others + loaded.nbytes > KEPT_MEGABYTES << 20:
        raise TableError(
            f"The server holds {others >> 20} MB of other visitors' tables and has no room for "
            "this one; try again in some minutes, or with fewer rows or columns."
        )
    st.session_state[_KEY] = loaded
    _kept.add(loaded)
    return loaded


def drop_file(file: str) -> None:
    """The server need not keep what was read."""
    if session := compat.session_id():
        uploads.forget(session, file)


def forget() -> None:
    """The table, what was made of it, and what the widgets still hold of it."""
    for key in (_KEY, _COMMON, FILE):
        st.session_state.pop(key, None)
    st.session_state[GENERATION] = generation() + 1


def generation() -> int:
    """How many tables were forgotten: widgets with a new key are empty."""
    return int(st.session_state.get(GENERATION, 0))


def loaded() -> Loaded | None:
    found = st.session_state.get(_KEY)
    return found if isinstance(found, Loaded) else None


def digest(values: Values) -> str:
    """What tells one own table from the next in the keys of caches."""
    found = loaded() if values["problem"] == OWN else None
    return found.digest if found else ""


KNOBS = ("target", "regression", "positive", "first", "second", "inputs", "scaling", "intercept")
"""What is made of a table, the same on all pages: see `common`."""


@dataclass(frozen=True, eq=False)
class Made:
    """A data set of the table, or why there is none."""

    dataset: Dataset | None
    trouble: str = ""


def _made(found: Loaded, scaling: str, **settings: str) -> Made:
    # Not every setting applies: the intercept is no question where it is a parameter.
    given = {name: value for name, value in settings.items() if value}

    def make() -> Made:
        try:
            standardised = scaling == "standardised"
            return Made(own_dataset(found.table, standardised=standardised, **given)[0])
        except TableError as error:
            return Made(None, str(error))

    return in_session(("made", found.digest, scaling, *sorted(given.items())), make)


def whole(target: str, regression: str, positive: str) -> Made:
    """The target and all other columns of numbers; nothing while there is no table."""
    found = loaded()
    if found is None:
        return Made(None)

    def make() -> Made:
        try:
            chosen = {"target": target, "regression": regression, "positive": positive}
            return Made(whole_dataset(found.table, **chosen)[0])
        except TableError as error:
            return Made(None, str(error))

    return in_session(("whole", found.digest, target, regression, positive), make)


def made(values: Values) -> Made:
    """What these settings make of the own table; nothing for any other problem."""
    found = loaded()
    if values["problem"] != OWN or found is None:
        return Made(None)
    return _made(found, **{knob: values[knob] for knob in KNOBS})


def entry(values: Values) -> Entry:
    """The own table as a problem of the catalogue: what it needs to be chosen, drawn and fitted."""
    found = loaded()
    regression = REGRESSIONS.get(values.get("regression", ""))
    if found is None or regression is None:
        return replace(_EMPTY, settings=Settings(unit_length=True))
    suggestion = found.suggested(values["target"], values["regression"])
    first, second = (values.get(n, getattr(suggestion, n)) for n in ("first", "second"))
    columns = values.get("inputs", "columns") == "columns"

    def dataset(**settings: str) -> Dataset:
        made = _made(found, **settings)
        if made.dataset is None:
            raise TableError(made.trouble)
        return made.dataset

    return Entry(
        title=found.table.name or "Your table",
        group="Your table",
        build=regression.build,
        dataset=dataset,
        knobs=KNOBS,
        parameter_names=_names(first, second) if columns else ("θ₁", "θ₂"),
        settings=_SETTINGS[regression.task],
        columns=lambda: [*inputs_of(found.table, values["target"]), BIAS],
        first_columns=(suggestion.first, suggestion.second),
    )


_EMPTY = Entry(
    title="Your table",
    group="Your table",
    build=linear_regression,
    dataset=lambda: PROBLEMS["fig1"].dataset(),
    knobs=(),
    parameter_names=("θ₁", "θ₂"),
)

_SETTINGS: dict[str, Settings] = {
    "regression": PROBLEMS["diabetes"].settings,
    "classification": PROBLEMS["breast-cancer"].settings,
    "count": replace(PROBLEMS["poisson"].settings, plane=None),
}


def _names(first: str, second: str) -> tuple[str, str]:
    if BIAS not in (first, second):
        return "θ₁", "θ₂"
    return ("θ", "b") if second == BIAS else ("b", "θ")


def _targets(values: Values) -> list[str] | None:
    if values["problem"] != OWN:
        return []
    found = loaded()
    return list(found.table.columns) if found else None


def _target(values: Values) -> str:
    found = loaded() if values["problem"] == OWN else None
    return found.suggestion.target if found else ""


def _regressions(values: Values) -> list[str] | None:
    if values["problem"] != OWN:
        return []
    return list(REGRESSIONS) if loaded() else None


def _regression(values: Values) -> str:
    if values["problem"] != OWN:
        return ""
    found = loaded()
    return found.suggested(values["target"]).regression if found else ""


def classes(values: Values) -> list[str] | None:
    """What can count as 1; [] where that is no question, None where nothing is known yet."""
    found = loaded()
    if values["problem"] == OWN and found is None:
        return None
    if values["problem"] != OWN or found is None or values["regression"] != "logistic":
        return []
    column = found.table.columns.get(values["target"])
    return list(column.classes or ()) if column else []


def _positive(values: Values) -> str:
    known = classes(values)
    return known[-1] if known else ""


FOLLOWING = ("target", "regression", "positive", "first", "second", "intercept")
"""What a table with another target makes void."""


def intercepts(values: Values) -> tuple[str, ...] | None:
    """What can become of the intercept; () where a parameter or the mean is one."""
    if values["problem"] != OWN:
        return ()
    if loaded() is None:
        return None
    columns = values["inputs"] == "columns"
    names = (values["first"], values["second"]) if columns else ()
    needed = needs_intercept(values["regression"], names, values["scaling"] == "standardised")
    return INTERCEPTS if needed else ()


INTERCEPT = Param(
    "intercept",
    "intercept",
    "Intercept",
    Choice(intercepts),
    lambda values: next(iter(intercepts(values) or ()), ""),
)


@dataclass(frozen=True)
class Common:
    """The settings of the table that was last looked at, on whichever page."""

    digest: str
    settings: Values


def agree(slug: str, params: Sequence[Param], values: Values) -> Values | None:
    """Values of a page that take over what was changed on another, or None if it is up to date.

    What was changed on this page, or came by its link, holds on all others from now on.
    """
    found, key = loaded(), f"{slug}.own table"
    if values["problem"] != OWN or found is None:
        st.session_state.pop(key, None)
        return None
    names = [param.name for param in params if param.name in KNOBS]
    mine = {name: values[name] for name in names}
    rest = {name: value for name, value in values.items() if name not in KNOBS}
    common, seen = _agreed(_COMMON, found.digest), _agreed(key)
    theirs: Values | None = None
    if common and mine == (seen or {name: defaults(params, rest)[name] for name in names}):
        known = {name: common[name] for name in names if name in common}
        theirs = defaults(params, rest | known)
        theirs = None if all(theirs[name] == mine[name] for name in names) else theirs
    if theirs:
        mine = {name: theirs[name] for name in names}
        theirs |= {"edits": ()} if "edits" in theirs else {}
    # Inputs of another target, chosen on a page that shows them, say nothing any more.
    about = [name for name in ("target", "regression") if name in mine]
    if any(mine[name] != common.get(name) for name in about):
        common = {name: common[name] for name in ("inputs", "scaling") if name in common}
    st.session_state[_COMMON] = Common(found.digest, common | mine)
    st.session_state[key] = Common(found.digest, mine)
    return theirs


def _agreed(key: str, digest: str = "") -> Values:
    """The settings kept as `key`, of any table or of one."""
    known = st.session_state.get(key)
    return known.settings if isinstance(known, Common) and digest in ("", known.digest) else {}


PARAMS: tuple[Param, ...] = (
    Param("target", "y", "Target", Choice(_targets), _target),
    Param("regression", "fit", "Regression", Choice(_regressions), _regression),
    Param("positive", "class", "Class that counts as 1", Choice(classes), _positive),
)

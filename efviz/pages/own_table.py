"""The table that a visitor brings along. It lives in the session's memory and nowhere else."""

import hashlib
import threading
from contextlib import nullcontext
from dataclasses import dataclass, replace
from weakref import WeakSet

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from efviz.catalogue import PROBLEMS, Entry, Settings
from efviz.data import BIAS, Dataset
from efviz.lazy import cached_property
from efviz.pages.caches import OWN as OWN
from efviz.pages.caches import in_session
from efviz.pages.params import Choice, Param, Values, quoted
from efviz.pages.sizes import size_of
from efviz.problems import linear_regression
from efviz.serving import uploads
from efviz.tables import (
    REGRESSIONS,
    Suggestion,
    Table,
    TableError,
    inputs_of,
    own_dataset,
    read_table,
    suggest,
)

TITLE = "Your own table …"
_KEY = "own table"
FILE, GENERATION = "own table.file", "own table.generation"


@dataclass(frozen=True, eq=False)
class Loaded:
    """A table, a name of its content, and the settings that suit it."""

    table: Table
    digest: str
    suggestion: Suggestion

    @cached_property
    def nbytes(self) -> int:
        return size_of(self.table)


LARGE = 2**20
"""Bytes of a file from which it is read alone."""
KEPT_MEGABYTES = 256
"""What the tables of all sessions may take."""
_reading = threading.Lock()
_kept: WeakSet[Loaded] = WeakSet()


def load(content: bytes | str, name: str) -> Loaded:
    """Read a table into this session. Raises TableError, a sentence for the visitor."""
    data = content.encode("utf-8", "replace") if isinstance(content, str) else content
    # Reading takes many times the bytes of the file: of large ones, one after the other.
    with _reading if len(data) > LARGE else nullcontext():
        table = read_table(content, name)
        loaded = Loaded(table, hashlib.blake2b(data, digest_size=8).hexdigest(), suggest(table))
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
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None:
        uploads.forget(context.session_id, file)


def forget() -> None:
    """The table, what was made of it, and what the widgets still hold of it."""
    st.session_state.pop(_KEY, None)
    st.session_state.pop(FILE, None)
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


KNOBS = ("target", "regression", "positive", "first", "second", "inputs", "scaling")


@dataclass(frozen=True, eq=False)
class Made:
    """A data set of the table and what was done for it, or why there is none."""

    dataset: Dataset | None
    notes: tuple[str, ...] = ()
    trouble: str = ""


def _made(found: Loaded, scaling: str, **settings: str) -> Made:
    def make() -> Made:
        standardised = scaling == "standardised"
        try:
            return Made(*own_dataset(found.table, standardised=standardised, **settings))
        except TableError as error:
            return Made(None, (), str(error))

    return in_session(("made", found.digest, scaling, *sorted(settings.items())), make)


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
    suggestion = _suggestion(found, values["target"])
    second = values.get("second", suggestion.second)

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
        parameter_names=("θ", "b") if second == BIAS else ("θ₁", "θ₂"),
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


def _suggestion(found: Loaded, target: str) -> Suggestion:
    """The suggested settings, for the chosen target."""
    if target == found.suggestion.target or target not in found.table.columns:
        return found.suggestion
    try:
        return suggest(found.table, target)
    except TableError:
        return found.suggestion


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
    return _suggestion(found, values["target"]).regression if found else ""


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


FOLLOWING = ("target", "regression", "positive", "first", "second")
"""What a table with another target makes void."""

PARAMS: tuple[Param, ...] = (
    Param("target", "y", "Target", Choice(_targets), _target),
    Param("regression", "fit", "Regression", Choice(_regressions), _regression),
    Param("positive", "class", "Class that counts as 1", Choice(classes), _positive),
)


def unusable() -> list[str]:
    """The sentences about columns that are not numbers."""
    found = loaded()
    if found is None:
        return []
    return [
        f"{quoted(column.name)}: {column.problem}"
        for column in found.table.columns.values()
        if column.problem
    ]

"""`register` takes declarations from outside into the tables that the product reads.

Installed packages are found by the entry-point group `efviz.extensions`; each entry is a list of
pairs (name, declaration), matrices before the methods that name them.
"""

import logging
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

from efviz.curvature import CURVATURES
from efviz.curvature.matrices import Curvature, keys_by_short
from efviz.curvature.vocabulary import VOCABULARY
from efviz.datasets import DATASETS
from efviz.datasets.real import Source
from efviz.extensions import conformance, data
from efviz.optimizers.methods import METHODS, Method
from efviz.optimizers.stochastic import STOCHASTIC_METHODS, StochasticMethod
from efviz.problems import LIKELIHOODS, MODELS
from efviz.problems.catalogue import PROBLEMS, Entry
from efviz.problems.likelihoods.base import Likelihood
from efviz.problems.models.base import Model

GROUP = "efviz.extensions"

_LOG = logging.getLogger("efviz")


@dataclass(frozen=True)
class _Table:
    """A table of declarations: what one of them is called, and what is checked about it."""

    noun: str
    entries: dict[str, Any]
    accepts: Callable[[Any], bool]
    check: Callable[[Any], Iterator[str]]
    built_in: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "built_in", frozenset(self.entries))


def _instances(kind: type) -> Callable[[Any], bool]:
    return lambda declaration: isinstance(declaration, kind)


def _classes(kind: type) -> Callable[[Any], bool]:
    return lambda declaration: isinstance(declaration, type) and issubclass(declaration, kind)


TABLES: tuple[_Table, ...] = (
    _Table("matrix", CURVATURES, _instances(Curvature), conformance.check_curvature),
    _Table("method", METHODS, _instances(Method), conformance.check_method),
    _Table("likelihood", LIKELIHOODS, _classes(Likelihood), conformance.check_likelihood),
    _Table("model", MODELS, _classes(Model), conformance.check_model),
    _Table("data set", DATASETS, _instances(Source), data.check_source),
    _Table("problem", PROBLEMS, _instances(Entry), data.check_entry),
    _Table(
        "method on mini-batches",
        STOCHASTIC_METHODS,
        _instances(StochasticMethod),
        conformance.check_stochastic_method,
    ),
)


_TABLE_OF = {table.noun: table for table in TABLES}
_TERMS = frozenset(VOCABULARY)
"""The vocabulary of efviz itself."""


def _table_of(declaration: Any) -> _Table:
    for table in TABLES:
        if table.accepts(declaration):
            return table
    raise TypeError(
        "a declaration is a Curvature, Method, StochasticMethod, Source or Entry, or a class "
        f"derived from Likelihood or Model, got {declaration!r}"
    )


def check(declaration: Any) -> list[str]:
    """Sentences on what is wrong with a declaration, none if it is what it says.

    Shapes, derivatives by central differences, symmetry, the mean over examples, sampling against
    expectation, and every stated fact are tried on small problems.
    """
    table = _table_of(declaration)
    found: list[str] = []
    try:
        found.extend(table.check(declaration))
    except Exception as error:  # what somebody else's code may raise is anybody's guess
        found.append(f"Its check ended with {type(error).__name__}: {error}")
    return found


@dataclass(frozen=True, eq=False)
class Registered:
    """A declaration in its table; `remove()`, or the end of a `with` block, takes it out.

    The one that it has replaced is back then, if there is one that is not removed itself. A matrix
    takes the methods that name it by its key with it.
    """

    name: str
    noun: str
    declaration: Any

    def remove(self) -> None:
        layers = _layers.get((self.noun, self.name), [])
        if self not in layers:
            return
        in_force = layers[-1] is self
        layers.remove(self)
        if in_force:
            _put(_TABLE_OF[self.noun], self.name, layers[-1].declaration if layers else None)

    def __enter__(self) -> "Registered":
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def __repr__(self) -> str:
        return f"<{self.noun} {self.name!r} of efviz>"


_layers: dict[tuple[str, str], list[Registered]] = {}
"""What is registered by kind and name; the newest, which is the last, is in the table."""


def _put(table: _Table, name: str, declaration: Any) -> None:
    """Let the table hold this declaration, or none, under a name that is not one of efviz."""
    changed = name in table.entries
    if declaration is None:
        table.entries.pop(name, None)
    else:
        table.entries[name] = declaration
    if table.entries is not CURVATURES:
        return
    VOCABULARY.pop(name, None)
    if declaration is not None and declaration.vocabulary:
        VOCABULARY[name] = declaration.vocabulary
    if changed:
        _tell_methods(name, gone=declaration is None)


def _tell_methods(matrix: str, *, gone: bool) -> None:
    """Remove the methods that name a matrix that is gone, or say that it is another one."""
    for one in [one for layers in _layers.values() for one in layers]:
        if isinstance(one.declaration, Method) and one.declaration.curvature == matrix:
            change = "was removed, and the method with it" if gone else "is another one now"
            _LOG.warning("The matrix %r of the method %r %s.", matrix, one.name, change)
            if gone:
                one.remove()


def register(name: str, declaration: Any, *, replace: bool = False) -> Registered:
    """Put a declaration into the table of its kind under a name of its own: see TABLES.

    Everything that reads the table has it from then on. Raises ValueError if the name is taken
    (`replace` exchanges an own declaration, never one of efviz), and with all that `check` finds.
    A method that names a matrix by its key takes whatever is registered under it: exchanging or
    removing the matrix changes or removes the method, and the log says so.
    A likelihood and a model are classes that can be created without arguments, and their `name` is
    the one they are registered under.
    """
    if not isinstance(name, str):
        raise ValueError(f"a name is a string, got {name!r}")
    table = _table_of(declaration)
    if name in table.built_in or (name in table.entries and not replace):
        advice = "choose another name" if name in table.built_in else "or pass replace=True"
        raise ValueError(f"there already is a {table.noun} called {name!r}: {advice}")
    if isinstance(declaration, type) and declaration.__dict__.get("name") != name:
        raise ValueError(
            f"the {table.noun} is registered as {name!r}, so its class has to say "
            f"name: ClassVar[str] = {name!r}"
        )
    wrong = [*_unusable(name, table), *check(declaration)]
    if table.entries is CURVATURES:
        wrong += _same_short(name, declaration)
    if wrong:
        raise ValueError(f"the {table.noun} {name!r} is not what it says. " + " ".join(wrong))
    layers = _layers.setdefault((table.noun, name), [])
    if name not in table.entries:
        layers.clear()
    layers.append(Registered(name, table.noun, declaration))
    _put(table, name, declaration)
    return layers[-1]


def registered() -> tuple[Registered, ...]:
    """The declarations from outside that are in force."""
    return tuple(
        layers[-1]
        for (noun, name), layers in _layers.items()
        if layers and _TABLE_OF[noun].entries.get(name) is layers[-1].declaration
    )


def _unusable(name: str, table: _Table) -> Iterator[str]:
    """Links list names, and pages show them where some signs mean more than themselves."""
    if table.entries is PROBLEMS and name == "own":
        yield "Links call a visitor's own table 'own': choose another name."
    if table.entries is CURVATURES and name in _TERMS:
        yield f"The vocabulary of efviz has an entry {name!r}: choose another name."
    if not name.strip() or set(name) & _MARKS:
        yield f"A name has to contain something, and none of {' '.join(sorted(_MARKS))}"
    for other in table.entries:
        if other != name and _word(other) == _word(name):
            yield f"The name differs from that of the {table.noun} {other!r} in signs alone."


_MARKS = frozenset(',<>&"`$*[]\\|~')
"""Signs with a meaning in links, HTML, Markdown or formulas."""


def _word(name: str) -> str:
    return re.sub(r"\W", "_", name)


def _same_short(name: str, declared: Curvature) -> list[str]:
    other = keys_by_short().get(declared.short or name, name)
    same = f"Figures call the matrix {other!r} {declared.short or name!r} too."
    return [same] if other != name else []


_pending: list[metadata.EntryPoint] | None = None


def register_installed() -> None:
    """Register what installed packages offer, each once.

    A package one of whose declarations fails is left out with all of them, and warned about.

    A package that is just being imported, and has asked for efviz on the way, is left for the next
    call.
    """
    global _pending
    if _pending is None:
        _pending = list(metadata.entry_points(group=GROUP))
    waiting, _pending = _pending, []
    for entry in waiting:
        if _is_being_imported(entry.module):
            _pending.append(entry)
            continue
        registered: list[Registered] = []
        try:
            declarations = entry.load()
            if not isinstance(declarations, list | tuple):
                raise TypeError(
                    f"it has to be a list of pairs (name, declaration), got {declarations!r}"
                )
            for name, declaration in declarations:
                registered.append(register(name, declaration))
        except Exception as error:  # what somebody else's code may raise is anybody's guess
            for one in reversed(registered):
                one.remove()
            warnings.warn(
                f"The efviz extension {entry.name!r} ({entry.value}) is left out: {error}",
                stacklevel=2,
            )


def _is_being_imported(name: str) -> bool:
    module = sys.modules.get(name)
    return bool(module and getattr(module.__spec__, "_initializing", False))

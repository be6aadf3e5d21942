"""What a page computes: functions of the library, called with arguments by their names.

An argument is named after a setting of the page or a property of its settings, after the result
of another function, or after something given with the problem, such as `problem` itself. So
dependencies need not be declared: every result is computed once for the settings that it depends
on, shared between sessions, and the script of a figure is written from the same names.
"""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from inspect import Parameter, getmembers, isgenerator, signature
from types import SimpleNamespace
from typing import Any, TypeVar

from efviz.dashboard.session.caches import OWN, in_process, in_session
from efviz.dashboard.session.jobs import Job, result_of
from efviz.dashboard.session.settings import Settings
from efviz.lazy import cached_property
from efviz.work import Work

T = TypeVar("T")


@dataclass(frozen=True)
class Given:
    """What settings provide before anything is computed: the problem, and what belongs to it.

    `names` are the available arguments, `make` returns their values, made on demand from the
    fields of `settings` alone, `code` the lines of a script that make them, and `trouble` a
    sentence if they cannot be made. `shortcuts` are optional arguments that only save work and are
    omitted from scripts. `whole`: an own table is used with all its columns, and `trouble` says why
    it cannot be.
    """

    settings: type[Settings]
    names: tuple[str, ...]
    make: Callable[[Any], Mapping[str, Any]]
    code: Callable[[Any], str]
    trouble: Callable[[Any], str] = lambda settings: ""
    shortcuts: tuple[str, ...] = ()
    whole: bool = False


NOTHING = Given(Settings, (), lambda settings: {}, lambda settings: "")
"""For a page without a problem."""


class Lazy(Mapping[str, T]):
    """Values that are made on access."""

    def __init__(self, makers: Mapping[str, Callable[[], T]]) -> None:
        self._makers = makers

    def __getitem__(self, name: str) -> T:
        return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


@dataclass(frozen=True)
class Each:
    """An argument that collects results in a mapping, as far as they are known.

    `results` has their names by the keys of the mapping; the setting `over` lists those wanted.
    """

    results: Mapping[str, str]
    over: str


@dataclass(frozen=True, eq=False)
class Call:
    """A function of the library as a page calls it: `named` renames arguments, `fixed` sets them.

    `each` makes an argument of several results.
    Arguments with a default that have no name on the page keep their default. `at` removes settings
    that do not matter: the result is computed at the settings that it returns. `by_value` names
    arguments, hashable results, of which only the value counts and not the settings behind it;
    `at` does not apply to them.
    """

    function: Callable[..., Any]
    named: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    at: Callable[[Any], Any] | None = None
    by_value: Collection[str] = ()
    each: Mapping[str, Each] = field(default_factory=dict)

    @cached_property
    def asked(self) -> dict[str, tuple[str, bool]]:
        """By argument: its name on the page, and whether it is optional."""
        return {
            argument: (self.named.get(argument, argument), one.default is not Parameter.empty)
            for argument, one in signature(self.function).parameters.items()
            if argument not in self.fixed and argument not in self.each
        }


Function = Callable[..., Any] | Call


def call_of(function: Function) -> Call:
    return function if isinstance(function, Call) else Call(function)


class Key:
    """What identifies a result, in the keys of others too: hashed once.

    `nbytes` is what one with many edits takes.
    """

    __slots__ = ("_hash", "_parts")
    nbytes = 4096

    def __init__(self, *parts: Hashable) -> None:
        self._parts = parts
        self._hash = hash(parts)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (
            isinstance(other, Key) and self._hash == other._hash and self._parts == other._parts
        )


Evened = tuple[Callable[[Any], Any], ...]
"""Functions applied to settings, one after the other."""
Depends = Mapping[Evened, tuple[str, ...]]
"""The names of the settings that count, by the functions applied before."""
Argument = str | tuple[str, str]
"""The name of an argument, with the key in it if it collects results: see `Each`."""


@dataclass(frozen=True)
class Plan:
    """The arguments of a call on a page: by argument its name there, and if it is optional.

    `over` names the settings that say which results are collected, by argument.
    `settings` are those it depends on, directly or through its arguments, each after the functions
    `at`, and `rest` the same without those of its arguments by value. Two calls with equal
    `identity` and equal settings have the same result.
    """

    results: dict[Argument, tuple[str, bool]]
    given: dict[str, str]
    own: dict[str, str]
    settings: Depends
    rest: Depends
    identity: int
    over: Mapping[str, str]

    def wanted(self, settings: Any) -> Iterator[tuple[Argument, str, bool]]:
        """The results that a call needs with these settings: argument, name, if it is optional."""
        chosen = {argument: getattr(settings, name) for argument, name in self.over.items()}
        for argument, (name, optional) in self.results.items():
            if isinstance(argument, str) or argument[1] in chosen[argument[0]]:
                yield argument, name, optional

    def collected(self, values: Mapping[Argument, Any]) -> dict[str, Any]:
        """The arguments of a call, of which some are mappings of several results."""
        found: dict[str, Any] = {argument: {} for argument in self.over}
        for argument, value in values.items():
            if isinstance(argument, str):
                found[argument] = value
            else:
                found[argument[0]][argument[1]] = value
        return found

    def key(self, settings: Any) -> Key:
        return Key(self.identity, _values(self.settings, settings))

    def key_by_value(self, settings: Any, values: Mapping[str, Hashable]) -> Key:
        return Key(self.identity, _values(self.rest, settings), tuple(values.items()))


def _values(depends: Depends, settings: Any) -> Hashable:
    values: list[Any] = []
    for evened, names in depends.items():
        at = settings
        for function in evened:
            at = function(at)
        values += [getattr(at, name) for name in names]
    # Equal values can differ in type: 1 == 1.0 == True.
    return tuple(map(type, values)), tuple(values)


def _depends(call: Call, names: set[str], before: Mapping[Argument, Plan]) -> Depends:
    """What a call depends on: settings by their `names`, and those of its arguments' plans."""
    first: Evened = (call.at,) if call.at else ()
    found = {first: names}
    for argument, plan in before.items():
        for evened, some in plan.settings.items():
            path = evened if argument in call.by_value else first + evened
            found[path] = found.get(path, set()) | {*some}
    return {evened: tuple(sorted(some)) for evened, some in found.items() if some}


_identities: dict[Hashable, int] = {}
"""Numbers of calls, shared by all pages."""
_constant: dict[Hashable, Job[Any]] = {}
"""Jobs that depend on no setting: computed once per process."""


class Studies:
    """The functions of a page by the names of their results; later ones may use earlier ones.

    Those of `asked` are computed only when a visitor asks for them (see `blocks.Ask`).
    """

    def __init__(
        self,
        settings: type[Settings],
        given: Given,
        functions: Mapping[str, Function],
        *,
        asked: Collection[str] = (),
    ) -> None:
        self.given = given
        self.asked = frozenset(asked)
        self.calls: dict[str, Call] = {}
        properties = [name for name, one in getmembers(settings) if isinstance(one, property)]
        self._settings = {*settings.declared(), *properties}
        self._plans: dict[Call, Plan] = {}
        self._keys: tuple[Any, dict[Call, Key]] = (None, {})
        for name, function in functions.items():
            call = call_of(function)
            self.plan(call)
            self.calls[name] = call

    def plan(self, call: Call) -> Plan:
        """The plan of a call. TypeError if an argument is neither a setting nor a result."""
        if call in self._plans:
            return self._plans[call]
        results: dict[Argument, tuple[str, bool]] = {
            (argument, key): (name, True)
            for argument, each in call.each.items()
            for key, name in each.results.items()
        }
        over = {argument: each.over for argument, each in call.each.items()}
        given, own = {}, {}
        for argument, (name, optional) in call.asked.items():
            if name in self.calls:
                results[argument] = name, optional
            elif name in self.given.names:
                given[argument] = name
            elif name in self._settings:
                own[argument] = name
            elif not optional:
                known = ", ".join(sorted({*self.calls, *self.given.names, *self._settings}))
                raise TypeError(
                    f"{call.function.__qualname__} asks for {name!r}, which is neither a setting "
                    f"of the page nor one of its results: {known}"
                )
        before = {argument: self.plan(self.calls[name]) for argument, (name, _) in results.items()}
        identity: Hashable = (
            (call.function.__module__, call.function.__qualname__),
            tuple(sorted(call.fixed.items())),
            tuple((argument, plan.identity) for argument, plan in before.items()),
            tuple(sorted(over.items())),
            (self.given.settings, tuple(sorted(given.items()))) if given else (),
            tuple(sorted(own.items())),
            (call.at, tuple(sorted(call.by_value))),
        )
        number = _identities.setdefault(identity, len(_identities))
        names = {*own.values(), *over.values()} | (
            self.given.settings.declared().keys() if given else set()
        )
        rest = {
            argument: plan for argument, plan in before.items() if argument not in call.by_value
        }
        everything, others = (_depends(call, names, plans) for plans in (before, rest))
        self._plans[call] = plan = Plan(results, given, own, everything, others, number, over)
        return plan

    def of_problem(self, call: Call, settings: Any) -> bool:
        """Whether the call depends on the problem, directly or through results."""
        plan = self.plan(call)
        before = (self.calls[name] for _, name, _ in plan.wanted(settings))
        return bool(plan.given) or any(self.of_problem(one, settings) for one in before)

    def key(self, call: Call, settings: Any) -> Key:
        """A key that is equal for settings with the same result of the call."""
        # One run asks for the same keys many times.
        known, keys = self._keys
        if known is not settings:
            keys = {}
            self._keys = settings, keys
        if call not in keys:
            keys[call] = self.plan(call).key(settings)
        return keys[call]

    def job(self, name: str, settings: Any) -> Job[Any]:
        """The work towards a result, shared by all sessions that show the same."""
        call = self.calls[name]
        key, work = self.key(call, settings), self._by_value if call.by_value else self._work
        if not self.plan(call).settings:
            return _constant.setdefault(key, Job(work(call, settings)))
        return self.remembered(key, settings, lambda: Job(work(call, settings)))

    def remembered(self, key: Hashable, settings: Any, compute: Callable[[], T]) -> T:
        """A cached result; results of own tables stay in their session."""
        own = getattr(settings, "problem", "") == OWN
        return in_session(key, compute) if own else in_process(key, compute)

    def _by_value(self, call: Call, settings: Any) -> Work[Any]:
        """The work of a call with arguments by value: that of the shared job for these values."""
        plan, values = self.plan(call), {}
        for argument in call.by_value:
            name, _ = plan.results[argument]
            values[argument] = yield from result_of(self.job(name, settings))
        key = plan.key_by_value(settings, values)
        job = self.remembered(key, settings, lambda: Job(self._work(call, settings, **values)))
        return (yield from result_of(job, shown=True))

    def _work(self, call: Call, settings: Any, /, **values: Any) -> Work[Any]:
        """The work of a call, for which some arguments may be known: compute the rest, call it."""
        plan, settings = self.plan(call), call.at(settings) if call.at else settings
        found: dict[Argument, Any] = {}
        for argument, name, _ in plan.wanted(settings):
            if argument not in values:
                found[argument] = yield from result_of(self.job(name, settings))
        arguments = plan.collected(found)
        arguments |= {argument: getattr(settings, name) for argument, name in plan.own.items()}
        if plan.given:
            made = self.given.make(settings)
            arguments |= {argument: made[name] for argument, name in plan.given.items()}
        result = call.function(**arguments, **values, **call.fixed)
        if isgenerator(result):
            result = yield from result
        return result

    def now(self, name: str, settings: Any) -> Any:
        """A result, computed to its end."""
        job = self.job(name, settings)
        while not job.done:
            job.advance(1.0)
        return job.progress.result

    def everything(self, settings: Any) -> SimpleNamespace:
        """All results by name, computed to their end, and the values given with the problem.

        Results that a visitor must ask for are left out.
        """
        found = {name: self.now(name, settings) for name in self.calls if name not in self.asked}
        return SimpleNamespace(**self.given.make(settings), **found)

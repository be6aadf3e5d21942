"""The settings of a page: one frozen class is the schema of links, the state of the session and the
key of results.

    @dataclass(frozen=True)
    class Settings(settings.Settings):
        damping: float = setting("Damping λ", Number(1e-10, 1e10, zero=True), 1e-8)

Links omit settings at their defaults. Only `read` checks links: it returns valid settings and one
sentence of plain text for every value that it had to replace.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from typing import Any, Protocol, Self
from urllib.parse import quote

from efviz.dashboard.session.kinds import Kind, Number
from efviz.datasets.tables.errors import quoted

EVERYWHERE = ("lesson", "present")
"""Parameters of every page: the step of a lesson, and presenter mode."""

Help = str | Callable[[Any], str]
"""The help text of a widget, or a function of the settings that returns it."""

_PARAM = "setting"


class Widget(Protocol):
    """How a setting is shown and changed on a page."""

    def draw(self, store: Any, name: str) -> None: ...


@dataclass(frozen=True)
class Setting:
    """The declaration of one setting, which a field of `Settings` carries.

    `default` is a value or a function of the settings declared before this one. `follow`
    returns the settings after a visitor chose another value, if others depend on it. `kept`: a
    change of problem leaves the setting as it is; `always`: so does a reset. `live`: a pinned
    picture has the setting at its default.
    """

    name: str
    title: str
    kind: Kind
    default: Callable[[Any], Any]
    query: str
    shown: Widget | None
    help: Help
    kept: bool
    always: bool
    live: bool
    follow: Callable[[Any, Any], Any] | None


def setting(
    title: str,
    kind: Kind,
    default: Any,
    *,
    query: str = "",
    shown: Widget | None = None,
    help: Help = "",
    kept: bool = False,
    always: bool = False,
    live: bool = False,
    follow: Callable[[Any, Any], Any] | None = None,
) -> Any:
    """A field of `Settings`; `query` is its name in links if that differs."""
    made = default if callable(default) else lambda _: default
    given = Setting("", title, kind, made, query, shown, help, kept or always, always, live, follow)
    return field(metadata={_PARAM: given})


@dataclass(frozen=True)
class Settings:
    """The settings of a page without any; subclasses add theirs."""

    @classmethod
    def declared(cls) -> dict[str, Setting]:
        """The declarations by name, in the order of the fields."""
        kind: Any = cls
        return _declared(kind)

    @classmethod
    def of(cls, **chosen: Any) -> Self:
        """The chosen settings and defaults for the rest; unknown names raise TypeError.

        Later defaults may depend on earlier settings.
        """
        declared = cls.declared()
        if unknown := chosen.keys() - declared.keys():
            raise TypeError(f"{cls.__name__} has no setting {', '.join(sorted(unknown))}")
        made = object.__new__(cls)
        for name, one in declared.items():
            object.__setattr__(made, name, chosen[name] if name in chosen else one.default(made))
        return made

    @classmethod
    def part(cls, settings: Any) -> Self:
        """These settings alone, of a page that has more."""
        return cls.of(**{name: getattr(settings, name) for name in cls.declared()})

    @classmethod
    def read(cls, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """Valid settings from a link, and a sentence for each invalid value."""
        made, sentences = object.__new__(cls), []
        for name, one in cls.declared().items():
            value, words = one.default(made), ""
            if (text := query.get(one.query)) is not None:
                try:
                    value, words = one.kind.parse(text, made)
                except ValueError as error:
                    words = str(error)
            object.__setattr__(made, name, value)
            if words and text is not None:
                used = one.kind.format(value) or getattr(one.kind, "empty", "automatic")
                used = used[:80] + "…" if len(used) > 80 else used
                sentences.append(f"{one.title} {quoted(text)} in the link {words}; {used} is used.")
        known = {one.query for one in cls.declared().values()} | {*EVERYWHERE}
        unknown = [key for key in query if key not in known]
        if unknown:
            noun = "setting" if len(unknown) == 1 else "settings"
            sentences.append(f"Ignored unknown {noun} {quoted(*unknown)} in the link.")
        return made, sentences

    @property
    def texts(self) -> dict[str, str]:
        """Every setting as written in links, by its name there."""
        declared = self.declared()
        return {one.query: one.kind.format(getattr(self, one.name)) for one in declared.values()}

    @property
    def query(self) -> str:
        """The query string of all settings that are not at their defaults."""
        texts = self.texts
        usual = {one.query: one.kind.format(one.default(self)) for one in self.declared().values()}
        named = {key: text for key, text in texts.items() if text != usual[key]}
        return "&".join(f"{key}={quote(text, safe=',;.-~')}" for key, text in named.items())

    def kept(self, **values: Any) -> Self:
        """Defaults for all but `values` and the settings kept on a change of problem."""
        return self.of(**self._those(lambda one: one.kept) | values)

    def reset(self, **values: Any) -> Self:
        """Defaults for all but `values` and the settings kept on a reset."""
        return self.of(**self._those(lambda one: one.always) | values)

    def at_rest(self) -> Self:
        """The settings of a pinned picture, in which nothing is live."""
        return self.of(**self._those(lambda one: not one.live))

    def _those(self, wanted: Callable[[Setting], bool]) -> dict[str, Any]:
        return {name: getattr(self, name) for name, one in self.declared().items() if wanted(one)}

    def within(self) -> Self:
        """The same settings with numbers clipped to their current bounds."""
        made = object.__new__(type(self))
        for name, one in self.declared().items():
            value = getattr(self, name)
            if isinstance(one.kind, Number):
                value = one.kind.nearest(value, made)
            object.__setattr__(made, name, value)
        return made

    def checked(self, forget: tuple[str, ...] = ()) -> Self:
        """The same settings with defaults for values that are no longer valid."""
        queries = {one.query for one in self.declared().values() if one.name not in forget}
        return self.read({key: text for key, text in self.texts.items() if key in queries})[0]


@cache
def _declared(cls: Any) -> dict[str, Setting]:
    return {
        one.name: replace(
            one.metadata[_PARAM], name=one.name, query=one.metadata[_PARAM].query or one.name
        )
        for one in fields(cls)
    }

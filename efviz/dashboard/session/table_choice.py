"""The settings of the own table, which of them apply, and its data set."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

from efviz.dashboard.session.caches import OWN, in_session
from efviz.dashboard.session.kinds import Choice, Sofar
from efviz.dashboard.session.own_table import Loaded, loaded
from efviz.dashboard.session.settings import Settings, setting
from efviz.dashboard.session.widgets import Select
from efviz.datasets.dataset import Dataset
from efviz.datasets.tables import TableError
from efviz.datasets.tables.errors import quoted
from efviz.problems import PROBLEMS, catalogue, linear_regression
from efviz.problems.catalogue import Entry
from efviz.problems.own import (
    INTERCEPTS,
    KNOBS,
    REGRESSIONS,
    needs_intercept,
    own_entry,
    whole_dataset,
)

TITLE = "Your own table …"


@dataclass(frozen=True, eq=False)
class Made:
    """A data set of the table, or why there is none."""

    dataset: Dataset | None
    trouble: str = ""


def _made(found: Loaded, entry: Entry, **settings: str) -> Made:
    # Not every setting applies: there is no intercept to choose where it is a parameter.
    given = {name: value for name, value in settings.items() if value}

    def make() -> Made:
        try:
            return Made(entry.dataset(**given))
        except TableError as error:
            return Made(None, str(error))

    return in_session(("made", found.digest, *sorted(given.items())), make)


def whole(target: str, regression: str, positive: str) -> Made:
    """The target and all other numeric columns; empty while there is no table."""
    found = loaded()
    if found is None:
        return Made(None)
    if regression not in REGRESSIONS:
        return Made(None, _no_regression(regression))

    def make() -> Made:
        try:
            chosen = {"target": target, "regression": regression, "positive": positive}
            return Made(whole_dataset(found.table, **chosen)[0])
        except TableError as error:
            return Made(None, str(error))

    return in_session(("whole", found.digest, target, regression, positive), make)


def _no_regression(key: str) -> str:
    """The sentence about a likelihood that was chosen and has been removed since."""
    return f"There is no regression {quoted(key)} any more; choose another one."


def made(settings: Sofar) -> Made:
    """The data set of the own table with these settings; empty for any other problem."""
    found = loaded()
    if settings.problem != OWN or found is None:
        return Made(None)
    if settings.regression not in REGRESSIONS:
        return Made(None, _no_regression(settings.regression))
    given = {knob: getattr(settings, knob) for knob in KNOBS}
    return _made(found, _entry(found, settings), **given)


def entry(settings: Sofar) -> Entry:
    """The own table as a problem of the catalogue; an empty one while there is none."""
    found = loaded()
    if found is None or getattr(settings, "regression", "") not in REGRESSIONS:
        return replace(_EMPTY, settings=catalogue.Settings(unit_length=True))
    plain = _entry(found, settings)
    suggestion = found.suggested(settings.target, settings.regression)

    def dataset(**given: str) -> Dataset:
        made = _made(found, plain, **given)
        if made.dataset is None:
            raise TableError(made.trouble)
        return made.dataset

    return replace(plain, dataset=dataset, first_columns=(suggestion.first, suggestion.second))


def _entry(found: Loaded, settings: Sofar) -> Entry:
    return own_entry(found.table, **entry_arguments(found, settings))


def entry_arguments(found: Loaded, settings: Sofar) -> dict[str, str]:
    """The arguments of `own_entry`; suggestions for settings that are not read yet."""
    suggestion = found.suggested(settings.target, settings.regression)
    names = ("target", "regression", "first", "second", "inputs")
    return {name: getattr(settings, name, getattr(suggestion, name)) for name in names}


_EMPTY = Entry(
    title="Your table",
    group="Your table",
    build=linear_regression,
    dataset=lambda: PROBLEMS["fig1"].dataset(),
    knobs=(),
    parameter_names=("θ₁", "θ₂"),
)


def _targets(settings: Sofar) -> list[str] | None:
    if settings.problem != OWN:
        return []
    found = loaded()
    return list(found.table.columns) if found else None


def _target(settings: Sofar) -> str:
    found = loaded() if settings.problem == OWN else None
    return found.suggestion.target if found else ""


def _regressions(settings: Sofar) -> list[str] | None:
    if settings.problem != OWN:
        return []
    return list(REGRESSIONS) if loaded() else None


def _regression(settings: Sofar) -> str:
    if settings.problem != OWN:
        return ""
    found = loaded()
    return found.suggested(settings.target).regression if found else ""


def classes(settings: Sofar) -> list[str] | None:
    """Classes that can count as 1; [] if that does not apply, None if not known yet."""
    if settings.problem != OWN:
        return []
    found = loaded()
    if found is None:
        return None
    chosen = REGRESSIONS.get(settings.regression)
    if not (chosen and chosen.likelihood.classes):
        return []
    column = found.table.columns.get(settings.target)
    return list(column.classes or ()) if column else []


def _positive(settings: Sofar) -> str:
    known = classes(settings)
    return known[-1] if known else ""


def intercepts(settings: Sofar) -> tuple[str, ...] | None:
    """Choices for the intercept; () where a parameter or the mean is one."""
    if settings.problem != OWN:
        return ()
    if loaded() is None:
        return None
    columns = settings.inputs == "columns"
    names = (settings.first, settings.second) if columns else ()
    needed = needs_intercept(settings.regression, names, settings.scaling == "standardised")
    return INTERCEPTS if needed else ()


def _follow(name: str) -> Callable[[Any, str], Any]:
    return lambda settings, value: settings.of_table(name, value)


@dataclass(frozen=True)
class TableSettings(Settings):
    """What is predicted from a table, and how; "" for problems that determine it."""

    problem: str = setting("Problem", Choice(lambda _: [*PROBLEMS, OWN]), "fig1")
    target: str = setting(
        "Target", Choice(_targets), _target, query="y", shown=Select(), follow=_follow("target")
    )
    regression: str = setting(
        "Regression",
        Choice(_regressions),
        _regression,
        query="fit",
        shown=Select(lambda _: {key: one.title for key, one in REGRESSIONS.items()}),
        follow=_follow("regression"),
    )
    positive: str = setting(
        "Class that counts as 1",
        Choice(classes),
        _positive,
        query="class",
        shown=Select(),
        follow=_follow("positive"),
    )

    def of_table(self, name: str, value: str) -> Self:
        """Change target, regression or class, and reset what depends on it."""
        return replace(self, **{name: value})

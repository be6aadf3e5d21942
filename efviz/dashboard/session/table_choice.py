"""What is made of the own table: its settings, which of them apply, and the data set."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

from efviz.dashboard.session.caches import OWN, in_session
from efviz.dashboard.session.kinds import Choice, Sofar
from efviz.dashboard.session.own_table import KNOBS, Loaded, loaded
from efviz.dashboard.session.settings import Settings, setting
from efviz.dashboard.session.widgets import Select
from efviz.datasets.dataset import BIAS, Dataset
from efviz.datasets.tables import TableError
from efviz.problems import PROBLEMS, catalogue, linear_regression
from efviz.problems.catalogue import Entry
from efviz.problems.own import (
    INTERCEPTS,
    REGRESSIONS,
    inputs_of,
    needs_intercept,
    own_dataset,
    whole_dataset,
)

TITLE = "Your own table …"


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


def made(settings: Sofar) -> Made:
    """What these settings make of the own table; nothing for any other problem."""
    found = loaded()
    if settings.problem != OWN or found is None:
        return Made(None)
    return _made(found, **{knob: getattr(settings, knob) for knob in KNOBS})


def entry(settings: Sofar) -> Entry:
    """The own table as a problem of the catalogue: what it needs to be chosen, drawn and fitted."""
    found = loaded()
    regression = REGRESSIONS.get(getattr(settings, "regression", ""))
    if found is None or regression is None:
        return replace(_EMPTY, settings=catalogue.Settings(unit_length=True))
    target, suggestion = settings.target, found.suggested(settings.target, settings.regression)
    first, second = (getattr(settings, n, getattr(suggestion, n)) for n in ("first", "second"))
    columns = getattr(settings, "inputs", "columns") == "columns"

    def dataset(**given: str) -> Dataset:
        made = _made(found, **given)
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
        columns=lambda: [*inputs_of(found.table, target), BIAS],
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

_SETTINGS: dict[str, catalogue.Settings] = {
    "regression": PROBLEMS["diabetes"].settings,
    "classification": PROBLEMS["breast-cancer"].settings,
    "count": replace(PROBLEMS["poisson"].settings, plane=None),
}


def _names(first: str, second: str) -> tuple[str, str]:
    if BIAS not in (first, second):
        return "θ₁", "θ₂"
    return ("θ", "b") if second == BIAS else ("b", "θ")


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
    """What can count as 1; [] where that is no question, None where nothing is known yet."""
    found = loaded()
    if settings.problem == OWN and found is None:
        return None
    if settings.problem != OWN or found is None or settings.regression != "logistic":
        return []
    column = found.table.columns.get(settings.target)
    return list(column.classes or ()) if column else []


def _positive(settings: Sofar) -> str:
    known = classes(settings)
    return known[-1] if known else ""


def intercepts(settings: Sofar) -> tuple[str, ...] | None:
    """What can become of the intercept; () where a parameter or the mean is one."""
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
    """What is predicted from a table, and how; "" for problems that say so themselves."""

    problem: str = setting("Problem", Choice(lambda _: [*PROBLEMS, OWN]), "fig1")
    target: str = setting(
        "Target", Choice(_targets), _target, query="y", shown=Select(), follow=_follow("target")
    )
    regression: str = setting(
        "Regression",
        Choice(_regressions),
        _regression,
        query="fit",
        shown=Select({key: regression.title for key, regression in REGRESSIONS.items()}),
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
        """Another target, regression or class: what follows from it follows again."""
        return replace(self, **{name: value})

"""The problem made of a data set with all its columns and a bias, and its settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from efviz.dashboard.session import own_table, table_choice
from efviz.dashboard.session.caches import OWN, cached
from efviz.dashboard.session.given import table
from efviz.dashboard.session.kinds import Choice, Sofar
from efviz.dashboard.session.scripts import arguments
from efviz.dashboard.session.settings import setting
from efviz.dashboard.session.studies import Given
from efviz.dashboard.session.table_choice import TableSettings
from efviz.dashboard.session.widgets import Select
from efviz.datasets import DATASETS, DataUnavailable
from efviz.datasets.tables import TableError
from efviz.problems import Problem
from efviz.problems.catalogue import optimization_problem


def _data_sets() -> dict[str, str]:
    """The available data sets by key, those of the paper first."""
    order = sorted(DATASETS, key=lambda name: not DATASETS[name].paper)
    return {name: DATASETS[name].title for name in order}


def _notes(settings: Sofar) -> str:
    if settings.problem not in DATASETS:
        return "Your own file: all numeric columns and a bias."
    entry = DATASETS[settings.problem]
    return f"{entry.notes}\n\n{entry.source}. {entry.citation}; {entry.licence}."


@dataclass(frozen=True)
class AllColumnsSettings(TableSettings):
    """A data set, and how its inputs are taken."""

    problem: str = setting(
        "Data set",
        Choice(lambda _: [*_data_sets(), OWN]),
        "boston",
        query="set",
        shown=Select(_data_sets() | {OWN: table_choice.TITLE}),
        help=_notes,
        follow=lambda settings, value: settings.of_table("problem", value),
    )
    scaling: str = setting(
        "Inputs",
        Choice(lambda _: ("raw", "standardised")),
        "raw",
        shown=Select(segments=True),
        follow=lambda settings, value: settings.of_table("scaling", value),
    )

    @property
    def own(self) -> bool:
        """Whether the data set is the visitor's own table."""
        return self.problem == OWN

    @property
    def shipped(self) -> str:
        """The name under which `efviz.results` may hold grids, "" if it holds none."""
        return self.problem if self.scaling == "raw" and not self.own else ""

    def of_table(self, name: str, value: str) -> Self:
        """Change a setting and reset those that depend on it, except the scaling of a table."""
        order = ("problem", "target", "regression", "positive", "scaling")
        kept = {n: getattr(self, n) for n in order[: order.index(name)]}
        if name != "problem":
            kept["scaling"] = self.scaling
        return self.of(**kept | {name: value})


@cached
def _problem(problem: str, scaling: str, target: str, regression: str, positive: str) -> Problem:
    """Raises DataUnavailable or TableError, whose messages are shown to the visitor."""
    standardised = scaling == "standardised"
    if problem == OWN:
        made = table_choice.whole(target, regression, positive)
        if made.dataset is None:
            raise TableError(made.trouble)
        return optimization_problem(made.dataset, standardised=standardised)
    if not DATASETS[problem].found():
        # No page waits for a download.
        raise DataUnavailable(
            f"The data set {problem} is not available on this server. Its operator can "
            f"download it with: python -m efviz data {problem}"
        )
    return optimization_problem(problem, standardised=standardised)


def _made(settings: Sofar) -> Mapping[str, Any]:
    names = ("problem", "scaling", "target", "regression", "positive")
    return {"problem": _problem(*(getattr(settings, name) for name in names))}


def is_there(settings: Sofar) -> bool:
    """Whether there is a data set: an own table has to be loaded first."""
    return settings.problem != OWN or own_table.loaded() is not None


def _trouble(settings: Sofar) -> str:
    """Why the problem is unavailable, or ""."""
    if is_there(settings):
        try:
            _made(settings)
        except (DataUnavailable, TableError) as error:
            return str(error)
    return ""


def _code(settings: Sofar) -> str:
    lines, what = "", repr(settings.problem)
    if settings.problem == OWN:
        names = ("target", "regression", "positive")
        given = arguments(**{name: getattr(settings, name) for name in names})
        lines, what = (
            f"""
{table()}
from efviz.problems.own import whole_dataset
dataset, _ = whole_dataset(table, {given})
""",
            "dataset",
        )
    return f"""{lines}
from efviz.problems.catalogue import optimization_problem
problem = optimization_problem({what}, standardised={settings.scaling == "standardised"})
"""


ALL_COLUMNS = Given(AllColumnsSettings, ("problem",), _made, _code, _trouble, whole=True)
"""`problem`: all columns and a bias. Data sets are not downloaded here."""

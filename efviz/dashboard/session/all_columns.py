"""What settings bring along of a data set with all its columns and a bias: its problem."""

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
    """The sets on offer, by key: the paper's first."""
    order = sorted(DATASETS, key=lambda name: not DATASETS[name].paper)
    return {name: DATASETS[name].title for name in order}


def _notes(settings: Sofar) -> str:
    if settings.problem not in DATASETS:
        return "A file of yours: all its columns of numbers, and a bias."
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
        """Whether it is a table of the visitor's."""
        return self.problem == OWN

    @property
    def shipped(self) -> str:
        """The name under which `efviz.results` may hold grids, "" if it holds none."""
        return self.problem if self.scaling == "raw" and not self.own else ""

    def of_table(self, name: str, value: str) -> Self:
        """Another problem: what follows from it follows again, but for the scaling of a table."""
        order = ("problem", "target", "regression", "positive", "scaling")
        kept = {n: getattr(self, n) for n in order[: order.index(name)]}
        if name != "problem":
            kept["scaling"] = self.scaling
        return self.of(**kept | {name: value})


@cached
def _problem(problem: str, scaling: str, target: str, regression: str, positive: str) -> Problem:
    """Raises DataUnavailable or TableError, sentences for the visitor."""
    standardised = scaling == "standardised"
    if problem == OWN:
        made = table_choice.whole(target, regression, positive)
        if made.dataset is None:
            raise TableError(made.trouble)
        return optimization_problem(made.dataset, standardised=standardised)
    if not DATASETS[problem].found():
        # Nobody's page waits for a download.
        raise DataUnavailable(
            f"The set {problem} is not on this machine. Whoever runs the dashboard can "
            f"fetch it with: python -m efviz data {problem}"
        )
    return optimization_problem(problem, standardised=standardised)


def _made(settings: Sofar) -> Mapping[str, Any]:
    names = ("problem", "scaling", "target", "regression", "positive")
    return {"problem": _problem(*(getattr(settings, name) for name in names))}


def is_there(settings: Sofar) -> bool:
    """Whether there is a data set: a table is to be loaded first."""
    return settings.problem != OWN or own_table.loaded() is not None


def _trouble(settings: Sofar) -> str:
    """Why there is no such problem here, or ""."""
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
"""`problem`: all columns and a bias. A set that is not on this machine is not waited for."""

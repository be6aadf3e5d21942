"""The data set and problem that settings name, and the defaults of the problem."""

from collections.abc import Mapping
from typing import Any

from efviz.dashboard.session import own_table, table_choice
from efviz.dashboard.session.caches import OWN
from efviz.dashboard.session.kinds import Sofar
from efviz.dashboard.session.problem_choice import problem_of
from efviz.dashboard.session.problem_settings import ProblemSettings, entry
from efviz.dashboard.session.scripts import arguments
from efviz.dashboard.session.studies import Given, Lazy
from efviz.problems import PROBLEMS
from efviz.problems.own import KNOBS


def _made(settings: Sofar) -> Mapping[str, Any]:
    return Lazy(
        {
            "dataset": lambda: problem_of(settings)[0],
            "problem": lambda: problem_of(settings)[1],
            "home": lambda: entry(settings).settings,
            "entry": lambda: entry(settings),
        }
    )


def the_problem(settings: Sofar) -> str:
    """`entry`, `home`, `dataset` and `problem`, as settings name them."""
    if settings.problem == OWN:
        return _own_problem(settings)
    entry = PROBLEMS[settings.problem]
    given = arguments(**{knob: getattr(settings, knob) for knob in entry.knobs})
    return f"""
from efviz import PROBLEMS
entry = PROBLEMS[{settings.problem!r}]
home = entry.settings
dataset = entry.dataset({given})
{edits(settings)}problem = entry.problem(dataset)
"""


def edits(settings: Sofar) -> str:
    """The line that applies edits by hand to `dataset`, or nothing."""
    if not settings.edits:
        return ""
    return f"""from efviz.datasets.edits import edited
dataset = edited(dataset, {settings.edits!r})
"""


def _own_problem(settings: Sofar) -> str:
    found = own_table.loaded()
    chosen = table_choice.entry_arguments(found, settings) if found else {}
    others = {knob: getattr(settings, knob) for knob in KNOBS if knob not in chosen}
    given = {knob: value for knob, value in others.items() if value}
    return f"""
{table()}
from efviz.problems.own import own_entry
entry = own_entry(
    table,
    {arguments(**chosen)},
)
home = entry.settings
dataset = entry.dataset({arguments(**given)})
{edits(settings)}problem = entry.problem(dataset)
"""


def table() -> str:
    """Lines that read `table` from the file given as argument, with the same options."""
    found = own_table.loaded()
    given = f", separator={found.table.separator!r}, header={found.table.header}" if found else ""
    return f"""import sys
from pathlib import Path
from efviz.datasets.tables import read_table
file = Path(sys.argv[1])
table = read_table(file.read_bytes(), file.name{given})"""


TWO_PARAMETERS = Given(ProblemSettings, ("dataset", "problem", "home", "entry"), _made, the_problem)
"""`dataset` and `problem`; `home`, its default plane, starts and steps; its catalogue `entry`."""

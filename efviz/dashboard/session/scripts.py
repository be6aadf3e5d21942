"""The code: short scripts that make a figure with the library alone. What they have in common.

A script is put together from parts, pieces of Python that begin with their own imports. Values
stand in it as `repr` writes them, which is exact, and quotes whatever a table's columns are called.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from efviz.dashboard.session import own_table, table_choice
from efviz.dashboard.session.caches import OWN
from efviz.dashboard.session.kinds import Sofar
from efviz.problems import PROBLEMS

_FROM = re.compile(r"from (\S+) import (.+)")
_WIDTH = 100


def script(title: str, name: str, parts: Sequence[str], *, rows: int = 1, own: bool = False) -> str:
    """A script that ends with `panels` in the files name.csv and name.html.

    `own`: it is about a table of the reader's, whose file is its argument.
    """
    lines = [line for part in [*parts, _write(name, rows)] for line in part.strip("\n").split("\n")]
    names: dict[str, set[str]] = defaultdict(set)
    plain, body = set(), []
    for line in lines:
        if found := _FROM.fullmatch(line):
            names[found[1]] |= set(found[2].split(", "))
        elif line.startswith("import "):
            plain.add(line)
        else:
            body.append(line)
    ours = {module for module in names if module.split(".")[0] == "efviz"}
    heads = [
        [*sorted(plain - {_NUMPY}), *(_import(m, names[m]) for m in sorted(names.keys() - ours))],
        [_NUMPY] if _NUMPY in plain else [],
        [_import(module, names[module]) for module in sorted(ours)],
    ]
    call = f"python {name}.py your-table.csv" if own else f"python {name}.py"
    words = (
        f'"""A figure of efviz, page {title}.\n\n`{call}` writes {name}.csv and {name}.html.\n"""'
    )
    imports = "\n\n".join("\n".join(head) for head in heads if head)
    return f"{words}\n\n{imports}\n\n" + "\n".join(body) + "\n"


_NUMPY = "import numpy as np"


def _import(module: str, names: set[str]) -> str:
    line = f"from {module} import {', '.join(sorted(names))}"
    if len(line) <= _WIDTH:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in sorted(names)) + ")"


def _write(name: str, rows: int) -> str:
    stacked = f", rows={rows}" if rows > 1 else ""
    return f"from efviz.figures.export import write\nwrite(panels, {name!r}{stacked})"


def arguments(**values: Any) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def the_problem(settings: Sofar) -> str:
    """`dataset` and `problem`, as the settings of a page name them."""
    if settings.problem == OWN:
        return _own_problem(settings)
    entry = PROBLEMS[settings.problem]
    given = arguments(**{knob: getattr(settings, knob) for knob in entry.knobs})
    return f"""
from efviz import PROBLEMS
entry = PROBLEMS[{settings.problem!r}]
dataset = entry.dataset({given})
{edits(settings)}problem = entry.problem(dataset)
"""


def edits(settings: Sofar) -> str:
    """`dataset` with what was edited by hand, or nothing."""
    if not settings.edits:
        return ""
    return f"""from efviz.datasets.edits import edited
dataset = edited(dataset, {settings.edits!r})
"""


def _own_problem(settings: Sofar) -> str:
    entry = table_choice.entry(settings)
    knobs = {knob: getattr(settings, knob) for knob in own_table.KNOBS if knob != "scaling"}
    given = {knob: value for knob, value in knobs.items() if value}
    standardised = settings.scaling == "standardised"
    return f"""
import sys
from dataclasses import replace
from efviz.problems import with_offset
from efviz.problems.own import REGRESSIONS, own_dataset
{table()}
dataset, _ = own_dataset(
    table,
    {arguments(**given)},
    standardised={standardised},
)
{edits(settings)}problem = REGRESSIONS[{settings.regression!r}].build(dataset.X, dataset.y)
problem = with_offset(problem, dataset.offset)
problem = replace(problem, parameter_names={entry.parameter_names!r})
"""


def table() -> str:
    """`table`, read from the file that is the argument, in the way that it is read here."""
    found = own_table.loaded()
    given = f", separator={found.table.separator!r}, header={found.table.header}" if found else ""
    return f"""import sys
from pathlib import Path
from efviz.datasets.tables import read_table
file = Path(sys.argv[1])
table = read_table(file.read_bytes(), file.name{given})"""

"""Short scripts that reproduce a figure with the library alone, from the calls of its page.

A script is assembled from parts, pieces of Python that begin with their own imports. Values are
written by `repr`, which is exact and quotes the names of a table's columns.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from inspect import isgeneratorfunction
from typing import Any

from efviz.dashboard.session.caches import OWN
from efviz.dashboard.session.studies import Call, Studies
from efviz.extensions.registration import TABLES

_FROM = re.compile(r"from (\S+) import (.+)")
_WIDTH = 100


def script(title: str, name: str, parts: Sequence[str], *, rows: int = 1, own: bool = False) -> str:
    """A script that writes `panels` to the files name.csv and name.html.

    `own`: it uses the reader's own table, whose file is its argument.
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


def figure_script(
    title: str, name: str, studies: Studies, panels: Call, settings: Any, rows: int = 1
) -> str:
    """The script of one figure: the problem, the results that `panels` needs, and its call."""
    wanted = _wanted(studies, panels, settings)
    calls = {name: call for name, call in studies.calls.items() if name in wanted}
    lines = [_assign(name, studies, call, settings) for name, call in calls.items()]
    problem = [studies.given.code(settings)] if studies.of_problem(panels, settings) else []
    parts = [*_extensions(), *problem, *lines, _assign("panels", studies, panels, settings)]
    own = getattr(settings, "problem", "") == OWN
    return script(title, name, parts, rows=rows, own=own)


def _extensions() -> list[str]:
    """The line that registers what installed packages declare, where something is registered."""
    if not any(table.entries.keys() - table.built_in for table in TABLES):
        return []
    return ["from efviz.extensions import register_installed\nregister_installed()"]


def _wanted(studies: Studies, call: Call, settings: Any) -> set[str]:
    """The results that a call needs, directly or indirectly."""
    names = {name for _, name, _ in studies.plan(call).wanted(settings)}
    return names.union(*(_wanted(studies, studies.calls[name], settings) for name in names))


def _written(results: str | Mapping[str, str]) -> str:
    if isinstance(results, str):
        return results
    return "{" + ", ".join(f"{key!r}: {name}" for key, name in results.items()) + "}"


def _assign(name: str, studies: Studies, call: Call, settings: Any) -> str:
    function, plan = call.function, studies.plan(call)
    results = plan.collected({argument: other for argument, other, _ in plan.wanted(settings)})
    given = {argument: _written(other) for argument, other in results.items()}
    known = plan.given.items()
    given |= {argument: one for argument, one in known if one not in studies.given.shortcuts}
    values = {argument: getattr(settings, one) for argument, one in plan.own.items()}
    words = [f"{argument}={other}" for argument, other in given.items()]
    words += [f"{argument}={value!r}" for argument, value in (values | {**call.fixed}).items()]
    head, tail = f"{name} = {function.__name__}(", ")"
    lines = [f"from {function.__module__} import {function.__name__}"]
    if isgeneratorfunction(function):
        lines.append("from efviz.work import finish")
        head, tail = f"{name} = finish({function.__name__}(", "))"
    whole = f"{head}{', '.join(words)}{tail}"
    if len(whole) <= _WIDTH:
        return "\n".join([*lines, whole])
    return "\n".join([*lines, head, *(f"    {word}," for word in words), tail])

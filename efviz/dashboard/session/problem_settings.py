"""The settings that name a problem with two parameters, which most pages share."""

from dataclasses import dataclass, replace
from typing import Any, Self

from efviz.dashboard.session import own_table, table_choice
from efviz.dashboard.session.caches import OWN
from efviz.dashboard.session.kinds import Choice, EditList, Flag, Number, Sofar
from efviz.dashboard.session.settings import setting
from efviz.dashboard.session.table_choice import TableSettings, intercepts
from efviz.dashboard.session.widgets import NumberInput, Select, Slider, Toggle
from efviz.datasets import DATASETS, Path
from efviz.datasets.dataset import BIAS
from efviz.datasets.edits import Edits
from efviz.datasets.inputs import COMPONENTS
from efviz.problems import PROBLEMS
from efviz.problems.catalogue import Entry


def entry(settings: Sofar) -> Entry:
    if settings.problem == OWN:
        return table_choice.entry(settings)
    return PROBLEMS[settings.problem]


def path(settings: Sofar) -> Path | None:
    """The misspecification path chosen, None for a real table."""
    family = entry(settings).family
    return family.paths[settings.path] if family else None


def _strengths(settings: Sofar) -> str:
    """What the strength means, and which strengths are cases of the paper."""
    family = entry(settings).family
    published = family.published if family else {}
    correct, wrong = published.get(""), published.get(settings.path)
    words = "0: the model is correct" + (f", as in {correct}" if correct else "")
    return f"{words}; 1: {wrong}" if wrong else words


def _paths(settings: Sofar) -> list[str]:
    family = entry(settings).family
    return list(family.paths) if family else []


def _columns(settings: Sofar) -> list[str] | None:
    """The columns, or None while the table of a link has not been loaded again."""
    if settings.problem == OWN and own_table.loaded() is None:
        return None
    return list(entry(settings).columns())


def _if_real(*options: str) -> Choice:
    return Choice(lambda settings: [] if entry(settings).family else options)


def _first_path(settings: Sofar) -> str:
    return next(iter(_paths(settings)), "")


def _lowest(settings: Sofar) -> float:
    return getattr(path(settings), "low", 0.0)


def _highest(settings: Sofar) -> float:
    return getattr(path(settings), "high", 0.0)


def problem_notes(settings: Sofar) -> str:
    """The formula of the model, or the source of the table."""
    family = entry(settings).family
    if family:
        path = family.paths[settings.path]
        words = f"${family.formula}$\n\n{path.title}: ${path.formula}$"
        return f"{words}\n\n{family.citation}" if family.citation else words
    if settings.problem == OWN:
        return "Your own file. It is kept in the memory of this session and dropped with it."
    source = DATASETS.get(settings.problem)
    if source is None:
        return entry(settings).notes
    return f"{source.notes}\n\n{source.source}. {source.citation}; {source.licence}."


def _problem_titles(settings: Sofar) -> dict[str, str]:
    return {key: one.title for key, one in PROBLEMS.items()} | {OWN: table_choice.TITLE}


def problem_setting(first: str) -> Any:
    """The problem setting of a page whose default is `first`."""
    return setting(
        "Problem",
        Choice(lambda _: [*PROBLEMS, OWN]),
        first,
        shown=Select(_problem_titles),
        help=problem_notes,
        follow=lambda settings, key: settings.kept(problem=key),
    )


def strength_setting(first: float = 0.0) -> Any:
    """The strength setting of a page whose default is `first`."""
    return setting(
        "Strength s",
        Number(_lowest, _highest),
        lambda settings: first if entry(settings).family else 0.0,
        query="s",
        shown=Slider(0.05),
        help=_strengths,
    )


def _column(k: int) -> Any:
    name, query = (("First column", "x1"), ("Second column", "x2"))[k]
    return setting(
        name,
        Choice(_columns),
        lambda settings: entry(settings).first_columns[k],
        query=query,
        shown=Select({BIAS: "1 (intercept)"}),
        follow=lambda settings, value: settings.of_table(("first", "second")[k], value),
    )


def _path_titles(settings: Sofar) -> dict[str, str]:
    family = entry(settings).family
    return {key: path.title for key, path in family.paths.items()} if family else {}


def _choose_path(settings: Any, key: str) -> Any:
    """Change the path, with the strength clipped to its range."""
    return replace(settings, path=key).within()


@dataclass(frozen=True)
class ProblemSettings(TableSettings):
    """The settings of a problem with two parameters, from samples or from a table."""

    problem: str = problem_setting("fig1")
    path: str = setting(
        "Misspecification",
        Choice(_paths),
        _first_path,
        shown=Select(_path_titles),
        follow=_choose_path,
    )
    strength: float = strength_setting()
    N: int = setting(
        "Examples N",
        Number(10, 1_000_000, integer=True),
        1000,
        query="n",
        shown=Slider(0.25, log=True),
        kept=True,
    )
    seed: int = setting(
        "Seed",
        Number(0, 2**32 - 1, integer=True),
        0,
        shown=NumberInput(step=1),
        help="Another seed draws another sample.",
        kept=True,
    )
    first: str = _column(0)
    second: str = _column(1)
    inputs: str = setting(
        "Inputs",
        _if_real("columns", COMPONENTS),
        lambda settings: "" if entry(settings).family else "columns",
        shown=Select({"columns": "two columns"}, segments=True),
        follow=lambda settings, value: settings.of_table("inputs", value),
    )
    scaling: str = setting(
        "Scaling",
        _if_real("standardised", "raw"),
        lambda settings: "" if entry(settings).family else "standardised",
        shown=Select(segments=True),
        follow=lambda settings, value: settings.of_table("scaling", value),
    )
    intercept: str = setting(
        "Intercept",
        Choice(intercepts),
        lambda settings: next(iter(intercepts(settings) or ()), ""),
        shown=Select({"held": "fixed at its best value", "none": "none"}),
        follow=lambda settings, value: settings.of_table("intercept", value),
    )
    edits: Edits = setting("Edited examples", EditList(), ())

    def of_table(self, name: str, value: str) -> Self:
        """Change a setting of the table and reset those that depend on it.

        Edits are dropped, because they refer to the previous inputs and targets.
        """
        columns = ("positive", "first", "second", "intercept")
        follow = {"target": ("regression", *columns), "regression": columns}.get(name, ())
        kept = {n: getattr(self, n) for n in self.declared() if n not in follow}
        made = self.of(**kept | {name: value, "edits": ()})
        # Other inputs may add or remove the choice of the intercept.
        if made.intercept not in (intercepts(made) or ("",)):
            made = replace(made, intercept=next(iter(intercepts(made) or ()), ""))
        return made


@dataclass(frozen=True)
class EditableSettings(ProblemSettings):
    """A problem, and whether its data can be edited."""

    editing: bool = setting(
        "Edit data",
        Flag(),
        False,
        shown=Toggle(),
        help="In the data panel, drag a point to move it, click on an empty spot to add one, and "
        "double-click (or long-press) to remove one. All charts follow, and the link stores it.",
        kept=True,
        live=True,
    )

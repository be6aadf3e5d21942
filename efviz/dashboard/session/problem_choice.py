"""The data and the problem that settings name."""

from dataclasses import dataclass, fields, replace
from typing import Self

from efviz.dashboard.session import own_table
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.kinds import Sofar
from efviz.dashboard.session.problem_settings import entry
from efviz.datasets import Draws
from efviz.datasets.dataset import Dataset, number_of
from efviz.datasets.edits import Edits, edited
from efviz.problems import PROBLEMS, Problem


@dataclass(frozen=True)
class Knobs:
    """The settings that determine a problem, and the digest of the own table."""

    problem: str
    path: str
    strength: float
    N: int
    seed: int
    first: str
    second: str
    inputs: str
    scaling: str
    target: str
    regression: str
    positive: str
    intercept: str
    table: str
    edits: Edits

    @classmethod
    def of(cls, settings: Sofar) -> Self:
        """Those of the settings of a page."""
        names = [field.name for field in fields(cls) if field.name != "table"]
        known = {name: getattr(settings, name) for name in names}
        return cls(**known, table=own_table.digest(settings.problem))


def unedited(knobs: Knobs) -> Knobs:
    """The same data without edits."""
    return replace(knobs, edits=())


@cached
def _draws(problem: str, N: int, seed: int) -> Draws:
    family = PROBLEMS[problem].family
    assert family is not None
    return family.draws(N, seed)


def draws_of(settings: Sofar) -> Draws:
    """The standard draws that all paths and strengths of a family share."""
    return _draws(settings.problem, settings.N, settings.seed)


def build(settings: Sofar) -> tuple[Dataset, Problem]:
    """Build the data and the problem that these settings name."""
    chosen = entry(settings)
    given = {knob: getattr(settings, knob) for knob in chosen.knobs}
    if chosen.family:
        given["draws"] = draws_of(settings)
    dataset = edited(chosen.dataset(**given), getattr(settings, "edits", ()))
    return dataset, chosen.problem(dataset)


@cached
def problem_of(knobs: Knobs) -> tuple[Dataset, Problem]:
    """The same, shared by all sessions and never changed."""
    return build(knobs)


MOST = 1_000_000


def examples(settings: Sofar) -> int:
    """N. A table that is not loaded yet sets no limit."""
    if entry(settings).family and not settings.edits:
        return int(settings.N)
    try:
        return problem_of(Knobs.of(settings))[1].N
    except (ValueError, KeyError):
        return MOST


def last_example(settings: Sofar) -> int:
    """The number of the last example. A table that nobody has loaded yet sets no limit."""
    if entry(settings).family and not settings.edits:
        return int(settings.N) - 1
    try:
        dataset, problem = problem_of(Knobs.of(settings))
        return number_of(dataset, problem.N - 1)
    except (ValueError, KeyError):
        return MOST

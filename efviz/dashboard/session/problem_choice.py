"""The data and the problem that settings name."""

from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.kinds import Sofar
from efviz.dashboard.session.problem_settings import ProblemSettings, entry
from efviz.datasets import Draws
from efviz.datasets.dataset import Dataset, number_of
from efviz.datasets.edits import edited
from efviz.problems import PROBLEMS, Problem


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


def problem_of(settings: Sofar) -> tuple[Dataset, Problem]:
    """The same, shared by all sessions and never changed."""
    return _problem_of(ProblemSettings.part(settings))


@cached
def _problem_of(settings: ProblemSettings) -> tuple[Dataset, Problem]:
    return build(settings)


MOST = 1_000_000


def examples(settings: Sofar) -> int:
    """N. A table that is not loaded yet sets no limit."""
    if entry(settings).family and not settings.edits:
        return int(settings.N)
    try:
        return problem_of(settings)[1].N
    except (ValueError, KeyError):
        return MOST


def last_example(settings: Sofar) -> int:
    """The number of the last example. A table that nobody has loaded yet sets no limit."""
    if entry(settings).family and not settings.edits:
        return int(settings.N) - 1
    try:
        dataset, problem = problem_of(settings)
        return number_of(dataset, problem.N - 1)
    except (ValueError, KeyError):
        return MOST

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


def known(settings: Sofar) -> tuple[Dataset, Problem] | None:
    """The same; None while a table is not loaded, or does not suit the settings."""
    try:
        return problem_of(settings)
    except (ValueError, KeyError):
        return None


def examples(settings: Sofar) -> int:
    """N. A table that is not loaded yet sets no limit."""
    if entry(settings).family and not settings.edits:
        return int(settings.N)
    made = known(settings)
    return made[1].N if made else 1_000_000


def last_example(settings: Sofar) -> int:
    """The number of the last example, among those that were not removed."""
    made = known(settings) if settings.edits else None
    return number_of(made[0], made[1].N - 1) if made else examples(settings) - 1

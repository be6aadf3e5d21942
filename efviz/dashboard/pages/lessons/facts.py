"""Problems and pages' results that lessons share."""

import math
from collections.abc import Callable, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

from efviz.dashboard.pages.lessons.lesson import Check, Verdict
from efviz.dashboard.pages.vector_fields.page import STUDIES
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.problem_choice import Knobs, problem_of
from efviz.problems import PROBLEMS, Problem
from efviz.studies.comparison import Comparison, compare

ELSEWHERE = "The task is about other data: press Restart to have them again."
NO_MINIMUM = "These data have no minimum to look at."
WORKING = "The page is still computing."


@cache
def problem(
    key: str, path: str = "", strength: float = 0.0, N: int = 1000, seed: int = 0
) -> Problem:
    """A problem on offer, at a strength along one of its paths."""
    entry = PROBLEMS[key]
    assert entry.family
    return entry.problem(entry.family.sample(N, seed, path, strength))


@cache
def at_minimum(
    key: str, path: str = "", strength: float = 0.0, N: int = 1000, seed: int = 0
) -> Comparison:
    """The matrices at the minimum of such a problem."""
    chosen = problem(key, path, strength, N, seed)
    return compare(chosen, chosen.theta_star)


@cached
def comparison_of(knobs: Knobs) -> Comparison | None:
    """The matrices at the minimum of what a page shows; None without a minimum."""
    _, shown = problem_of(knobs)
    return compare(shown, shown.theta_star) if shown.minimum.exists else None


def about(problem: str) -> Callable[[Check], Check]:
    """A check that is made only while the page shows this problem."""

    def decorate(check: Check) -> Check:
        def checked(settings: Any) -> Verdict:
            return check(settings) if settings.problem == problem else Verdict(False, ELSEWHERE)

        return checked

    return decorate


def picture_of(settings: VectorFieldsSettings) -> SimpleNamespace | None:
    """What the page Vector fields draws with these settings, None until all is computed."""
    job = STUDIES.job("paths", settings)
    if not job.done:
        job.advance(0.05)
    return STUDIES.everything(settings) if job.done else None


def nearest(value: float, choices: Sequence[float]) -> int:
    """Which of the choices is nearest, as a ratio."""
    return min(range(len(choices)), key=lambda i: abs(math.log(value / choices[i])))

"""Problems and pages' results that lessons share."""

import math
from collections.abc import Callable, Sequence
from functools import cache

from efviz.dashboard.pages.lessons.lesson import Verdict
from efviz.dashboard.pages.vector_fields import views as vector_fields_views
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.params import Values
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


def about(problem: str) -> Callable[[Callable[[Values], Verdict]], Callable[[Values], Verdict]]:
    """A check that is made only while the page shows this problem."""

    def decorate(check: Callable[[Values], Verdict]) -> Callable[[Values], Verdict]:
        def checked(values: Values) -> Verdict:
            return check(values) if values["problem"] == problem else Verdict(False, ELSEWHERE)

        return checked

    return decorate


def picture_of(values: Values) -> vector_fields_views.Picture | None:
    """What the page Vector fields draws with these values, None until all is computed."""
    job = vector_fields_views.job_for(vector_fields_views.Controls.of(values))
    if not job.done:
        job.advance(0.05)
    return job.progress.result if job.progress.complete else None


def nearest(value: float, choices: Sequence[float]) -> int:
    """Which of the choices is nearest, as a ratio."""
    return min(range(len(choices)), key=lambda i: abs(math.log(value / choices[i])))

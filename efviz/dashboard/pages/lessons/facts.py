"""Problems, results of pages and messages that lessons share."""

import math
from collections.abc import Callable, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any, TypeVar

from efviz.dashboard.pages.at_minimum.page import STUDIES as at_minimum_studies
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.pages.lessons.lesson import Check, Verdict
from efviz.dashboard.pages.vector_fields.page import STUDIES
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.dashboard.session.studies import Studies
from efviz.problems import PROBLEMS, Problem
from efviz.studies.comparison import Comparison, compare

T = TypeVar("T")

ELSEWHERE = "The task uses other data: press Restart to restore them."
NO_MINIMUM = "The loss has no minimum for these data."
WORKING = "The page is still computing."


@cache
def problem(
    key: str, path: str = "", strength: float = 0.0, N: int = 1000, seed: int = 0
) -> Problem:
    """A problem of the catalogue, at a strength along one of its paths."""
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


def about(
    problem: str, find: Callable[[Any], T | str]
) -> Callable[[Callable[[Any, T], Verdict]], Check]:
    """Decorate check(settings, found), which applies only while the page shows this problem.

    `find` returns what is judged for the settings of the page, or a message if there is nothing.
    """

    def decorate(check: Callable[[Any, T], Verdict]) -> Check:
        def checked(settings: Any) -> Verdict:
            found = find(settings) if settings.problem == problem else ELSEWHERE
            return Verdict(False, found) if isinstance(found, str) else check(settings, found)

        return checked

    return decorate


def comparison_of(settings: AtMinimumSettings) -> Comparison | str:
    """The comparison on the page At the minimum."""
    (case,) = at_minimum_studies.now("moved", settings)
    return case.comparison or NO_MINIMUM


def picture_of(settings: VectorFieldsSettings) -> SimpleNamespace | str:
    """The results of the page Vector fields."""
    paths = result_of(STUDIES, "paths", settings)
    return WORKING if paths is WORKING else STUDIES.everything(settings)


def result_of(studies: Studies, name: str, settings: Any) -> Any:
    """A result of a page, worked on for a moment; WORKING until it is complete."""
    job = studies.job(name, settings)
    if not job.done:
        job.advance(0.05)
    return job.progress.result if job.done else WORKING


def nearest(value: float, choices: Sequence[float]) -> int:
    """Index of the choice with the ratio to `value` closest to 1."""
    return min(range(len(choices)), key=lambda i: abs(math.log(value / choices[i])))

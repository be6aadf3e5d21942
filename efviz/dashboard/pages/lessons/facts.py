"""Problems, results of pages and messages that lessons share."""

import math
from collections.abc import Callable, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

from efviz.dashboard.pages.at_minimum.page import STUDIES as at_minimum_studies
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.pages.lessons.lesson import Check, Verdict
from efviz.dashboard.pages.vector_fields.page import STUDIES
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.problems import PROBLEMS, Problem
from efviz.studies.comparison import Comparison, compare

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


def comparison_of(settings: AtMinimumSettings) -> Comparison | None:
    """The comparison on the page At the minimum; None without a minimum."""
    (case,) = at_minimum_studies.now("moved", settings)
    found: Comparison | None = case.comparison
    return found


def about(problem: str) -> Callable[[Check], Check]:
    """Decorate a check that applies only while the page shows this problem."""

    def decorate(check: Check) -> Check:
        def checked(settings: Any) -> Verdict:
            return check(settings) if settings.problem == problem else Verdict(False, ELSEWHERE)

        return checked

    return decorate


def picture_of(settings: VectorFieldsSettings) -> SimpleNamespace | None:
    """The results of the page Vector fields, None until they are computed."""
    job = STUDIES.job("paths", settings)
    if not job.done:
        job.advance(0.05)
    return STUDIES.everything(settings) if job.done else None


def nearest(value: float, choices: Sequence[float]) -> int:
    """Index of the choice with the ratio to `value` closest to 1."""
    return min(range(len(choices)), key=lambda i: abs(math.log(value / choices[i])))

"""Texts on edited data: what was edited, and the effect on the empirical Fisher."""

from dataclasses import replace

from efviz.curvature import empirical_fisher, fisher
from efviz.curvature.distance import relative_distance
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.problem_choice import problem_of
from efviz.dashboard.session.problem_settings import ProblemSettings
from efviz.datasets.dataset import Dataset
from efviz.numbers import number


@cached
def distance(settings: ProblemSettings) -> float | None:
    """||EF - F|| / ||F|| at the minimum, None if there is no minimum."""
    _, problem = problem_of(settings)
    if not problem.minimum.exists:
        return None
    at = problem.theta_star
    return float(relative_distance(empirical_fisher(problem, at), fisher(problem, at)))


def sentence(settings: ProblemSettings, dataset: Dataset) -> str:
    """How many examples are edited, which, and EF's distance from F before and after."""
    edited = dataset.edited
    if edited is None:
        return ""
    N = len(edited.original.y)
    numbers = edited.numbers[edited.rows].tolist()
    done = {
        "moved": [n for n in numbers if n < N],
        "added": [n for n in numbers if n >= N],
        "removed": list(edited.removed),
    }
    parts = ", ".join(f"{len(which)} {how} ({_few(which)})" for how, which in done.items() if which)
    count = sum(map(len, done.values()))
    verb = "example is" if count == 1 else "examples are"
    now = ProblemSettings.part(settings)
    before, after = distance(replace(now, edits=())), distance(now)
    words = (
        f"{count} {verb} edited, of {N:,} in the original data: {parts}. {_change(before, after)}"
    )
    return f"<p class='efviz-sentence'>{words}</p>"


def _few(numbers: list[int]) -> str:
    return ", ".join(f"{n:,}" for n in numbers[:5]) + (", …" if len(numbers) > 5 else "")


def _change(before: float | None, after: float | None) -> str:
    if after is None:
        return (
            "There is no minimum, neither for the original data nor now."
            if before is None
            else f"At the minimum of the original data ‖EF − F‖/‖F‖ is {number(before)}; now there "
            "is no minimum."
        )
    if before is None:
        return (
            "The original data have no minimum; now there is one, at which ‖EF − F‖/‖F‖ is "
            f"{number(after)}."
        )
    return (
        f"At the minimum, ‖EF − F‖/‖F‖ is now <b>{number(after)}</b>; for the original data it is "
        f"<b>{number(before)}</b>."
    )

"""What is said of edited data: what was done, and what it did to the empirical Fisher."""

from dataclasses import replace

from efviz.curvature import empirical_fisher, fisher
from efviz.curvature.distance import relative_distance
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.problem_choice import problem_of
from efviz.dashboard.session.problem_settings import ProblemSettings
from efviz.datasets.dataset import Dataset
from efviz.numbers import number

EXAMPLE = "Example"
NUMBERED = (
    "Examples are numbered from 0, as the rows of the data as they were drawn; added ones follow."
)


@cached
def distance(settings: ProblemSettings) -> float | None:
    """||EF - F|| / ||F|| at the minimum, None where there is none."""
    _, problem = problem_of(settings)
    if not problem.minimum.exists:
        return None
    at = problem.theta_star
    return float(relative_distance(empirical_fisher(problem, at), fisher(problem, at)))


def sentence(settings: ProblemSettings, dataset: Dataset) -> str:
    """How many examples are edited, which, and EF's distance to F before and after."""
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
    words = f"{count} {verb} edited, of {N:,} drawn: {parts}. {_change(before, after)}"
    return f"<p class='efviz-sentence'>{words}</p>"


def _few(numbers: list[int]) -> str:
    return ", ".join(f"{n:,}" for n in numbers[:5]) + (", …" if len(numbers) > 5 else "")


def _change(before: float | None, after: float | None) -> str:
    if after is None:
        return (
            "There is no minimum, neither as drawn nor now."
            if before is None
            else f"As drawn EF is {number(before)} away from F at the minimum; now there is no "
            "minimum."
        )
    if before is None:
        return f"As drawn there is no minimum; now there is, and EF is {number(after)} away from F."
    return (
        f"At the minimum ‖EF − F‖/‖F‖ is <b>{number(after)}</b> now; as drawn it is "
        f"<b>{number(before)}</b>."
    )

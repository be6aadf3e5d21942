"""A good classifier is not a well-specified one."""

from functools import cache

from efviz.dashboard.pages.at_minimum import page as at_minimum
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.session.problem_choice import Knobs
from efviz.numbers import number, percent

BETTER, LIMIT = 0.05, 0.15
CASES = (("correct", "A", 0.0), ("A", "A", 1.0), ("B", "B", 1.0))


def case(path: str, strength: float) -> tuple[float, float]:
    """Accuracy and relative distance at the minimum."""
    found = facts.at_minimum("fig2", path, strength)
    return found.quality.value, found.distance


def closest() -> int:
    distances = [case(path, strength)[1] for _, path, strength in CASES]
    return distances.index(min(distances))


@facts.about("fig2")
def check(settings: AtMinimumSettings) -> Verdict:
    found = facts.comparison_of(Knobs.of(settings))
    if found is None:
        return Verdict(False, facts.NO_MINIMUM)
    gain = found.quality.value - case("A", 0.0)[0]
    words = (
        f"Accuracy {percent(found.quality.value, 3)}, the empirical Fisher "
        f"{percent(found.distance, 3)} off."
    )
    return Verdict(gain >= BETTER and found.distance <= LIMIT, words)


@cache
def numbers() -> dict[str, str]:
    found: dict[str, str] = {
        "better": f"{number(100 * BETTER)} percentage points",
        "target": percent(case("A", 0.0)[0] + BETTER, 3),
        "limit": percent(LIMIT),
    }
    for name, path, strength in CASES:
        accuracy, distance = case(path, strength)
        found |= {f"{name}_hits": percent(accuracy), f"{name}_off": percent(distance)}
    return found


LESSON = Lesson(
    key="classifier",
    title="A good classifier is not a well-specified one",
    about="Higher accuracy, worse matrix: what accuracy does not ask.",
    numbers=numbers,
    steps=(
        Step(
            r"""
The three cases of Fig. 2: one where logistic regression is the *correct* model, and two, A and B,
where it is *misspecified*: no choice of its parameters gives the true probabilities. Its
*accuracy*, the share of examples classified right, is [[correct_hits]] in the correct case,
[[A_hits]] in A and [[B_hits]] in B.""",
            at_minimum.SLUG,
            "s=1",
            prediction=Prediction(
                "In which case is the empirical Fisher closest to the Fisher?",
                ("In the correct one", "In A", "In B"),
                closest,
                "It is off by [[correct_off]] in the correct case, [[A_off]] in A, [[B_off]] in B.",
            ),
        ),
        Step(
            r"""
Accuracy asks only whether the likelier class is the right one. The Fisher asks for more: it takes
labels with the *probabilities* that the model gives, the empirical Fisher takes those observed.
The two agree only if the probabilities are right. In B the classes differ in how their
coordinates go together, and a straight boundary cannot say so: look how the ellipses stand
across each other.""",
            at_minimum.SLUG,
            "path=B&s=1",
        ),
        Step(
            "Nor does high accuracy *cause* the gap.",
            at_minimum.SLUG,
            "s=1",
            task=Task(
                """Find data on which the classifier beats the correct case by [[better]] (at
least [[target]]) while the empirical Fisher stays within [[limit]]. Try both kinds of
misspecification.""",
                check,
                "path=B&s=0.5",
                """So the two are different questions. A held-out accuracy says nothing about
whether the empirical Fisher may stand in for the Fisher.""",
            ),
        ),
    ),
)

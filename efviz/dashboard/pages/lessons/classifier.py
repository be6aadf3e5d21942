"""A good classifier need not be well specified."""

from functools import cache

from efviz.dashboard.pages.at_minimum import page as at_minimum
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Answer, Lesson, Prediction, Step, Task, Verdict
from efviz.figures.hidden import Hidden
from efviz.numbers import number, percent
from efviz.studies.comparison import Comparison

BETTER, LIMIT = 0.05, 0.15
CASES = (("correct", "A", 0.0), ("A", "A", 1.0), ("B", "B", 1.0))


def case(path: str, strength: float) -> tuple[float, float]:
    """Accuracy and relative distance at the minimum."""
    found = facts.at_minimum("fig2", path, strength)
    return found.quality.value, found.distance


def closest() -> int:
    distances = [case(path, strength)[1] for _, path, strength in CASES]
    return distances.index(min(distances))


@facts.about("fig2", facts.comparison_of)
def check(settings: AtMinimumSettings, found: Comparison) -> Verdict:
    gain = found.quality.value - case("A", 0.0)[0]
    words = (
        f"The accuracy is {percent(found.quality.value, 3)}, and the empirical Fisher differs "
        f"from the Fisher by {percent(found.distance, 3)}."
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


THREE = tuple(f"at-the-minimum {case} {row}" for case in range(3) for row in range(2))
ELLIPSES = tuple(f"at-the-minimum {case} 1" for case in range(3))
"""The panels of the correct case, A and B, and those of their ellipses."""

LESSON = Lesson(
    key="classifier",
    title="A good classifier need not be well specified",
    about="Higher accuracy with a worse matrix: what accuracy does not measure.",
    numbers=numbers,
    recap="""Accuracy depends only on which class is the more likely one; the matrices depend on the
probabilities. So accuracy alone does not tell whether the empirical Fisher can replace the
Fisher.""",
    steps=(
        Step(
            "Three cases",
            """
Is a model that predicts well a good model? Here are three kinds of data. For one, logistic
regression is the *correct* model; for A and B it is {{misspecification|misspecified}}: no choice of
its parameters gives the true probabilities. Its *accuracy*, the share of the fitted examples that
it classifies correctly, is [[correct_hits]] in the correct case, [[A_hits]] in A and [[B_hits]] in
B.""",
            at_minimum.SLUG,
            "s=1",
            prediction=Prediction(
                "In which case is the {{empirical Fisher}} closest to the {{Fisher}}?",
                (
                    Answer("In the correct case"),
                    Answer(
                        "In A",
                        """The classifier is most accurate there. But the matrices depend on the
probabilities, and those are wrong.""",
                    ),
                    Answer(
                        "In B",
                        """A straight boundary separates most of the examples. But the probabilities
on both sides of it are wrong.""",
                    ),
                ),
                closest,
                """The matrices differ by [[correct_off]] in the correct case, [[A_off]] in A and
[[B_off]] in B.""",
                Hidden(ELLIPSES, ("F", "H", "EF"), "At the minimum"),
            ),
            panels=THREE,
        ),
        Step(
            "What accuracy measures",
            """
How can a better classifier have a worse matrix? Accuracy depends only on whether the more likely
class is the right one. The Fisher averages over labels with the *probabilities* that the model
gives; the empirical Fisher uses the observed labels. In general the two agree only if the
probabilities are right. In B the classes differ in how their coordinates are correlated, which a
straight boundary cannot express: the ellipses lie across each other.""",
            at_minimum.SLUG,
            "path=B&s=1",
            panels=THREE,
        ),
        Step(
            "Good and close",
            "High accuracy does not *cause* the gap either.",
            at_minimum.SLUG,
            "s=1",
            task=Task(
                """Find data on which the classifier beats the correct case by [[better]] (at
least [[target]]) while EF stays within [[limit]] of the Fisher. Try both kinds of
misspecification.""",
                check,
                "A smaller strength brings EF closer. Which kind keeps the accuracy high then?",
                "path=B&s=0.5",
                """So these are two different questions: how well a model classifies, and whether
EF can replace the Fisher.""",
            ),
            controls=("strength", "path"),
            panels=("at-the-minimum 3 0", "at-the-minimum 3 1"),
        ),
    ),
)

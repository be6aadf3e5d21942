"""Correct model, enough data."""

from functools import cache

import numpy as np

from efviz.dashboard.pages.at_minimum import page as at_minimum
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Answer, Lesson, Prediction, Step, Task, Verdict
from efviz.numbers import number, percent
from efviz.studies.comparison import Comparison

LIMIT = 0.05
FEW, MANY, SEEDS = 1000, 100_000, 4
PATH, WRONG = "A", 1.0
"""A misspecified model, for comparison."""


@cache
def distance(N: int) -> float:
    """Relative distance of EF from F for the correct model, a mean over SEEDS seeds."""
    return float(np.mean([facts.at_minimum("fig2", N=N, seed=k).distance for k in range(SEEDS)]))


@facts.about("fig2", facts.comparison_of)
def check(settings: AtMinimumSettings, found: Comparison) -> Verdict:
    words = f"With N = {found.N:,} and s = {settings.strength:g} the empirical Fisher "
    words += f"differs from the Fisher by {percent(found.distance, 3)}."
    if settings.strength != 0:
        words += " The task is about the correct model, s = 0."
    return Verdict(settings.strength == 0 and found.distance <= LIMIT, words)


@cache
def numbers() -> dict[str, str]:
    few, many = distance(FEW), distance(MANY)
    floor = [facts.at_minimum("fig2", PATH, WRONG, N).distance for N in (FEW, MANY)]
    return {
        "few": f"{FEW:,}",
        "many": f"{MANY:,}",
        "off_few": percent(few),
        "off_many": percent(many),
        "share": percent(many / few),
        "seeds": str(SEEDS),
        "limit": percent(LIMIT),
        "wrong": number(WRONG),
        "floor_few": percent(floor[0]),
        "floor_many": percent(floor[1]),
    }


COLUMN = ("at-the-minimum 3 0", "at-the-minimum 3 1")
"""The panels of the case that the sliders change."""

LESSON = Lesson(
    key="enough-data",
    title="Correct model, enough data",
    about="When the empirical Fisher approaches the Fisher, and how slowly.",
    numbers=numbers,
    recap="""With a correct model, the empirical Fisher approaches the Fisher at the minimum, as
slowly as any average approaches its expectation. With a wrong model, a distance remains that more
data do not lower.""",
    steps=(
        Step(
            "More examples",
            """
When is the {{empirical Fisher}} as good as the {{Fisher}}? *Logistic regression* gives each example
a probability for each of two classes, and these data were drawn from just such a model: it is
{{misspecification|well specified}}. The ellipses show both matrices at the minimum of the loss:
EF is the empirical Fisher, F the Fisher. Above them is their *relative distance*, the size of
EF − F divided by that of F.""",
            at_minimum.SLUG,
            "s=0",
            prediction=Prediction(
                "Use [[many]] examples instead of [[few]]. The distance becomes …",
                (
                    Answer(
                        "about as large as before",
                        """The observed labels differ from the model's probabilities by chance, and
chance averages out.""",
                    ),
                    Answer(
                        "about a third as large",
                        """That is what ten times as many examples would do. Here there are a
hundred times as many.""",
                    ),
                    Answer("about a tenth as large"),
                    Answer(
                        "about a hundredth as large",
                        """The error of an average falls with the square root of the number of
examples, not with the number itself.""",
                    ),
                ),
                lambda: facts.nearest(distance(FEW) / distance(MANY), (1, 3, 10, 100)),
                """It falls from [[off_few]] to [[off_many]], which is [[share]] of the first value.
These are means of only [[seeds]] samples, so chance keeps the ratio from being exactly a tenth.
Move *Examples N* to see it.""",
            ),
            controls=("N",),
            panels=COLUMN,
        ),
        Step(
            "Why it shrinks",
            r"""
Why does the distance shrink? With the correct model and enough data, the observed labels behave
almost like draws from the model. Then EF is an average of $N$ random terms, one for each
{{example}}, whose expectation is the Fisher (Eq. 17 of the paper). Its error falls with the square
root of $N$. In the chart, the curve of the correct model falls, and the others level off.""",
            at_minimum.SLUG,
            "s=0&n=100000",
            shows=("curves",),
        ),
        Step(
            "Come close",
            """*Strength s* is the {{misspecification}}: how far the data are from what the model
assumes. At zero the model is correct.""",
            at_minimum.SLUG,
            task=Task(
                "Bring EF within [[limit]] of the Fisher, with a correct model.",
                check,
                """It takes both sliders: one makes the model correct, the other lets chance average
out.""",
                "s=0&n=10000",
                """Now set *Strength s* to [[wrong]] and raise $N$ from [[few]] to [[many]]: the
distance goes from [[floor_few]] to [[floor_many]]. Misspecification leaves a floor that more data
do not lower; the more nearly correct the model, the lower the floor.""",
            ),
            controls=("N", "strength"),
            panels=COLUMN,
        ),
    ),
)

"""Correct model, enough data."""

from functools import cache

import numpy as np

from efviz.dashboard.pages.at_minimum import page as at_minimum
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Lesson, Prediction, Step, Task, Verdict
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


LESSON = Lesson(
    key="enough-data",
    title="Correct model, enough data",
    about="When the empirical Fisher approaches the Fisher, and how slowly.",
    numbers=numbers,
    steps=(
        Step(
            "More examples",
            r"""
*Logistic regression* models two classes: it gives each example a probability for each class. These
data come from such a model, so the model is *correct*, or *well specified*. At the minimum of the
loss, compare the empirical Fisher $\tilde F$ with the Fisher $F$: their *relative distance* is
$\|\tilde F - F\| / \|F\|$.""",
            at_minimum.SLUG,
            "s=0",
            prediction=Prediction(
                "Use [[many]] examples instead of [[few]]. The distance becomes …",
                (
                    "about as large as before",
                    "about a third as large",
                    "about a tenth as large",
                    "about a hundredth as large",
                ),
                lambda: facts.nearest(distance(FEW) / distance(MANY), (1, 3, 10, 100)),
                """It falls from [[off_few]] to [[off_many]], which is [[share]] of the first value
(means of [[seeds]] samples). Move *Examples N* to see it.""",
            ),
        ),
        Step(
            "Why it shrinks",
            r"""
With the correct model and enough data the minimum is close to the true parameters, so the
observed labels behave almost like draws from the model. Then $\tilde F$ is an average of $N$
random terms whose expectation is $F$ (Eq. 17), and its error falls like one over $\sqrt N$, as for
any such average. The chart at the lower right shows it: the curve of the correct model falls, the
others level off.""",
            at_minimum.SLUG,
            "s=0&n=100000",
        ),
        Step(
            "Come close",
            "For the distance to vanish, both conditions are needed: the correct model **and** "
            "enough data.",
            at_minimum.SLUG,
            task=Task(
                "Bring the empirical Fisher within [[limit]] of the Fisher, with a correct model.",
                check,
                "s=0&n=10000",
                """Now set *Strength s* to [[wrong]] and raise $N$ from [[few]] to [[many]]: the
distance goes from [[floor_few]] to [[floor_many]]. Misspecification leaves a floor that more data
do not lower; the more nearly correct the model, the lower the floor.""",
            ),
        ),
    ),
)

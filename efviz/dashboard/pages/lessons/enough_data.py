"""Correct model, enough data."""

from functools import cache

import numpy as np

from efviz.dashboard.pages.at_minimum import page as at_minimum
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.session.problem_choice import Knobs
from efviz.numbers import number, percent

LIMIT = 0.05
FEW, MANY, SEEDS = 1000, 100_000, 4


@cache
def distance(N: int) -> float:
    """The mean over some seeds, of the correct model."""
    return float(np.mean([facts.at_minimum("fig2", N=N, seed=k).distance for k in range(SEEDS)]))


@facts.about("fig2")
def check(settings: AtMinimumSettings) -> Verdict:
    found = facts.comparison_of(Knobs.of(settings))
    if found is None:
        return Verdict(False, facts.NO_MINIMUM)
    words = f"With N = {found.N:,} and s = {settings.strength:g} the empirical Fisher is "
    words += f"{percent(found.distance, 3)} off."
    if settings.strength != 0:
        words += " The task is about the correct model, s = 0."
    return Verdict(settings.strength == 0 and found.distance <= LIMIT, words)


@cache
def numbers() -> dict[str, str]:
    few, many = distance(FEW), distance(MANY)
    return {
        "few": f"{FEW:,}",
        "many": f"{MANY:,}",
        "off_few": percent(few),
        "off_many": percent(many),
        "times": number(few / many),
        "seeds": str(SEEDS),
        "limit": percent(LIMIT),
    }


LESSON = Lesson(
    key="enough-data",
    title="Correct model, enough data",
    about="When the empirical Fisher does approach the Fisher, and how slowly.",
    numbers=numbers,
    steps=(
        Step(
            r"""
Two classes of points, and *logistic regression*: a model that gives each point a probability of
its class. These data come from such a model, so the model is *correct*, or *well-specified*. At
the minimum of the loss compare the empirical Fisher $\tilde F$ with the Fisher $F$: their
*relative distance* is $\|\tilde F - F\| / \|F\|$.""",
            at_minimum.SLUG,
            "s=0",
            prediction=Prediction(
                "Take [[many]] examples instead of [[few]]. The distance becomes …",
                (
                    "about as small as before",
                    "about three times smaller",
                    "about ten times smaller",
                    "about a hundred times smaller",
                ),
                lambda: facts.nearest(distance(FEW) / distance(MANY), (1, 3, 10, 100)),
                """[[off_few]] become [[off_many]], [[times]] times less (means of [[seeds]]
samples). Move *Examples N* and see.""",
            ),
        ),
        Step(
            r"""
With the correct model and enough data the minimum is close to the true parameters, so the
observed labels are as good as drawn from the model. Then $\tilde F$ is an average of $N$ random
terms whose expectation is $F$ (Eq. 17), and like any such average it errs by about one over
$\sqrt N$. The chart at the lower right shows it: the line of the correct model falls, the
others do not.""",
            at_minimum.SLUG,
            "s=0&n=100000",
        ),
        Step(
            "Both conditions are needed: the correct model **and** enough data.",
            at_minimum.SLUG,
            task=Task(
                "Bring the empirical Fisher within [[limit]] of the Fisher, with a correct model.",
                check,
                "s=0&n=10000",
                """With the wrong model no number of examples would have done: try it, at another
strength.""",
            ),
        ),
    ),
)

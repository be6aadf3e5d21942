"""A wrong scale and a wrong shape."""

from functools import cache

import numpy as np

from efviz.dashboard.pages.at_minimum import page as at_minimum
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.session.problem_choice import Knobs
from efviz.numbers import number, percent

HALF = 0.5


@cache
def size(strength: float) -> float:
    """How many times as large EF is as F: the mean of the generalised eigenvalues."""
    return float(np.mean(facts.at_minimum("fig4", "noise", strength).eigenvalues))


@facts.about("fig4")
def check(settings: AtMinimumSettings) -> Verdict:
    found = facts.comparison_of(Knobs.of(settings))
    if found is None:
        return Verdict(False, facts.NO_MINIMUM)
    low, high = found.eigenvalues[[0, -1]]
    words = f"Along every direction the empirical Fisher is {number(low)} to "
    words += f"{number(high)} times the Fisher."
    return Verdict(bool(high < HALF), words)


@cache
def numbers() -> dict[str, str]:
    noise = facts.at_minimum("fig4", "noise", 1.0)
    shape = facts.at_minimum("fig4", "quadratic", 1.0)
    return {
        "times": number(size(1.0)),
        "noise_off": percent(noise.distance),
        "noise_fitted": percent(noise.rescaled_distance),
        "shape_off": percent(shape.distance),
        "shape_fitted": percent(shape.rescaled_distance),
        "half": number(HALF),
    }


LESSON = Lesson(
    key="scale",
    title="A wrong scale, a wrong shape",
    about="Noise that is stronger than the model thinks can be repaired. A missing term cannot.",
    numbers=numbers,
    steps=(
        Step(
            r"""
*Least squares* is the likelihood of a line with normal noise of standard deviation one. The
Fisher believes it: the observed targets do not occur in it. Case A of Fig. 4 has noise of twice
that deviation; the line itself is right.""",
            at_minimum.SLUG,
            "problem=fig4&s=1",
            prediction=Prediction(
                "In case A the empirical Fisher is … the Fisher.",
                ("about half", "about as large as", "about twice", "about four times"),
                lambda: facts.nearest(size(1.0), (0.5, 1, 2, 4)),
                """It is [[times]] times as large: residuals enter with their squares. That is a
relative distance of [[noise_off]], and more data do not help.""",
            ),
        ),
        Step(
            r"""
Case B leaves out a quadratic term instead, a distance of [[shape_off]]. Suppose the noise level
were *fitted*, as the residuals suggest. In case A only [[noise_fitted]] of the distance would
be left; in B [[shape_fitted]]. There residuals are large at the ends and small in the middle,
so the examples are weighted wrongly **among each other**: that is shape, and no factor repairs
it.""",
            at_minimum.SLUG,
            "problem=fig4&path=quadratic&s=1",
        ),
        Step(
            "The empirical Fisher need not be the larger one.",
            at_minimum.SLUG,
            "problem=fig4&s=1",
            task=Task(
                """Choose data for which it is smaller than [[half]] times the Fisher along every
direction. (The second row of the table lists the smallest and the largest ratio.)""",
                check,
                "problem=fig4&s=-0.5",
                r"""Less noise than the model assumes, and $\tilde F$ is too small, so $\tilde
F^{-1} \nabla L$ is too long. Without any noise it would vanish: the lesson *The step that grows
as you approach* goes there.""",
            ),
        ),
    ),
)

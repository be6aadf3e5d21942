"""A wrong scale and a wrong shape."""

from functools import cache

import numpy as np

from efviz.dashboard.pages.at_minimum import page as at_minimum
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Lesson, Prediction, Step, Task, Verdict
from efviz.numbers import number, percent
from efviz.studies.comparison import Comparison

HALF = 0.5


@cache
def size(strength: float) -> float:
    """Size of EF relative to F: the mean of the generalised eigenvalues."""
    return float(np.mean(facts.at_minimum("fig4", "noise", strength).eigenvalues))


@facts.about("fig4", facts.comparison_of)
def check(settings: AtMinimumSettings, found: Comparison) -> Verdict:
    low, high = found.eigenvalues[[0, -1]]
    words = f"Depending on the direction, the empirical Fisher is {number(low)} to "
    words += f"{number(high)} times the Fisher."
    return Verdict(bool(high < HALF), words)


@cache
def numbers() -> dict[str, str]:
    noise = facts.at_minimum("fig4", "noise", 1.0)
    shape = facts.at_minimum("fig4", "quadratic", 1.0)
    return {
        "times": number(size(1.0)),
        "axes": number(1 / np.sqrt(size(1.0))),
        "noise_off": percent(noise.distance),
        "noise_fitted": percent(noise.rescaled_distance),
        "shape_off": percent(shape.distance),
        "shape_fitted": percent(shape.rescaled_distance),
        "half": number(HALF),
    }


LESSON = Lesson(
    key="scale",
    title="A wrong scale, a wrong shape",
    about="A factor corrects for noise stronger than assumed, but not for a missing term.",
    numbers=numbers,
    steps=(
        Step(
            "Twice the noise",
            r"""
*Least squares* is the negative log-likelihood of a line with normal noise of standard deviation
one. The Fisher takes this at face value: it never looks at the observed targets. In case A of
Fig. 4 the noise has twice that standard deviation; the line itself is right.""",
            at_minimum.SLUG,
            "problem=fig4&s=1",
            prediction=Prediction(
                "In case A the empirical Fisher is … the Fisher.",
                ("about half", "about as large as", "about twice", "about four times"),
                lambda: facts.nearest(size(1.0), (0.5, 1, 2, 4)),
                r"""It is [[times]] times as large, because residuals enter as squares. That is a
relative distance of [[noise_off]], and more data do not help. Its ellipse in the chart is
about [[axes]] times as long as that of the Fisher: along an ellipse, $(\theta - \theta^*)^\top M
(\theta - \theta^*)$ has a given value, which a larger $M$ reaches sooner. **A large matrix is a
small ellipse.**""",
            ),
        ),
        Step(
            "A missing term",
            r"""
In case B the model lacks a quadratic term instead, and the distance is [[shape_off]]. Suppose the
noise level were *fitted* to the residuals. The distance would then be [[noise_fitted]] in case A,
but [[shape_fitted]] in case B. There the residuals are large at the ends and small in the middle,
so the examples are weighted wrongly **relative to each other**: the shape is wrong, and no factor
can correct it.""",
            at_minimum.SLUG,
            "problem=fig4&path=quadratic&s=1",
        ),
        Step(
            "Too small",
            "The empirical Fisher need not be the larger one.",
            at_minimum.SLUG,
            "problem=fig4&s=1",
            task=Task(
                """Choose data for which it is less than [[half]] times the Fisher in every
direction. As a large matrix is a small ellipse, the ellipse of the empirical Fisher must then
enclose that of the Fisher. (The second row of the table lists the smallest and the largest
ratio.)""",
                check,
                "problem=fig4&s=-0.5",
                r"""With less noise than the model assumes, $\tilde F$ is too small, so $\tilde
F^{-1} \nabla L$ is too long. Without any noise, $\tilde F$ would vanish: see the lesson *The step
that grows as you approach*.""",
            ),
        ),
    ),
)

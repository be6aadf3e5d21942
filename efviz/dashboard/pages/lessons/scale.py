"""A wrong scale and a wrong shape."""

from functools import cache

import numpy as np

from efviz.dashboard.pages.at_minimum import page as at_minimum
from efviz.dashboard.pages.at_minimum.settings import AtMinimumSettings
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Answer, Lesson, Prediction, Step, Task, Verdict
from efviz.figures.hidden import Hidden
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


CORRECT, A, B, OWN = ((f"at-the-minimum {case} 0", f"at-the-minimum {case} 1") for case in range(4))
"""The panels of the three cases, and of the one that the sliders change."""

LESSON = Lesson(
    key="scale",
    title="A wrong scale, a wrong shape",
    about="A factor corrects for noise stronger than assumed, but not for a missing term.",
    numbers=numbers,
    recap="""If the noise level is wrong, the empirical Fisher is off by a factor, which can be
corrected. If a term is missing from the model, the shape of the matrix is wrong, and no factor
corrects that.""",
    steps=(
        Step(
            "Twice the noise",
            """
What if the data are noisier than the model believes? *Least squares* assumes normal noise of
standard deviation one. The {{Fisher}} takes this at face value: it never looks at the observed
targets. In case A the noise has twice that standard deviation; the line itself is right. Each
matrix is shown as an ellipse: **a large matrix is a small ellipse.**""",
            at_minimum.SLUG,
            "problem=fig4&s=1",
            prediction=Prediction(
                "In case A the {{empirical Fisher}} is … the Fisher.",
                (
                    Answer(
                        "about half",
                        """Larger residuals make the empirical Fisher larger. It is its *ellipse*
that becomes smaller.""",
                    ),
                    Answer(
                        "about as large as",
                        """The Fisher does not notice the noise, but the empirical Fisher uses the
observed targets.""",
                    ),
                    Answer(
                        "about twice",
                        "The residuals are twice as large, but they enter as squares.",
                    ),
                    Answer("about four times"),
                ),
                lambda: facts.nearest(size(1.0), (0.5, 1, 2, 4)),
                """It is [[times]] times as large, because residuals enter as squares. That is a
relative distance of [[noise_off]], and more data do not help. Its ellipse is [[axes]] times as long
as that of the Fisher.""",
                Hidden(A[1:], ("EF",), "At the minimum"),
            ),
            panels=(*CORRECT, *A),
        ),
        Step(
            "Large matrix, small ellipse",
            r"""
Why does a large matrix have a small ellipse? As a curvature, a matrix $M$ predicts how much the
loss rises with the distance from the minimum. Its ellipse joins all points for which it predicts
the same rise. The larger $M$, the sooner that rise is reached.""",
            at_minimum.SLUG,
            "problem=fig4&s=1",
            panels=(*CORRECT, *A),
        ),
        Step(
            "A missing term",
            """
What if the line itself is wrong? In case B the model lacks a quadratic term, and the distance is
[[shape_off]]. Suppose the noise level were *fitted* to the residuals. The distance would then be
[[noise_fitted]] in case A, but [[shape_fitted]] in case B. There the residuals are large at the
ends and small in the middle, so the examples are weighted wrongly **relative to each other**: the
shape is wrong, and no factor can correct it.""",
            at_minimum.SLUG,
            "problem=fig4&path=quadratic&s=1",
            panels=(*A, *B),
        ),
        Step(
            "Too small",
            """The empirical Fisher need not be the larger one. *Strength s* is the
{{misspecification}}: how far the data are from what the model assumes.""",
            at_minimum.SLUG,
            "problem=fig4&s=1",
            task=Task(
                """Choose data for which EF is less than [[half]] times the Fisher in every
direction. As a large matrix is a small ellipse, the ellipse of EF must then enclose that of the
Fisher.""",
                check,
                "EF grows with the noise, so make the noise weaker than the model assumes.",
                "problem=fig4&s=-0.5",
                """With less noise than the model assumes, EF is too small, so steps divided by it
are too long. Without any noise, EF would vanish: see the lesson *When the model fits
exactly*.""",
            ),
            controls=("strength", "path"),
            panels=OWN,
        ),
    ),
)

"""Improved, for whom?"""

from functools import cache
from types import SimpleNamespace

import numpy as np

from efviz.arrays import cosine
from efviz.curvature.improved import stationary_point
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Answer, Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.figures.hidden import Hidden
from efviz.numbers import number
from efviz.optimizers import directions
from efviz.problems import Problem

LIMIT = 0.1
WRONG = "path=quadratic&s=1"
"""A line is fitted to a curve."""


def away(problem: Problem) -> float:
    """The distance between where the update stops and the minimum."""
    return float(np.linalg.norm(stationary_point(problem) - problem.theta_star))


@cache
def closest() -> int:
    """Whose direction the improved matrix takes at the first start: GD, NGD or EFGD, by index."""
    found = directions(facts.problem("fig1"), ("GD", "NGD", "EFGD", "iEFGD"), np.array([2.0, 4.5]))
    *others, improved = (one.x for one in found.values())
    return int(np.argmax([cosine(other, improved) for other in others]))


@facts.about("fig1", facts.picture_of)
def check(settings: VectorFieldsSettings, picture: SimpleNamespace) -> Verdict:
    far = away(picture.problem)
    return Verdict(far <= LIMIT, f"The update stops at a distance of {number(far)} from ★.")


@cache
def numbers() -> dict[str, str]:
    return {
        "away": number(away(facts.problem("fig1", "quadratic", 1.0))),
        "near": number(away(facts.problem("fig1"))),
        "limit": number(LIMIT),
    }


LESSON = Lesson(
    key="improved",
    title="Improved, for whom?",
    about="A later paper repairs the empirical Fisher, in two forms that are not the same method.",
    numbers=numbers,
    recap="""The improved matrix takes the residuals out of the empirical Fisher; for a line, what
remains is the Fisher. The improved update was made for fewer examples than parameters; with more,
it converges to a point other than the minimum.""",
    steps=(
        Step(
            "Divide by the residuals",
            """
Can the {{empirical Fisher}} be repaired? The trouble is that it weights every example by the square
of its {{residual}}. A later paper, by Wu and others, divides this weight out again. The result is
called the *improved* empirical Fisher; the method that uses it is called iEFGD here.""",
            vector_fields.SLUG,
            "methods=NGD,EFGD,iEFGD",
            prediction=Prediction(
                "A line is fitted to the data. Which path does iEFGD take?",
                (
                    Answer(
                        "That of gradient descent",
                        "The matrix is still there: only the residuals are taken out of it.",
                    ),
                    Answer("That of the natural gradient"),
                    Answer(
                        "That of EFGD",
                        "That one bends because of the residuals, which are now taken out.",
                    ),
                ),
                closest,
                """For a line, the Fisher weights all examples alike, and so does the improved
matrix: the two are the same.""",
                Hidden(("iEFGD",), ("iEFGD",)),
            ),
            panels=("NGD", "EFGD", "iEFGD"),
        ),
        Step(
            "The other form",
            r"""
In practice the authors use an update instead, here called iEF: the matrix stays the empirical
Fisher, and the gradient is replaced by a mean in which every {{per-example gradient}} $g_n$ is
weighted by its squared residual. With fewer examples than parameters the two forms agree. Here
there are many more examples than parameters.""",
            vector_fields.SLUG,
            f"methods=NGD,iEF&{WRONG}",
            prediction=Prediction(
                "The data now follow a curve. Where do the runs of iEF end?",
                (
                    Answer(
                        "At the minimum, like all others",
                        """The others step along the gradient, which is zero there. The weighted
mean is not.""",
                    ),
                    Answer("At another point"),
                    Answer(
                        "Nowhere: they diverge",
                        "They settle, where the weighted gradients of all examples cancel.",
                    ),
                ),
                lambda: 1 if away(facts.problem("fig1", "quadratic", 1.0)) > LIMIT else 0,
                """They end at a distance of [[away]] from ★: where the mean of the *fourth* powers
of the residuals is smallest, not that of their squares.""",
                Hidden(("iEF",), ("iEF",)),
            ),
            panels=("Data", "NGD", "iEF"),
        ),
        Step(
            "When does it matter?",
            "*Strength s* is how much the data curve. At zero, the line is the correct model.",
            vector_fields.SLUG,
            f"methods=NGD,iEF&{WRONG}",
            task=Task(
                "Bring the end of the runs of iEF within [[limit]] of ★.",
                check,
                "Squares and fourth powers agree on the best line if the residuals are symmetric.",
                "methods=NGD,iEF&path=quadratic",
                """With the correct model, residuals above and below the line balance, in squares
as in fourth powers: the distance that is left, [[near]], comes from the finite data.""",
            ),
            controls=("strength",),
            panels=("Data", "NGD", "iEF"),
        ),
    ),
)

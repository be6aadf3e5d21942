"""The square of a batch gradient."""

from dataclasses import replace
from functools import cache

import numpy as np

from efviz.curvature import empirical_fisher
from efviz.curvature.label_sources import batch_fisher
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Answer, Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.pages.matrices import page as matrices
from efviz.dashboard.pages.matrices.settings import MatricesSettings
from efviz.figures.hidden import Hidden
from efviz.numbers import number, percent

BATCH, LIMIT = 128, 0.01
PLACE = "problem=fig2&s=1&theta=-0.589,-0.594"
"""Next to the minimum of case A of Figure 2."""


@cache
def share(batch: int) -> float:
    """The trace of the matrix of batches relative to that of EF, at the minimum of case A."""
    problem = facts.problem("fig2", "A", 1.0)
    theta = problem.theta_star
    EF = empirical_fisher(problem, theta)
    return float(np.trace(batch_fisher(problem, theta, batch)) / np.trace(EF))


def off_by(settings: MatricesSettings) -> float:
    """Distance of the matrix of batches from EF, relative to EF."""
    matrix, EF = (
        matrices.STUDIES.now("labels", replace(settings, source=source)).matrix
        for source in ("squared_mean", "observed")
    )
    return float(np.linalg.norm(matrix - EF) / np.linalg.norm(EF))


@facts.about("fig2", off_by)
def check(settings: MatricesSettings, off: float) -> Verdict:
    words = f"With batches of {settings.batch_size:,} the matrix differs from the empirical Fisher "
    return Verdict(off <= LIMIT, f"{words}by {percent(off, 3)}.")


@cache
def numbers() -> dict[str, str]:
    return {
        "batch": str(BATCH),
        "share": percent(share(BATCH)),
        "fold": number(1 / share(BATCH)),
        "limit": percent(LIMIT),
    }


LESSON = Lesson(
    key="batches",
    title="A batch, squared",
    about="The square of a batch gradient is not the mean of the squared gradients.",
    numbers=numbers,
    recap="""Near a minimum, gradients that are averaged before they are squared largely cancel, so
the matrix shrinks as the batch grows. The empirical Fisher needs the gradient of every example by
itself.""",
    steps=(
        Step(
            "One gradient for the batch",
            """
What do you get if you square the {{gradient}} that a framework returns for a batch? That is the
mean of the gradients of the {{example|examples}} in the batch. The {{empirical Fisher}} squares
each of them first and averages afterwards; to *square* is to multiply by the transpose. Here θ is
next to the minimum.""",
            matrices.SLUG,
            f"{PLACE}&tab=labels",
            prediction=Prediction(
                """You square the gradients of batches of [[batch]] and average over the batches.
How large is the matrix, compared with the empirical Fisher?""",
                (
                    Answer(
                        "About the same",
                        """It would be if the gradients in a batch agreed. At a minimum they point
in all directions.""",
                    ),
                    Answer("About a hundredth"),
                    Answer(
                        "Zero",
                        """Only the gradient of all examples is zero at the minimum. That of a batch
is an estimate of it, with some noise left.""",
                    ),
                ),
                lambda: facts.nearest(share(BATCH), (1.0, 0.01, 1e-12)),
                """It has [[share]] of that size, smaller by a factor of [[fold]]: averaging over a
batch leaves only the noise of the mean.""",
                Hidden(("level sets",), ("H", "G", "F", "EF")),
            ),
            controls=("source",),
            shows=("labels", "labels_said"),
            panels=("data", "level sets"),
        ),
        Step(
            "The formula",
            """
How much is left? Let $B$ be the number of examples in a batch. On average, the square of a batch
gradient is the square of the mean gradient, zero here, plus the covariance of the {{per-example
gradient|gradients of single examples}} divided by about $B$. Beside this average stands the
mean over the batches of one division of the data; its rank is at most the number of batches.""",
            matrices.SLUG,
            f"{PLACE}&labels=squared_mean&batch=128",
            controls=("batch_size",),
            shows=("labels", "labels_said"),
        ),
        Step(
            "Back to the empirical Fisher",
            "The slider changes how many gradients are averaged before they are squared.",
            matrices.SLUG,
            f"{PLACE}&labels=squared_mean&batch=128",
            task=Task(
                """Choose the *batch size* for which the matrix differs from the empirical Fisher by
at most [[limit]].""",
                check,
                "When is there nothing that could cancel?",
                f"{PLACE}&labels=squared_mean&batch=1",
                """Only a batch of one example gives the empirical Fisher. It is still not the
{{Fisher}}: that one averages over labels of the model, and this model is misspecified.""",
            ),
            controls=("batch_size",),
            shows=("labels", "labels_said"),
        ),
    ),
)

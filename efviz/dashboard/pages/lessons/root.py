"""Why the square root."""

from functools import cache
from types import SimpleNamespace

import numpy as np

from efviz.arrays import Array
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Answer, Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.figures.hidden import Hidden
from efviz.numbers import number, percent
from efviz.optimizers import direction
from efviz.optimizers.methods import varied_method

NEAR, FAR = 10.0, 100.0
"""Distances from the minimum of Figure 1, along a diagonal."""


@cache
def lengths(exponent: float) -> Array:
    """Lengths of the undamped steps of EFGD with this exponent, NEAR and FAR (2,)."""
    problem = facts.problem("fig1")
    theta = problem.theta_star + np.outer([NEAR, FAR], np.ones(2) / np.sqrt(2))
    x = direction(problem, varied_method("EFGD", exponent=exponent), theta).x
    return np.asarray(np.linalg.norm(x, axis=-1))


@cache
def share(exponent: float) -> float:
    """The part of the plane of Figure 1 with a negative cosine."""
    settings = VectorFieldsSettings.of(exponent=exponent)
    return float(vector_fields.STUDIES.everything(settings).fields.negative_share)


@facts.about("fig1", facts.picture_of)
def check(settings: VectorFieldsSettings, picture: SimpleNamespace) -> Verdict:
    found = picture.fields.negative_share
    usual = not settings.limits and settings.unit == 1 and settings.metric == "Euclidean"
    usual = usual and settings.structure == "full" and settings.strength == 0
    words = f"EFGD is more than 90° away from NGD on {percent(found, 3)} of the plane."
    if not usual:
        words += " The task is about the exponent alone."
    return Verdict(usual and found == 0, words)


@cache
def numbers() -> dict[str, str]:
    near, far = lengths(0.5)
    return {
        "times": number(FAR / NEAR),
        "near": number(float(near)),
        "far": number(float(far)),
        "inverse": number(float(np.divide(*lengths(1.0)))),
        "share": percent(share(1.0)),
        "root_share": percent(share(0.5)),
    }


LESSON = Lesson(
    key="root",
    title="Why the square root?",
    about="Adam and Shampoo divide by the root of squared gradients. What does that change?",
    numbers=numbers,
    recap="""The root keeps steps bounded and turns them less than the inverse, but its directions
depend on the units of the parameters. No exponent between gradient descent and the inverse is the
best in all units.""",
    steps=(
        Step(
            "How long is a step?",
            """
Why do Adam and Shampoo, two optimizers for neural networks, take a root? They divide the
{{gradient}} by the *root* of a mean of squared gradients, where EFGD divides by such a mean itself,
the {{empirical Fisher}}. Here EFGD, too, takes the root of its matrix. Now go far away from the
minimum, much farther than this plane reaches.""",
            vector_fields.SLUG,
            "power=0.5",
            prediction=Prediction(
                """The start is moved to [[times]] times its distance from ★. What happens to the
length of the step with the root?""",
                (
                    Answer(
                        "It becomes much longer",
                        """So does the gradient. But the root of the empirical Fisher grows just as
fast.""",
                    ),
                    Answer("It hardly changes"),
                    Answer(
                        "It becomes much shorter",
                        """That is the inverse without the root: the empirical Fisher grows with the
square of the gradient.""",
                    ),
                ),
                lambda: facts.nearest(float(lengths(0.5)[1] / lengths(0.5)[0]), (10, 1, 0.1)),
                """It goes from [[near]] to [[far]], and never exceeds one: the root grows as the
gradient does. Without the root, the length of the step is divided by [[inverse]].""",
                Hidden(("EFGD",), ("EFGD",), "EFGD"),
            ),
            panels=("NGD", "EFGD"),
        ),
        Step(
            "The formula",
            r"""
How is this written? With an exponent $p$, the {{direction}} of EFGD is $\mathrm{EF}^{-p}$ times the
{{gradient}}, where EF is the empirical Fisher. An exponent of zero gives the gradient itself, an
exponent of one the direction of the paper; the root lies half-way between them. The same holds for
NGD, with the Fisher.""",
            vector_fields.SLUG,
            "power=0.5",
            controls=("exponent",),
            panels=("GD", "NGD", "EFGD"),
        ),
        Step(
            "Which way does it point?",
            """
Does the root point closer to the minimum? Colours show the *cosine* with the natural gradient. With
the inverse, EFGD points more than a right angle away from NGD on [[share]] of the plane; with the
root, it does so on [[root_share]].""",
            vector_fields.SLUG,
            "power=0.5&cos=1",
            controls=("exponent",),
            panels=("NGD", "EFGD"),
        ),
        Step(
            "Less than the root",
            "How far can the exponent be reduced, and what is lost?",
            vector_fields.SLUG,
            "power=0.5&cos=1",
            task=Task(
                """Move *Exponent p* until EFGD is nowhere more than a right angle away from the
natural gradient.""",
                check,
                "At zero, every method is gradient descent, which is always less than a right "
                "angle away from the natural gradient.",
                "power=0.25&cos=1",
                """A small exponent is close to gradient descent. No exponent below one is the best
in all units: measure x in other units (*Unit of x*, under *All controls*), and another one comes
closest. Only the full inverse does not depend on units.""",
            ),
            controls=("exponent",),
            panels=("NGD", "EFGD"),
        ),
    ),
)

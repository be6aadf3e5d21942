"""Why the empirical Fisher bends the field."""

from functools import cache
from types import SimpleNamespace

import numpy as np

from efviz.arrays import Array
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.figure_1 import figure_1
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.numbers import percent
from efviz.optimizers import direction
from efviz.shown import spread

LIMIT = 0.2
WAY = np.linspace(0, 1, 101)
"""Places from the minimum to a corner of the plane."""


@cache
def lengths(method: str) -> Array:
    """Lengths of undamped updates on the WAY to each corner of the plane of Figure 1, (4, 101)."""
    problem, plane = facts.problem("fig1"), figure_1().plane
    corners = np.array([(x, y) for x in plane.x for y in plane.y])
    offsets = WAY[:, None] * (corners - problem.theta_star)[:, None]
    return np.linalg.norm(direction(problem, method, problem.theta_star + offsets).x, axis=-1)


def growth(method: str) -> Array:
    """Factors on the length of an update from half-way to each corner to the corner, (4,)."""
    found = lengths(method)
    return np.asarray(found[:, -1] / found[:, len(WAY) // 2])


@facts.about("fig1", facts.picture_of)
def check(settings: VectorFieldsSettings, picture: SimpleNamespace) -> Verdict:
    share = picture.fields.negative_share
    default = not settings.limits and settings.path == "noise"
    words = f"EFGD is more than 90° away from NGD on {percent(share, 3)} of the plane."
    if not default:
        words += " The task is about the noise scale, on the default plane."
    return Verdict(default and share < LIMIT, words)


@cache
def numbers() -> dict[str, str]:
    return {
        "ngd": spread(growth("NGD")),
        "efgd": spread(growth("EFGD")),
        "turn": percent(float(WAY[lengths("EFGD").argmax(axis=-1)].max())),
        "share": percent(figure_1().fields.negative_share),
        "limit": percent(LIMIT),
    }


LESSON = Lesson(
    key="bends",
    title="Why the empirical Fisher bends the field",
    about="Badly fitted examples count more, and far from the minimum most fit badly.",
    numbers=numbers,
    steps=(
        Step(
            "Length",
            r"""
The *empirical Fisher* (Eq. 3) averages $g_n g_n^\top$, where $g_n$ is the gradient of one
example at its **observed** target. For least squares $g_n = -r_n x_n$, where the *residual* $r_n$
is the target minus the prediction. So $\tilde F$ is the mean of $r_n^2\, x_n x_n^\top$: each
example is weighted by its squared residual. In $F$ all examples have the same weight.""",
            vector_fields.SLUG,
            prediction=Prediction(
                "Go from half-way to a corner of the plane to the corner itself: the distance from "
                "the minimum doubles. What happens to the step of EFGD, "
                r"$\tilde F^{-1} \nabla L$?",
                (
                    "It becomes about half as long",
                    "Its length hardly changes",
                    "It becomes about twice as long",
                ),
                lambda: facts.nearest(float(growth("EFGD").mean()), (0.5, 1.0, 2.0)),
                """The step of EFGD becomes [[efgd]] times as long, depending on the corner, that
of NGD [[ngd]] times. Residuals grow with the distance. The empirical Fisher grows with their
square; the gradient grows only linearly. Look at the outer arrows: those of EFGD shrink where those
of NGD grow. Close to the minimum, within [[turn]] of the way to a corner, those of EFGD grow too:
there the residuals are mostly noise, which does not depend on the distance.""",
            ),
        ),
        Step(
            "Direction",
            r"""
Directions change too. Far from the minimum, the largest residuals belong to the examples with large
$x$; these dominate $\tilde F$, and its inverse shrinks *their* direction. The colours show the
*cosine* between the steps of EFGD and NGD: red where they are more than a right angle apart, on
[[share]] of the plane. Even there EFGD goes downhill, because $\tilde F$ has no negative
eigenvalues, but not towards the minimum.""",
            vector_fields.SLUG,
            "cos=1",
        ),
        Step(
            "More noise",
            "Now change the data. The slider *Strength s* scales the noise around the line.",
            vector_fields.SLUG,
            "cos=1",
            task=Task(
                """Reduce the red part to less than [[limit]] of the plane. Does that take less
noise or more?""",
                check,
                "cos=1&s=2.5",
                r"""More: strong noise dominates the residuals across the plane. Large and small
residuals then occur at every $x$, $\tilde F$ is close to a multiple of $F$, and its field is
straighter.""",
            ),
        ),
    ),
)

"""Why the empirical Fisher bends the field."""

from functools import cache

import numpy as np

from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.figure_1 import figure_1
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.numbers import number, percent
from efviz.optimizers import direction

LIMIT = 0.2
FAR = 20.0


@cache
def growth(method: str) -> float:
    """How many times as long an undamped update becomes when the distance is doubled, far out."""
    problem = facts.problem("fig1")
    ways = np.array([FAR, 2 * FAR])[:, None] * np.array([1.0, 1.0])
    near, far = np.linalg.norm(direction(problem, method, problem.theta_star + ways).x, axis=-1)
    return float(far / near)


@facts.about("fig1")
def check(settings: VectorFieldsSettings) -> Verdict:
    picture = facts.picture_of(settings)
    if picture is None:
        return Verdict(False, facts.WORKING)
    share = picture.fields.negative_share
    default = not settings.limits and settings.path == "noise"
    words = f"EFGD turns away from NGD on {percent(share, 3)} of the plane."
    if not default:
        words += " The task is about the noise scale, on the plane as it is."
    return Verdict(default and share < LIMIT, words)


@cache
def numbers() -> dict[str, str]:
    return {
        "ngd": number(growth("NGD")),
        "efgd": number(growth("EFGD")),
        "share": percent(figure_1().fields.negative_share),
        "limit": percent(LIMIT),
    }


LESSON = Lesson(
    key="bends",
    title="Why the empirical Fisher bends the field",
    about="Examples that fit badly count more, and where the model is far off all fit badly.",
    numbers=numbers,
    steps=(
        Step(
            r"""
The *empirical Fisher* (Eq. 3) averages $g_n g_n^\top$, where $g_n$ is the gradient of one
example at its **observed** target. For least squares $g_n = -r_n x_n$ with the *residual*
$r_n$, the distance from target to line. So $\tilde F$ is the mean of $r_n^2\, x_n x_n^\top$:
each example counts with its squared residual. In $F$ all count alike.""",
            vector_fields.SLUG,
            prediction=Prediction(
                "Far from the minimum, go twice as far away. What becomes of the step of EFGD, "
                r"$\tilde F^{-1} \nabla L$?",
                ("It is half as long", "It stays as long", "It is twice as long"),
                lambda: facts.nearest(growth("EFGD"), (0.5, 1.0, 2.0)),
                """The step of EFGD becomes [[efgd]] times as long, that of NGD [[ngd]] times.
Residuals grow with the distance, the empirical Fisher with their square, the gradient only with
themselves. Look at the arrows: EFGD's shrink where NGD's grow.""",
            ),
        ),
        Step(
            r"""
Lengths are not all. Far out the largest residuals belong to the examples with large $x$; these
rule $\tilde F$, and its inverse shrinks *their* direction. Colours show the *cosine* between
the steps of EFGD and NGD: red where they are more than a right angle apart, on [[share]] of the
plane. Even there EFGD goes downhill, as $\tilde F$ has no negative direction; but not towards
the minimum.""",
            vector_fields.SLUG,
            "cos=1",
        ),
        Step(
            "Now change the data. The slider *Strength s* scales the noise around the line.",
            vector_fields.SLUG,
            "cos=1",
            task=Task(
                """Make the red part smaller than [[limit]] of the plane. Does that take less
noise, or more?""",
                check,
                "cos=1&s=2.5",
                r"""More: strong noise is the larger part of every residual, wherever you are.
Then all examples count nearly alike, $\tilde F$ is nearly a multiple of $F$, and its field is
straighter.""",
            ),
        ),
    ),
)

"""Why the empirical Fisher bends the field."""

from functools import cache
from types import SimpleNamespace

import numpy as np

from efviz.arrays import Array
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Answer, Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.figure_1 import figure_1
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.figures.hidden import Hidden
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
    about="Badly fitted examples count more, and far from the minimum most are fitted badly.",
    numbers=numbers,
    recap="""The empirical Fisher weights each example by its squared residual; the Fisher does not
look at the residuals. So the steps of EFGD shrink far from the minimum, and turn away from it.""",
    steps=(
        Step(
            "How long is a step?",
            """
What does the {{empirical Fisher}} do differently? It uses the **observed** targets, where the
{{Fisher}} averages over the model's own predictions. For a line, this weights each example by its
squared {{residual}}, target minus prediction. In the Fisher all examples weigh the same.""",
            vector_fields.SLUG,
            prediction=Prediction(
                """Start half-way between ★ and a corner, and go on to the corner: the distance from
★ doubles. What happens to the step of EFGD?""",
                (
                    Answer("It becomes about half as long"),
                    Answer(
                        "Its length hardly changes",
                        """For that, the empirical Fisher would have to grow as the gradient does.
It grows faster.""",
                    ),
                    Answer(
                        "It becomes about twice as long",
                        """That is the step of NGD: the Fisher is the same everywhere here. The
empirical Fisher is not.""",
                    ),
                ),
                lambda: facts.nearest(float(growth("EFGD").mean()), (0.5, 1.0, 2.0)),
                """The step of EFGD becomes [[efgd]] times as long, depending on the corner; that of
NGD becomes [[ngd]] times as long. The empirical Fisher grows with the square of the residuals, the
gradient only in proportion to them.""",
                Hidden(("EFGD",), ("EFGD",)),
            ),
            panels=("NGD", "EFGD"),
        ),
        Step(
            "The formula",
            r"""
How is this written? Let $g_n$ be the {{per-example gradient}}, that of the loss of example $n$
alone. The empirical Fisher (Eq. 3 of the paper), EF for short, is the mean of $g_n g_n^\top$ over
the examples, and the step of EFGD is $-\mathrm{EF}^{-1} g$. For a line, $g_n$ is proportional to
the residual, and $g_n g_n^\top$ to its square. Compare the outer arrows: away from ★, those of EFGD
shrink while those of NGD grow. Within [[turn]] of the way from ★ to a corner, the arrows of EFGD
grow too: there the residuals are mostly noise, which does not depend on the distance.""",
            vector_fields.SLUG,
            panels=("NGD", "EFGD"),
        ),
        Step(
            "Which way does it point?",
            """
Does EFGD at least point the right way? Far from ★, the largest residuals belong to the examples
with large $x$. These dominate EF, and its inverse shrinks *their* direction. Colours show the
*cosine* between the steps of EFGD and NGD. Where it is negative, on [[share]] of the plane, the two
are more than a right angle apart. Even there EFGD goes downhill, but not towards ★.""",
            vector_fields.SLUG,
            "cos=1",
            panels=("NGD", "EFGD"),
        ),
        Step(
            "More noise",
            """Now change the data. *Strength s* scales the noise around the line; at zero it is
that of Fig. 1 of the paper.""",
            vector_fields.SLUG,
            "cos=1",
            task=Task(
                """Reduce the part with a negative cosine to less than [[limit]] of the plane. Does
that take less noise or more?""",
                check,
                """With little noise, the residuals mainly show how far a line is from the best one.
What would hide that?""",
                "cos=1&s=2.5",
                """More: strong noise dominates the residuals across the plane. Large and small
residuals then occur at every $x$, EF is close to a multiple of the Fisher, and its field is
straighter.""",
            ),
            controls=("strength",),
            panels=("Data", "EFGD"),
        ),
    ),
)

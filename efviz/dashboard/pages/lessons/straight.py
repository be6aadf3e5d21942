"""The steepest way down, and what the natural gradient straightens."""

from functools import cache
from types import SimpleNamespace

import numpy as np

from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Answer, Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.figure_1 import detour, detours, figure_1
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.figures.hidden import Hidden
from efviz.figures.vector_fields import TRUE_LENGTH
from efviz.numbers import number, percent
from efviz.optimizers import run

LIMIT = 0.01
ROUNDING = 1e-12
"""A smaller share of a distance is rounding."""


def straight_methods() -> int:
    """Index of the right answer below."""
    straight = {m for m, d in detours().items() if d < 1 + LIMIT}
    return [{"GD"}, {"NGD"}, {"NGD", "EFGD"}, set()].index(straight)


@facts.about("fig1", facts.picture_of)
def check(settings: VectorFieldsSettings, picture: SimpleNamespace) -> Verdict:
    best = min(map(detour, picture.paths["GD"].thetas))
    words = f"The straightest path of GD is {number(best, 4)} times as long as the straight line."
    return Verdict(best < 1 + LIMIT, words)


@cache
def numbers() -> dict[str, str]:
    H = facts.at_minimum("fig1").hessian
    w = np.linalg.eigvalsh(H)
    start = np.array([4.5, 3.0])
    problem = facts.problem("fig1")
    one = run(problem, "NGD", start, step_size=1.0, n_steps=1)
    before, after = np.linalg.norm(np.stack([start, one.final_theta]) - problem.theta_star, axis=-1)
    left = float(after / before)
    return {
        "ratio": number(float(np.sqrt(w[1] / w[0]))),
        "drawn": percent(TRUE_LENGTH * figure_1().scales["NGD"]),
        "left": percent(left if left > ROUNDING else 0, 3),
        "limit": percent(LIMIT),
        **{m: number(ratio) for m, ratio in detours().items()},
    }


LESSON = Lesson(
    key="straight",
    title="The steepest way down",
    about="The direction of steepest descent rarely points at the minimum. One matrix fixes that.",
    numbers=numbers,
    recap="""The direction of steepest descent rarely points at the minimum. Where the Fisher is the
curvature of the loss, multiplying the gradient by its inverse makes it point there.""",
    steps=(
        Step(
            "Three paths",
            """
Each point of these planes is a line, with its {{intercept}} $b$ to the right and its {{slope}} $w$
upwards. The {{loss}} says how badly a line fits the data; along each grey *contour* it is constant.
The best line, the {{minimum}}, is marked ★. Three methods start from the same four points; EFGD is
NGD with the {{empirical Fisher}} instead of the Fisher.""",
            vector_fields.SLUG,
            prediction=Prediction(
                "Which of them take a straight path to ★?",
                (
                    Answer(
                        "Only gradient descent (GD)",
                        """The steepest direction is at right angles to a contour, and on an ellipse
that is rarely the direction of the centre.""",
                    ),
                    Answer("Only the natural gradient (NGD)"),
                    Answer(
                        "Both NGD and EFGD",
                        """The empirical Fisher of EFGD looks much like the Fisher of NGD on paper,
but of the three, its paths bend the most.""",
                    ),
                    Answer(
                        "None of them",
                        """One matrix undoes the stretching of the contours, and one of these
methods uses it.""",
                    ),
                ),
                straight_methods,
                """Divide the length of a path by the distance from its start to its end; for a
straight path this is one. The largest ratio is [[GD]] for GD, [[NGD]] for NGD and [[EFGD]] for
EFGD.""",
                Hidden(("GD", "NGD", "EFGD"), ("GD", "NGD", "EFGD")),
            ),
        ),
        Step(
            "Why GD bends",
            """
Why is the steepest way down not the shortest? GD steps against the {{gradient}} $g$ of the loss,
and $g$ crosses the contours at right angles. Here they are ellipses, [[ratio]] times as long as
they are wide: a valley. So $g$ points mostly across the valley and only a little along it. Follow a
path of GD: first it goes down into the valley, then along it.""",
            vector_fields.SLUG,
            panels=("Data", "GD"),
        ),
        Step(
            "Why NGD does not",
            """
What would undo the stretching? The {{Fisher}} $F$ measures how much the predictions of the model
change in each direction of the plane. For a line fitted by least squares it is also the curvature
of the loss. The step of NGD is $-F^{-1} g$, the gradient divided by the curvature. So **every step
points at ★** and is as long as the distance to it: after a single step of size one, [[left]] of
that distance is left. The arrows show [[drawn]] of each step.""",
            vector_fields.SLUG,
            panels=("GD", "NGD"),
        ),
        Step(
            "A straight path of GD",
            "GD does not always curve: from some starts it, too, heads straight for ★.",
            vector_fields.SLUG,
            "starts=4.5,3",
            task=Task(
                """Find a start from which the path of GD is at most [[limit]] longer than the
straight line. Drag the start, or click in a field to place another one.""",
                check,
                """Look for a place where the arrow of GD already points at ★: on the long or the
short axis of the ellipses.""",
                "starts=1,0",
                """Such starts lie on the axes of the ellipses, the *eigenvectors* of the
curvature. Multiplying by the inverse of $F$ has the same effect from every start.""",
            ),
            touched=("starts",),
            panels=("GD", "NGD"),
        ),
    ),
)

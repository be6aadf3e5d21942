"""What the natural gradient straightens."""

from functools import cache
from types import SimpleNamespace

import numpy as np

from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.figure_1 import detour, detours, figure_1
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
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
    title="What the natural gradient straightens",
    about="The direction of steepest descent rarely points at the minimum. One matrix fixes that.",
    numbers=numbers,
    steps=(
        Step(
            "Three paths",
            r"""
A line $y = b + w x$ is fitted to data. The axes of the plane below are its two *parameters*, the
intercept $b$ and the slope $w$, so each point $\theta = (b, w)$ of the plane is one line. The grey
curves are *contours*: along each of them, the *loss*, which measures how badly the line fits, is
constant. The *gradient* crosses them at right angles. Here the contours are ellipses, [[ratio]]
times as long as they are wide.""",
            vector_fields.SLUG,
            prediction=Prediction(
                "Three methods start from the same four points. Which take a straight path?",
                (
                    "Only gradient descent (GD)",
                    "Only the natural gradient (NGD)",
                    "Both NGD and EFGD",
                    "None of them",
                ),
                straight_methods,
                """The longest path of GD is [[GD]] times as long as the straight line from its
start to its end, that of NGD [[NGD]] times, and that of EFGD [[EFGD]] times.""",
            ),
        ),
        Step(
            "Why NGD is straight",
            r"""
Why? Near a minimum $\theta^*$ the gradient is $H(\theta - \theta^*)$, where $H$, the *Hessian*,
holds the second derivatives of the loss. GD follows the negative gradient, which $H$ distorts. For
least squares the *Fisher information* $F$, the average of $g g^\top$ over the targets that the
model predicts, equals $H$. So the NGD update $-F^{-1} \nabla L$ equals $\theta^* - \theta$: **every
NGD update points at the minimum** and is as long as the distance to it. A single step of size one
leaves [[left]] of that distance. Look at the arrows of the field NGD, which show [[drawn]] of each
update.""",
            vector_fields.SLUG,
        ),
        Step(
            "A straight path of GD",
            "GD does not always curve: on some lines it, too, heads straight for the minimum.",
            vector_fields.SLUG,
            "starts=4.5,3",
            task=Task(
                """Find a start from which the path of GD is at most [[limit]] longer than the
straight line. Click in a field to place a start, or type one under *More settings*.""",
                check,
                "starts=1,0",
                """Such starts lie on the axes of the ellipses, the *eigenvectors* of the Hessian:
along these, $H$ only stretches and does not rotate. Multiplying by the inverse of $F$ has the same
effect in every direction.""",
            ),
        ),
    ),
)

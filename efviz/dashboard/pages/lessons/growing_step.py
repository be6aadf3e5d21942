"""The step that grows as you approach an exact fit."""

from functools import cache
from types import SimpleNamespace

import numpy as np

from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Answer, Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.pages.vector_fields import page as vector_fields
from efviz.dashboard.pages.vector_fields.settings import VectorFieldsSettings
from efviz.figures.hidden import Hidden
from efviz.numbers import number
from efviz.optimizers import direction
from efviz.optimizers.status import Status

NEAR = 16


@cache
def lengths(method: str) -> tuple[float, float, float]:
    """Lengths of undamped steps at a distance, at 1/2 and 1/NEAR of it, for an exact fit."""
    problem = facts.problem("fig1", "noise", -1.0)
    offsets = np.array([1, 1 / 2, 1 / NEAR])[:, None] * np.array([1.0, 1.0])
    found = np.linalg.norm(direction(problem, method, problem.theta_star + offsets).x, axis=-1)
    return float(found[0]), float(found[1]), float(found[2])


@facts.about("fig1", facts.picture_of)
def check(settings: VectorFieldsSettings, picture: SimpleNamespace) -> Verdict:
    status = picture.paths["EFGD"].status
    reached = int((status == Status.CONVERGED).sum())
    exact = settings.path == "noise" and settings.strength == -1
    words = f"EFGD reaches the minimum from {reached} of {status.size} starts."
    if not exact:
        words += " The task is about data without noise, s = −1."
    return Verdict(exact and reached == status.size, words)


@cache
def numbers() -> dict[str, str]:
    one, half, near = lengths("EFGD")
    natural = lengths("NGD")
    return {
        "half": number(half / one),
        "half_natural": number(natural[1] / natural[0]),
        "near": str(NEAR),
        "times": number(near / one),
        "times_natural": number(natural[2] / natural[0]),
    }


LESSON = Lesson(
    key="growing-step",
    title="When the model fits exactly",
    about="With an exact fit, the empirical Fisher vanishes faster than the gradient.",
    numbers=numbers,
    recap="""With an exact fit, the empirical Fisher vanishes faster than the gradient, so undamped
steps grow close to the minimum. Damping prevents that by turning EFGD into gradient descent
there.""",
    steps=(
        Step(
            "Half the distance",
            """
What does EFGD do if the model fits exactly? EFGD divides the gradient $g$ by the {{empirical
Fisher}} (EF). Here the noise is off, and all examples lie on one line, as when a large model fits
its data exactly. At the minimum ★ every {{residual}} is zero.""",
            vector_fields.SLUG,
            "s=-1&damping=0",
            prediction=Prediction(
                "Halve the distance to ★. The step of EFGD becomes …",
                (
                    Answer(
                        "half as long",
                        """That is the step of NGD, whose matrix does not change. The empirical
Fisher shrinks on the way.""",
                    ),
                    Answer(
                        "as long as before",
                        """For that, the empirical Fisher would have to shrink as the gradient does.
It shrinks faster.""",
                    ),
                    Answer("twice as long"),
                ),
                lambda: facts.nearest(lengths("EFGD")[1] / lengths("EFGD")[0], (0.5, 1, 2)),
                """It becomes [[half]] times as long; that of NGD becomes [[half_natural]] times as
long. The gradient $g$ shrinks with the residuals, EF with their squares, and the step is $g$
divided by EF.""",
                Hidden(("EFGD",), ("EFGD",)),
            ),
            panels=("Data", "NGD", "EFGD"),
        ),
        Step(
            "Overshooting",
            r"""
Where does that lead? At a [[near]]th of the distance, the step of NGD is [[times_natural]] times
as long, and that of EFGD [[times]] times. Each step is multiplied by a fixed
{{step size}} $\gamma$, so EFGD cannot settle: close enough to ★, every step overshoots it. Look at
the trajectories, in which the longest steps follow close approaches, and at the column EFGD of the
table.""",
            vector_fields.SLUG,
            "s=-1&damping=0",
            shows=("chart", "table"),
            panels=("NGD", "EFGD"),
        ),
        Step(
            "Damping",
            r"""
How can this be prevented? {{damping|Damping}} adds a number $\lambda$ to the diagonal of the matrix
before the gradient is divided by it: the step is $-(\mathrm{EF} + \lambda I)^{-1} g$.""",
            vector_fields.SLUG,
            "s=-1&damping=0",
            task=Task(
                """Choose a damping λ (and, if you like, a step size) for which EFGD reaches the
minimum from all starts.""",
                check,
                """Close to ★ the matrix is tiny. A λ that is too small takes effect only where the
steps are already too long: try a much larger one.""",
                "s=-1&damping=0.1",
                r"""Close to the minimum, $\lambda$ is now much larger than EF, so the step is
nearly $-g / \lambda$. EFGD converges there because it has become gradient descent.""",
            ),
            controls=("damping", "step_size"),
            panels=("NGD", "EFGD"),
        ),
    ),
)

"""The empirical Fisher as noise."""

from functools import cache

import numpy as np

from efviz.curvature.gradient_noise import batch_factor, gradient_noise
from efviz.dashboard.pages.gradient_noise import page as page
from efviz.dashboard.pages.gradient_noise.settings import GradientNoiseSettings
from efviz.dashboard.pages.gradient_noise.views import Controls
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.session.problem_choice import problem_of
from efviz.dashboard.session.theta_choice import plane_of, theta_of
from efviz.numbers import number, percent

LIMIT = 0.99
SMALL, LARGE = 16, 64


def spread() -> float:
    """The deviation of a gradient of LARGE examples, in that of one of SMALL."""
    one, other = batch_factor(1000, (SMALL, LARGE))
    return float(np.sqrt(other / one))


@facts.about("fig1")
def check(settings: GradientNoiseSettings) -> Verdict:
    controls = Controls.of(settings)
    _, problem = problem_of(controls.knobs)
    theta = theta_of(settings, plane_of(settings, problem))
    share = float(gradient_noise(problem, theta).noise_share)
    return Verdict(share >= LIMIT, f"{percent(share, 3)} of the empirical Fisher is noise here.")


@cache
def numbers() -> dict[str, str]:
    found = gradient_noise(facts.problem("fig1"), np.array([2.0, 4.5]))
    return {
        "small": str(SMALL),
        "large": str(LARGE),
        "spread": number(spread()),
        "share": percent(float(found.noise_share)),
        "rest": percent(1 - float(found.noise_share)),
        "limit": percent(LIMIT),
    }


LESSON = Lesson(
    key="noise",
    title="The empirical Fisher as noise",
    about="What the empirical Fisher does measure: how much gradients differ between examples.",
    numbers=numbers,
    steps=(
        Step(
            r"""
*Stochastic* gradient descent takes the mean gradient of a *mini-batch*, a few examples drawn at
random. The cloud below shows such gradients at one $\theta$: their mean is the true gradient
$g$, their spread is noise. A mini-batch of [[small]] becomes one of [[large]].""",
            page.SLUG,
            prediction=Prediction(
                "The width of the cloud of mini-batch gradients becomes …",
                ("as wide as before", "half as wide", "a quarter as wide"),
                lambda: facts.nearest(spread(), (1, 0.5, 0.25)),
                """[[spread]] times as wide: the covariance goes with one over the batch size, the
width with its root. Move *Batch size B* and see.""",
            ),
        ),
        Step(
            r"""
Call $\Sigma$ the *covariance* of the gradients of single examples. Then $\tilde F = \Sigma + g
g^\top$ (Eq. 18): a second moment is covariance plus squared mean. At the $\theta$ shown
[[share]] of $\tilde F$ (of its trace) is noise, and [[rest]] the gradient itself. So $\tilde
F^{-1}$ takes short steps where gradients are uncertain: that is a reason for it, though not the
reason of curvature.""",
            page.SLUG,
        ),
        Step(
            "The share of noise depends on where you are.",
            page.SLUG,
            task=Task(
                r"Move $\theta$ (click into the contours, or move the sliders) to where at least "
                r"[[limit]] of $\tilde F$ is noise.",
                check,
                "theta=2.04,1.98",
                """At the minimum the mean gradient is zero and only noise is left. The matrix
that was to be the curvature is there the covariance of the gradient noise.""",
            ),
        ),
    ),
)

"""The empirical Fisher as noise."""

from functools import cache, partial

import numpy as np

from efviz.curvature.gradient_noise import GradientNoise, batch_factor, gradient_noise
from efviz.dashboard.pages.gradient_noise import page
from efviz.dashboard.pages.gradient_noise.settings import GradientNoiseSettings
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Lesson, Prediction, Step, Task, Verdict
from efviz.numbers import number, percent

LIMIT = 0.99
SMALL, LARGE = 16, 64


def spread() -> float:
    """Standard deviation of a gradient of LARGE examples relative to one of SMALL."""
    one, other = batch_factor(1000, (SMALL, LARGE))
    return float(np.sqrt(other / one))


@facts.about("fig1", partial(page.STUDIES.now, "noise"))
def check(settings: GradientNoiseSettings, found: GradientNoise) -> Verdict:
    share = float(found.noise_share)
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
    about="What the empirical Fisher measures: how much gradients differ between examples.",
    numbers=numbers,
    steps=(
        Step(
            "Mini-batches",
            r"""
*Stochastic* gradient descent uses the mean gradient of a *mini-batch*, a few examples drawn at
random. The cloud below shows such gradients at one $\theta$: their expectation is the full gradient
$g$, and their spread is noise. Now use mini-batches of [[large]] examples instead of [[small]].""",
            page.SLUG,
            prediction=Prediction(
                "The cloud of mini-batch gradients becomes …",
                ("as wide as before", "half as wide", "a quarter as wide"),
                lambda: facts.nearest(spread(), (1, 0.5, 0.25)),
                """It becomes [[spread]] times as wide: the covariance is proportional to one over
the batch size, the width to the square root of that. Move *Batch size B* to see it.""",
            ),
        ),
        Step(
            "What EF contains",
            r"""
Let $\Sigma$ be the *covariance* of the gradients of single examples. Then $\tilde F = \Sigma + g
g^\top$ (Eq. 18): a second moment is the covariance plus the squared mean. At the $\theta$ shown,
[[share]] of the trace of $\tilde F$ is noise, and [[rest]] is the gradient itself. So $\tilde
F^{-1}$ shortens steps in directions where gradients are uncertain. That can be a reason to use it,
but it has nothing to do with curvature.""",
            page.SLUG,
        ),
        Step(
            "Only noise",
            r"The share of noise depends on $\theta$.",
            page.SLUG,
            task=Task(
                r"Move $\theta$ (click in the contours or move the sliders) to a place where at "
                r"least [[limit]] of $\tilde F$ is noise.",
                check,
                "theta=2.04,1.98",
                """At the minimum the mean gradient is zero and only noise is left. There, the
matrix that was meant to represent curvature is the covariance of the gradient noise.""",
            ),
        ),
    ),
)

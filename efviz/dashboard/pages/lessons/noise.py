"""The empirical Fisher as noise."""

from functools import cache, partial

import numpy as np

from efviz.curvature.gradient_noise import GradientNoise, batch_factor, gradient_noise
from efviz.dashboard.pages.gradient_noise import page
from efviz.dashboard.pages.gradient_noise.settings import GradientNoiseSettings
from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Answer, Lesson, Prediction, Step, Task, Verdict
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
    recap="""The empirical Fisher is the covariance of the gradients of single examples, plus the
squared mean. At the minimum only the covariance is left, which measures noise, not curvature.""",
    steps=(
        Step(
            "Mini-batches",
            """
How uncertain is a gradient? *Stochastic* gradient descent uses the mean gradient of a *mini-batch*,
a few examples drawn at random. The dark points are such gradients, all at the same parameters:
their expectation is the {{gradient}} $g$ of all examples, and their spread is noise. Now use
mini-batches of [[large]] examples instead of [[small]].""",
            page.SLUG,
            prediction=Prediction(
                "The cloud of mini-batch gradients becomes …",
                (
                    Answer(
                        "as wide as before",
                        "An average of more examples varies less: their noise partly cancels.",
                    ),
                    Answer("half as wide"),
                    Answer(
                        "a quarter as wide",
                        """The *covariance* becomes a quarter as large. The width goes with its
square root.""",
                    ),
                ),
                lambda: facts.nearest(spread(), (1, 0.5, 0.25)),
                """It becomes [[spread]] times as wide: the covariance is proportional to one over
the batch size, the width to the square root of that. Move *Batch size B* to see it.""",
            ),
            controls=("batch_size",),
            shows=("chart",),
            panels=("theta", "gradients"),
        ),
        Step(
            "What EF contains",
            r"""
What has this to do with the {{empirical Fisher}}? Let $\Sigma$ be the *covariance* of the gradients
of single examples. Then EF $= \Sigma + g g^\top$ (Eq. 18): a second moment is the covariance plus
the squared mean. Here [[share]] of the trace of EF is noise, and [[rest]] comes from $g$. So
dividing by EF shortens steps where gradients are uncertain. That can be a reason to use it, but it
has nothing to do with curvature.""",
            page.SLUG,
            shows=("chart",),
            panels=("theta", "gradients"),
        ),
        Step(
            "Only noise",
            r"The share of noise depends on the {{parameters}}, together called $\theta$.",
            page.SLUG,
            task=Task(
                r"""Move $\theta$ to a place where at least [[limit]] of EF is noise: use the
sliders, or click in the contours.""",
                check,
                "Where is the mean gradient zero?",
                "theta=2.04,1.98",
                """At the minimum the mean gradient is zero and only noise is left. There, the
matrix that was meant to represent curvature is the covariance of the gradient noise.""",
            ),
            controls=("theta",),
            shows=("chart",),
            panels=("theta", "gradients"),
        ),
    ),
)

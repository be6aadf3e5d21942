"""The settings of the page Gradient noise."""

from dataclasses import dataclass
from typing import Any

from efviz.arrays import Named
from efviz.dashboard.pages.method_settings import (
    ON_MINIBATCHES,
    by_method,
    damping_setting,
    methods_setting,
    per_method,
    query_of,
    scale_setting,
    step_size_setting,
)
from efviz.dashboard.session.kinds import Choice, Number
from efviz.dashboard.session.pins import pin_setting
from efviz.dashboard.session.problem_choice import examples
from efviz.dashboard.session.problem_settings import EditableSettings
from efviz.dashboard.session.settings import setting
from efviz.dashboard.session.theta_choice import Theta, theta_setting
from efviz.dashboard.session.widgets import Select, Slider
from efviz.optimizers.stochastic import STOCHASTIC_METHODS, on_minibatches
from efviz.studies.gradient_noise import SAMPLINGS


def _scale(method: str) -> Any:
    if on_minibatches()[method].estimates:
        return None
    query = query_of("scale", method, old=ON_MINIBATCHES)
    help = "A factor on γ. 0 makes the mean update at θ as long as that of SGD."
    return scale_setting(method, query, 0.0, help)


@dataclass(frozen=True)
@per_method(on_minibatches(), scale=_scale)
class GradientNoiseSettings(EditableSettings):
    methods: tuple[str, ...] = methods_setting(
        on_minibatches,
        tuple(STOCHASTIC_METHODS),
        "Matrices are those of all examples at the current θ.",
    )
    theta: Theta = theta_setting()
    batch_size: int = setting(
        "Batch size B",
        Number(1, examples, integer=True),
        lambda settings: min(16, examples(settings)),
        query="batch",
        shown=Slider(0.2, log=True),
        help="Examples per mini-batch. A click in the chart of errors also chooses it.",
    )
    step_size: float = step_size_setting(
        "Step size γ λ₁(F)",
        "γ in units of 1 / λ_max(F), with F at the minimum; on a quadratic loss, full-batch "
        "GD diverges above 2.",
    )
    n_steps: int = setting(
        "Steps",
        Number(10, 20_000, integer=True),
        300,
        query="steps",
        shown=Slider(0.25, log=True),
        kept=True,
    )
    seeds: int = setting(
        "Runs (seeds)",
        Number(1, 64, integer=True),
        16,
        query="runs",
        shown=Slider(1),
        kept=True,
    )
    sampling: str = setting(
        "Mini-batches",
        Choice(lambda _: tuple(SAMPLINGS)),
        "with replacement",
        query="draw",
        shown=Select(segments=True),
        help="In Eq. 19 a single example is drawn at random. Without replacement, a mini-batch has "
        "B different examples, and its covariance is multiplied by (N − B)/(N − 1).",
        kept=True,
    )
    damping: float = damping_setting(
        "λ I is added to the matrices before inversion; in RMS, λ is added under the root."
    )
    pin: str = pin_setting()

    @property
    def given_scales(self) -> Named:
        """The scales as set, in which 0 stands for a scale that is computed."""
        return by_method(self, "scale")

"""The settings of the page Gradient noise."""

from dataclasses import dataclass
from typing import Any

from efviz.dashboard.session.kinds import DAMPING, Choice, Number
from efviz.dashboard.session.pins import pin_setting
from efviz.dashboard.session.problem_choice import examples
from efviz.dashboard.session.problem_settings import EditableSettings
from efviz.dashboard.session.settings import setting
from efviz.dashboard.session.theta_choice import Theta, theta_setting
from efviz.dashboard.session.widgets import NumberInput, Select, Slider
from efviz.studies.gradient_noise import SAMPLINGS


def _scale(method: str, query: str) -> Any:
    return setting(
        f"Scale of {method}",
        Number(1e-9, 1e9, zero=True),
        0.0,
        query=query,
        shown=NumberInput(format="%.4g"),
        help="A factor of γ. 0 makes the mean update at θ as long as that of SGD.",
    )


@dataclass(frozen=True)
class GradientNoiseSettings(EditableSettings):
    theta: Theta = theta_setting()
    batch_size: int = setting(
        "Batch size B",
        Number(1, examples, integer=True),
        lambda settings: min(16, examples(settings)),
        query="batch",
        shown=Slider(0.2, log=True),
        help="Examples per mini-batch. A click in the chart of errors also chooses it.",
    )
    step_size: float = setting(
        "Step size γ λ₁(F)",
        Number(1e-6, 1e6),
        0.1,
        query="step",
        shown=Slider(0.125, log=True, bounds=(1e-3, 1e1)),
        help="γ in units of 1 / λ_max(F), with F at the minimum; on a quadratic loss, full-batch "
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
    damping: float = setting(
        "Damping λ",
        DAMPING,
        1e-8,
        shown=Slider(0.25, log=True),
        help="λ I is added to EF and F before inversion; in RMS, λ is added under the root.",
    )
    scale_EFSGD: float = _scale("EFSGD", "ef")
    scale_RMS: float = _scale("RMS", "rms")
    pin: str = pin_setting()

"""The settings of the page Vector fields."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from efviz.arrays import Named
from efviz.dashboard.pages.method_settings import (
    by_method,
    damping_setting,
    exponent_setting,
    methods_setting,
    per_method,
    query_of,
    relative_setting,
    scale_setting,
    structure_setting,
)
from efviz.dashboard.session.kinds import Choice, Flag, Number, Points, Sofar
from efviz.dashboard.session.pins import pin_setting
from efviz.dashboard.session.problem_settings import EditableSettings, entry
from efviz.dashboard.session.settings import setting
from efviz.dashboard.session.widgets import Select, Slider, Toggle
from efviz.figures.vector_fields import TRUE_LENGTH
from efviz.numbers import percent
from efviz.optimizers import METHODS
from efviz.studies.alignment import PAPER, compared
from efviz.studies.field_comparison import METRICS

MOST_STARTS = 12


def undrawable(rows: tuple[tuple[float, ...], ...]) -> str:
    """What is wrong with the limits (x0, x1, y0, y1) of a plane, or ""."""
    (x0, x1, y0, y1) = rows[0]
    if not (x0 < x1 and y0 < y1):
        return "needs lower limits below its upper limits"
    # Browsers draw in float32: a narrower plane would show rounding.
    if any(high - low < 1e-4 * max(abs(low), abs(high)) for low, high in ((x0, x1), (y0, y1))):
        return "is narrower than 1/10,000 of its distance from 0, which is too narrow to draw"
    return ""


def n_starts(settings: Sofar) -> int:
    return len(settings.starts or entry(settings).settings.starts)


def _at_home(name: str) -> Callable[[Sofar], Any]:
    """The default of the chosen problem."""
    return lambda settings: getattr(entry(settings).settings, name)


def _scale(method: str) -> Any:
    return scale_setting(
        method,
        query_of("scale", method),
        lambda settings: entry(settings).settings.scales.get(method, 0.0),
        "0 makes typical updates as long as those of NGD, or else of the first method.",
    )


@dataclass(frozen=True)
@per_method(METHODS, scale=_scale)
class VectorFieldsSettings(EditableSettings):
    methods: tuple[str, ...] = methods_setting(lambda: METHODS, PAPER)
    damping: float = damping_setting(
        "λ I is added to the matrices before they are inverted.",
        _at_home("damping"),
    )
    step_size: float = setting(
        "Step size γ",
        Number(1e-10, 1e10),
        _at_home("step_size"),
        query="step",
        shown=Slider(0.125, log=True, bounds=(1e-6, 1e2)),
        help="γ multiplies every update, in addition to the scale of each method.",
    )
    n_steps: int = setting(
        "Steps",
        Number(10, 50_000, integer=True),
        _at_home("n_steps"),
        query="steps",
        shown=Slider(0.25, log=True),
    )
    starts: tuple[tuple[float, float], ...] = setting("Starts", Points(2, MOST_STARTS), ())
    density: int = setting(
        "Arrows per side",
        Number(5, 31, integer=True),
        15,
        query="grid",
        shown=Slider(1),
        kept=True,
    )
    lengths: str = setting(
        "Arrow lengths",
        Choice(lambda _: ("true", "unit")),
        lambda settings: "unit" if entry(settings).settings.unit_length else "true",
        query="arrows",
        shown=Select(segments=True),
        help=f"true: {percent(TRUE_LENGTH)} of each update, times the scale of its method; "
        "unit: all arrows are equally long.",
    )
    cosines: bool = setting(
        "Colour by the cosine with NGD",
        Flag(),
        False,
        query="cos",
        shown=Toggle(),
        help=lambda settings: (
            f"The cosine between the directions of {' and '.join(settings.pair)}; "
            "brown where they are more than 90° apart."
        ),
        kept=True,
    )
    limits: tuple[tuple[float, float, float, float], ...] = setting(
        "Plane limits", Points(4, 1, undrawable), (), query="plane"
    )
    exponent: float = exponent_setting()
    structure: str = structure_setting()
    relative: bool = relative_setting()
    unit: float = setting(
        "Unit of x",
        Number(1e-4, 1e4),
        1.0,
        shown=Slider(0.25, log=True, bounds=(1e-2, 1e2)),
        help="The unit of x (of the second of two inputs): the second parameter becomes that many "
        "times as large. Gradients and angles change; undamped, the full inverse ignores it.",
    )
    metric: str = setting(
        "Cosine",
        Choice(lambda _: METRICS),
        METRICS[0],
        shown=Select(segments=True),
        help="Euclidean: in the units above. Fisher: as the Fisher measures angles, so that units "
        "cancel, aᵀFb / √(aᵀFa · bᵀFb).",
        kept=True,
    )
    play: bool = setting(
        "Player",
        Flag(),
        False,
        shown=Toggle(),
        help="Dots move along the trajectories and the loss curves; the current step is broken "
        "down into its directions.",
        kept=True,
        live=True,
        follow=lambda settings, on: replace(settings, play=on, at=0, followed=1),
    )
    at: int = setting("Iteration", Number(0, lambda s: s.n_steps, integer=True), 0)
    followed: int = setting("Start followed", Number(1, n_starts, integer=True), 1, query="of")
    pin: str = pin_setting()

    @property
    def given_scales(self) -> Named:
        """The scales as set, in which 0 stands for a scale that is computed."""
        return by_method(self, "scale")

    @property
    def units(self) -> tuple[float, ...]:
        """The factors on the parameters; none if they are measured as they are."""
        return () if self.unit == 1 else (1.0, self.unit)

    @property
    def pair(self) -> tuple[str, str]:
        """The methods whose directions are compared."""
        return compared(self.methods)

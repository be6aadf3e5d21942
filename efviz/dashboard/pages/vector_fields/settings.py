"""The settings of the page Vector fields."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from efviz.dashboard.pages.method_settings import damping_setting, scale_setting
from efviz.dashboard.session.kinds import Choice, Flag, Number, Points, Sofar
from efviz.dashboard.session.pins import pin_setting
from efviz.dashboard.session.problem_settings import EditableSettings, entry
from efviz.dashboard.session.settings import setting
from efviz.dashboard.session.widgets import Select, Slider, Toggle
from efviz.studies.alignment import METHODS

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


def _scale(k: int, query: str) -> Any:
    return scale_setting(
        METHODS[k],
        query,
        lambda settings: entry(settings).settings.scales[k],
        "0 makes typical updates as long as those of NGD.",
    )


@dataclass(frozen=True)
class VectorFieldsSettings(EditableSettings):
    damping: float = damping_setting(
        "λ I is added to the Fisher and to the empirical Fisher before they are inverted.",
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
    scale_GD: float = _scale(0, "gd")
    scale_NGD: float = _scale(1, "ngd")
    scale_EFGD: float = _scale(2, "ef")
    lengths: str = setting(
        "Arrow lengths",
        Choice(lambda _: ("true", "unit")),
        lambda settings: "unit" if entry(settings).settings.unit_length else "true",
        query="arrows",
        shown=Select(segments=True),
    )
    cosines: bool = setting(
        "Colour by cos(NGD, EFGD)",
        Flag(),
        False,
        query="cos",
        shown=Toggle(),
        help="The cosine between the directions of NGD and EFGD; red where they are more than "
        "90° apart.",
        kept=True,
    )
    limits: tuple[tuple[float, float, float, float], ...] = setting(
        "Plane limits", Points(4, 1, undrawable), (), query="plane"
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

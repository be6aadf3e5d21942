"""The settings of the page Optimization."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from efviz import results
from efviz.dashboard.pages.method_settings import damping_setting
from efviz.dashboard.session.all_columns import AllColumnsSettings
from efviz.dashboard.session.kinds import Flag, Number, Sofar
from efviz.dashboard.session.settings import setting
from efviz.dashboard.session.widgets import Slider, Toggle

_USUAL = {"GD": (1e-3, 0.0), "NGD": (1.0, 1e-8), "EFGD": (1e-2, 1e-3)}
"""Step size and damping where no grid is shipped."""


def _selected(method: str, index: int) -> Callable[[Sofar], float]:
    """Step size (0) or damping (1) of the best shipped cell, the same on every server."""

    def default(settings: Sofar) -> float:
        grid = results.sweep(settings.shipped, method)
        best = grid.best()[:2] if grid else (np.nan, np.nan)
        cell = best if np.isfinite(best[0]) else _USUAL[method]
        # Grid exponents are multiples of 1/8: twelve digits restore the values.
        return float(f"{cell[index]:.12g}")

    return default


def _step(method: str, query: str) -> Any:
    return setting(
        f"{method} step size γ",
        Number(1e-20, 1e10),
        _selected(method, 0),
        query=query,
        shown=Slider(0.125, log=True, bounds=(1e-10, 1e6)),
        help="γ multiplies the method's direction.",
    )


def _damping(method: str, query: str) -> Any:
    help = "λ I is added to the matrix of this method before it is inverted."
    return damping_setting(help, _selected(method, 1), method=method, query=query)


@dataclass(frozen=True)
class OptimizationSettings(AllColumnsSettings):
    multiple: float = setting(
        "Start θ₀ / θ*",
        Number(-2, 2),
        0.0,
        query="start",
        shown=Slider(0.125),
        help="The start as a multiple of θ*: 0 is the paper's start, 1 the minimum itself.",
    )
    step_GD: float = _step("GD", "gd")
    step_NGD: float = _step("NGD", "ngd")
    damping_NGD: float = _damping("NGD", "ngdl")
    step_EFGD: float = _step("EFGD", "ef")
    damping_EFGD: float = _damping("EFGD", "efl")
    far: bool = setting(
        "Starts near and far (Fig. 6)",
        Flag(),
        False,
        shown=Toggle(),
        help="Runs from multiples of θ*, and the length of EF's steps far from the minimum.",
    )

"""The settings of the page Optimization."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from efviz import results
from efviz.arrays import Named
from efviz.dashboard.pages.method_settings import (
    by_method,
    damping_setting,
    exponent_setting,
    methods_setting,
    per_method,
    query_of,
    relative_setting,
    structure_setting,
)
from efviz.dashboard.session.all_columns import AllColumnsSettings
from efviz.dashboard.session.kinds import Flag, Number, Sofar
from efviz.dashboard.session.settings import setting
from efviz.dashboard.session.widgets import Slider, Toggle
from efviz.optimizers import METHODS
from efviz.optimizers.methods import STRUCTURES
from efviz.studies.alignment import PAPER
from efviz.studies.alignment import compared as compared_with_NGD


def _selected(method: str, quantity: str) -> Callable[[Sofar], float]:
    """Step size or damping of the best shipped cell, the same on every server."""

    def default(settings: Sofar) -> float:
        grid = results.sweep(settings.shipped, method)
        best = dict(zip(("step_size", "damping"), grid.best()[:2], strict=True)) if grid else {}
        cell = best if np.isfinite(best.get("step_size", np.nan)) else vars(METHODS[method])
        # Grid exponents are multiples of 1/8: twelve digits restore the values.
        return float(f"{cell[quantity]:.12g}")

    return default


def _step(method: str) -> Any:
    return setting(
        f"{method} step size γ",
        Number(1e-20, 1e10),
        _selected(method, "step_size"),
        query=query_of("step", method),
        shown=Slider(0.125, log=True, bounds=(1e-10, 1e6)),
        help="γ multiplies the method's direction.",
    )


def _damping(method: str) -> Any:
    if not METHODS[method].damped:
        return None
    help = "λ I is added to the matrix of this method before it is inverted."
    query = query_of("damping", method, "l")
    return damping_setting(help, _selected(method, "damping"), method=method, query=query)


@dataclass(frozen=True)
@per_method(METHODS, step=_step, damping=_damping)
class OptimizationSettings(AllColumnsSettings):
    multiple: float = setting(
        "Start θ₀ / θ*",
        Number(-2, 2),
        0.0,
        query="start",
        shown=Slider(0.125),
        help="The start as a multiple of θ*: 0 is the paper's start, 1 the minimum itself.",
    )
    methods: tuple[str, ...] = methods_setting(lambda: METHODS, PAPER)
    exponent: float = exponent_setting()
    structure: str = structure_setting()
    relative: bool = relative_setting()
    far: bool = setting(
        "Starts near and far (Fig. 6)",
        Flag(),
        False,
        shown=Toggle(),
        help="Runs from multiples of θ*, and the length of EF's steps far from the minimum.",
    )

    @property
    def varied(self) -> bool:
        """Whether the matrices are used otherwise than in the grids."""
        return (self.exponent, self.structure, self.relative) != (1.0, STRUCTURES[0], False)

    @property
    def step_sizes(self) -> Named:
        return by_method(self, "step")

    @property
    def dampings(self) -> Named:
        """0 for methods without a damping."""
        return by_method(self, "damping", 0.0)

    @property
    def compared(self) -> tuple[str, ...]:
        """The method whose directions are compared with those of NGD, if it is shown."""
        _, other = compared_with_NGD(self.methods)
        return (other,) if other in self.methods else ()

    @property
    def with_grid(self) -> tuple[str, ...]:
        """The methods whose grid on this data set is shipped."""
        return tuple(one for one in self.methods if results.sweep(self.shipped, one))

    @property
    def without_grid(self) -> tuple[str, ...]:
        shipped = self.with_grid
        return tuple(one for one in self.methods if one not in shipped)

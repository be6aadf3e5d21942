"""Settings of methods that several pages declare."""

from typing import Any

from efviz.dashboard.session.kinds import DAMPING, Number
from efviz.dashboard.session.settings import setting
from efviz.dashboard.session.widgets import NumberInput, Slider


def damping_setting(
    help: str, default: Any = 1e-8, *, method: str = "", query: str = "", **more: Any
) -> Any:
    """The damping of all methods, or of one."""
    title = f"{method} damping λ" if method else "Damping λ"
    shown = Slider(0.5 if method else 0.25, log=True)
    return setting(title, DAMPING, default, query=query, shown=shown, help=help, **more)


def step_size_setting(title: str, help: str, **more: Any) -> Any:
    """A step size of 0.1 on a scale that the page chooses."""
    shown = Slider(0.125, log=True, bounds=(1e-3, 1e1))
    return setting(title, Number(1e-6, 1e6), 0.1, query="step", shown=shown, help=help, **more)


def scale_setting(method: str, query: str, default: Any, help: str) -> Any:
    """The factor on the step size of a method; 0 if the page computes it."""
    kind, shown = Number(1e-9, 1e9, zero=True), NumberInput(format="%.4g")
    return setting(f"Scale of {method}", kind, default, query=query, shown=shown, help=help)

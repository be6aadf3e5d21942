"""The settings of the page At the minimum."""

from dataclasses import dataclass

from efviz.dashboard.session.pins import pin_setting
from efviz.dashboard.session.problem_settings import (
    EditableSettings,
    problem_setting,
    strength_setting,
)


@dataclass(frozen=True)
class AtMinimumSettings(EditableSettings):
    problem: str = problem_setting("fig2")
    strength: float = strength_setting(0.5)
    pin: str = pin_setting()

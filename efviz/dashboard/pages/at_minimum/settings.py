"""The settings of the page At the minimum."""

from dataclasses import dataclass

from efviz.dashboard.pages.matrix_settings import matrices_setting
from efviz.dashboard.session.pins import pin_setting
from efviz.dashboard.session.problem_settings import (
    EditableSettings,
    problem_setting,
    strength_setting,
)
from efviz.studies.comparison import COMPARED


@dataclass(frozen=True)
class AtMinimumSettings(EditableSettings):
    problem: str = problem_setting("fig2")
    strength: float = strength_setting(0.5)
    matrices: tuple[str, ...] = matrices_setting(COMPARED)
    pin: str = pin_setting()

    @property
    def others(self) -> tuple[str, ...]:
        """The chosen matrices that are not compared anyway."""
        return tuple(key for key in self.matrices if key not in COMPARED)

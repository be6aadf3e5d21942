"""The settings of the page The paper, checked."""

from dataclasses import dataclass

from efviz.dashboard.pages.paper.words import FILTERS
from efviz.dashboard.session.kinds import Choice
from efviz.dashboard.session.settings import Settings, setting
from efviz.dashboard.session.widgets import Select


@dataclass(frozen=True)
class PaperSettings(Settings):
    show: str = setting(
        "Show", Choice(lambda _: list(FILTERS)), "all", shown=Select(FILTERS, segments=True)
    )

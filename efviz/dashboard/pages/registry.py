"""The pages of the dashboard. PAGES lists them in the order of the navigation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from types import ModuleType

from efviz.dashboard.session.page import run
from efviz.dashboard.session.settings import Settings


@dataclass(frozen=True)
class Page:
    """Its `folder` is imported when it is first asked for: a start that waits for all pages takes
    a third of a second longer."""

    title: str
    slug: str
    folder: str

    def load(self) -> ModuleType:
        return import_module(f"efviz.dashboard.pages.{self.folder}.page")

    @property
    def main(self) -> Callable[[], None]:
        module = self.load()
        main: Callable[[], None]
        main = partial(run, module.PAGE) if hasattr(module, "PAGE") else module.main
        return main

    @property
    def settings(self) -> type[Settings]:
        """What its links may set; a page that plays no lesson may have none."""
        module = self.load()
        if hasattr(module, "PAGE"):
            found: type[Settings] = module.PAGE.settings
            return found
        return getattr(module, "SETTINGS", Settings)


PAGES: dict[str, Page] = {
    page.slug: page
    for page in (
        Page("Start", "start", "start"),
        Page("Vector fields", "vector-fields", "vector_fields"),
        Page("At the minimum", "at-the-minimum", "at_minimum"),
        Page("Four matrices", "four-matrices", "matrices"),
        Page("Optimization", "optimization", "optimization"),
        Page("Gradient noise", "gradient-noise", "gradient_noise"),
        Page("The paper, checked", "the-paper", "paper"),
        Page("Lessons", "lessons", "lessons"),
    )
}

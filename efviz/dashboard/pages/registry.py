"""The pages of the dashboard. PAGES lists them in the order of the navigation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from types import ModuleType

from efviz.dashboard.session.page import run
from efviz.dashboard.session.settings import Settings


@dataclass(frozen=True)
class Listing:
    """A page and the module that declares it, which is imported on first use.

    Importing all pages at the start would take a third of a second.
    """

    title: str
    slug: str
    module: str

    def load(self) -> ModuleType:
        return import_module(self.module)

    @property
    def main(self) -> Callable[[], None]:
        module = self.load()
        main: Callable[[], None]
        main = partial(run, module.PAGE) if hasattr(module, "PAGE") else module.main
        return main

    @property
    def settings(self) -> type[Settings]:
        """The settings of its links; pages without lessons may have none."""
        module = self.load()
        if hasattr(module, "PAGE"):
            found: type[Settings] = module.PAGE.settings
            return found
        return getattr(module, "SETTINGS", Settings)


def _own(title: str, slug: str, folder: str) -> Listing:
    return Listing(title, slug, f"efviz.dashboard.pages.{folder}.page")


PAGES: dict[str, Listing] = {
    page.slug: page
    for page in (
        _own("Start", "start", "start"),
        _own("Vector fields", "vector-fields", "vector_fields"),
        _own("At the minimum", "at-the-minimum", "at_minimum"),
        _own("Four matrices", "four-matrices", "matrices"),
        _own("Optimization", "optimization", "optimization"),
        _own("Gradient noise", "gradient-noise", "gradient_noise"),
        _own("The paper, checked", "the-paper", "paper"),
        _own("Lessons", "lessons", "lessons"),
    )
}

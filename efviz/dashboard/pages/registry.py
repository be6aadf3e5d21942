"""The pages of the dashboard. PAGES lists them in the order of the navigation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from types import ModuleType

from efviz.dashboard.session.page import Page, run
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
    def page(self) -> Page | None:
        """Its declaration; None if it computes nothing and has a `main` instead."""
        return getattr(self.load(), "PAGE", None)

    @property
    def main(self) -> Callable[[], None]:
        main: Callable[[], None] = partial(run, self.page) if self.page else self.load().main
        return main

    @property
    def settings(self) -> type[Settings]:
        """The settings of its links."""
        return self.page.settings if self.page else Settings


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

"""The pages of the dashboard. PAGES lists them in the order of the navigation."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from types import ModuleType

from efviz.dashboard.server.places import TITLES
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


_FOLDERS = {
    "start": "start",
    "vector-fields": "vector_fields",
    "at-the-minimum": "at_minimum",
    "four-matrices": "matrices",
    "optimization": "optimization",
    "gradient-noise": "gradient_noise",
    "the-paper": "paper",
    "lessons": "lessons",
}

PAGES: dict[str, Listing] = {
    slug: Listing(title, slug, f"efviz.dashboard.pages.{_FOLDERS[slug]}.page")
    for slug, title in TITLES.items()
}

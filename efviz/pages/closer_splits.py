"""Splits."""

from efviz.pages.closer_base import Here, Section
from efviz.pages.store import Store


def draw(store: Store, here: Here) -> None: ...


SECTION = Section("Splits", draw)

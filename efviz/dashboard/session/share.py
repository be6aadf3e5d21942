"""The end of every page header: the buttons that pin and link the current state."""

from typing import Any

from efviz.dashboard.components import link
from efviz.dashboard.session.pins import pin_button
from efviz.dashboard.session.store import Store


def share(store: Store[Any]) -> None:
    """Draw the buttons; call it in the container of the header."""
    pin_button(store)
    link(f"{store.slug}.link")

"""What stands at the end of every page's header: the link to what is shown, and its pin."""

from typing import Any

from efviz.dashboard.components import link
from efviz.dashboard.session.pins import pin_button
from efviz.dashboard.session.store import Store


def share(store: Store[Any]) -> None:
    """To be called in the container of the header."""
    pin_button(store)
    link(f"{store.slug}.link")

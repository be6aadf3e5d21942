"""What stands at the end of every page's header: the link to what is shown, and its pin."""

from efviz.components import link
from efviz.pages.pins import pin_button
from efviz.pages.store import Store


def share(store: Store) -> None:
    """To be called in the container of the header."""
    pin_button(store)
    link(f"{store.slug}.link")

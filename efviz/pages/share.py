"""What stands at the end of every page's header: the link to what is shown."""

from efviz.components import link
from efviz.pages.store import Store


def share(store: Store) -> None:
    """To be called in the container of the header."""
    link(f"{store.slug}.link")

"""The button that copies a link to the current state of the page."""

from efviz.dashboard.components.loader import component


def link(key: str) -> None:
    """The button."""
    component("link")(key=key, data={})

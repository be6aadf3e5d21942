"""The button that copies a link to the current state of the page."""

from efviz.dashboard.components.loader import component


def link(key: str) -> None:
    """The button; with it, a page can tell the browser's Back to its defaults from a new visit."""
    component("link")(key=key, data={})

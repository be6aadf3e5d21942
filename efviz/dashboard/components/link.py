"""The button that copies a link to the current state of the page."""

from efviz.dashboard.components.loader import component


def link(key: str) -> None:
    """It also lets a page distinguish the browser's Back to its defaults from a new visit."""
    component("link")(key=key, data={})

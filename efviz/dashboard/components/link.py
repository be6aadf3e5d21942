"""The button that copies the link to what is on the screen."""

from efviz.dashboard.components.loader import component


def link(key: str) -> None:
    """Also makes the browser's Back tell a page that goes back to its defaults from a new visit."""
    component("link")(key=key, data={})

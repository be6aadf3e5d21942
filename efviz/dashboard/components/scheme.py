"""The button in the bar that chooses the theme: light, dark, or as the system has it."""

from efviz.dashboard.components.loader import component


def scheme_button() -> None:
    """The choice is kept in the browser; the server never hears of it."""
    component("scheme")(key="scheme", data={})

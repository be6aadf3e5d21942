"""Buttons that make an image of a whole chart in the browser."""

from efviz.dashboard.components.loader import component
from efviz.dashboard.server.compat import class_of


def images(chart: str, name: str) -> None:
    """Buttons for a PNG and an SVG named `name`, with all panels of the chart with key `chart`."""
    data = {"chart": class_of(chart), "name": name}
    component("images")(key=f"take.{name}.images", data=data)

"""Buttons that make an image of a whole chart in the browser."""

from efviz.dashboard.components.loader import component
from efviz.dashboard.server.compat import class_of


def images(chart: str, name: str) -> None:
    """PNG and SVG of the chart with the key `chart`, all panels in one file called `name`."""
    data = {"chart": class_of(chart), "name": name}
    component("images")(key=f"take.{name}.images", data=data)

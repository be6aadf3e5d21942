"""Buttons that make an image of a whole chart in the browser."""

import re

from efviz.components.loader import component


def images(chart: str, name: str) -> None:
    """PNG and SVG of the chart with the key `chart`, all panels in one file called `name`."""
    data = {"chart": f"st-key-{re.sub(r'[^a-zA-Z0-9_-]', '-', chart)}", "name": name}
    component("images")(key=f"take.{name}.images", data=data)

"""Panels side by side on which dots travel along paths, all at the same step."""

import json
from collections.abc import Mapping
from typing import Any

from efviz.dashboard.components.loader import component
from efviz.dashboard.server import assets


def contrast(data: Mapping[str, Any], *, key: str, label: str) -> None:
    """Show what `figures.contrast` made; `label` is what a screen reader says of it.

    Behind it is the table of its paths. While it moves the browser fetches the library of the
    charts, for the next page.

    Moves by itself and loops, with a button that pauses it; who prefers reduced motion sees the
    last step with the whole paths.
    """
    whole = {**data, "says": label, "next": assets.plotly_url()}
    # As bytes: in anything else Streamlit looks for tables, and imports pandas for that.
    component("contrast")(key=key, data=json.dumps(whole).encode())

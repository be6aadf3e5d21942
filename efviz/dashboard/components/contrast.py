"""Panels side by side on which dots move along paths, all at the same step."""

import json
from collections.abc import Mapping
from typing import Any

from efviz.dashboard.components.loader import component
from efviz.dashboard.server import assets


def contrast(data: Mapping[str, Any], *, key: str, label: str) -> None:
    """Show the result of `figures.contrast`; `label` is its description for screen readers.

    A table of its paths is available behind it. While it moves, the browser fetches the chart
    library for the next page.

    It plays by itself in a loop, with a button to pause it; visitors who prefer reduced motion see
    the last step with complete paths.
    """
    whole = {**data, "says": label, "next": assets.plotly_url()}
    # Bytes, because Streamlit searches anything else for tables and imports pandas to do so.
    component("contrast")(key=key, data=json.dumps(whole).encode())

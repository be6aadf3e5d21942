"""Starts and examples of the page Vector fields, changed in its charts or in a table."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from efviz.dashboard.components import Click, Touch
from efviz.dashboard.pages.vector_fields.settings import MOST_STARTS
from efviz.dashboard.session import data_edits
from efviz.dashboard.session.kinds import FARTHEST, rounded
from efviz.dashboard.session.page import Shown


def clicked(shown: Shown, click: Click) -> None:
    """A click adds an example in the data panel, a start in a field panel."""
    if click.panel == 0:
        data_edits.clicked(shown.store, click)
    else:
        set_starts(shown, [*present(shown), [click.x, click.y]][-MOST_STARTS:])


def touched(shown: Shown, touch: Touch) -> None:
    """Drag or remove an example or a start; the last start stays."""
    if touch.panel == 0:
        data_edits.touched(shown.store, touch)
        return
    starts = present(shown)
    if touch.trace != "starts" or touch.index >= len(starts):
        return
    if touch.action != "remove":
        starts[touch.index] = [touch.x, touch.y]
    elif len(starts) > 1:
        del starts[touch.index]
    set_starts(shown, starts)


def present(shown: Shown) -> list[list[float]]:
    """The current starts, which the chart may not show yet."""
    starts = shown.store.settings.starts or shown.view.result("theta_0").tolist()
    return [list(point) for point in starts]


def set_starts(shown: Shown, points: Sequence[Sequence[float]]) -> None:
    """Set the starts, rounded to about a thousandth of the plane to keep links short.

    Starts that lie too far out are ignored.
    """
    size, store = shown.view.result("plane").half_widths.max(), shown.store
    new = tuple((rounded(x, size), rounded(y, size)) for x, y in points)
    if np.abs(points).max() <= FARTHEST and new != store.settings.starts:
        store.set(starts=new)


def starts_table(shown: Shown) -> None:
    """The starts as an editable table, for use without a mouse."""
    store, theta_0 = shown.store, shown.view.result("theta_0")
    if theta_0 is None:
        return
    first, second = shown.view.given["problem"].parameter_names
    rows = [{first: float(x), second: float(y)} for x, y in theta_0]
    given = tuple(map(tuple, theta_0.tolist()))
    edited = st.data_editor(
        rows,
        num_rows="dynamic",
        hide_index=True,
        key=f"{store.slug}.starts.{hash(given)}",
        column_config={
            name: st.column_config.NumberColumn(
                format="%.4g", min_value=-FARTHEST, max_value=FARTHEST
            )
            for name in (first, second)
        },
    )
    complete = tuple(
        (float(row[first]), float(row[second]))
        for row in edited
        if row.get(first) is not None and row.get(second) is not None
    )
    if complete not in (given, ()):
        set_starts(shown, complete[:MOST_STARTS])
    if store.settings.starts:
        st.button("Reset starts", on_click=lambda: store.set(starts=()))

"""Starts and examples of the page Vector fields, changed in its charts or in a table."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import streamlit as st

from efviz.dashboard.components import Click, Touch
from efviz.dashboard.pages.vector_fields.settings import MOST_STARTS, VectorFieldsSettings
from efviz.dashboard.session import data_edits
from efviz.dashboard.session.kinds import FARTHEST, rounded
from efviz.dashboard.session.page import Shown, View


def clicked(shown: Shown, click: Click) -> None:
    """A click adds an example in the data panel, a start in a field panel."""
    if click.panel == 0:
        data_edits.clicked(shown.store, click)
    else:
        starts = present(shown.view, shown.store.settings)
        set_starts(shown, [*starts, [click.x, click.y]][-MOST_STARTS:])


def touched(view: View, settings: VectorFieldsSettings, touch: Touch) -> VectorFieldsSettings:
    """The settings after an example or a start was dragged or removed; the last start stays."""
    if touch.panel == 0:
        edited: VectorFieldsSettings = data_edits.touched(settings, touch)
        return edited
    starts = present(view, settings)
    if touch.trace != "starts" or touch.index >= len(starts):
        return settings
    if touch.action != "remove":
        starts[touch.index] = [touch.x, touch.y]
    elif len(starts) > 1:
        del starts[touch.index]
    return with_starts(view, settings, starts)


def present(view: View, settings: VectorFieldsSettings) -> list[list[float]]:
    """The current starts, which the chart may not show yet."""
    starts = settings.starts or view.result("theta_0", wait=True).tolist()
    return [list(point) for point in starts]


def with_starts(
    view: View, settings: VectorFieldsSettings, points: Sequence[Sequence[float]]
) -> VectorFieldsSettings:
    """Settings with these starts, rounded to about a thousandth of the plane for short links.

    Starts that lie too far out are ignored.
    """
    size = view.result("plane", wait=True).half_widths.max()
    if np.abs(points).max() > FARTHEST:
        return settings
    return replace(settings, starts=tuple((rounded(x, size), rounded(y, size)) for x, y in points))


def set_starts(shown: Shown, points: Sequence[Sequence[float]]) -> None:
    shown.store.put(with_starts(shown.view, shown.store.settings, points))


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

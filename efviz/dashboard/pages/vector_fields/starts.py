"""The page Vector fields: clicks and drags on its picture, and its starts, also in a table."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from efviz.dashboard.components import Click, Touch
from efviz.dashboard.pages.vector_fields.settings import MOST_STARTS, VectorFieldsSettings
from efviz.dashboard.pages.vector_fields.views import Picture
from efviz.dashboard.session import data_edits
from efviz.dashboard.session.kinds import FARTHEST
from efviz.dashboard.session.store import Store, run_again


def clicked(store: Store[VectorFieldsSettings], p: Picture, click: Click) -> None:
    """A click in the data panel is a new example, in a field panel a new start."""
    if click.panel == 0:
        data_edits.clicked(store, click)
    else:
        add_start(store, p, click)


def touched(store: Store[VectorFieldsSettings], p: Picture, touch: Touch) -> None:
    if touch.panel == 0:
        data_edits.touched(store, touch)
    else:
        move_start(store, p, touch)


def add_start(store: Store[VectorFieldsSettings], p: Picture, click: Click) -> None:
    """A click in a field panel is a new start."""
    if click.panel == 0:
        return
    set_starts(store, p, [*present(store, p), [click.x, click.y]][-MOST_STARTS:])


def move_start(store: Store[VectorFieldsSettings], p: Picture, touch: Touch) -> None:
    """A start is dragged or taken away; the last one stays."""
    starts = present(store, p)
    if touch.trace != "starts" or touch.index >= len(starts):
        return
    if touch.action != "remove":
        starts[touch.index] = [touch.x, touch.y]
    elif len(starts) > 1:
        del starts[touch.index]
    set_starts(store, p, starts)


def present(store: Store[VectorFieldsSettings], p: Picture) -> list[list[float]]:
    """The starts as they are now, which the picture may not yet show."""
    return [list(point) for point in store.settings.starts or p.starts.tolist()]


def set_starts(
    store: Store[VectorFieldsSettings], p: Picture, points: Sequence[Sequence[float]]
) -> bool:
    """Starts to about a thousandth of the plane, so that links stay short; whether it is a change.

    What lies too far out is left as it was.
    """
    digits = 3 - int(np.floor(np.log10(p.fields.plane.half_widths.max())))
    new = tuple((round(x, digits), round(y, digits)) for x, y in points)
    if np.abs(points).max() > FARTHEST or new == store.settings.starts:
        return False
    store.set(starts=new)
    return True


def starts_table(store: Store[VectorFieldsSettings], p: Picture) -> None:
    """The starts as an editable table: what a click does, by keyboard."""
    first, second = p.problem.parameter_names
    rows = [{first: float(x), second: float(y)} for x, y in p.starts]
    edited = st.data_editor(
        rows,
        num_rows="dynamic",
        hide_index=True,
        key=f"{store.slug}.starts.{hash(tuple(map(tuple, p.starts.tolist())))}",
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
    given = tuple(map(tuple, p.starts.tolist()))
    if complete not in (given, ()) and set_starts(store, p, complete[:MOST_STARTS]):
        run_again()
    if store.settings.starts:
        st.button("Starts of the paper", on_click=lambda: store.set(starts=()))

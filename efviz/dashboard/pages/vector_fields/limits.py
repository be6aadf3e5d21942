"""The limits of the plane: automatic or four numbers."""

import streamlit as st

from efviz.dashboard.pages.vector_fields.settings import undrawable
from efviz.dashboard.session.page import Shown


def limits(shown: Shown) -> None:
    store, plane = shown.store, shown.view.result("plane")
    if plane is None:
        return
    first, second = shown.view.given["problem"].parameter_names
    given = bool(store.settings.limits)
    corners = (*plane.x, *plane.y)
    wanted = st.toggle("Custom plane limits", value=given)
    if wanted != given:
        store.set(limits=(corners,) if wanted else ())
    if not (wanted and given):
        return
    names = (f"{first} from", f"{first} to", f"{second} from", f"{second} to")
    columns = st.columns(2)
    numbers = [
        columns[i % 2].number_input(
            name, value=float(value), format="%.4g", key=f"{store.slug}.limit{i}"
        )
        for i, (name, value) in enumerate(zip(names, corners, strict=True))
    ]
    wrong = undrawable((tuple(numbers),))
    if wrong:
        st.warning(f"The plane {wrong}; the last valid plane is shown.")
    elif tuple(numbers) != corners:
        store.set(limits=(tuple(numbers),))

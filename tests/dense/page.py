"""400 points in two panels; what the reader does to them is drawn and written down."""

import numpy as np
import streamlit as st

from efviz.dashboard.components import Click, Touch, chart, pack_figures
from efviz.dashboard.components.style import style
from efviz.figures import dark_colours, marks
from efviz.figures.theme import POINT, axis, layout

st.html(style())
state = st.session_state
if "points" not in state:
    side = np.linspace(-0.9, 0.9, 20)
    state["points"] = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    state["log"] = []


def touched(touch: Touch) -> None:
    if touch.action == "remove":
        state["points"] = np.delete(state["points"], touch.index, axis=0)
    else:
        state["points"][touch.index] = touch.x, touch.y
    state["log"].append(f"{touch.action} {touch.index}")


def clicked(click: Click) -> None:
    state["log"].append("click")


def panel(name: str) -> dict[str, object]:
    frame = layout(name, xaxis=axis("x", (-1, 1)), yaxis=axis("y", (-1, 1)))
    handles = [{"trace": "data", "noun": "point", "least": 1}]
    meta = {"label": name, "click": True, "handles": handles}
    return {"data": [marks.points(state["points"], POINT)], "layout": frame | {"meta": meta}}


figures = {name: panel(name) for name in ("left", "right")}
chart(pack_figures(figures, dark=dark_colours()), key="chart", on_click=clicked, on_touch=touched)
st.text(f"{len(state['points'])} points: {', '.join(state['log'][-3:])}.")

"""theta on a page of studies: two sliders, and clicks in the plane.

Such a page has the results `plane` and `at`, its theta (see `studies.plane`).
"""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from efviz.dashboard.session.page import Block, Shown
from efviz.dashboard.session.theta_choice import choose_theta, theta_sliders


def theta_row(
    help: str, others: Sequence[Block] = (), columns: Sequence[float] = (1.25, 1, 3)
) -> Block:
    """Two sliders for theta, and `others` in the columns after them."""

    def row(shown: Shown) -> None:
        plane, at = (shown.view.result(name, wait=True) for name in ("plane", "at"))
        if plane is None or at is None:
            return
        names = shown.view.given["problem"].parameter_names
        with st.container(key=f"{shown.page.slug}-theta"):
            boxes = theta_sliders(shown.store, plane, at, names, help=help, columns=columns)
            for block, box in zip(others, boxes, strict=False):
                with box:
                    block(shown)

    return row


def move_theta(shown: Shown, x: float, y: float) -> None:
    """A click in the plane moves theta there."""
    choose_theta(shown.store, shown.view.result("plane"), np.array([x, y]))

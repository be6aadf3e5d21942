"""Choosing theta: its place in the link, sliders over the plane it is seen on, and clicks.

A page with theta has the results `plane` and `at`, its theta (see `studies.plane`).
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from efviz.arrays import Array
from efviz.dashboard.components import Touch, slider
from efviz.dashboard.session.kinds import FARTHEST, Points, decimals, rounded, shortest
from efviz.dashboard.session.page import Block, Shown, View
from efviz.dashboard.session.settings import setting
from efviz.dashboard.session.store import Store
from efviz.fields import Plane

Theta = tuple[tuple[float, float], ...]
"""theta as a setting: one pair, or none for the first start of the problem."""


def theta_setting() -> Any:
    return setting("θ", Points(2, 1), (), query="theta")


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
            first, second, *boxes = st.columns(columns)
            for k, box in enumerate((first, second)):
                with box:
                    _coordinate(shown.store, plane, at, k, names[k], help)
            for block, box in zip(others, boxes, strict=False):
                with box:
                    block(shown)

    return row


def _coordinate(
    store: Store[Any], plane: Plane, theta: Array, k: int, name: str, help: str
) -> None:
    """A slider over the plane; a theta outside of it widens the slider."""
    low, high = (plane.x, plane.y)[k]
    size = plane.half_widths.max()
    here = [shortest(rounded(float(value), size)) for value in theta]
    here[k] = "*"
    slider(
        f"Coordinate {name}",
        key=f"{store.slug}.theta.{k}",
        value=float(theta[k]),
        low=min(low, float(theta[k])),
        high=max(high, float(theta[k])),
        step=rounded((high - low) / 200, size),
        help=help,
        query=f"theta={','.join(here)}",
        digits=decimals(size),
        on_change=partial(move, store, plane, theta, k),
    )


def move(store: Store[Any], plane: Plane, theta: Array, k: int, value: float) -> None:
    theta = theta.copy()
    theta[k] = value
    _choose(store, plane, theta, gesture=f"theta {k}")


def move_theta(shown: Shown, x: float, y: float) -> None:
    """A click in the plane moves theta there."""
    _choose(shown.store, shown.view.result("plane"), np.array([x, y]))


def theta_touched(view: View, settings: Any, touch: Touch) -> Any:
    """The settings after theta was dragged; there always is one."""
    if touch.action == "remove":
        return settings
    return _with_theta(settings, view.result("plane", wait=True), np.array([touch.x, touch.y]))


def _choose(store: Store[Any], plane: Plane, theta: Array, gesture: str = "") -> None:
    store.put(_with_theta(store.settings, plane, theta), gesture=gesture)


def _with_theta(settings: Any, plane: Plane, theta: Array) -> Any:
    """Settings with this theta, rounded to about a thousandth of the plane to keep links short.

    A theta too far out for a link is ignored.
    """
    if np.abs(theta).max() > FARTHEST:
        return settings
    size = plane.half_widths.max()
    return replace(settings, theta=(tuple(rounded(float(value), size) for value in theta),))

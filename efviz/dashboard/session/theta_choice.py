"""Choosing theta: its place in the link, sliders over the plane it is seen on, and clicks."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from efviz.arrays import Array
from efviz.dashboard.components import slider
from efviz.dashboard.session.kinds import FARTHEST, Points
from efviz.dashboard.session.settings import setting
from efviz.dashboard.session.store import Store
from efviz.fields import Plane

Theta = tuple[tuple[float, float], ...]
"""theta as a setting: one pair, or none for the first start of the problem."""


def theta_setting() -> Any:
    return setting("θ", Points(2, 1), (), query="theta")


def theta_sliders(
    store: Store[Any],
    plane: Plane,
    theta: Array,
    names: Sequence[str],
    *,
    help: str,
    columns: Sequence[float] = (1.25, 1, 3),
) -> list[DeltaGenerator]:
    """Two sliders for theta over the plane; a point outside of it widens its slider.

    The sliders are in the first two of `columns`; returns the others.
    """
    limits = (plane.x, plane.y)
    first, second, *others = st.columns(columns)
    for k, box in enumerate((first, second)):
        low, high = limits[k]
        with box:
            slider(
                f"Coordinate {names[k]}",
                key=f"{store.slug}.theta.{k}",
                value=float(theta[k]),
                low=min(low, float(theta[k])),
                high=max(high, float(theta[k])),
                step=_rounded((high - low) / 200, plane),
                help=help,
                on_change=partial(move, store, plane, theta, k),
            )
    return others


def move(store: Store[Any], plane: Plane, theta: Array, k: int, value: float) -> None:
    theta = theta.copy()
    theta[k] = value
    choose_theta(store, plane, theta)


def choose_theta(store: Store[Any], plane: Plane, theta: Array) -> None:
    """Set theta, rounded to about a thousandth of the plane to keep links short.

    A theta too far out for a link is ignored.
    """
    if np.abs(theta).max() <= FARTHEST:
        store.set(theta=(tuple(_rounded(float(value), plane) for value in theta),))


def _rounded(value: float, plane: Plane) -> float:
    return round(value, 3 - int(np.floor(np.log10(plane.half_widths.max()))))

"""Choosing theta: its place in the link, the plane it is seen on, sliders, clicks, the loss around.

Every page that looks at one theta shares these; the loss on the plane is computed once for all.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from efviz.arrays import Array
from efviz.dashboard.components import slider
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.params import FARTHEST, Param, Points, Values
from efviz.dashboard.session.problem_choice import Knobs, entry
from efviz.dashboard.session.store import Store
from efviz.fields import Plane, plane_around
from efviz.problems import Problem
from efviz.work import Progress, Work

THETA = Param("theta", "theta", "θ", Points(2, 1), lambda _: ())
"""Empty: the first of the problem's starts."""

FINE = 31
"""Loss contours are drawn from so many points a side."""
_SLICE = 1_000_000


def plane_of(values: Values, problem: Problem) -> Plane:
    settings = entry(values).settings
    home = Plane(*settings.plane) if settings.plane else None
    return plane_around(problem, home, settings.reach)


def theta_of(values: Values, plane: Plane) -> Array:
    """The chosen theta, or the first of the problem's starts."""
    chosen = values["theta"]
    return np.array(chosen[0] if chosen else plane.place(entry(values).settings.starts[0]))


@cached
def _known_loss(knobs: Knobs) -> list[Array]:
    """One list that is filled when somebody has computed the grid."""
    return []


def loss_on_plane(knobs: Knobs, problem: Problem, plane: Plane) -> Work[Array]:
    """Work towards L on the plane of these knobs, (FINE, FINE), some rows at a time."""
    known = _known_loss(knobs)
    if not known:
        flat = plane.grid(FINE).reshape(-1, 2)
        step = len(flat) if problem.moments else max(1, _SLICE // problem.N)
        parts = []
        for i in range(0, len(flat), step):
            yield Progress(i / len(flat))
            parts.append(problem.loss(flat[i : i + step]))
        known.append(np.concatenate(parts).reshape(FINE, FINE))
    return known[0]


def theta_sliders(
    store: Store,
    plane: Plane,
    theta: Array,
    names: Sequence[str],
    *,
    help: str,
    columns: Sequence[float] = (1.25, 1, 3),
) -> list[DeltaGenerator]:
    """theta by two sliders over the plane; a point outside of it widens its slider.

    They stand in the first two of `columns`; returned are the others.
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


def move(store: Store, plane: Plane, theta: Array, k: int, value: float) -> None:
    theta = theta.copy()
    theta[k] = value
    choose_theta(store, plane, theta)


def choose_theta(store: Store, plane: Plane, theta: Array) -> None:
    """To about a thousandth of the plane, so that links stay short.

    What lies too far out for a link is left as it was.
    """
    if np.abs(theta).max() <= FARTHEST:
        store.set(theta=(tuple(_rounded(float(value), plane) for value in theta),))


def _rounded(value: float, plane: Plane) -> float:
    return round(value, 3 - int(np.floor(np.log10(plane.half_widths.max()))))

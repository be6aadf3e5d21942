"""Whose label is it? The part of the Four matrices page that switches where labels come from."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from efviz.curvature import LABEL_SOURCES
from efviz.dashboard.components import Click, chart, pack_figures
from efviz.dashboard.pages.matrices import words as text
from efviz.dashboard.pages.matrices.script import distances_script, labels_script
from efviz.dashboard.pages.matrices.views import (
    REPETITIONS,
    SIZES,
    Controls,
    Curve,
    Labels,
    Picture,
    curve_job,
    labels_job,
)
from efviz.dashboard.session.caches import cached
from efviz.dashboard.session.jobs import Job, Snapshot
from efviz.dashboard.session.params import Choice, Number, Param
from efviz.dashboard.session.store import Store
from efviz.dashboard.session.take_along import take_along
from efviz.figures import DARK
from efviz.figures.claims import sampled_panel
from efviz.figures.matrices import cell_panels
from efviz.figures.theme import Spec

FIRST = 0.03
"""Seconds of work on the matrix before it is first drawn."""
MOST_LABELS = 10_000

LABEL_PARAMS: tuple[Param, ...] = (
    Param(
        "source", "labels", "Labels", Choice(lambda _: tuple(LABEL_SOURCES)), lambda _: "sampled"
    ),
    Param("M", "m", "Labels M", Number(1, MOST_LABELS, integer=True), lambda _: 10),
)


Drawn = tuple[str, Job[Any], Snapshot[Any]]
"""What it is called, its job, and as much of that as was drawn."""


def draw_labels(store: Store, c: Controls, p: Picture, page: str) -> list[Drawn]:
    """The switch, its matrix beside F, the chart; what of them is drawn.

    `page` is the title of the page, for the code.
    """
    st.subheader("Whose label is it?", anchor=False)
    titles = {key: source.title for key, source in LABEL_SOURCES.items()}
    store.choice("source", titles=titles, segmented=True)
    key, M = store.values["source"], store.values["M"]
    sampled = key == "sampled"
    names = f"{store.slug}-labels", f"{store.slug}-distances"
    matrix, curve = labels_job(c, key, M if sampled else 1), curve_job(c)
    labels = matrix.progress if matrix.done else matrix.advance(FIRST)
    found, progress = labels.result, curve.progress
    left, right = st.columns([1, 1.25])
    with left:
        if sampled:
            store.slider("M", step=0.25, log=True, help=text.M)
        st.html(text.source(key, found))
        chart(packed_labels(c, key, M, found is not None, p, found), key=f"{store.slug}.labels")
        take_along(
            f"{store.slug}.labels",
            names[0],
            lambda: labels_panels(key, M, p, found),
            lambda: labels_script(page, names[0], c, p, key, M),
            complete=found is not None,
        )
    with right:
        marked = M if sampled else 0
        chart(
            packed_curve(c, marked, progress.fraction, progress.result),
            key=f"{store.slug}.curve",
            on_click=lambda click: choose_M(store, click),
        )
        take_along(
            f"{store.slug}.curve",
            names[1],
            lambda: curve_panels(marked, progress.result),
            lambda: distances_script(page, names[1], c, p, marked),
            complete=progress.complete,
        )
        if progress.result and progress.result.others:
            st.html(text.sources(progress.result.others))
    return [("the matrix", matrix, labels), ("the chart of distances", curve, progress)]


def choose_M(store: Store, click: Click) -> None:
    store.set(source="sampled", M=round(min(max(click.x, 1), MOST_LABELS)))


@cached
def packed_labels(
    c: Controls, key: str, M: int, ready: bool, _p: Picture, _found: Labels | None
) -> bytes:
    return pack_cells(labels_panels(key, M, _p, _found))


def labels_panels(key: str, M: int, p: Picture, found: Labels | None) -> dict[str, Spec]:
    F, names = p.matrices["F"], p.problem.parameter_names
    title, subtitle = text.SHORT[key]
    # Dashes, until it is known: nothing jumps then.
    matrix = found.matrix if found else np.full(F.shape, np.nan)
    shown = [(title, subtitle.format(M=f"{M:,}"), matrix), ("F", "exact", F)]
    return cell_panels(shown, names)


def pack_cells(panels: Mapping[str, Spec]) -> bytes:
    return pack_figures(panels, dark=DARK, min_width=180, max_width=330, smallest=130)


@cached
def packed_curve(c: Controls, M: int, fraction: float, _curve: Curve | None) -> bytes:
    return pack_figures(curve_panels(M, _curve), dark=DARK)


def curve_panels(M: int, curve: Curve | None) -> dict[str, Spec]:
    unknown = np.full((REPETITIONS, len(SIZES)), np.nan)
    curve = curve or Curve(unknown, unknown[0], {})
    panel = sampled_panel(
        np.array(SIZES), curve.errors, curve.theory, curve.others, chosen=M or None
    )
    return {"distance": panel}

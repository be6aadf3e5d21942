"""Whose label is it? The part of the Four matrices page that switches where labels come from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from efviz.components import Click, chart, pack_figures
from efviz.data import Array
from efviz.figures import DARK
from efviz.figures.claims import sampled_panel
from efviz.figures.matrices import largest_entry, matrix_panel
from efviz.figures.theme import Spec
from efviz.label_sources import LABEL_SOURCES
from efviz.pages import matrices_text as text
from efviz.pages.caches import cached
from efviz.pages.jobs import Job
from efviz.pages.matrices_views import (
    REPETITIONS,
    SIZES,
    Controls,
    Curve,
    Labels,
    Picture,
    curve_job,
    labels_job,
)
from efviz.pages.params import Choice, Number, Param
from efviz.pages.store import Store

FIRST = 0.03
"""Seconds of work on the matrix before it is first drawn."""
MOST_LABELS = 10_000

LABEL_PARAMS: tuple[Param, ...] = (
    Param(
        "source", "labels", "Labels", Choice(lambda _: tuple(LABEL_SOURCES)), lambda _: "sampled"
    ),
    Param("M", "m", "Labels M", Number(1, MOST_LABELS, integer=True), lambda _: 10),
)


def draw_labels(store: Store, c: Controls, p: Picture) -> list[tuple[str, Job[Any]]]:
    """The switch, its matrix beside F, the chart; what is still to be computed."""
    st.subheader("Whose label is it?", anchor=False)
    titles = {key: source.title for key, source in LABEL_SOURCES.items()}
    store.choice("source", titles=titles, segmented=True)
    key, M = store.values["source"], store.values["M"]
    sampled = key == "sampled"
    matrix = labels_job(c, key, M if sampled else 1)
    if not matrix.done:
        matrix.advance(FIRST)
    found, curve = matrix.progress.result, curve_job(c)
    left, right = st.columns([1, 1.25])
    with left:
        if sampled:
            store.slider("M", step=0.25, log=True, help=text.M)
        st.html(text.source(key, found))
        chart(packed_labels(c, key, M, found is not None, p, found), key=f"{store.slug}.labels")
    with right:
        progress = curve.progress
        chart(
            packed_curve(c, M if sampled else 0, progress.fraction, progress.result),
            key=f"{store.slug}.curve",
            on_click=lambda click: choose_M(store, click),
        )
        if progress.result and progress.result.others:
            st.html(text.sources(progress.result.others))
    return [("the matrix", matrix), ("the chart of distances", curve)]


def choose_M(store: Store, click: Click) -> None:
    store.set(source="sampled", M=round(min(max(click.x, 1), MOST_LABELS)))


@cached
def packed_labels(
    c: Controls, key: str, M: int, ready: bool, _p: Picture, _found: Labels | None
) -> bytes:
    F, names = _p.matrices["F"], _p.problem.parameter_names
    title, subtitle = text.SHORT[key]
    # Dashes, until it is known: nothing jumps then.
    matrix = _found.matrix if _found else np.full(F.shape, np.nan)
    shown = [(title, subtitle.format(M=f"{M:,}"), matrix), ("F", "exact", F)]
    return pack_cells(shown, names)


def pack_cells(shown: Sequence[tuple[str, str, Array]], names: Sequence[str]) -> bytes:
    """Matrices with title and subtitle, each coloured in units of its own largest entry.

    Colours show the shape of a matrix, however much larger another one is; numbers show its size.
    """
    panels: dict[str, Spec] = {
        f"{title} {k}": matrix_panel(
            matrix,
            title,
            names,
            scale=largest_entry([matrix]),
            subtitle=subtitle,
            aspect=0.62,
        )
        for k, (title, subtitle, matrix) in enumerate(shown)
    }
    return pack_figures(panels, dark=DARK, min_width=180, max_width=330, smallest=130)


@cached
def packed_curve(c: Controls, M: int, fraction: float, _curve: Curve | None) -> bytes:
    unknown = np.full((REPETITIONS, len(SIZES)), np.nan)
    curve = _curve or Curve(unknown, unknown[0], {})
    panel = sampled_panel(
        np.array(SIZES), curve.errors, curve.theory, curve.others, chosen=M or None
    )
    return pack_figures({"distance": panel}, dark=DARK)

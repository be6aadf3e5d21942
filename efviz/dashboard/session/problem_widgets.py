"""Widgets for a problem: the path of a family, or the columns of a table."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from efviz.dashboard.session import own_table, table_choice
from efviz.dashboard.session.blocks import place
from efviz.dashboard.session.caches import OWN
from efviz.dashboard.session.page import Block, Shown
from efviz.dashboard.session.problem_settings import ProblemSettings, entry
from efviz.dashboard.session.store import Store
from efviz.dashboard.session.widgets import show


def table_widgets(store: Store[Any]) -> None:
    """Choices for a table: the target of an own table, and its inputs."""
    settings: ProblemSettings = store.settings
    own = settings.problem == OWN
    if entry(settings).family or (own and own_table.loaded() is None):
        return
    names = ["target", "regression"] if own else []
    names += ["positive"] if table_choice.classes(settings) else []
    names += ["intercept"] if table_choice.intercepts(settings) else []
    for name, box in zip(
        [*names, "inputs", "scaling"], st.columns([1] * len(names) + [1.6, 1.2]), strict=True
    ):
        with box:
            show(store, name)


def path_widgets(store: Store[Any], left: DeltaGenerator, right: DeltaGenerator) -> None:
    """Path and strength of the misspecification, or the two columns of a table."""
    settings: ProblemSettings = store.settings
    if settings.problem == OWN and own_table.loaded() is None:
        return
    family = entry(settings).family
    if not family and settings.inputs != "columns":
        left.markdown("Inputs: the first two principal components of all columns.")
        return
    names = ("path", "strength") if family else ("first", "second")
    for name, box in zip(names, (left, right), strict=True):
        with box:
            show(store, name)


def problem_row(*others: str | Block, widths: Sequence[float] = (1.25, 1, 1, 1, 1)) -> Block:
    """The controls above a picture: the problem, its data, and two more columns."""

    def row(shown: Shown) -> None:
        boxes = st.columns(widths)
        with boxes[0]:
            show(shown.store, "problem")
        path_widgets(shown.store, *boxes[1:3])
        for item, box in zip(others, boxes[3:], strict=True):
            with box:
                place(item, shown)
        table_widgets(shown.store)

    return row


def drawn(*names: str) -> Block:
    """Settings of sampled data; nothing for a table."""

    def block(shown: Shown) -> None:
        if entry(shown.settings).family:
            show(shown.store, *names)

    return block

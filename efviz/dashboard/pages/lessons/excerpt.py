"""What a step of a lesson shows of its page: the controls that it needs, and some parts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import streamlit as st

from efviz.dashboard.pages.lessons.lesson import Prediction, Step
from efviz.dashboard.session.blocks import Chart, place
from efviz.dashboard.session.page import Block, Page, Shown

PICTURE = "chart"
"""The name of the first chart of every page."""


def parts_of(page: Page) -> Mapping[str, Block]:
    """The blocks of the page that have a name."""
    follow = {part.name: part for part in page.follow if callable(part)}
    return follow | dict(page.parts)


def excerpt(page: Page, step: Step, more: Callable[[], None]) -> Page:
    """The page with nothing but what the step shows; `more` is drawn beside the controls."""
    parts = parts_of(page)
    controls = [parts.get(name, name) for name in step.controls]
    return replace(
        page,
        controls=(_row(controls, more),),
        body=[parts[name] for name in step.shows],
        foot=(),
        panels=step.panels,
    )


def question(page: Page, step: Step, prediction: Prediction) -> Page:
    """The page with nothing but the first chart, without what is to be predicted."""
    picture = parts_of(page)[PICTURE]
    assert isinstance(picture, Chart)
    shown = replace(picture, hidden=prediction.hides) if prediction.hides else picture
    return replace(page, controls=(), body=(shown,), foot=(), panels=step.panels)


def _row(controls: Sequence[str | Block], more: Callable[[], None]) -> Block:
    """The controls side by side; the first is marked as the one to move."""

    def row(shown: Shown) -> None:
        with st.container(key="lesson-controls"):
            widths = [2 / len(controls)] * len(controls) if controls else []
            *boxes, last = st.columns([*widths, 1], vertical_alignment="bottom")
            for k, (item, box) in enumerate(zip(controls, boxes, strict=True)):
                with box.container(key="lesson-move" if k == 0 else None):
                    place(item, shown)
            with last:
                more()

    return row

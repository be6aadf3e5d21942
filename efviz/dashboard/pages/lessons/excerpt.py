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
    """The page with nothing but what the step shows, and `more` below it."""
    parts = parts_of(page)
    controls = [parts.get(name, name) for name in step.controls]
    return replace(
        page,
        controls=(_row(controls),) if controls else (),
        body=[*(parts[name] for name in step.shows), lambda shown: more()],
        foot=(),
        panels=step.panels,
    )


def question(page: Page, step: Step, prediction: Prediction) -> Page:
    """The page with nothing but the first chart, without what is to be predicted."""
    picture = parts_of(page)[PICTURE]
    assert isinstance(picture, Chart)
    shown = replace(picture, hidden=prediction.hides) if prediction.hides else picture
    return replace(page, controls=(), body=(shown,), foot=(), panels=step.panels)


def _row(controls: Sequence[str | Block]) -> Block:
    """The controls side by side; the first is marked as the one to move."""

    def row(shown: Shown) -> None:
        with st.container(key="lesson-controls"):
            boxes = st.columns(len(controls), vertical_alignment="bottom")
            for k, (item, box) in enumerate(zip(controls, boxes, strict=True)):
                with box.container(key="lesson-move" if k == 0 else None):
                    place(item, shown)

    return row

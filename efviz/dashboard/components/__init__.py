"""Small Streamlit components: the chart (`chart`), the slider that reports while it moves
(`slider`), images of a chart (`images`), the link to copy (`link`), the head of a lesson
(`lesson_head`), what was done in lessons (`progress`), the terms that explain themselves
(`glossary`), the animated contrast (`contrast`) and the choice of a theme (`scheme_button`).

Their JavaScript is in `assets/`; `assets.routes()` serves it with the app.
"""

from efviz.dashboard.components.chart import Click, Frame, Touch, chart, pack_figures
from efviz.dashboard.components.contrast import contrast
from efviz.dashboard.components.glossary import glossary
from efviz.dashboard.components.images import images
from efviz.dashboard.components.lesson import lesson_head
from efviz.dashboard.components.link import link
from efviz.dashboard.components.progress import progress
from efviz.dashboard.components.reports import take_reports
from efviz.dashboard.components.scheme import scheme_button
from efviz.dashboard.components.slider import slider

__all__ = [
    "Click",
    "Frame",
    "Touch",
    "chart",
    "contrast",
    "glossary",
    "images",
    "lesson_head",
    "link",
    "pack_figures",
    "progress",
    "scheme_button",
    "slider",
    "take_reports",
]

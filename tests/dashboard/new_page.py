"""A page as a newcomer would write it: how sharp the loss is along the two axes."""

from dataclasses import dataclass

import numpy as np

from efviz.dashboard.session.blocks import Chart, Words
from efviz.dashboard.session.given import TWO_PARAMETERS
from efviz.dashboard.session.kinds import Number
from efviz.dashboard.session.page import Page
from efviz.dashboard.session.pins import pin_setting
from efviz.dashboard.session.problem_settings import ProblemSettings
from efviz.dashboard.session.problem_widgets import problem_row
from efviz.dashboard.session.settings import setting
from efviz.dashboard.session.studies import Studies
from efviz.dashboard.session.widgets import Slider
from efviz.figures.theme import axis, layout
from efviz.work import Progress


@dataclass(frozen=True)
class SharpnessSettings(ProblemSettings):
    reach: float = setting("Reach", Number(0.1, 10), 1.0, shown=Slider(0.1, log=True))
    points: int = setting("Points", Number(3, 99, integer=True), 21, shown=Slider(1))
    pin: str = pin_setting()


def sharpness(problem, reach, points):
    """The loss at `points` places up to `reach` either side of the minimum, along each axis."""
    steps, losses = np.linspace(-reach, reach, points), {}
    for name, unit in zip(problem.parameter_names, np.eye(2), strict=True):
        yield Progress(len(losses) / 2)
        losses[name] = problem.loss(problem.theta_star + steps[:, None] * unit)
    return steps, losses


def curves(sharpness):
    steps, losses = sharpness
    lines = [{"type": "scatter", "x": steps, "y": y, "name": n} for n, y in losses.items()]
    frame = layout("Loss", xaxis=axis("distance"), yaxis=axis("L"))
    return {"Loss": {"data": lines, "layout": frame}}


def sentence(sharpness):
    rise = np.ptp(list(sharpness[1].values()))
    return f"<p class='efviz-sentence'>The loss rises by {rise:.3g}.</p>"


CHART = Chart(curves, pinned=True)
PAGE = Page(
    "Sharpness",
    "sharpness",
    SharpnessSettings,
    Studies(SharpnessSettings, TWO_PARAMETERS, {"sharpness": sharpness}),
    controls=(problem_row("reach", "points"),),
    body=(CHART, Words(sentence)),
    waits={"sharpness": "the losses"},
)

"""Whose label is it?"""

from dataclasses import replace
from functools import cache

from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.pages.matrices import page as matrices
from efviz.dashboard.pages.matrices.settings import MatricesSettings
from efviz.numbers import number, percent

LIMIT = 0.25


@cache
def distances() -> dict[str, float]:
    """From the Fisher, of the same outer products with other labels, where the page begins."""
    settings = MatricesSettings.of()
    names = {"observed": "observed", "sampled": "sampled", "likely": "most_likely"}
    return {name: off_by(replace(settings, source=source)) for name, source in names.items()}


def off_by(settings: MatricesSettings) -> float:
    """How far the matrix with the chosen labels is from the Fisher, relative to it."""
    return float(matrices.STUDIES.now("labels", settings).distance)


def in_units(off: float) -> str:
    """A distance relative to the Fisher, as it is said."""
    return percent(off) if off < 2 else f"{number(off)} times ‖F‖"


@facts.about("fig1")
def check(settings: MatricesSettings) -> Verdict:
    off = off_by(replace(settings, source="observed"))
    words = f"With the observed labels the matrix is off by {in_units(off)}."
    return Verdict(off <= LIMIT, words)


@cache
def numbers() -> dict[str, str]:
    found = {name: in_units(off) for name, off in distances().items()}
    return found | {"limit": percent(LIMIT)}


LESSON = Lesson(
    key="whose-label",
    title="Whose label is it?",
    about="The same line of code with labels from three places, and three different matrices.",
    numbers=numbers,
    steps=(
        Step(
            r"""
All these matrices average $g_n(y) g_n(y)^\top$; only the label $y$ comes from elsewhere. The
Fisher takes every label that the model thinks possible, with its probability. The empirical
Fisher takes the observed one. One may also *draw* labels from the model, or take the most
likely one.""",
            matrices.SLUG,
            prediction=Prediction(
                "Far from the minimum: which labels give a matrix close to the Fisher?",
                ("Those observed", "Some drawn from the model", "The most likely ones"),
                lambda: min(range(3), key=list(distances().values()).__getitem__),
                """Here drawn labels are off by [[sampled]], observed ones by [[observed]], and
the most likely ones by [[likely]]. The switch below the matrices, *Whose label is it?*, shows each
beside the Fisher.""",
            ),
        ),
        Step(
            r"""
A drawn label costs one backward pass, as an observed one does, and the average over draws is the
Fisher **wherever you are**. The observed label is no draw from the model unless the model is
true, and the most likely label is the one with the smallest surprise: for least squares its
gradient is zero, as the switch *Whose label is it?* now shows.""",
            matrices.SLUG,
            "labels=most_likely",
        ),
        Step(
            "The observed labels stay the same all the time. What moves is the model.",
            matrices.SLUG,
            "labels=observed",
            task=Task(
                "Move θ until the matrix with the observed labels, EF, is at most [[limit]] off.",
                check,
                "labels=observed&theta=2.04,1.98",
                """Near the minimum of a correct model the observed labels look as if the model
had drawn them. There, and only there, it hardly matters whose they are.""",
            ),
        ),
    ),
)

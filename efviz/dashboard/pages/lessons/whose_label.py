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
    """Distance from the Fisher for each source of labels, at the default theta of the page."""
    settings = MatricesSettings.of()
    names = {"observed": "observed", "sampled": "sampled", "likely": "most_likely"}
    return {name: off_by(replace(settings, source=source)) for name, source in names.items()}


def off_by(settings: MatricesSettings) -> float:
    """Distance of the matrix with the chosen labels from the Fisher, relative to its norm."""
    return float(matrices.STUDIES.now("labels", settings).distance)


def in_units(off: float) -> str:
    """A distance relative to the Fisher, in words."""
    return percent(off) if off < 2 else f"{number(off)} times ‖F‖"


@facts.about("fig1", lambda settings: off_by(replace(settings, source="observed")))
def check(settings: MatricesSettings, off: float) -> Verdict:
    words = f"With the observed labels, the matrix differs from the Fisher by {in_units(off)}."
    return Verdict(off <= LIMIT, words)


@cache
def numbers() -> dict[str, str]:
    found = {name: in_units(off) for name, off in distances().items()}
    return found | {"limit": percent(LIMIT)}


LESSON = Lesson(
    key="whose-label",
    title="Whose label is it?",
    about="The same formula with labels from three sources gives three different matrices.",
    numbers=numbers,
    steps=(
        Step(
            "Three sources",
            r"""
All these matrices average $g_n(y) g_n(y)^\top$; they differ only in the source of the label $y$.
The Fisher averages over every label that the model considers possible, weighted by its probability.
The empirical Fisher uses the observed label. You can also *draw* labels from the model, or use the
most likely one.""",
            matrices.SLUG,
            prediction=Prediction(
                "Far from the minimum: which labels give a matrix close to the Fisher?",
                ("The observed labels", "Labels drawn from the model", "The most likely labels"),
                lambda: min(range(3), key=list(distances().values()).__getitem__),
                """Here the matrix of drawn labels differs from the Fisher by [[sampled]], that of
the observed labels by [[observed]], and that of the most likely labels by [[likely]]. The switch
*Whose label is it?* below the matrices shows each beside the Fisher.""",
            ),
        ),
        Step(
            "Drawn and most likely",
            r"""
A drawn label costs one backward pass, as an observed one does, and the expectation over draws is
the Fisher **at every $\theta$**. The observed label is a draw from the model only if the model is
correct. The most likely label is the one that minimises the loss: for least squares its gradient is
zero, as the switch *Whose label is it?* now shows.""",
            matrices.SLUG,
            "labels=most_likely",
        ),
        Step(
            "Where it does not matter",
            "The observed labels stay the same. What moves is the model.",
            matrices.SLUG,
            "labels=observed",
            task=Task(
                "Move θ until EF, the matrix of the observed labels, differs from the Fisher by at "
                "most [[limit]].",
                check,
                "labels=observed&theta=2.04,1.98",
                """Near the minimum of a correct model the observed labels look as if the model
had drawn them. There it hardly matters which of the two are used: the matrices of observed and of
drawn labels are both close to the Fisher. That of the most likely labels is not.""",
            ),
        ),
    ),
)

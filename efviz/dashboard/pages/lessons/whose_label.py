"""Whose label is it?"""

from dataclasses import replace
from functools import cache

from efviz.dashboard.pages.lessons import facts
from efviz.dashboard.pages.lessons.lesson import Answer, Lesson, Prediction, Step, Task, Verdict
from efviz.dashboard.pages.matrices import page as matrices
from efviz.dashboard.pages.matrices.settings import MatricesSettings
from efviz.figures.hidden import Hidden
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
    return percent(off) if off < 2 else f"{number(off)} times the Fisher's size"


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
    recap="""The Fisher averages over labels that the model predicts, so labels drawn from the model
estimate it everywhere. The observed labels do so only where they look as if the model had drawn
them.""",
    steps=(
        Step(
            "Three sources",
            r"""
Which label, or {{target}}, belongs in the formula? To build the matrix, take the gradient of the
loss of one {{example}} for some label, multiply it by its own transpose, and average over the
examples. The {{Fisher}} takes every label that the model considers possible, weighted by its
probability. The {{empirical Fisher}} takes the observed one. You could also *draw* labels from the
model, or take the most likely one.""",
            matrices.SLUG,
            "tab=labels",
            prediction=Prediction(
                "Far from the minimum: which labels give a matrix close to the Fisher?",
                (
                    Answer(
                        "The observed labels",
                        """They come from the data, not from the model, and this model is far from
the data.""",
                    ),
                    Answer("Labels drawn from the model"),
                    Answer(
                        "The most likely labels",
                        """They fit the model perfectly, so their gradients are too small: the
Fisher also counts the less likely labels.""",
                    ),
                ),
                lambda: min(range(3), key=list(distances().values()).__getitem__),
                """The matrix of drawn labels differs from the Fisher by [[sampled]], that of the
observed labels by [[observed]], and that of the most likely labels by [[likely]]. Choose *Labels*
to see each beside the Fisher.""",
                Hidden(("level sets",), ("H", "G", "F", "EF")),
            ),
            controls=("source",),
            shows=("labels", "labels_said"),
            panels=("data", "level sets"),
        ),
        Step(
            "Drawn and most likely",
            r"""
Why do drawn labels work? The {{parameters}} together are called $\theta$. At **every** $\theta$,
the expectation over draws is the Fisher. A drawn label costs no more than an observed one: one
backward pass. The observed label is a draw from the model only if the model is correct. The most
likely label is the one that minimises the loss: for least squares its gradient is zero, as
you see.""",
            matrices.SLUG,
            "labels=most_likely",
            controls=("source",),
            shows=("labels", "labels_said"),
        ),
        Step(
            "Where it hardly matters",
            "The observed labels stay the same. What moves is the model.",
            matrices.SLUG,
            "labels=observed",
            task=Task(
                """Move θ until EF, the matrix of the observed labels, differs from the Fisher by at
most [[limit]]. Use the sliders, or drag the mark.""",
                check,
                "At which θ do the observed targets scatter around the predictions as the model "
                "expects?",
                "labels=observed&theta=2.04,1.98",
                """Near the minimum of a correct model the observed labels look as if the model
had drawn them: the matrices of observed and of drawn labels are both close to the Fisher. That of
the most likely labels is not.""",
            ),
            controls=("theta",),
            shows=("chart",),
            panels=("data", "level sets"),
        ),
    ),
)

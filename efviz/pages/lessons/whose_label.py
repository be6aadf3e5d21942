"""Whose label is it?"""

from functools import cache

import numpy as np

from efviz.comparison import relative_distance
from efviz.curvature import empirical_fisher, fisher, mc_fisher
from efviz.fields import Plane, plane_around
from efviz.label_sources import most_likely_fisher
from efviz.pages.lessons import facts
from efviz.pages.lessons.lesson import Lesson, Prediction, Step, Task, Verdict
from efviz.pages.params import Values
from efviz.pages.problem_choice import Knobs, entry, problem_of

SLUG = "four-matrices"
LIMIT = 0.25


def start() -> np.ndarray:
    """Where the page begins: the first start of Figure 1."""
    return np.array([2.0, 4.5])


@cache
def distances() -> dict[str, float]:
    """From the Fisher, of the same outer products with other labels."""
    problem, theta = facts.problem("fig1"), start()
    F = fisher(problem, theta)
    matrices = {
        "observed": empirical_fisher(problem, theta),
        "sampled": mc_fisher(problem, theta, np.random.default_rng(0), 16),
        "likely": most_likely_fisher(problem, theta),
    }
    return {name: float(relative_distance(M, F)) for name, M in matrices.items()}


@facts.about("fig1")
def check(values: Values) -> Verdict:
    _, problem = problem_of(Knobs.of(values))
    settings = entry(values).settings
    plane = plane_around(problem, Plane(*settings.plane) if settings.plane else None)
    theta = np.array(values["theta"][0] if values["theta"] else plane.place(settings.starts[0]))
    off = float(relative_distance(empirical_fisher(problem, theta), fisher(problem, theta)))
    words = f"With the observed labels the matrix is {facts.percent(off)} off."
    return Verdict(off <= LIMIT, words)


@cache
def numbers() -> dict[str, str]:
    found = {name: facts.percent(off) for name, off in distances().items()}
    return found | {"limit": facts.percent(LIMIT)}


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
            SLUG,
            "problem=fig1",
            prediction=Prediction(
                "Far from the minimum: which labels give a matrix close to the Fisher?",
                ("Those observed", "Some drawn from the model", "The most likely ones"),
                lambda: min(range(3), key=list(distances().values()).__getitem__),
                """Here drawn labels are off by [[sampled]], observed ones by [[observed]], and
the most likely ones by [[likely]].""",
            ),
        ),
        Step(
            r"""
A drawn label costs one backward pass, as an observed one does, and the average over draws is the
Fisher **wherever you are**. The observed label is no draw from the model unless the model is
true, and the most likely label is the one with the smallest surprise: for least squares its
gradient is zero.""",
            SLUG,
            "problem=fig1",
        ),
        Step(
            "The observed labels stay the same all the time. What moves is the model.",
            SLUG,
            "problem=fig1",
            task=Task(
                "Move θ until the matrix with the observed labels is at most [[limit]] off.",
                check,
                "problem=fig1&theta=2.04,1.98",
                """Near the minimum of a correct model the observed labels look as if the model
had drawn them. There, and only there, it hardly matters whose they are.""",
            ),
        ),
    ),
)

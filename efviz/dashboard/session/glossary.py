"""The glossary: terms, each with a sentence or two and its formula, which open wherever they stand.

In texts {{term}} or {{term|as written}} marks a term. It becomes a link that the browser opens in
place, without the server: see glossary.js.
"""

import re
from dataclasses import dataclass
from functools import cache

from efviz.dashboard import components


@dataclass(frozen=True)
class Term:
    """A term as it is written in texts. `formula` is HTML."""

    name: str
    words: str
    formula: str = ""


_X, _Y = "<i>x<sub>n</sub></i>", "<i>y<sub>n</sub></i>"
_N = "1/<i>N</i> Σ<sub><i>n</i></sub> "
_BOTH = "<i>g<sub>n</sub></i> <i>g<sub>n</sub></i>ᵀ"

GLOSSARY: dict[str, Term] = {
    term.name: term
    for term in (
        Term(
            "example",
            "A row of the data: its inputs x and its target y. N is the number of examples.",
            f"({_X}, {_Y}), <i>n</i> = 1, …, <i>N</i>",
        ),
        Term(
            "target",
            "What the model is to predict for an example: a number, or a class. Also called a "
            "label.",
        ),
        Term("slope", "How much a line rises for each unit to the right.", "<i>w</i>"),
        Term("intercept", "The height of a line at x = 0.", "<i>b</i>"),
        Term(
            "parameters",
            "θ is the vector of all parameters of a model; for a line, its intercept and slope.",
            "θ = (<i>b</i>, <i>w</i>)",
        ),
        Term(
            "residual",
            "What is left of an example's target after the prediction of the model is subtracted.",
            f"<i>r<sub>n</sub></i> = {_Y} − <i>f</i>({_X}, θ)",
        ),
        Term(
            "loss",
            "How badly the model fits: the mean over the examples of the negative logarithm of the "
            "probability that it gives to their targets. For a line this is the mean of half the "
            "squared residuals, up to a constant.",
            f"<i>L</i>(θ) = {_N}−log <i>p</i>({_Y} | {_X}, θ)",
        ),
        Term("minimum", "The parameters with the lowest loss, written θ* and marked ★."),
        Term(
            "gradient",
            "The direction in which the loss rises fastest, and how fast; at right angles to the "
            "contours.",
            "<i>g</i> = ∇<i>L</i>(θ)",
        ),
        Term(
            "per-example gradient",
            "The gradient of the loss of a single example. Their mean is the gradient.",
            f"<i>g<sub>n</sub></i> = −∇ log <i>p</i>({_Y} | {_X}, θ)",
        ),
        Term(
            "Hessian",
            "The second derivatives of the loss: its curvature in every direction.",
            "<i>H</i> = ∇²<i>L</i>(θ)",
        ),
        Term(
            "GGN",
            "The generalised Gauss-Newton matrix: the Hessian without the part that comes from the "
            "curvature of f, the output of the model.",
            f"<i>G</i> = {_N}<i>J<sub>n</sub></i>ᵀ ∇²<sub><i>f</i></sub>(−log <i>p</i>) "
            "<i>J<sub>n</sub></i>",
        ),
        Term(
            "Fisher",
            "The Fisher information matrix F: how much the predictions of the model change in each "
            "direction. It averages over the labels that the model itself predicts, and never "
            "looks at the observed targets.",
            f"<i>F</i> = {_N}E<sub><i>y</i> ∼ <i>p</i>(<i>y</i> | {_X}, θ)</sub>"
            "[<i>g<sub>n</sub></i>(<i>y</i>) <i>g<sub>n</sub></i>(<i>y</i>)ᵀ]",
        ),
        Term(
            "empirical Fisher",
            "EF: the same average as in the Fisher, but with the observed target of each example "
            "in place of the model's predictions.",
            f"EF = {_N}{_BOTH}",
        ),
        Term(
            "direction",
            "What a method makes of the gradient. The update is minus the step size times the "
            "direction. B is F for NGD and EF for EFGD; GD takes the gradient itself.",
            "(<i>B</i> + λ <i>I</i>)<sup>−1</sup> <i>g</i>",
        ),
        Term("path", "The points that a method visits from one start: its trajectory."),
        Term("run", "A method from one start, for a given number of steps."),
        Term(
            "step size",
            "The number γ by which a method multiplies its direction in every step.",
            "θ ← θ − γ (<i>B</i> + λ <i>I</i>)<sup>−1</sup> <i>g</i>",
        ),
        Term(
            "damping",
            "The number λ that is added to the diagonal of a matrix before it is inverted. A large "
            "λ turns every method into gradient descent with short steps.",
            "(<i>B</i> + λ <i>I</i>)<sup>−1</sup>",
        ),
        Term(
            "misspecification",
            "A model is misspecified if no choice of its parameters gives the distribution of the "
            "data. The strength s says how far the data are from what the model assumes; at s = 0 "
            "the model is correct, or well specified.",
        ),
    )
}

_MARK = re.compile(r"\{\{(?:([^}|]+)\|)?([^}]+)\}\}")


def anchor(name: str) -> str:
    """The address of a term within a page."""
    return "#glossary-" + re.sub(r"\W+", "-", name.lower())


def _marked(text: str, form: str) -> str:
    def link(match: re.Match[str]) -> str:
        term = GLOSSARY[" ".join((match[1] or match[2]).split())]
        return form.format(shown=match[2], anchor=anchor(term.name))

    return _MARK.sub(link, text)


def in_markdown(text: str) -> str:
    """The Markdown with its marked terms as links."""
    return _marked(text, "[{shown}]({anchor})")


def in_html(text: str) -> str:
    """The HTML with its marked terms as links."""
    return _marked(text, "<a href='{anchor}'>{shown}</a>")


def mount() -> None:
    """Let the terms of the page open in place."""
    components.glossary(_entries(), key="glossary")


@cache
def _entries() -> dict[str, dict[str, str]]:
    return {
        anchor(term.name): {"name": term.name, "words": term.words, "formula": term.formula}
        for term in GLOSSARY.values()
    }

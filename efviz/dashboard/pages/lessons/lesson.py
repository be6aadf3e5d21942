"""Lessons: steps on the pages of the dashboard, with predictions, tasks and computed numbers.

Texts are Markdown in which [[name]] stands for a number of the lesson, and {{term}} or {{term|as
written}} for a term of the glossary.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from efviz.dashboard.session.glossary import in_markdown
from efviz.figures.hidden import Hidden

Numbers = Callable[[], Mapping[str, str]]


@dataclass(frozen=True)
class Verdict:
    """Whether a task is done, and a sentence on the current state of the page."""

    done: bool
    now: str


Check = Callable[[Any], Verdict]
"""Judges the settings of a page."""


@dataclass(frozen=True)
class Answer:
    """An answer to choose. If it is wrong, `reply` says what speaks against it."""

    text: str
    reply: str = ""


@dataclass(frozen=True)
class Prediction:
    """A question asked before its answer can be seen. `right()` computes the index of the answer.

    `because` is said after any answer.
    Until then, the first chart is shown without what `hides` leaves out, and nothing else.
    """

    question: str
    answers: tuple[Answer, ...]
    right: Callable[[], int]
    because: str
    hides: Hidden | None = None


@dataclass(frozen=True)
class Task:
    """Something to do on the page; `check` judges the page's settings.

    `hint` helps a reader who has tried, `solution` is a query that solves the task, and `after` the
    text shown then.
    """

    words: str
    check: Check
    hint: str
    solution: str
    after: str


@dataclass(frozen=True)
class Step:
    """A text beside the page `slug`, which opens with the settings of `query`.

    `title` says in a few words what the step is about. Of the page it shows these `controls`, the
    first of which is the one to move, these parts (`shows`) and, of their charts, these `panels`,
    all of a chart that has none of them. Controls are settings, or parts of the page; `touched` are
    the settings that are changed in the picture itself.
    """

    title: str
    text: str
    slug: str
    query: str = ""
    prediction: Prediction | None = None
    task: Task | None = None
    controls: tuple[str, ...] = ()
    touched: tuple[str, ...] = ()
    shows: tuple[str, ...] = ("chart", "sentence")
    panels: tuple[str, ...] = ()

    @property
    def settings(self) -> dict[str, str]:
        return settings(self.query)

    @property
    def templates(self) -> list[str]:
        """All texts of the step."""
        texts = [self.text]
        if self.prediction:
            p = self.prediction
            texts += [p.question, p.because]
            texts += [text for answer in p.answers for text in (answer.text, answer.reply)]
        if self.task:
            texts += [self.task.words, self.task.hint, self.task.after]
        return texts


@dataclass(frozen=True)
class Lesson:
    """`about` is one sentence for the list of lessons; `recap` are the two that end the lesson."""

    key: str
    title: str
    about: str
    steps: tuple[Step, ...]
    recap: str
    numbers: Numbers

    @property
    def templates(self) -> list[str]:
        """All texts of the lesson, except its title."""
        return [self.about, *(text for step in self.steps for text in step.templates), self.recap]

    def say(self, template: str) -> str:
        """The text with its numbers and terms filled in."""
        numbers = self.numbers()
        text = re.sub(r"\[\[(\w+)\]\]", lambda match: numbers[match[1]], template)
        return in_markdown(text).strip()


def settings(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True))

"""Lessons: steps on the pages of the dashboard, with predictions, tasks and computed numbers.

Texts are Markdown in which [[name]] stands for a number of the lesson.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

Numbers = Callable[[], Mapping[str, str]]


@dataclass(frozen=True)
class Verdict:
    """Whether a task is done, and a sentence on the current state of the page."""

    done: bool
    now: str


Check = Callable[[Any], Verdict]
"""Judges the settings of a page."""


@dataclass(frozen=True)
class Prediction:
    """A question asked before the page is shown. `right()` computes the index of the answer."""

    question: str
    answers: tuple[str, ...]
    right: Callable[[], int]
    because: str


@dataclass(frozen=True)
class Task:
    """Something to do on the page; `check` judges the page's settings.

    `solution` is a query that solves the task, and `after` the text shown then.
    """

    words: str
    check: Check
    solution: str
    after: str


@dataclass(frozen=True)
class Step:
    """A text beside the page `slug`, which opens with the settings of `query`.

    `title` says in a few words what the step is about.
    """

    title: str
    text: str
    slug: str
    query: str = ""
    prediction: Prediction | None = None
    task: Task | None = None

    @property
    def settings(self) -> dict[str, str]:
        return settings(self.query)

    @property
    def templates(self) -> list[str]:
        """All texts of the step."""
        texts = [self.text]
        if self.prediction:
            p = self.prediction
            texts += [p.question, *p.answers, p.because]
        if self.task:
            texts += [self.task.words, self.task.after]
        return texts


@dataclass(frozen=True)
class Lesson:
    """`about` is one sentence for the list of lessons."""

    key: str
    title: str
    about: str
    steps: tuple[Step, ...]
    numbers: Numbers

    def say(self, template: str) -> str:
        """The text with its numbers filled in."""
        numbers = self.numbers()
        return re.sub(r"\[\[(\w+)\]\]", lambda match: numbers[match[1]], template).strip()


def settings(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True))

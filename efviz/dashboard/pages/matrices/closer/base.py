"""What the sections of "A closer look" share: where they look, what a section is, their work."""

from collections.abc import Callable
from dataclasses import dataclass

from efviz.arrays import Array
from efviz.dashboard.session.jobs import Job, T
from efviz.dashboard.session.params import Param
from efviz.dashboard.session.problem_choice import Knobs, problem_of
from efviz.dashboard.session.store import Store, run_again
from efviz.dashboard.session.working import working
from efviz.datasets.dataset import Dataset
from efviz.fields import Plane
from efviz.problems import Problem

SLICE = 0.15
"""Seconds of work between two pictures."""


@dataclass(frozen=True)
class Spot(Knobs):
    """A problem, one theta and the plane shown: the key of the sections' caches, flat."""

    at: tuple[float, ...]
    x: tuple[float, float]
    y: tuple[float, float]

    @property
    def shown(self) -> Plane:
        return Plane(self.x, self.y)

    def made(self) -> Problem:
        return problem_of(self.knobs)[1]


@dataclass(frozen=True, eq=False)
class Here:
    """What the page shows above: `theta` (D,), and H, G, F and EF there, (D, D), by symbol.

    `page` is its title.
    """

    controls: Knobs
    dataset: Dataset
    problem: Problem
    theta: Array
    plane: Plane
    matrices: dict[str, Array]
    page: str

    @property
    def spot(self) -> Spot:
        known = self.controls.knobs.values
        return Spot(**known, at=tuple(self.theta.tolist()), x=self.plane.x, y=self.plane.y)


@dataclass(frozen=True)
class Section:
    """One closer look: its title, and what draws it. `params` are those of the page's it adds."""

    title: str
    draw: Callable[[Store, Here], None]
    params: tuple[Param, ...] = ()


def sentence_html(words: str) -> str:
    """As the sentence under a picture; differences stay in one line."""
    return f"<p class='efviz-sentence'>{words.replace(' − ', '&nbsp;−&nbsp;')}</p>"


def go_on(store: Store, key: str, state: object, job: Job[T], words: str) -> None:
    """Below the picture: what is not finished, and the next slice of it."""
    if job.progress.complete:
        return
    name = f"{store.slug}.closer.{key}.work"
    if working(name, state, job.progress.fraction, words):
        job.advance(SLICE)
        run_again()

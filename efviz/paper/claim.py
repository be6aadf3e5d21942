"""A claim of the paper, and the result of its check."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, SupportsFloat

from efviz.numbers import number
from efviz.paper.formulas import LIBRARY, Formulas

Kind = Literal["equation", "figure", "table", "proposition", "conclusion", "later"]


@dataclass(frozen=True)
class Measure:
    """A number and its inclusive bounds. nan is never within bounds."""

    words: str
    value: float
    low: float = -float("inf")
    high: float = float("inf")

    @property
    def passed(self) -> bool:
        return bool(self.low <= self.value <= self.high)

    @property
    def shown(self) -> str:
        return number(self.value)

    @property
    def tolerance(self) -> str:
        """The bounds in words: "≤ 10⁻⁷", "≥ 0.5", "= 0.5 ± 0.1", "= 13"."""
        if self.low == self.high:
            return f"= {number(self.low, 10)}"
        if self.low == -float("inf"):
            return f"≤ {number(self.high, 10)}"
        if self.high == float("inf"):
            return f"≥ {number(self.low, 10)}"
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        return f"= {number(middle, 6)} ± {number(half, 2)}"


def at_most(words: str, value: SupportsFloat, bound: float) -> Measure:
    return Measure(words, float(value), high=bound)


def at_least(words: str, value: SupportsFloat, bound: float) -> Measure:
    return Measure(words, float(value), low=bound)


def about(words: str, value: SupportsFloat, target: float, tolerance: float) -> Measure:
    return Measure(words, float(value), target - tolerance, target + tolerance)


def exactly(words: str, value: SupportsFloat, target: float) -> Measure:
    return Measure(words, float(value), target, target)


@dataclass(frozen=True)
class Result:
    """The measures of a check, which passes if all of them are within their bounds."""

    measures: tuple[Measure, ...]

    @property
    def passed(self) -> bool:
        return bool(self.measures) and all(measure.passed for measure in self.measures)


Measures = Iterator[Measure]
Check = Callable[[Formulas], Measures]


@dataclass(frozen=True)
class Link:
    """A page of the dashboard by its slug, with the query that sets its controls."""

    page: str
    query: str = ""


@dataclass(frozen=True)
class Claim:
    """One statement of the paper, or a later claim or question.

    where      its number or place in the paper; of later ones the repository and number, or arXiv
    section    a key of SECTIONS, or of those of `later`
    says       the statement, in our own words
    check      measures it; None if `uncomputed` says why nothing can be computed
    link       opens a page with settings that show it
    differs    where the printed text differs from what is correct or from how a figure was made
    """

    key: str
    kind: Kind
    where: str
    section: str
    says: str
    check: Check | None = None
    link: Link | None = None
    differs: str = ""
    uncomputed: str = ""

    def __post_init__(self) -> None:
        if (self.check is None) != bool(self.uncomputed):
            raise ValueError(f"{self.key} needs either a check or a reason for having none")

    def result(self, formulas: Formulas = LIBRARY) -> Result:
        """Run the check. Raises ValueError if there is none."""
        if self.check is None:
            raise ValueError(f"{self.key} has no check: {self.uncomputed}")
        return Result(tuple(self.check(formulas)))

"""What a claim of the paper is, and what a check of it gives."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, SupportsFloat

from efviz.numbers import number
from efviz.paper.formulas import LIBRARY, Formulas

Kind = Literal["equation", "figure", "table", "proposition", "conclusion"]


@dataclass(frozen=True)
class Measure:
    """One number and the bounds, both included, within which it has to lie. nan lies nowhere."""

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
    """What a check measured; it has passed if every number lies where it should."""

    measures: tuple[Measure, ...]

    @property
    def passed(self) -> bool:
        return bool(self.measures) and all(measure.passed for measure in self.measures)


Check = Callable[[Formulas], Sequence[Measure]]


@dataclass(frozen=True)
class Link:
    """A page of the dashboard by its slug, and the query that sets it."""

    page: str
    query: str = ""


@dataclass(frozen=True)
class Claim:
    """One statement of the paper.

    where      its number in the paper, or its place
    section    a key of SECTIONS
    says       what it says, in a line of our own
    check      measures it; None where `uncomputed` says why nothing can be computed
    link       opens the page with the settings that show it
    differs    what is printed and what is true, or what made the figure, where they differ
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
            raise ValueError(f"{self.key} needs either a check or words why there is none")

    def result(self, formulas: Formulas = LIBRARY) -> Result:
        """Measured now. Raises ValueError where there is no check."""
        if self.check is None:
            raise ValueError(f"{self.key} has no check: {self.uncomputed}")
        return Result(tuple(self.check(formulas)))

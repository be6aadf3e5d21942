"""Unfinished work: a generator that reports the fraction done and returns the result.

The caller can suspend it at any yield, show the partial result, and resume it.
"""

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

K = TypeVar("K")
S = TypeVar("S")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)
class Progress(Generic[T_co]):
    """The fraction done (0 to 1) and, if there is a partial result, a function that returns it.

    Call `so_far` before the work resumes: a partial result costs nothing until it is asked for.
    """

    fraction: float
    so_far: Callable[[], T_co] | None = None


Work = Generator[Progress[T], None, T]
"""A computation that can be suspended at any yield and resumed; it returns its result."""


def finish(work: Work[T], tell: Callable[[Progress[T]], object] | None = None) -> T:
    """Do all of the work at once, or until `tell`, called with every Progress, returns False.

    The partial result is then returned; ValueError if there is none.
    """
    with closing(work):
        while True:
            try:
                progress = next(work)
            except StopIteration as stop:
                return stop.value
            if tell is not None and tell(progress) is False:
                if progress.so_far is None:
                    raise ValueError("the work was stopped before it had a partial result")
                return progress.so_far()


def part(
    work: Work[S],
    begin: float,
    end: float,
    show: Callable[[S], T] | None = None,
    *,
    meanwhile: Callable[[], T] | None = None,
) -> Generator[Progress[T], None, S]:
    """Run other work as part of one's own, from the fraction `begin` to `end`: for `yield from`.

    `show` converts its partial results. Where it has none, or `show` is not given, the result of
    `meanwhile` is shown instead, if that is given.
    """
    while True:
        try:
            progress = next(work)
        except StopIteration as stop:
            return stop.value
        so_far = meanwhile
        if show is not None and progress.so_far is not None:
            so_far = _through(show, progress.so_far)
        yield Progress(begin + (end - begin) * progress.fraction, so_far)


def in_turn(works: Mapping[K, Work[T]]) -> Work[dict[K, T]]:
    """Several works interleaved, one step of each at a time; the fraction is the mean of theirs.

    Partial results are shown once every work has one.
    """
    going = dict(works)
    fractions = dict.fromkeys(works, 0.0)
    shown: dict[K, Callable[[], T]] = {}
    results: dict[K, T] = {}

    def so_far() -> dict[K, T]:
        return {name: shown[name]() for name in works}

    while going:
        for name, work in list(going.items()):
            try:
                progress = next(work)
            except StopIteration as stop:
                results[name] = stop.value
                progress = Progress(1.0, partial(results.__getitem__, name))
                del going[name]
            fractions[name] = progress.fraction
            if progress.so_far is not None:
                shown[name] = progress.so_far
        if going:
            mean = sum(fractions.values()) / len(works)
            yield Progress(mean, so_far if len(shown) == len(works) else None)
    return so_far()


def _through(show: Callable[[S], T], so_far: Callable[[], S]) -> Callable[[], T]:
    return lambda: show(so_far())

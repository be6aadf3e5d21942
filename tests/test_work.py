"""Unfinished work: finished or stopped, made a part of other work, and done side by side."""

import pytest

from efviz.work import Progress, Work, finish, in_turn, part


def counting(n: int, *, silent: int = 0) -> Work[list[int]]:
    """1, ..., n one after the other, of which the first `silent` are not shown so far."""
    found: list[int] = []
    for k in range(n):
        found.append(k + 1)
        yield Progress((k + 1) / n, found.copy if k >= silent else None)
    return found


def test_finishing_gives_the_result_and_tells_of_the_way_there() -> None:
    told: list[tuple[float, list[int] | None]] = []

    def tell(progress: Progress[list[int]]) -> None:
        told.append((progress.fraction, progress.so_far() if progress.so_far else None))

    assert finish(counting(4, silent=1), tell) == [1, 2, 3, 4]
    assert told == [(0.25, None), (0.5, [1, 2]), (0.75, [1, 2, 3]), (1.0, [1, 2, 3, 4])]


def test_work_that_is_stopped_gives_what_there_is_and_is_closed() -> None:
    work = counting(4)
    assert finish(work, lambda progress: progress.fraction < 0.5) == [1, 2]
    assert list(work) == []
    with pytest.raises(ValueError, match="before it had a partial result"):
        finish(counting(4, silent=2), lambda progress: False)


def test_a_part_takes_its_share_and_is_shown_as_the_whole_wants() -> None:
    def whole() -> Work[str]:
        first = yield from part(counting(2), 0, 0.5)
        yield from part(counting(2), 0.5, 0.6, meanwhile=lambda: f"{first}")
        last = yield from part(counting(2, silent=1), 0.6, 1, str, meanwhile=lambda: "soon")
        return f"{first} and {last}"

    told: list[tuple[float, str]] = []

    def tell(progress: Progress[str]) -> None:
        told.append((round(progress.fraction, 9), progress.so_far() if progress.so_far else ""))

    assert finish(whole(), tell) == "[1, 2] and [1, 2]"
    assert told == [
        (0.25, ""), (0.5, ""), (0.55, "[1, 2]"), (0.6, "[1, 2]"), (0.8, "soon"), (1.0, "[1, 2]"),
    ]  # fmt: skip


def test_works_side_by_side_are_shown_once_all_have_something() -> None:
    works = {"long": counting(4, silent=1), "short": counting(1), "none": counting(0)}
    told: list[tuple[float, dict[str, list[int]] | None]] = []

    def tell(progress: Progress[dict[str, list[int]]]) -> None:
        told.append((progress.fraction, progress.so_far() if progress.so_far else None))

    found = finish(in_turn(works), tell)
    assert list(found.items()) == [("long", [1, 2, 3, 4]), ("short", [1]), ("none", [])]
    assert [fraction for fraction, _ in told] == pytest.approx([2.25 / 3, 2.5 / 3, 2.75 / 3, 1])
    assert told[0][1] is None
    assert told[1][1] == {"long": [1, 2], "short": [1], "none": []}

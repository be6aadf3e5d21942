"""Long work is shared, done once and suspended in time; its errors reach every session."""

import threading
import time
from functools import partial

import pytest

from efviz.dashboard.session.jobs import Job, Snapshot, result_of
from efviz.work import Progress, Work, finish, part


def counting(n: int, log: list[int], pause: float = 0.0) -> Work[int]:
    for i in range(1, n + 1):
        time.sleep(pause)
        log.append(i)
        yield Progress(i / n, lambda: log[-1])
    return n


def test_a_job_runs_to_its_end_and_stays_there() -> None:
    log: list[int] = []
    job = Job(counting(5, log))
    assert job.advance(10) == Snapshot(1.0, 5)
    assert job.done
    assert job.advance(10) == Snapshot(1.0, 5)
    assert log == [1, 2, 3, 4, 5]


def test_a_quick_job_is_no_step_of_the_work_that_needs_it() -> None:
    def twice() -> Work[int]:
        return 2 * (yield from result_of(Job(counting(3, []))))

    assert Job(twice()).advance(0) == Snapshot(1.0, 6)


def test_a_job_is_suspended_in_time_and_keeps_its_progress() -> None:
    log: list[int] = []
    job = Job(counting(100, log, pause=0.01))
    begun = time.perf_counter()
    progress = job.advance(0.05)
    assert time.perf_counter() - begun < 1
    assert 0 < progress.fraction < 1
    assert progress.result == log[-1]
    assert not job.done
    assert job.advance(0).fraction > progress.fraction


def test_many_sessions_do_the_work_once() -> None:
    log: list[int] = []
    job = Job(counting(200, log, pause=0.0005))
    threads = [
        threading.Thread(target=lambda: [job.advance(0.002) for _ in range(50)]) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    job.advance(10)
    assert log == list(range(1, 201))


def test_an_error_of_the_work_reaches_everyone_who_asks() -> None:
    def broken() -> Work[int]:
        yield Progress(0.5, lambda: 1)
        raise ValueError("no such matrix")

    job = Job(broken())
    for _ in range(2):
        with pytest.raises(ValueError, match="no such matrix"):
            job.advance(10)
    assert job.progress == Snapshot(0.5, 1)


def test_a_partial_result_is_requested_once_per_slice() -> None:
    asked: list[int] = []

    def ask(i: int) -> int:
        asked.append(i)
        return i

    def work() -> Work[int]:
        for i in range(10):
            yield Progress(i / 10, partial(ask, i))
        yield Progress(1.0)
        return 10

    job = Job(work())
    assert job.advance(0).result == 0
    for _ in range(9):
        job.advance(0)
    assert asked == list(range(10))
    job.advance(0)
    # All parts are done, but there is no result yet: the last partial result stays.
    assert job.progress.result == 9
    assert not job.progress.complete
    assert job.advance(0) == Snapshot(1.0, 10)
    whole = Job(work())
    assert whole.advance(10) == Snapshot(1.0, 10)
    assert asked == list(range(10))


def test_a_result_so_far_that_fails_is_an_error_of_the_work() -> None:
    def work() -> Work[float]:
        yield Progress(0.5, lambda: 1 / 0)
        return 1.0

    job = Job(work())
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            job.advance(0)
    assert not job.done


def test_a_shared_job_can_be_the_first_part_of_another() -> None:
    log: list[int] = []
    shared = Job(counting(5, log))

    def work() -> Work[int]:
        first = yield from part(result_of(shared), 0, 0.5)
        yield Progress(0.5)
        return first + 1

    assert finish(work()) == 6
    assert shared.progress == Snapshot(1.0, 5)
    assert finish(work()) == 6
    assert log == [1, 2, 3, 4, 5]

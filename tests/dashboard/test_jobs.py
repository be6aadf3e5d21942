"""Long work is shared, done once, put down in time and raises for everyone."""

import threading
import time
from collections.abc import Iterator

import pytest

from efviz.dashboard.session.jobs import Job, Progress


def counting(n: int, log: list[int], pause: float = 0.0) -> Iterator[Progress[int]]:
    for i in range(1, n + 1):
        time.sleep(pause)
        log.append(i)
        yield Progress(i / n, i)


def test_a_job_runs_to_its_end_and_stays_there() -> None:
    log: list[int] = []
    job = Job(counting(5, log))
    assert job.advance(10) == Progress(1.0, 5)
    assert job.done
    assert job.advance(10) == Progress(1.0, 5)
    assert log == [1, 2, 3, 4, 5]


def test_a_job_is_put_down_in_time_and_keeps_what_is_done() -> None:
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
    def broken() -> Iterator[Progress[int]]:
        yield Progress(0.5, 1)
        raise ValueError("no such matrix")

    job = Job(broken())
    for _ in range(2):
        with pytest.raises(ValueError, match="no such matrix"):
            job.advance(10)
    assert job.progress == Progress(0.5, 1)

"""Few compute at once, and whoever has computed least of late comes first."""

import threading
import time
from collections.abc import Callable

import pytest

from efviz.pages.jobs import Job, Progress
from efviz.pages.turns import LIGHT, Turns


def spin(seconds: float) -> None:
    """Work on a processor for so long."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def threads_of(*works: Callable[[], object]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    return threads


def test_no_more_compute_at_once_than_may() -> None:
    turns, now, most = Turns(2), [0], [0]
    turns._used = {name: (10 * LIGHT, time.monotonic()) for name in range(8)}

    def work(name: int) -> None:
        with turns.turn(name):
            now[0] += 1
            most[0] = max(most[0], now[0])
            time.sleep(0.02)
            now[0] -= 1

    for thread in threads_of(*(lambda n=n: work(n) for n in range(8))):
        thread.join()
    assert most == [2]


def test_a_visitor_who_has_computed_little_goes_beside_those_who_compute_much() -> None:
    turns, stop = Turns(1), threading.Event()
    turns._used = {f"heavy {n}": (60.0, time.monotonic()) for n in range(20)}

    def heavy(name: str) -> None:
        while not stop.is_set():
            with turns.turn(name):
                spin(0.1)

    threads = threads_of(*(lambda n=n: heavy(f"heavy {n}") for n in range(20)))
    time.sleep(0.2)
    begun = time.perf_counter()
    for _ in range(5):
        with turns.turn("light"):
            spin(0.01)
    taken = time.perf_counter() - begun
    stop.set()
    for thread in threads:
        thread.join()
    assert taken < 1.0


def test_those_who_compute_much_share_alike() -> None:
    turns, stop = Turns(1), threading.Event()
    counts = dict.fromkeys("abcd", 0)

    def heavy(name: str) -> None:
        while not stop.is_set():
            with turns.turn(name):
                spin(0.01 if name != "d" else 0.03)
                counts[name] += 1

    threads = threads_of(*(lambda n=n: heavy(n) for n in "abcd"))
    time.sleep(1.5)
    stop.set()
    for thread in threads:
        thread.join()
    shares = [counts["a"], counts["b"], counts["c"], 3 * counts["d"]]
    assert min(shares) > 0.5 * max(shares)


def test_a_thread_that_has_its_turn_needs_no_second_one() -> None:
    turns = Turns(1)
    turns._used = {"me": (60.0, time.monotonic())}
    with turns.turn("me"), turns.turn("me") as mine:
        assert mine
        assert turns.has_one()
    assert not turns.has_one()
    assert turns._running == 0


def test_whoever_no_longer_wants_to_is_not_waited_for() -> None:
    turns = Turns(1)
    turns._used = {name: (60.0, time.monotonic()) for name in ("one", "two")}
    with turns.turn("one"):
        found: list[bool] = []

        def wait() -> None:
            with turns.turn("two", unless=lambda: True) as mine:
                found.append(mine)

        (thread,) = threads_of(wait)
        thread.join(5)
    assert found == [False]
    assert not turns._waiting
    with turns.turn("two") as mine:
        assert mine


def test_an_error_gives_the_turn_back() -> None:
    turns = Turns(1)
    for _ in range(3):
        with pytest.raises(ValueError, match="broken"), turns.turn("me"):
            raise ValueError("broken")
    assert turns._running == 0


def test_what_was_computed_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    turns = Turns(1)
    turns._used = {"me": (60.0, time.monotonic() - 3600)}
    assert turns._recent("me") < LIGHT


def test_a_job_that_asks_for_a_job_of_another_session_comes_to_its_end() -> None:
    """Six sessions at jobs that need one and the same: nobody who holds a lock waits for a turn."""
    shared = Job(iter([Progress(k / 50, k) for k in range(50)]))

    def steps():  # type: ignore[no-untyped-def]
        while not shared.done:
            yield Progress(0.5, shared.advance(0.001).result)

    jobs = [Job(steps()) for _ in range(6)]

    def finish(job: Job[int]) -> None:
        while not job.done:
            job.advance(0.002)

    for thread in threads_of(*(lambda j=j: finish(j) for j in jobs)):
        thread.join(20)
        assert not thread.is_alive()

"""Few visitors compute at once; one who has recently computed least comes first."""

import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from efviz import breaks
from efviz.dashboard.session.jobs import Job
from efviz.dashboard.session.turns import LIGHT, Turns
from efviz.lazy import cached_property
from efviz.problems import poisson_regression
from efviz.work import Progress, Work


def spin(seconds: float) -> None:
    """Occupy a processor for this many seconds."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def threads_of(*works: Callable[[], object]) -> list[threading.Thread]:
    threads = [threading.Thread(target=work, daemon=True) for work in works]
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

    begun: list[str] = []

    def heavy(name: str) -> None:
        while not stop.is_set():
            with turns.turn(name):
                begun.append(name)
                spin(0.1)

    threads = threads_of(*(lambda n=n: heavy(f"heavy {n}") for n in range(20)))
    time.sleep(0.2)
    before: list[int] = []
    for _ in range(5):
        asked = len(begun)
        with turns.turn("light"):
            before.append(len(begun) - asked)
            spin(0.01)
    stop.set()
    for thread in threads:
        thread.join()
    # At once, but for what begins in the same moment.
    assert max(before) <= 2


def test_those_who_compute_much_share_alike() -> None:
    turns, stop = Turns(1), threading.Event()
    counts = dict.fromkeys("abcd", 0)

    def heavy(name: str) -> None:
        while not stop.is_set():
            with turns.turn(name):
                spin(0.01 if name != "d" else 0.03)
                counts[name] += 1

    threads = threads_of(*(lambda n=n: heavy(n) for n in "abcd"))
    # Shares of few turns are rough, however long those took on a busy machine.
    deadline = time.monotonic() + 60
    while sum(counts.values()) < 120 and time.monotonic() < deadline:
        time.sleep(0.05)
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

    def steps() -> Work[int]:
        for k in range(50):
            yield Progress(k / 50)
        return 50

    shared = Job(steps())

    def asking() -> Work[int]:
        while not shared.done:
            shared.advance(0.001)
            yield Progress(0.5)
        return 50

    jobs = [Job(asking()) for _ in range(6)]

    def finish(job: Job[int]) -> None:
        while not job.done:
            job.advance(0.002)

    for thread in threads_of(*(lambda j=j: finish(j) for j in jobs)):
        thread.join(20)
        assert not thread.is_alive()


def heavy(turns: Turns, *names: str) -> None:
    turns._used |= {name: (10 * LIGHT, time.monotonic()) for name in names}


def test_a_long_step_gives_way_between_its_pauses_and_then_goes_on_first() -> None:
    """Both places are taken; a third visitor waits for one pause, and no other long step begins."""
    turns, stop, order = Turns(1), threading.Event(), list[str]()
    heavy(turns, "long", "next")
    steps, admitted, enough = [0], threading.Event(), threading.Event()

    def long() -> None:
        with turns.turn("long"):
            while not stop.is_set():
                turns.pause()
                steps[0] += 1
                time.sleep(0.001)
            order.append("long")

    def queue() -> None:
        with turns.turn("next"):
            order.append("next")

    def short() -> None:
        with turns.turn("first"), turns.turn("first"):
            admitted.set()
            enough.wait(5)

    threads = threads_of(long)
    while not steps[0]:
        time.sleep(0.001)
    threads += threads_of(queue, short)
    assert admitted.wait(1)
    with turns.turn("second"):
        before = steps[0]
        time.sleep(0.05)
        assert steps[0] == before
    enough.set()
    threads.pop().join(5)
    time.sleep(0.1)
    assert steps[0] > before
    stop.set()
    for thread in threads:
        thread.join(5)
    assert order == ["long", "next"]
    assert turns._running == 0


def test_a_short_visit_that_grows_long_gives_way_as_well() -> None:
    """Whoever has computed for LIGHT seconds does nothing more while a newcomer waits."""
    turns, done = Turns(1), threading.Event()
    spent = dict.fromkeys("abcdef", 0.0)

    def grow(name: str) -> None:
        with turns.turn(name):
            while not done.is_set():
                spin(0.01)
                spent[name] = time.thread_time()
                turns.pause()

    threads = threads_of(*(lambda n=n: grow(n) for n in spent))
    time.sleep(0.1)
    before = dict(spent)
    with turns.turn("newcomer"):
        after = dict(spent)
    done.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    # Two pieces of work more: the one that was under way, and what starting a thread takes.
    assert all(after[name] < max(LIGHT, before[name]) + 0.02 for name in spent)


class Shared:
    """Something that several visitors need, and that is computed only once."""

    def __init__(self, turns: Turns) -> None:
        self.turns, self.times = turns, 0

    @cached_property
    def value(self) -> int:
        self.times += 1
        for _ in range(50):
            spin(0.001)
            self.turns.pause()
        return 7


def test_visitors_who_need_what_a_paused_one_computes_do_not_hold_it_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They fill all places, and wait for its lock: their turns are given back meanwhile."""
    turns = Turns(1)
    monkeypatch.setattr(breaks, "_scheduler", turns)
    heavy(turns, "slow")
    shared, found = Shared(turns), list[int]()

    def ask(name: str) -> None:
        with turns.turn(name):
            found.append(shared.value)

    threads = threads_of(lambda: ask("slow"))
    while not shared.times:
        time.sleep(0.001)
    threads += threads_of(*(lambda n=n: ask(f"quick {n}") for n in range(6)))
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()
    assert (found, shared.times, turns._running) == ([7] * 7, 1, 0)


def test_loops_over_examples_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses = [0]

    class Counting:
        def pause(self) -> None:
            pauses[0] += 1

        def acquire(self, lock: breaks.Lock) -> None:
            lock.acquire()

    monkeypatch.setattr(breaks, "_scheduler", Counting())
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100_000, 2))
    problem = poisson_regression(X, rng.poisson(1.0, len(X)))
    problem.loss(np.zeros((100, 2)))
    assert pauses[0] > 100
    pauses[0] = 0
    _ = problem.minimum
    assert pauses[0] > 3

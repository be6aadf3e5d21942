"""Results are computed once for all sessions and stay within their memory limit."""

import gc
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from types import FunctionType, ModuleType
from weakref import WeakSet

import numpy as np
import pytest
from numpy.testing import assert_allclose

from efviz.dashboard.pages import PAGES
from efviz.dashboard.pages.registry import Listing
from efviz.dashboard.session import caches, jobs
from efviz.dashboard.session.caches import SHARED, Cache, cached
from efviz.dashboard.session.jobs import Job
from efviz.dashboard.session.sizes import nbytes
from efviz.optimizers import run
from efviz.problems import Problem, linear_regression
from efviz.work import Progress, Work


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    SHARED.clear()
    yield
    SHARED.clear()


def test_a_known_result_is_not_computed_again() -> None:
    calls = []

    @cached
    def squared(x: float) -> float:
        calls.append(x)
        return x * x

    assert [squared(2.0), squared(3.0), squared(2.0)] == [4.0, 9.0, 4.0]
    assert calls == [2.0, 3.0]


def test_every_argument_counts() -> None:
    @cached
    def first(x: float, _rest: object) -> object:
        return _rest

    assert [first(1.0, "a"), first(1.0, "b"), first(1.0, "a")] == ["a", "b", "a"]


def test_classes_with_the_same_fields_have_results_of_their_own() -> None:
    @dataclass(frozen=True)
    class A:
        x: float

    @dataclass(frozen=True)
    class B(A):
        pass

    @cached
    def name(of: A) -> str:
        return type(of).__name__

    assert [name(A(1.0)), name(B(1.0))] == ["A", "B"]


def test_visitors_who_ask_at_the_same_time_wait_for_one_computation() -> None:
    cache, calls = Cache(2**20), []

    def slow() -> int:
        calls.append(1)
        time.sleep(0.1)
        return 7

    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(cache.get("key", slow))) for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [7] * 5
    assert calls == [1]


def test_different_results_are_computed_side_by_side() -> None:
    cache, meet = Cache(2**20), threading.Barrier(2, timeout=10)
    threads = [threading.Thread(target=cache.get, args=(key, meet.wait)) for key in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not meet.broken
    assert len(cache) == 2


def test_an_error_is_raised_and_not_kept() -> None:
    cache = Cache(2**20)
    with pytest.raises(ZeroDivisionError):
        cache.get("key", lambda: 1 / 0)
    assert cache.get("key", lambda: 1.0) == 1.0


def test_the_least_recently_used_results_go_when_the_bytes_are_used_up() -> None:
    cache = Cache(1_000_000)
    for k in range(12):
        cache.get(k, lambda: np.zeros(12_500))
        cache.get(0, lambda: pytest.fail("what is used all the time is kept"))
        assert cache.bytes <= 1_000_000
    assert len(cache) < 12
    assert cache.get(1, lambda: "computed again") == "computed again"


def test_a_job_is_measured_as_it_grows_and_when_it_is_done() -> None:
    cache = Cache(20_000_000)

    def steps() -> Work[list[np.ndarray]]:
        kept: list[np.ndarray] = []
        for k in range(10):
            kept.append(np.zeros(100_000))
            yield Progress(k / 10, kept.copy)
        return kept

    job = cache.get("job", lambda: Job(steps()))
    job.advance(0)
    assert cache.get("job", lambda: None) is job
    assert 800_000 < cache.bytes < 1_600_000
    while not job.done:
        job.advance(0)
    assert cache.get("job", lambda: None) is job
    assert 8_000_000 < cache.bytes < 8_010_000


def test_a_job_under_way_weighs_what_it_took_from_a_cache() -> None:
    cache = Cache(20_000_000)

    def steps() -> Work[float]:
        data = cache.get("data", lambda: np.ones(100_000))
        yield Progress(0.5)
        return float(data.sum())

    job = cache.get("job", lambda: Job(steps()))
    job.advance(0)
    cache.get("job", lambda: None)
    assert 1_600_000 < cache.bytes < 1_610_000
    job.advance(1)
    cache.get("job", lambda: None)
    assert 800_000 < cache.bytes < 810_000


def test_a_job_that_is_waited_for_is_kept_and_an_abandoned_one_is_dropped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cache = Cache(1_000_000)

    def steps() -> Work[np.ndarray]:
        for _ in range(9):
            yield Progress(0.5, lambda: np.zeros(100_000))
        return np.zeros(100_000)

    job = cache.get("job", lambda: Job(steps()))
    job.advance(0)
    for k in range(4):
        cache.get(k, lambda: np.zeros(100_000))
    assert cache.get("job", lambda: None) is job
    monkeypatch.setattr(jobs, "WANTED", 0.0)
    for k in range(4):
        cache.get(k, lambda: np.zeros(100_000))
    assert cache.get("job", lambda: "begun again") == "begun again"


def test_jobs_are_measured_while_other_threads_run_them() -> None:
    """Reading the frame of a running generator ends the whole process on Python 3.11 and 3.12."""
    cache, end = Cache(10_000_000), time.monotonic() + 2

    def inner(k: int) -> Iterator[int]:
        for i in range(20):
            local = [i] * (k + 1)
            yield len(local)

    def steps() -> Work[int]:
        for k in range(200):
            for i in inner(k):
                yield Progress(k / 200, partial(int, i))
            yield from (Progress(k / 200, partial(int, i)) for i in inner(k))
        return 200

    def visit(n: int) -> None:
        while time.monotonic() < end:
            for k in range(8):
                cache.get((n % 2, k), lambda: Job(steps())).advance(0)
                nbytes([steps(), cache])

    threads = [threading.Thread(target=visit, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(cache) == 16


def test_a_generator_is_not_looked_into() -> None:
    array = np.zeros(1000)
    assert nbytes(x for x in [array]) < 100


def test_private_results_of_all_sessions_stay_within_their_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sessions: list[dict[str, object]] = [{} for _ in range(4)]
    monkeypatch.setattr(caches, "ALL_PRIVATE_MEGABYTES", 4)
    monkeypatch.setattr(caches, "_of_sessions", WeakSet())
    for state in [*sessions, *sessions]:
        monkeypatch.setattr(caches.st, "session_state", state)
        for k in range(2 if state is sessions[0] else 1):
            caches.in_session(k, lambda: np.zeros(100_000))
    kept = [state[caches._PRIVATE].bytes for state in sessions]
    assert 3 << 20 < sum(kept) <= 4 << 20
    assert min(kept) > 800_000, "the session that keeps most gives way"
    for state in sessions:
        state.clear()
    gc.collect()
    assert not caches._of_sessions, "what belongs to a session goes with it"


def test_a_result_larger_than_the_cache_is_kept_alone() -> None:
    cache = Cache(1000)
    cache.get("small", lambda: 1)
    large = cache.get("large", lambda: np.zeros(1000))
    assert cache.get("large", lambda: None) is large
    assert len(cache) == 1


@pytest.mark.parametrize(
    "value", [np.zeros(1000), [np.zeros(500), {"a": np.zeros(500)}], np.zeros((2, 1000))[0]]
)
def test_arrays_are_found_wherever_they_are(value: object) -> None:
    assert 8000 <= nbytes(value) < 8000 * 2 + 1000


def test_an_object_met_twice_is_counted_once() -> None:
    array = np.zeros(1000)
    assert nbytes([array, array, array[:10]]) < 9000


def test_a_trajectory_weighs_what_its_own_arrays_take() -> None:
    problem = linear_regression(np.arange(20_000.0)[:, None], np.ones(20_000))
    path = run(problem, "GD", [[0.0], [1.0]], step_size=1e-9, n_steps=5)
    assert problem.minimum.exists
    assert 2 * 6 * 16 < nbytes(path) < 3000
    assert nbytes(problem) > problem.X.nbytes


def walked(value: object) -> int:
    """What Python says that a value refers to, except the problem of another one."""
    total, pending, seen = 0, [value], {}
    while pending:
        item = pending.pop()
        a_leaf = isinstance(item, type | ModuleType | FunctionType)
        if id(item) in seen or a_leaf or (isinstance(item, Problem) and item is not value):
            continue
        seen[id(item)] = item
        total += sys.getsizeof(item)
        # The base of a view is hidden from the garbage collector.
        pending += [*gc.get_referents(item), getattr(item, "base", None)]
    return total


@pytest.mark.parametrize(
    "page", [one for one in PAGES.values() if one.page], ids=lambda one: one.slug
)
def test_every_result_of_a_page_weighs_what_it_keeps(page: Listing) -> None:
    studies, settings = page.page.studies, page.settings.of()
    jobs = [studies.job(name, settings) for name in studies.calls if name not in studies.asked]
    kept = [job.advance(0.2).result for job in jobs]
    kept += [entry.value for entry in SHARED._entries.values() if not isinstance(entry.value, Job)]
    assert jobs
    for value in kept:
        assert_allclose(nbytes(value), walked(value), rtol=0.2, atol=2000)

"""Results are computed once for everybody, and never take more memory than they may."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from efviz.pages.caches import SHARED, Cache, cached
from efviz.pages.jobs import Job, Progress
from efviz.pages.sizes import size_of


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    SHARED.clear()
    yield
    SHARED.clear()


def test_what_is_known_is_not_computed_again() -> None:
    calls = []

    @cached
    def squared(x: float) -> float:
        calls.append(x)
        return x * x

    assert [squared(2.0), squared(3.0), squared(2.0)] == [4.0, 9.0, 4.0]
    assert calls == [2.0, 3.0]


def test_arguments_with_an_underscore_do_not_count() -> None:
    @cached
    def first(x: float, _rest: object) -> object:
        return _rest

    assert first(1.0, "a") == first(1.0, "b") == "a"
    assert first(1.0, _rest="c") == "a"


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


def test_a_job_that_grows_is_measured_again() -> None:
    cache = Cache(2_000_000)

    def steps() -> Iterator[Progress[np.ndarray]]:
        kept = []
        for k in range(10):
            kept.append(np.zeros(100_000))
            yield Progress(k / 10, kept[-1])

    job = cache.get("job", lambda: Job(steps()))
    small = cache.bytes
    job.advance(0)
    job.advance(0)
    assert cache.get("job", lambda: None) is job
    assert cache.bytes > small + 1_500_000
    cache.get("other", lambda: np.zeros(100_000))
    assert cache.bytes <= 2_000_000


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
    assert 8000 <= size_of(value) < 8000 * 2 + 1000


def test_what_is_met_twice_is_counted_once() -> None:
    array = np.zeros(1000)
    assert size_of([array, array, array[:10]]) < 9000


@pytest.mark.parametrize("table", [pd.Series(np.ones(1000)), pd.DataFrame({"a": np.ones(1000)})])
def test_a_table_of_pandas_weighs_what_pandas_says(table: pd.Series | pd.DataFrame) -> None:
    assert 8000 <= size_of({"kept": table}) < 9000

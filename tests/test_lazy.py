"""Properties are computed once an object, and objects do not wait for each other."""

import pickle
import threading
import time

import pytest

from efviz.lazy import cached_property


class Slow:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.computed = 0

    @cached_property
    def value(self) -> float:
        """Some seconds."""
        time.sleep(self.seconds)
        self.computed += 1
        return self.seconds


def test_a_value_is_computed_once_whichever_threads_ask() -> None:
    slow, found = Slow(0.1), []
    threads = [threading.Thread(target=lambda: found.append(slow.value)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [0.1] * 8
    assert slow.computed == 1


def test_an_object_does_not_wait_for_another_of_its_class() -> None:
    slow, quick = Slow(1.0), Slow(0.0)
    thread = threading.Thread(target=lambda: slow.value)
    thread.start()
    time.sleep(0.1)
    begun = time.perf_counter()
    assert quick.value == 0.0
    assert time.perf_counter() - begun < 0.5
    thread.join()


def test_an_error_is_not_kept_and_holds_nobody_up() -> None:
    class Broken(Slow):
        @cached_property
        def value(self) -> float:
            self.computed += 1
            return 1 / (self.computed - 1)

    broken = Broken(0.0)
    with pytest.raises(ZeroDivisionError):
        _ = broken.value
    assert broken.value == 1.0
    assert not Broken.__dict__["value"]._computing


def test_objects_can_be_pickled_and_the_property_explains_itself() -> None:
    slow = Slow(0.0)
    _ = slow.value
    assert pickle.loads(pickle.dumps(slow)).__dict__ == {"seconds": 0.0, "computed": 1, "value": 0}
    assert Slow.value.__doc__ == "Some seconds."

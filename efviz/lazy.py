"""Properties that are computed on first access, under a lock for each object."""

import threading
from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

from efviz import breaks

T = TypeVar("T")


class cached_property(Generic[T]):  # a decorator, named after the one in functools
    """The value of a method, computed once for each object and kept in its `__dict__`.

    Like `functools.cached_property`, but threads wait for each other only when they access the same
    property of the same object. In Python 3.11, the version in functools has one lock for the whole
    class, so one minimum over a million examples would hold up all others; from 3.12 on it has no
    lock, and threads compute the same value in parallel. The objects hold no lock and can be
    pickled.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__
        self._name = compute.__name__
        self._guard = threading.Lock()
        # For each object whose value is being computed: its lock, and an entry per thread using it.
        self._computing: dict[int, tuple[threading.RLock, list[None]]] = {}

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> Self | T:
        """Called only until the value is in the object's `__dict__`."""
        if instance is None:
            return self
        with self._guard:
            lock, users = self._computing.setdefault(id(instance), (threading.RLock(), []))
            users.append(None)
        try:
            breaks.acquire(lock)
            try:
                values = instance.__dict__
                if self._name not in values:
                    values[self._name] = self._compute(instance)
                found: T = values[self._name]
                return found
            finally:
                lock.release()
        finally:
            with self._guard:
                users.pop()
                if not users:
                    del self._computing[id(instance)]

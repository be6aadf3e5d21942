"""Results that all sessions share, bounded in bytes; what comes of an own table stays private."""

import os
import threading
from collections.abc import Callable, Hashable
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

import streamlit as st
from cachetools import LRUCache

from efviz.pages.own_table import OWN
from efviz.pages.sizes import size_of

P = ParamSpec("P")
T = TypeVar("T")

MEGABYTES = int(os.environ.get("EFVIZ_CACHE_MB", "256"))
PRIVATE_MEGABYTES = 64
_PRIVATE = "private results"


class _Entry:
    """A result that is there or is being computed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value: Any = None
        self.computed = False
        self.settled = False
        self.size = 0


class Cache:
    """Results by key; the least recently used go when all take more than `limit` bytes.

    Who asks for what is just being computed waits for it, different keys are computed side by
    side, and errors are not kept.
    """

    def __init__(self, limit: int) -> None:
        # A result larger than all room there is takes all of it.
        self._entries: LRUCache[Hashable, _Entry] = LRUCache(
            limit, getsizeof=lambda entry: min(entry.size, limit)
        )
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def bytes(self) -> int:
        return int(self._entries.currsize)

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                entry = self._entries[key] = _Entry()
        with entry.lock:
            if not entry.computed:
                entry.value, entry.computed = compute(), True
        if not entry.settled:
            self._measure(key, entry)
        return entry.value

    def _measure(self, key: Hashable, entry: _Entry) -> None:
        """Jobs grow while they are worked on: they are measured until they are done."""
        entry.settled = getattr(entry.value, "done", True)
        size = size_of(entry.value)
        with self._lock:
            entry.size = size
            self._entries[key] = entry

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()


SHARED = Cache(MEGABYTES << 20)


def _private() -> Cache:
    if _PRIVATE not in st.session_state:
        st.session_state[_PRIVATE] = Cache(PRIVATE_MEGABYTES << 20)
    cache = st.session_state[_PRIVATE]
    assert isinstance(cache, Cache)
    return cache


def forget_private() -> None:
    """Drop what was made of own tables."""
    st.session_state.pop(_PRIVATE, None)


def cached(function: Callable[P, T]) -> Callable[P, T]:
    """Remember results by the arguments, but for those whose names begin with an underscore.

    Arguments are strings, numbers and flat frozen dataclasses, one of which is, or has, the
    `problem`. Results are shared, so nobody may change them. Those of an own table live in its
    session and are forgotten with it.
    """
    counted = [not name.startswith("_") for name in signature(function).parameters]

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        known = tuple(arg for arg, count in zip(args, counted, strict=False) if count)
        named = tuple(item for item in sorted(kwargs.items()) if not item[0].startswith("_"))
        problems = (
            getattr(value, "problem", value) for value in (*known, *(value for _, value in named))
        )
        own = any(isinstance(problem, str) and problem == OWN for problem in problems)
        # Equal fields do not make equal keys: 1 == 1.0 == True, and classes may share all fields.
        types = tuple(type(value) for value in known)
        key = (function.__module__, function.__qualname__, types, known, named)
        result: T = (_private() if own else SHARED).get(key, lambda: function(*args, **kwargs))
        return result

    return call

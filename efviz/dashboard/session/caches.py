"""Results shared by all sessions, bounded in bytes; those of own tables stay private."""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from typing import Any, ParamSpec, TypeVar
from weakref import WeakSet

import streamlit as st

from efviz.dashboard.server import upkeep
from efviz.dashboard.session.jobs import taken
from efviz.dashboard.session.sizes import nbytes
from efviz.dashboard.session.turns import TURNS

P = ParamSpec("P")
T = TypeVar("T")

OWN = "own"
"""The problem that is a session's own table."""
MEGABYTES = int(os.environ.get("EFVIZ_CACHE_MB", "256"))
PRIVATE_MEGABYTES, ALL_PRIVATE_MEGABYTES = 64, 128
"""Limits for results of own tables, per session and for all sessions together."""
LATELY = 60.0
"""Seconds since its last use for which a result counts as in use."""
_PRIVATE = "private results"


class _Entry:
    """A result that is there or is being computed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.value: Any = None
        self.computed = False
        self.settled = False
        self.used = 0.0
        self.size = 0

    @property
    def wanted(self) -> bool:
        """Whether a visitor waits for it: dropping such a job would restart it forever."""
        return not self.computed or getattr(self.value, "wanted", False)


class Cache:
    """Results by key; the least recently used go when all take more than `limit` bytes.

    A caller waits for a result that another one is computing; different keys are computed in
    parallel, and errors are not kept. Unfinished jobs are kept while a visitor waits for them.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._lock = threading.Lock()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def bytes(self) -> int:
        return self._bytes

    def get(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            entry.used = time.monotonic()
        if not entry.computed:
            self._compute(entry, compute)
        if not entry.settled:
            self._weigh(key, entry)
        taken(key, entry.size)
        return entry.value

    def known(self, key: Hashable) -> Any:
        """The result under `key` if it is there, None otherwise."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or not entry.computed:
                return None
            self._entries.move_to_end(key)
            entry.used = time.monotonic()
            return entry.value

    def _compute(self, entry: _Entry, compute: Callable[[], Any]) -> None:
        # Another session may compute it already.
        TURNS.waited_for(entry.lock)
        with TURNS.turn(), TURNS.holding(entry.lock):
            if not entry.computed:
                entry.value, entry.computed = compute(), True

    def _weigh(self, key: Hashable, entry: _Entry) -> None:
        # Jobs grow as they run. They state their own size, because objects in use by another
        # thread must not be inspected.
        entry.settled = getattr(entry.value, "done", True)
        # A result larger than the limit counts as the limit.
        size = min(nbytes(key) + nbytes(entry.value), self._limit)
        with self._lock:
            if self._entries.setdefault(key, entry) is not entry:
                return
            self._bytes += size - entry.size
            entry.size = size
            self._make_room(self._limit, entry)

    def _make_room(self, limit: int, kept: _Entry | None = None) -> None:
        if self._bytes <= limit:
            return
        for key, entry in list(self._entries.items()):
            if self._bytes <= limit:
                return
            if entry is not kept:
                self._let_go(key, entry)

    def _let_go(self, key: Hashable, entry: _Entry) -> None:
        if not entry.wanted:
            self._bytes -= entry.size
            entry.size = 0
            del self._entries[key]

    def sweep(self) -> int:
        """Drop abandoned jobs, and unused results while more than a quarter of the limit is used.

        Returns how many results were dropped.
        """
        lately, before = time.monotonic() - LATELY, len(self._entries)
        for key, entry in list(self._entries.items()):
            if entry.computed and not entry.settled:
                self._weigh(key, entry)
        with self._lock:
            for key, entry in list(self._entries.items()):
                alone = entry.computed and not getattr(entry.value, "done", True)
                if entry.used < lately and (alone or self._bytes > self._limit // 4):
                    self._let_go(key, entry)
        return before - len(self._entries)

    def shrink(self, limit: int) -> None:
        """Drop the least recently used results until the rest fits into `limit` bytes."""
        with self._lock:
            self._make_room(limit)

    def clear(self) -> None:
        with self._lock:
            for entry in self._entries.values():
                entry.size = 0
            self._entries.clear()
            self._bytes = 0


SHARED = Cache(MEGABYTES << 20)
upkeep.also(SHARED.sweep)


_of_sessions: WeakSet[Cache] = WeakSet()


def _private() -> Cache:
    if _PRIVATE not in st.session_state:
        st.session_state[_PRIVATE] = Cache(PRIVATE_MEGABYTES << 20)
        _of_sessions.add(st.session_state[_PRIVATE])
    cache = st.session_state[_PRIVATE]
    assert isinstance(cache, Cache)
    return cache


def in_process(key: Hashable, compute: Callable[[], T]) -> T:
    """The result shared by all sessions under `key`, computed if necessary."""
    result: T = SHARED.get(key, compute)
    return result


def in_session(key: Hashable, compute: Callable[[], T]) -> T:
    """This session's result under `key`, computed if necessary; dropped with the own table."""
    result: T = _private().get(key, compute)
    _keep_within(ALL_PRIVATE_MEGABYTES << 20)
    return result


def _keep_within(limit: int) -> None:
    """Shrink the largest caches of sessions until all fit into `limit` bytes."""
    caches = sorted(_of_sessions, key=lambda cache: cache.bytes)
    over = sum(cache.bytes for cache in caches) - limit
    while over > 0 and caches:
        cache = caches.pop()
        before = cache.bytes
        cache.shrink(max(before - over, 0))
        over -= before - cache.bytes


def forget_private() -> None:
    """Drop the results of own tables."""
    st.session_state.pop(_PRIVATE, None)


def cached(function: Callable[P, T]) -> Callable[P, T]:
    """Cache results by all arguments: strings, numbers and settings, by position.

    One of them is, or has, the `problem`. Results are shared and must not be changed. Those of an
    own table live in its session and are dropped with the table.
    """

    @wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> T:
        assert not kwargs
        own = OWN in (getattr(value, "problem", value) for value in args)
        # Equal fields do not make equal keys: 1 == 1.0 == True, and classes may share all fields.
        key = (function.__module__, function.__qualname__, tuple(map(type, args)), args)
        keep = in_session if own else in_process
        return keep(key, lambda: function(*args, **kwargs))

    return call

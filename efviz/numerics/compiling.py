"""Compiled functions whose cache on disk is optional: without it they only start more slowly."""

import logging
from collections.abc import Callable
from functools import cache as once
from typing import Any

import numba

_LOG = logging.getLogger("efviz")


def njit(*, cache: bool = False, **options: Any) -> Callable[[Callable[..., Any]], Any]:
    """`numba.njit`, except that a damaged, full or read-only cache raises no error."""

    def decorate(function: Callable[..., Any]) -> Any:
        compiled = numba.njit(**options)(function)
        if cache and hasattr(compiled, "enable_caching"):  # not with NUMBA_DISABLE_JIT=1
            try:
                compiled.enable_caching()
            except Exception as error:  # numba finds no folder it may write to
                _say(f"{error}")
            else:
                compiled._cache = _Optional(compiled._cache)
        return compiled

    return decorate


@once
def _say(why: str) -> None:
    _LOG.warning("compiling without the cache, which takes half a minute: %s", why)


class _Optional:
    """numba's cache of a function; an unreadable entry is dropped and compiled again."""

    def __init__(self, cache: Any) -> None:
        self._cache = cache

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)

    def load_overload(self, *args: Any) -> Any:
        try:
            return self._cache.load_overload(*args)
        except Exception as error:  # unpickling a damaged file may raise anything
            _say(f"{type(error).__name__} in {self._cache.cache_path}")
            self._drop()
            return None

    def save_overload(self, *args: Any) -> None:
        try:
            self._cache.save_overload(*args)
        except Exception as error:  # the disk is full or the index is damaged
            _say(f"{type(error).__name__} in {self._cache.cache_path}")
            self._drop()

    def _drop(self) -> None:
        try:
            self._cache.flush()
        except OSError as error:
            _say(f"{type(error).__name__} in {self._cache.cache_path}")

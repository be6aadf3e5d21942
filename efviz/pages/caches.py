"""Caches that all sessions share; what comes from a visitor's own table stays with the visitor."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from efviz.pages.own_table import OWN

_PRIVATE: list[Any] = []


def forget_private() -> None:
    """Drop what was made of own tables."""
    for function in _PRIVATE:
        function.clear()


P = ParamSpec("P")
T = TypeVar("T")


def cached(max_entries: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Remember results by the arguments, one of which is, or has, the `problem`.

    Results are shared, so nobody may change them. Those of an own table live in its session and
    are forgotten with it.
    """

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        shared = st.cache_resource(max_entries=max_entries, show_spinner=False)(function)
        private = st.cache_resource(max_entries=max_entries, show_spinner=False, scope="session")(
            function
        )

        _PRIVATE.append(private)

        @wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            named = [getattr(value, "problem", value) for value in (*args, *kwargs.values())]
            own = any(isinstance(name, str) and name == OWN for name in named)
            return (private if own else shared)(*args, **kwargs)

        return call

    return decorate
